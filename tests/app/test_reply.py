import pytest

from app import drafter, reply
from app.drafter import Draft, Step
from app.evidence import Evidence
from app.findings import Finding, Fix
from app.links import Links
from app.passages import of_candidate
from app.sanitize import ZERO_WIDTH, Markdown
from indexer.threads import Ending
from tests.builders import REPO, candidate, discussion, doc, release
from tests.harm import harms, links, read

LINKS = Links("https://github.com", REPO)


def finding(number=1, kind="related", fix=None, evidence=None, sentence=None, **fields):
    return Finding(
        candidate(number, **fields),
        kind,
        0.6,
        "test",
        evidence=evidence or Evidence("error", ("EPIPE",)),
        fix=fix,
        sentence=sentence,
    )


def comment(  # noqa: PLR0913 - each has a default
    rows, *, more=(), language="en", drafted=False, draft=None, docs=()
):
    content = reply.Content(
        rows,
        draft or drafter.from_quotes(rows, docs),
        more,
        language,
        drafted,
        "intern: again",
    )
    return reply.render(content, LINKS)


def seen(body):
    return read(body).replace(ZERO_WIDTH, "")


FIXED = {"ending": Ending.FIXED, "release": "v2.4.1"}


@pytest.mark.parametrize(
    ("row", "headline"),
    [
        (finding(7, "duplicate", Fix("v2.4.1", "upgrade", "2.3"), **FIXED),
         "This looks like #7, fixed in v2.4.1."),
        (finding(7, "duplicate", Fix("v2.4.1", "regression", "2.5"), **FIXED),
         "This may be a regression of #7, which v2.4.1 fixed."),
        (finding(7, "duplicate", ending=Ending.FIXED), "This looks like #7, which was fixed."),
        (finding(7, "duplicate", ending=Ending.ANSWERED),
         "This looks like #7, which was answered."),
        (finding(7, "duplicate", ending=Ending.DECLINED),
         "This looks like #7, which was declined."),
        (finding(7, "duplicate", state="open"), "This looks like #7, which is still open."),
        (finding(7, "duplicate", ending=Ending.STALE), "This looks like #7."),
        (finding(7, ending=Ending.ANSWERED), "I found one past issue that may help:"),
        (finding(7, state="open"), "I found one open issue that looks related:"),
    ],
)  # fmt: skip
def test_the_first_line_says_what_was_found(row, headline):
    body = comment([row])
    assert seen(body).splitlines()[0] == headline
    assert body.startswith("**")


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"state": "open"}, "open"),
        ({"ending": Ending.FIXED}, "fixed"),
        (FIXED, "fixed in v2.4.1"),
        ({"ending": Ending.ANSWERED}, "answered"),
        ({"ending": Ending.DECLINED}, "declined"),
        ({"ending": Ending.DUPLICATE}, "closed as a duplicate"),
        ({"ending": Ending.DUPLICATE, "duplicate_of": 3}, "closed in favour of #3"),
        ({"ending": Ending.STALE}, "closed as stale"),
        ({}, "closed"),
    ],
)
def test_a_row_says_how_it_ended(fields, state):
    body = comment([finding(7, **fields), finding(8, title="Other")])
    assert f"Uploads stop at 99 % (#7, {state}): same error, EPIPE." in seen(body)


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (Evidence("names", ("a_b",)), "both mention a_b."),
        (Evidence("names", ("a_b", "c_d")), "both mention a_b and c_d."),
        (Evidence("names", ("a_b", "c_d", "e")), "both mention a_b, c_d and e."),
        (Evidence("titles", ("proxy", "timeout")), "both titles say “proxy” and “timeout”."),
        (Evidence("words", ("quota", "inode")), "both mention “quota” and “inode”."),
        (Evidence("words", ("quota",)), "“It stops after a while and says nothing.”"),
        (Evidence("none"), "“It stops after a while and says nothing.”"),
    ],
)
def test_a_row_names_what_is_shared(evidence, words):
    row = finding(7, evidence=evidence, body="It stops after a while and says nothing.")
    assert words in seen(comment([row, finding(8)]))


def test_one_word_is_named_where_there_is_nothing_else():
    row = finding(7, evidence=Evidence("titles", ("quota",)))
    assert "both titles say “quota”." in seen(comment([row, finding(8)]))


def test_an_excerpt_is_prose_and_no_bad_advice():
    body = "### What\n\n```\nnpm ERR! code\n```\n\nThe install stops half-way and says nothing."
    row = finding(7, evidence=Evidence("none"), body=body)
    assert "“The install stops half-way and says nothing.”" in seen(comment([row, finding(8)]))
    row = finding(7, evidence=Evidence("none"), body="I did chmod -R 777 / and now it is broken.")
    assert "777" not in comment([row, finding(8)])


def test_a_model_sentence_stands_in_for_the_evidence():
    assert "both stop in the flush." in seen(
        comment([finding(7, sentence="both stop in the flush."), finding(8)])
    )


def test_the_upgrade_names_release_and_version():
    row = finding(7, "duplicate", Fix("v2.4.1", "upgrade", "v2.3.0"), **FIXED)
    assert "Upgrade to v2.4.1, which has the fix. You report v2.3.0." in seen(comment([row]))
    row = finding(7, "duplicate", Fix("v2.4.1", "unsure"), **FIXED)
    assert "If you already run it, this may be a regression." in seen(comment([row]))


def test_a_related_fix_is_an_upgrade_with_an_if():
    row = finding(7, "related", Fix("v2.4.1", "upgrade", "v2.3.0"), **FIXED)
    assert "If it is #7: v2.4.1 has the fix. You report v2.3.0, which is older." in seen(
        comment([row])
    )
    text = seen(comment([row], language="ko"))
    assert "#7과 같은 문제라면 v2.4.1에 수정이 들어 있습니다." in text
    assert "지금 쓰시는 버전 v2.3.0은 그보다 낮습니다." in text


def test_a_regression_is_not_told_to_upgrade():
    row = finding(7, "duplicate", Fix("v2.4.1", "regression", "2.5.0"), **FIXED)
    text = seen(comment([row]))
    assert "Upgrade" not in text
    assert "You report 2.5.0, which already has that fix." in text


def test_a_quote_is_linked_to_its_comment():
    row = finding(7, ending=Ending.ANSWERED, said="Raise `read_timeout` to 120s in the proxy.")
    body = comment([row])
    assert "“Raise read_timeout to 120s in the proxy.” (mira in #7)" in seen(body)
    assert "https://redirect.github.com/tidepool/harbor/issues/7#issuecomment-5001" in links(body)


def test_the_reason_of_a_refusal_has_its_own_heading():
    row = finding(7, "duplicate", ending=Ending.DECLINED, said="We keep one format for all files.")
    text = seen(comment([row]))
    assert "Why it was declined" in text
    assert "What worked before" not in text


def test_docs_alone_are_an_answer():
    section = Finding(doc(), "related", 0.6, "test")
    body = comment([], docs=[section])
    assert seen(body).startswith("The docs have a section that may help:")
    assert links(body) == [
        "https://github.com/tidepool/harbor/blob/4f2c1d9/docs/uploads.md#large-files"
    ]
    assert "\n\n\n" not in body


ANSWER = "https://redirect.github.com/tidepool/harbor/discussions/77#discussioncomment-9001"


def test_an_answered_discussion_is_quoted_and_linked_by_its_title():
    body = comment([], docs=[Finding(discussion(), "related", 0.6, "test")])
    assert seen(body).startswith("A past discussion has an answer that may help:")
    assert "Set part_size = 64MB, the limit is per part." in seen(body)
    assert f"[Where do big uploads stop?]({ANSWER})" in body
    assert "never end" not in body
    assert harms(body) == []


@pytest.mark.parametrize(("language", "word"), [("en", "docs and a past"), ("ko", "토론")])
def test_docs_and_a_discussion_are_named_both(language, word):
    docs = [Finding(made, "related", 0.6, "test") for made in (doc(), discussion())]
    body = comment([], docs=docs, language=language)
    assert word in seen(body).splitlines()[0]
    assert len(links(body)) == 2


def test_a_discussions_title_cannot_do_harm():
    title = "@everyone [x](https://evil.example) ![](https://evil.example/a.png) <b>#1"
    made = discussion(title, "Ask @mira, see https://evil.example and `part_size = 64MB`.")
    body = comment([finding(7)], docs=[Finding(made, "related", 0.6, "test")])
    assert ANSWER in links(body)
    assert harms(body) == []


def test_weaker_matches_are_folded():
    more = [
        finding(8),
        Finding(doc(), "related", 0.3, "t"),
        Finding(release(), "related", 0.3, "t"),
    ]
    body = comment([finding(7)], more=more)
    fold = body.partition("<details>")[2]
    assert "Also looked at (3)" in fold
    assert "docs/uploads.md, Large files" in fold
    assert "release notes of v2.4.1" in fold
    assert harms(body) == []


def test_the_footer_offers_what_works():
    quoted = seen(comment([finding(7)]))
    assert "Found automatically" in quoted
    assert "intern: again" in quoted
    assert "/intern hide" in quoted
    assert "/intern not-duplicate #7" in quoted
    elsewhere = seen(comment([finding(7, repo="tidepool/cli")]))
    assert "/intern not-duplicate tidepool/cli#7" in elsewhere
    assert "Drafted by AI" in seen(comment([finding(7)], drafted=True))
    alone = seen(comment([], docs=[Finding(doc(), "related", 0.5, "test")]))
    assert "intern: again" in alone
    assert "not-duplicate" not in alone


def test_a_korean_issue_is_answered_in_korean():
    row = finding(212, "duplicate", Fix("v1.8", "upgrade", "1.7"), **FIXED)
    text = seen(comment([row], language="ko"))
    assert text.startswith("#212와 같은 문제로 보입니다. v1.8에서 해결되었습니다.")
    assert "v1.8로 올리면 해결됩니다. 지금 쓰시는 버전은 1.7입니다." in text
    assert "같은 오류 EPIPE가 나옵니다." in text


def test_another_language_gets_the_english_frame():
    assert seen(comment([finding(7)], language="de")).startswith("I found")


def test_a_long_comment_is_shortened():
    said = "Sentence after sentence about the settings of the proxy in front. " * 40
    rows = [
        finding(n, title="T" * 300, body="x " * 400, ending=Ending.ANSWERED, said=f"{n} {said}",
                evidence=Evidence("names", ("n" * 300, "m" * 300, "o" * 300)))
        for n in (1, 2, 3)
    ]  # fmt: skip
    body = comment(rows)
    assert reply.visible_length(body) <= reply.MAX_VISIBLE
    assert len(links(body)) >= 3


def test_only_what_is_safe_is_printed():
    with pytest.raises(TypeError, match="nobody made safe"):
        reply._template().render(
            headline="<img>",
            rows=[],
            sections=[],
            more=[],
            more_title=Markdown(),
            footer=Markdown(),
        )


def test_the_models_step_is_shown_in_its_words():
    past = candidate(7, ending=Ending.ANSWERED, said="Raise `read_timeout` to 120s.")
    step = Step(of_candidate(past), "Raise `read_timeout`", "Raise `read_timeout` in the proxy.")
    body = comment([finding(7)], draft=Draft((step,)), drafted=True)
    assert "Raise read_timeout in the proxy. (mira in #7)" in seen(body)


def test_a_thread_without_a_comment_address_is_linked_as_an_issue():
    row = finding(7, ending=Ending.ANSWERED, said="Raise the timeout of the proxy in front.")
    said = row.candidate.resolution.quote.model_copy(update={"url": None, "author": ""})
    result = row.candidate.resolution.model_copy(update={"quote": said})
    from dataclasses import replace

    body = comment([replace(row, candidate=replace(row.candidate, resolution=result))])
    assert "(in #7)" in seen(body)
    assert set(links(body)) == {"https://redirect.github.com/tidepool/harbor/issues/7"}


def test_on_another_host_folded_issues_are_not_linked():
    content = reply.Content(
        [finding(7)], Draft(), [finding(8)], "en", drafted=False, again_label="x"
    )
    body = reply.render(content, Links("https://git.example.com", REPO))
    assert links(body) == ["https://git.example.com/tidepool/harbor/issues/7"]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_frame_does_harm(language):
    rows = [finding(7, "duplicate", Fix("v2.4.1", "unsure"), **FIXED), finding(8)]
    assert harms(comment(rows, more=[finding(9)], language=language)) == []
    assert harms(reply.withdrawn(language)) == []


def test_what_is_printed_is_looked_at_once_more():
    past = candidate(7, ending=Ending.ANSWERED, said="Raise it.")
    passage = of_candidate(past)
    bad = Step(passage, "Just set<!-- x -->enforce 0 on the host.")
    good = Step(passage, "Raise the limit to 64 MB.")
    worded = Step(passage, "Raise it.", "Do ch\u200bmod -R 777 /srv now.")
    body = comment([finding(7)], draft=Draft((bad, worded, good)))
    assert "Raise the limit" in body
    assert "enforce" not in body
    assert "777" not in body


@pytest.mark.parametrize(
    "fields",
    [
        {"sentence": "Both chmod _777_ the folder."},
        {"evidence": Evidence("names", ("chmod", "777"))},
        {"evidence": Evidence("none"), "body": "I had to chmod [777](x) the folder, it is odd."},
    ],
)
def test_what_both_share_is_looked_at_as_it_is_printed(fields):
    row = finding(7, **{"evidence": Evidence("none"), **fields})
    assert "777" not in comment([row, finding(8)])


def test_a_sentence_that_cannot_be_printed_gives_way_to_the_evidence():
    row = finding(7, sentence="Both chmod _777_ the folder.")
    assert "same error, EPIPE." in seen(comment([row, finding(8)]))
