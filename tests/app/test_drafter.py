from app import drafter
from app.findings import Finding, Fix
from indexer.threads import Ending
from tests.builders import candidate, doc


def finding(number=1, kind="related", fix=None, **fields):
    return Finding(candidate(number, **fields), kind, 0.6, "test", fix=fix)


def test_what_the_maintainers_said_is_quoted():
    row = finding(ending=Ending.ANSWERED, said="Raise `proxy_read_timeout` to 120s.")
    draft = drafter.from_quotes([row])
    assert [step.quote for step in draft.of("fix")] == ["Raise `proxy_read_timeout` to 120s."]
    assert draft.of("fix")[0].text is None


def test_the_reason_of_a_refusal_is_kept_apart():
    row = finding(ending=Ending.DECLINED, said="We keep one format, so that files stay portable.")
    draft = drafter.from_quotes([row])
    assert draft.of("fix") == ()
    assert len(draft.declined) == 1


def test_what_gets_around_a_problem_is_told_from_its_cure():
    for said, kind in (
        ("As a workaround, set `retries: 0` in the config.", "workaround"),
        ("우선은 `retries: 0`으로 설정해 주세요.", "workaround"),
        ("Set `retries: 0` in the config, that helped me.", "fix"),
    ):
        draft = drafter.from_quotes([finding(ending=Ending.ANSWERED, said=said)])
        assert [step.quote for step in draft.of(kind)] == [said]


def test_words_that_only_point_elsewhere_are_left_out():
    for said in (
        "Fixed in #1490.",
        "Closed by tidepool/harbor#3, thanks!",
        "Duplicate of #4",
        "👍",
    ):
        draft = drafter.from_quotes([finding(ending=Ending.FIXED, said=said)])
        assert draft.steps == ()
        assert draft.dropped[0].reason.startswith("points elsewhere")


def test_thanks_are_no_help_unless_they_say_what_helped():
    for said, steps in (
        ("Thanks for the work! I pulled your change and my code compiles again. Hooray!", 0),
        ("Thanks! Setting the part size in the proxy's configuration as a workaround did it.", 1),
        ("Thanks, you need to raise the limit of the proxy.", 1),
    ):
        draft = drafter.from_quotes([finding(ending=Ending.FIXED, said=said)])
        assert len(draft.steps) == steps, said


def test_how_things_stand_now_is_no_help():
    for said, steps in (
        ("No longer causes an ICE on 1.2 nightly", 0),
        ("`harbor push` no longer hangs for me.", 0),
        ("Can't reproduce this on the latest release. Closing.", 0),
        ("This compiles now. I don't see it any more.", 0),
        ("더 이상 재현되지 않습니다.", 0),
        ("もう発生しません。", 0),
        ("No longer hangs once you set `retries: 0`.", 1),
        ("The proxy no longer strips the header if you raise its limit.", 1),
        ("It no longer hangs. The cache held an old certificate, and deleting it was enough.", 1),
        ("It no longer happens with v2.4: fixed in v2.4.1.", 1),
    ):
        draft = drafter.from_quotes([finding(ending=Ending.FIXED, said=said)])
        assert len(draft.steps) == steps, said


def test_who_is_still_looking_helps_nobody():
    for said in (
        "I don't yet know what the exact problem is, but this failing test may be related.",
        "We do not really understand it. Raising the limit made it rarer.",
        "It is not clear why the proxy drops the header.",
        "원인을 아직 잘 모르겠습니다. 로그를 더 보겠습니다.",
        "原因はまだわかりません。プロキシの設定かもしれません。",
    ):
        draft = drafter.from_quotes([finding(ending=Ending.ANSWERED, said=said)])
        assert draft.dropped[0].reason == "its author did not know", said
    known = "If you do not know your limit, run `harbor limits`."
    assert drafter.from_quotes([finding(ending=Ending.ANSWERED, said=known)]).steps


def test_an_announcement_without_what_it_announces_is_left_out():
    for said in ("It is related to this failing test case:", "프록시에 다음과 같이 설정하세요："):
        draft = drafter.from_quotes([finding(ending=Ending.ANSWERED, said=said)])
        assert draft.dropped[0].reason == "announces what is not quoted"
    whole = "In the server block:\n```\nproxy_set_header Host $host;\n```"
    assert drafter.from_quotes([finding(ending=Ending.ANSWERED, said=whole)]).steps


def test_one_short_command_is_help():
    draft = drafter.from_quotes([finding(ending=Ending.ANSWERED, said="`make clean` fixes this.")])
    assert len(draft.steps) == 1


def test_unsafe_words_are_left_out_whoever_said_them():
    row = finding(ending=Ending.ANSWERED, said="Just run `chmod -R 777 /data` and retry.")
    draft = drafter.from_quotes([row])
    assert draft.steps == ()
    assert draft.dropped[0].reason == "unsafe advice: file permissions"


def test_the_same_words_are_quoted_once():
    said = "Raise the timeout in the proxy's settings."
    rows = [finding(n, ending=Ending.ANSWERED, said=said) for n in (1, 2)]
    assert len(drafter.from_quotes(rows).steps) == 1


def test_a_newer_fix_is_an_upgrade():
    fixed = finding(1, "duplicate", Fix("v2", "upgrade", "1"))
    unsure = finding(2, "duplicate", Fix("v2", "unsure"))
    related = finding(3, "related", Fix("v2", "upgrade", "1"))
    assert drafter.upgrade_of([fixed]) is fixed
    assert drafter.upgrade_of([unsure]) is unsure
    assert drafter.upgrade_of([finding(4), related]) is related
    assert drafter.upgrade_of([related, fixed]) is fixed


def test_what_is_merely_related_is_an_upgrade_only_for_sure():
    assert drafter.upgrade_of([finding(1, "related", Fix("v2", "unsure"))]) is None
    related = finding(2, "related", Fix("v2", "upgrade", "1"))
    assert drafter.upgrade_of([finding(3, "duplicate"), related]) is None


def test_a_regression_is_told_to_upgrade_nowhere():
    row = finding(
        1,
        "duplicate",
        Fix("v2.4.1", "regression", "2.5.0"),
        ending=Ending.FIXED,
        said="Fixed, please upgrade to v2.4.1 and try again.",
    )
    draft = drafter.from_quotes([row])
    assert draft.upgrade is None
    assert draft.steps == ()


def test_docs_are_quoted_with_their_place():
    draft = drafter.from_quotes([], [Finding(doc(), "related", 0.6, "test")])
    assert draft.steps[0].passage.kind == "doc"


def test_open_and_stale_threads_have_nothing_to_quote():
    for ending in (Ending.STALE, Ending.UNKNOWN, Ending.DUPLICATE):
        row = finding(ending=ending, said="Some words that were said at the end.")
        assert drafter.from_quotes([row]).steps == ()
