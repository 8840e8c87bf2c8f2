"""Claude is asked as long as the money lasts, and each call is entered with what it cost."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.budget import PASSING, LlmOverBudget, LlmOverIssueLimit, Metered, dearest, limits_of
from app.llm import Answered, LlmInvalid, LlmOverloaded, LlmTimeout, LlmUnreachable, Usage
from app.opinion import Opinion
from app.settings import Settings
from app.spending import Limits, Spending
from indexer.database import open_engine
from indexer.repo_config import RepoConfig

MODEL = "claude-haiku-4-5"  # $1 and $5 a million tokens
PLENTY = Limits(1, 1)
PROMPT: Any = SimpleNamespace(tokens=4_000)
USAGE = Usage(MODEL, 3_000, 1_000, cost=0.008)
OPINION = Opinion(judgements=[], steps=[])


class FakeLlm:
    """Answers, or raises, what it was given; counts how often."""

    def __init__(self, result: Answered | Exception) -> None:
        self.result = result
        self.asked = 0

    async def ask(self, prompt: Any) -> Answered:
        self.asked += 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def spending(tmp_path):
    engine = open_engine(Settings(data_dir=tmp_path), "records")
    yield Spending(engine)
    engine.dispose()


def metered(llm, spending, model=MODEL, limits=PLENTY):
    return Metered(llm, model, spending, "o/r", 7, limits)


async def test_the_real_usage_is_entered(spending):
    llm = FakeLlm(Answered(OPINION, USAGE))
    assert (await metered(llm, spending).ask(PROMPT)).opinion == OPINION
    spent = spending.spent("o/r")
    assert (spent.calls, spent.input_tokens, spent.output_tokens) == (1, 3_000, 1_000)
    assert spent.cost == pytest.approx(0.008)


async def test_nobody_is_asked_once_the_money_is_gone(spending):
    llm = FakeLlm(Answered(OPINION, USAGE))
    # One call is at most 4,000 tokens written to the cache and 3,000 written: 2 cents.
    asking = metered(llm, spending, limits=Limits(1, 0.025))
    await asking.ask(PROMPT)
    with pytest.raises(LlmOverBudget):
        await asking.ask(PROMPT)
    assert llm.asked == 1


async def test_an_issue_s_limit_is_no_trouble_that_passes(spending):
    llm = FakeLlm(Answered(OPINION, USAGE))
    asking = metered(llm, spending, limits=Limits(0.025, 1))
    await asking.ask(PROMPT)
    with pytest.raises(LlmOverIssueLimit) as caught:
        await asking.ask(PROMPT)
    assert llm.asked == 1
    assert caught.value.reason not in PASSING
    assert {LlmOverBudget.reason, LlmUnreachable.reason} <= PASSING


def test_what_a_call_can_cost_at_most():
    # 6,000 tokens written to the cache and 3,000 written.
    assert dearest(MODEL) == pytest.approx(0.0225)
    assert dearest("gateway-model") > 9 * dearest(MODEL)


@pytest.mark.parametrize(
    ("error", "cost"),
    [
        (LlmOverloaded("529"), 0.0),
        (LlmInvalid("no JSON", USAGE), 0.008),
        (LlmTimeout("no answer"), 0.02),
        (LlmUnreachable("refused"), 0.0),
    ],
)
async def test_a_failure_costs_what_it_may_have_cost(spending, error, cost):
    with pytest.raises(type(error)):
        await metered(FakeLlm(error), spending).ask(PROMPT)
    assert spending.spent("o/r").cost == pytest.approx(cost)


async def test_a_model_without_a_price_counts_as_the_dearest(spending):
    usage = Usage("gateway-model", 1_000_000, 0)
    llm = FakeLlm(Answered(OPINION, usage))
    await metered(llm, spending, "gateway-model", Limits(9, 9)).ask(PROMPT)
    assert spending.spent("o/r").cost == pytest.approx(12.5)


def test_a_repository_can_only_lower_its_limit():
    settings = Settings(llm_daily_limit_dollars=2, llm_issue_limit_dollars=0.1)
    assert limits_of(settings, RepoConfig()) == Limits(0.1, 2)
    assert limits_of(settings, RepoConfig(daily_budget=0.5)) == Limits(0.1, 0.5)
    assert limits_of(settings, RepoConfig(daily_budget=50)) == Limits(0.1, 2)
