from indexer.request_budget import RequestBudget, budget_of


def headers(**fields):
    values = {"limit": "5000", "remaining": "260", "reset": "1000", "resource": "core", **fields}
    return {f"x-ratelimit-{name}": value for name, value in values.items()}


def test_only_rest_requests_count_and_a_host_without_limits_has_no_budget():
    assert budget_of(headers()) == RequestBudget(5_000, 260, 1_000.0)
    assert budget_of(headers(resource="graphql")) is None
    assert budget_of(headers(remaining="many")) is None
    assert budget_of({}) is None


def test_the_reserve_is_waited_for_until_the_hour_is_over():
    assert RequestBudget(5_000, 251, 1_000.0).wait(0.05, 400.0) is None
    assert RequestBudget(5_000, 250, 1_000.0).wait(0.05, 400.0) == 601.0
    assert RequestBudget(5_000, 0, 1_000.0).wait(0.05, 1_000.0) is None


def test_answers_that_overtake_each_other_do_not_give_requests_back():
    few, more = RequestBudget(100, 4, 1_000.0), RequestBudget(100, 11, 1_000.0)
    assert more.after(few, 400.0) == few
    assert few.after(more, 400.0) == few
    assert few.after(None, 400.0) == few
    whole = RequestBudget(100, 99, 4_600.0)
    assert whole.after(few, 1_000.0) == whole
