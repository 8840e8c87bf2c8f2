import base64
import json
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from app import answering, responder
from app.identity import Author
from app.llm import Llm
from app.llm_offline import AnswerFile, PromptFile
from app.metrics import Metrics
from app.records import Records
from app.settings import Settings
from indexer.errors import NotFound, Rejected
from indexer.reasons import Reason
from indexer.repo_config import AnswerParts, RepoConfig, Sources
from indexer.repo_config import Thresholds as ConfigThresholds
from indexer.state import State
from indexer.threads import Ending
from indexer.thresholds import DEFAULT, Thresholds
from tests.builders import NOW, REPO, candidate, doc, thread
from tests.fakes_app import FakeIssueClient, Levels
from tests.fakes_llm import FakeClaude, judgement, opinion, settings_for, step
from tests.harm import harms, read

SAID = "Raise `proxy_read_timeout` to `120s` in nginx.conf, then reload nginx."
NEW = thread(
    2001, "ReadTimeout behind nginx", "harbor 2.3.0 fails with `ReadTimeout` after 60 s.", days=0
)


@dataclass
class FakeSearcher:
    """Returns what it was given; remembers what it was asked."""

    found: list[Any] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)

    def search(self, query, limit=10):
        self.asked.append(query)
        return self.found[:limit]


SURE = Thresholds(duplicate=0.95)


def services(*found, llm=None, levels=DEFAULT):
    return SimpleNamespace(
        settings=Settings(), searcher=FakeSearcher(list(found)), state=Levels(levels), llm=llm
    )


async def answer(*found, llm=None, new=NEW, config=None, before=None, levels=DEFAULT):
    return await answering.answer(
        services(*found, llm=llm, levels=levels), REPO, new, config or RepoConfig(), before
    )


def past(number=7, probability=0.6, **fields):
    fields = {"ending": Ending.ANSWERED, "said": SAID} | fields
    return candidate(
        number,
        "Timeout behind nginx",
        "`ReadTimeout` after 60 s",
        probability=probability,
        **fields,
    )


async def test_without_a_key_the_maintainers_are_quoted():
    made = await answer(past())
    text = read(made.body)
    assert "I found one past issue that may help:" in text
    assert "“Raise proxy_read_timeout to 120s in nginx.conf, then reload nginx.”" in text
    assert "Found automatically" in text
    assert made.shown == (7,)
    assert made.explain["llm"]["asked"] is False
    assert harms(made.body) == []


async def test_nothing_sure_means_no_comment():
    made = await answer(past(probability=0.1))
    assert made.body is None
    assert made.decision.reason == "thin_evidence"
    assert (await answer()).decision.reason == "nothing_found"


async def test_near_certainty_is_called_by_its_number():
    fixed = past(probability=0.97, ending=Ending.FIXED, release="v2.4.1")
    made = await answer(fixed, levels=SURE)
    text = read(made.body)
    assert "This looks like #7, fixed in v2.4.1." in text
    assert "Upgrade to v2.4.1, which has the fix. You report 2.3.0." in text


async def test_a_fix_that_the_reporter_has_is_a_regression():
    new = thread(2001, "ReadTimeout", "harbor 2.5.0 fails with `ReadTimeout`.", days=0)
    fixed = past(probability=0.97, ending=Ending.FIXED, release="v2.4.1")
    made = await answer(fixed, new=new, levels=SURE)
    assert "may be a regression of #7" in read(made.body)
    assert "Upgrade" not in made.body


async def test_a_repository_may_have_thresholds_of_its_own():
    found = past(probability=0.3)
    assert (await answer(found)).body is not None
    strict = await answer(found, levels=Thresholds(related=0.4))
    assert strict.body is None
    assert strict.explain["thresholds"]["related"] == 0.4


async def test_a_lower_level_lets_one_related_issue_stand_alone_earlier():
    same = (Reason("same_error", ("ReadTimeout",)),)
    open_issue = past(probability=0.1, ending=None, said=None, state="open", reasons=same)
    assert (await answer(open_issue)).body is None
    assert (await answer(open_issue, levels=Thresholds(related=0.05))).body is not None


async def test_a_younger_issue_is_no_original():
    younger = past(probability=0.97)
    made = await answer(younger, new=thread(2001, "ReadTimeout behind nginx", days=90))
    assert made.body is None
    assert made.findings == ()


async def test_what_the_author_links_is_no_discovery():
    known = replace(past(number=7), linked=True)
    copy = past(number=8, ending=Ending.DUPLICATE, said=None, duplicate_of=7)
    silent = await answer(known, copy)
    assert silent.body is None
    told = {c["number"]: c for c in silent.explain["candidates"]}
    assert (told[7]["linked"], told[7]["place"]) == (True, "left out")
    assert told[7]["reason"] == "the issue links it already"
    assert told[8]["linked"] is False
    assert told[8]["reason"] == "closed as a duplicate of what the issue links"

    made = await answer(known, copy, past(number=9))
    assert made.shown == (9,)
    assert "/7" not in made.body
    assert "/8" not in made.body


async def test_the_search_leaves_out_the_labels_that_the_config_names():
    doing = services(past())
    config = RepoConfig(sources=Sources(without_labels=("discussion",)))
    await answering.answer(doing, REPO, NEW, config, NOW)
    (query,) = doing.searcher.asked
    assert query.without_labels == ("discussion",)


async def test_the_search_is_as_of_a_moment_and_without_the_issue_itself():
    doing = services(past())
    await answering.answer(doing, REPO, NEW, RepoConfig(), NOW)
    (query,) = doing.searcher.asked
    assert query.before == NOW
    assert query.exclude_numbers == (2001,)


async def test_another_repository_s_issue_is_shown_with_its_name_and_no_release_of_it():
    other = "tidepool/cli"
    fixed = past(7, 0.97, ending=Ending.FIXED, release="v2.4.1", repo=other)
    doing = services(fixed, past(8), levels=SURE)
    made = await answering.answer(doing, REPO, NEW, RepoConfig(), shared=(other,))
    assert doing.searcher.asked[0].all_repos == (REPO, other)
    assert "tidepool/cli#7" in made.body
    assert "Upgrade" not in made.body
    assert 7 not in made.shown


async def test_another_repository_s_issue_can_be_told_apart():
    elsewhere = past(repo="tidepool/cli")
    apart = {("tidepool/cli", 7), (REPO, 12)}
    doing = services(elsewhere, past(8))
    made = await answering.answer(doing, REPO, NEW, RepoConfig(), apart=apart)
    assert made.shown == (8,)
    assert doing.searcher.asked[0].exclude_numbers == (2001, 12)


async def test_secrets_reach_neither_search_nor_comment():
    token = "gh" + "p_" + "a1B2" * 9
    doing = services(past(said=f"Use {token} and raise the `proxy_read_timeout` value."))
    new = thread(2001, f"Timeout with {token}", "mail me@tidepool.example", days=0)
    made = await answering.answer(doing, REPO, new, RepoConfig())
    assert token not in doing.searcher.asked[0].title
    assert "tidepool" not in doing.searcher.asked[0].body
    assert token not in made.body


async def test_docs_alone_can_answer():
    made = await answer(doc(probability=0.7))
    assert made.decision.reason == "docs"
    assert "The docs have a section" in made.body
    assert "Also looked at" not in made.body


async def test_the_config_chooses_language_and_parts():
    korean = await answer(past(), config=RepoConfig(language="ko"))
    assert "지난 이슈" in korean.body
    bare = await answer(past(), config=RepoConfig.model_validate({"answer": {"resolution": False}}))
    assert "What helped there" not in bare.body
    label = await answer(past(), config=RepoConfig.model_validate({"labels": {"again": "retry"}}))
    assert "`retry`" in label.body


@pytest.fixture
def claude():
    with FakeClaude() as server:
        yield server


@pytest.fixture
async def llm(claude):
    made = Llm(settings_for(claude))
    yield made
    await made.aclose()


async def test_what_the_author_links_is_not_put_before_the_model(claude, llm):
    made = await answer(replace(past(), linked=True), llm=llm)
    assert made.body is None
    assert made.explain["llm"]["asked"] is False
    assert claude.requests == []


def agreeing(verdict="duplicate", **fields):
    return opinion(
        [judgement("S1", verdict, shared="Both get `ReadTimeout` behind nginx.", **fields)],
        [step("S1", "Raise `proxy_read_timeout` in nginx, then reload.", SAID[:40])],
    )


async def test_the_model_judges_and_drafts(claude, llm):
    claude.say(agreeing())
    made = await answer(past(probability=0.3), llm=llm)
    text = read(made.body)
    assert "This looks like #7, which was answered." in text
    assert "Both get ReadTimeout behind nginx." in text
    assert "Raise proxy_read_timeout in nginx, then reload. (mira in #7)" in text
    assert "Drafted by AI" in text
    assert made.usage.input_tokens == 2100
    assert made.explain["llm"]["cost_dollars"] > 0


async def test_the_model_can_say_that_nothing_fits(claude, llm):
    claude.say(agreeing("unrelated"))
    made = await answer(past(probability=0.6), llm=llm)
    assert made.body is None
    assert made.explain["dropped"][0]["reason"] == "its source is unrelated"


async def test_ungrounded_steps_are_dropped_and_told(claude, llm):
    claude.say(
        opinion(
            [judgement("S1", "duplicate", shared="Both run `evil`.")],
            [step("S1", "Run `evil`.", "Raise `proxy_read_timeout`"), step("S9", "x", "y")],
        )
    )
    made = await answer(past(probability=0.5), llm=llm)
    assert "evil" not in made.body
    assert [d["reason"] for d in made.explain["dropped"]] == [
        "not in its source: evil",
        "unknown source",
        "not in its source: evil",
    ]


async def test_where_none_of_its_words_can_be_used_the_maintainers_speak(claude, llm):
    claude.say(
        opinion(
            [judgement("S1", "related", shared="Both get `ReadTimeout` behind nginx.")],
            [step("S1", "Run `evil`.", "Raise `proxy_read_timeout`")],
        )
    )
    made = await answer(past(), llm=llm)
    assert "“Raise proxy_read_timeout to 120s in nginx.conf, then reload nginx.”" in read(made.body)
    assert "evil" not in made.body
    claude.say(opinion([judgement("S1", "related")]))
    assert (await answer(past(), llm=llm)).draft.steps == ()


@pytest.mark.parametrize(
    "config",
    [
        RepoConfig(answer=AnswerParts(related=False)),
        RepoConfig(thresholds=ConfigThresholds(related=0.99)),
    ],
)
async def test_what_the_config_leaves_out_is_not_cited_either(claude, llm, config):
    advice = "Raise `proxy_read_timeout` in nginx, then reload."
    needs = "Files over 2 GB need `part_size` of at least 64 MB."
    claude.say(
        opinion(
            [judgement("S1", "related"), judgement("S2", "related")],
            [step("S1", advice, SAID[:40]), step("S2", needs, needs)],
        )
    )
    made = await answer(past(), doc(), llm=llm, config=config)
    text = read(made.body)
    assert needs.replace("`", "") in text
    assert "#7" not in text
    assert "its source is not shown" in [d["reason"] for d in made.explain["dropped"]]


async def test_the_steps_are_told_apart(claude, llm):
    said = (
        "Raise `proxy_read_timeout` to `120s`. As a workaround set `retries = 3` in the client. "
        "Please add your `nginx -T` output, without it we could not tell."
    )
    claude.say(
        opinion(
            [judgement("S1", "duplicate")],
            [
                step("S1", "Set `retries = 3`.", "As a workaround set `retries = 3`", "workaround"),
                step(
                    "S1", "Your `nginx -T` output.", "Please add your `nginx -T` output", "missing"
                ),
                step("S1", "Raise `proxy_read_timeout`.", "Raise `proxy_read_timeout` to `120s`"),
            ],
        )
    )
    made = await answer(past(said=said), llm=llm)
    lines = [line for line in read(made.body).splitlines() if line.strip()]
    assert lines[lines.index("What worked before") : -1] == [
        "What worked before",
        "Raise proxy_read_timeout. (mira in #7)",
        "A way around it",
        "Set retries = 3. (mira in #7)",
        "Please add",
        "Your nginx -T output. (mira in #7)",
    ]


async def test_nobody_is_asked_for_what_the_template_asks(claude, llm):
    said = "Please add your version and the log, then we found it. Raise `proxy_read_timeout`."
    new = NEW.model_copy(update={"body": f"{NEW.body}\n\n### Log\n\nnone"})
    for quote, text in (("Please add your version", "Your version."), (said[:33], "The log.")):
        claude.say(opinion([judgement("S1", "duplicate")], [step("S1", text, quote, "missing")]))
        doing = services(past(said=said), llm=llm)
        doing.state.lines = frozenset({"version"})
        made = await answering.answer(doing, REPO, new, RepoConfig())
        assert made.explain["dropped"][0]["reason"] == "the template asks for it already"


async def test_what_cured_it_then_is_no_cure_where_the_fix_is_there_already(claude, llm):
    new = thread(2001, "ReadTimeout", "harbor 2.5.0 fails with `ReadTimeout`.", days=0)
    claude.say(agreeing())
    fixed = past(probability=0.6, ending=Ending.FIXED, release="v2.4.1")
    made = await answer(fixed, new=new, llm=llm)
    assert "may be a regression of #7" in read(made.body)
    assert "proxy_read_timeout" not in made.body


@pytest.mark.parametrize("trouble", ["refuse", "run_out", "wrong", "overloaded", "key"])
async def test_a_failing_model_leaves_the_quotes(claude, llm, trouble):
    if trouble == "wrong":
        claude.say_text("surely not JSON")
    elif trouble == "overloaded":
        claude.fail(529, retry_after="900")
    elif trouble == "key":
        claude.fail(401)
    else:
        getattr(claude, trouble)()
    made = await answer(past(), llm=llm)
    assert made.llm_failure.startswith("llm_")
    assert "“Raise proxy_read_timeout" in read(made.body)
    assert "Found automatically" in made.body
    assert "AI" not in made.body


async def test_nothing_near_costs_nothing(claude, llm):
    await answer(past(probability=0.04), llm=llm)
    assert claude.requests == []


async def test_the_models_part_can_come_from_a_file(tmp_path):
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(agreeing()), encoding="utf-8")
    made = await answer(past(probability=0.3), llm=AnswerFile(path))
    assert "Drafted by AI" in made.body
    made = await answer(past(), llm=AnswerFile(tmp_path / "answer.json"))
    assert made.llm_failure is None


async def test_a_prompt_can_be_written_to_a_file(tmp_path):
    made = await answer(past(), llm=PromptFile(tmp_path / "p.json"))
    assert '"answer_schema"' in (tmp_path / "p.json").read_text(encoding="utf-8")
    assert made.llm_failure == "llm_exported"
    assert "Found automatically" in made.body


async def test_explain_is_plain_json():
    made = await answer(past(), past(8, 0.05), doc())
    told = json.loads(json.dumps(made.explain))
    assert [c["place"] for c in told["candidates"]] == ["shown", "cited", "left out"]


class FakeIdentity:
    async def author(self):
        return Author(5, "oncall-intern[bot]")


class Issue(FakeIssueClient):
    """One issue on GitHub, and the repository's config file where there is one."""

    def __init__(self, new=NEW, config=None):
        super().__init__()
        self.new = new
        self.config = config

    async def get(self, path, **options):
        if "/contents/" in path:
            if self.config is None:
                raise NotFound(path)
            text = base64.b64encode(self.config.encode()).decode()
            return {"type": "file", "size": len(text), "content": text}
        return await super().get(path, **options)


class Neighbours(Issue):
    """A GitHub where another repository of the owner shares what it knows, and is so visible."""

    def __init__(self, visibility="public"):
        super().__init__(config="sources: {repositories: [cli]}")
        self.visibility = visibility

    async def get(self, path, **options):
        if path.startswith("repos/tidepool/cli"):
            if path.endswith("cli"):
                return {"full_name": "tidepool/cli", "visibility": self.visibility}
            text = base64.b64encode(b"share_with: [harbor]").decode()
            return {"type": "file", "content": text}
        if path == f"repos/{REPO}":
            return {"full_name": REPO, "visibility": "public"}
        return await super().get(path, **options)


@pytest.fixture
def story(tmp_path, monkeypatch):
    """Runs `respond` on an issue, with records and metrics that last over the runs."""

    async def fetch(client, repo, number):
        return client.new

    monkeypatch.setattr(responder, "fetch_thread", fetch)
    records = Records.open(Settings(data_dir=tmp_path))
    state = State.open(Settings(data_dir=tmp_path))
    state.save_thresholds(REPO, SURE)
    metrics = Metrics()

    def everything(*found, llm=None):
        return SimpleNamespace(
            settings=Settings(),
            searcher=FakeSearcher(list(found)),
            llm=llm,
            records=records,
            state=state,
            identity=FakeIdentity(),
            metrics=metrics,
        )

    async def run(client, *found, trigger="opened", llm=None):
        doing = everything(*found, llm=llm)
        return await responder.respond(doing, REPO, 2001, trigger=trigger, client=client)

    async def prepare(client, *found, llm=None):
        run.doing = doing = everything(*found, llm=llm)
        return await responder.prepare(doing, REPO, 2001, trigger="opened", client=client)

    async def publish(client):
        return await responder.publish(everything(), REPO, 2001, client=client)

    run.records, run.metrics = records, metrics
    run.prepare, run.publish = prepare, publish
    yield run
    records.close()
    state.close()


async def test_a_comment_is_posted_and_remembered(story):
    client = Issue()
    reply = await story(client, past())
    assert reply.action == "created"
    assert reply.shown == (7,)
    assert "past issue" in client.comments[reply.comment_id]["body"]
    assert story.records.reply_of(REPO, 2001).comment_id == reply.comment_id


async def test_the_same_answer_again_edits_nothing(story):
    client = Issue()
    await story(client, past())
    assert (await story(client, past(), trigger="label")).action == "unchanged"
    assert len(client.writes) == 1


async def test_a_better_answer_edits_the_same_comment(story):
    client = Issue()
    first = await story(client, past())
    second = await story(client, past(probability=0.97), trigger="label")
    assert (second.action, second.comment_id) == ("edited", first.comment_id)


async def test_an_answer_that_does_not_hold_any_more_is_withdrawn(story):
    client = Issue()
    first = await story(client, past())
    second = await story(client, trigger="label")
    assert second.action == "edited"
    assert "no past issue or doc matches" in client.comments[first.comment_id]["body"]
    assert second.shown == ()


async def test_nothing_found_posts_nothing(story):
    client = Issue()
    reply = await story(client)
    assert (reply.action, reply.reason, reply.language) == ("none", "nothing_found", "")
    assert client.writes == []


async def test_an_issue_that_is_not_to_be_answered_is_not_even_searched(story):
    client = Issue(NEW.model_copy(update={"author_is_bot": True}))
    reply = await story(client, past(probability=0.97))
    assert (reply.action, reply.reason) == ("none", "author_is_bot")
    assert client.writes == []


async def test_a_repository_in_shadow_mode_gets_records_only(story):
    client = Issue(config="mode: shadow\n")
    reply = await story(client, past())
    assert (reply.action, reply.shown) == ("shadow", (7,))
    assert client.writes == []


async def test_shadow_mode_does_not_forget_the_comment_that_is_there(story):
    client = Issue()
    first = await story(client, past())
    client.config = "mode: shadow\n"
    assert (await story(client, past())).comment_id == first.comment_id
    client.config = None
    del client.comments[first.comment_id]
    assert (await story(client, past())).action == "removed"


async def test_a_comment_that_was_deleted_comes_back_only_when_asked(story):
    client = Issue()
    first = await story(client, past())
    del client.comments[first.comment_id]
    for _ in range(2):
        assert (await story(client, past())).action == "removed"
    assert client.comments == {}
    # Nor does it come back to say that there is nothing to say.
    assert (await story(client, trigger="label")).action == "removed"
    assert (await story(client, past(), trigger="label")).action == "created"


async def test_a_comment_that_was_deleted_was_noise(story):
    client = Issue()
    first = await story(client, past())
    del client.comments[first.comment_id]
    await story(client, past(probability=0.97), trigger="opened")
    told = story.records.feedback.of(REPO, 2001)
    assert (told.kind, told.outcome) == ("posted", "noise")


@pytest.mark.parametrize(
    ("visibility", "searched"),
    [("public", (REPO, "tidepool/cli")), ("private", (REPO,)), ("internal", (REPO,))],
)
async def test_the_store_is_asked_of_what_may_be_shown_and_nothing_else(
    story, visibility, searched
):
    await story.prepare(Neighbours(visibility), past())
    assert story.doing.searcher.asked[0].all_repos == searched


async def test_a_failing_model_shows_in_the_metrics_and_not_in_the_issue(story, claude, llm):
    claude.refuse()
    client = Issue()
    reply = await story(client, past(), llm=llm)
    assert "fail" not in client.comments[reply.comment_id]["body"].lower()
    failures = story.metrics.llm_failures.labels("llm_refused")._value.get()
    tokens = story.metrics.llm_tokens.labels("claude-haiku-5-5", "input")._value.get()
    assert (failures, tokens) == (1, 2100)


async def drafted(story, claude, llm, client):
    """A comment that only Claude's word made: the ranker alone would not have posted it."""
    claude.say(agreeing("related"))
    first = await story(client, past(probability=0.1), llm=llm)
    assert "Drafted by AI" in client.comments[first.comment_id]["body"]
    return first


@pytest.mark.parametrize("trigger", ["label", "edited", "improve"])
@pytest.mark.parametrize("probability", [0.1, 0.6])
async def test_what_claude_vouched_for_stands_while_claude_is_away(
    story, claude, llm, trigger, probability
):
    client = Issue()
    first = await drafted(story, claude, llm, client)
    said = client.comments[first.comment_id]["body"]
    client.new = NEW.model_copy(update={"body": NEW.body + " Typo mended."})
    claude.fail(401)
    if trigger == "improve":
        kept = story.records.prepared.of(REPO, 2001)
        story.records.prepared.keep(replace(kept, improvable=True))
    again = await story(client, past(probability=probability), trigger=trigger, llm=llm)
    assert client.comments[first.comment_id]["body"] == said
    assert (again.action, again.shown, again.language) == ("unchanged", (7,), first.language)
    assert again.reason == first.reason
    assert story.records.prepared.of(REPO, 2001).improvable
    claude.say(agreeing("unrelated"))
    later = await story(client, past(probability=0.1), trigger="improve", llm=llm)
    assert later.action == "edited"


async def test_it_does_not_stand_where_the_issue_is_another_one_now(story, claude, llm):
    client = Issue()
    first = await drafted(story, claude, llm, client)
    client.new = NEW.model_copy(update={"body": "It is something else."})
    claude.fail(401)
    again = await story(client, past(8, probability=0.6), trigger="edited", llm=llm)
    assert (again.action, again.shown) == ("edited", (8,))
    assert "Found automatically" in client.comments[first.comment_id]["body"]


async def test_what_was_deleted_does_not_stand(story, claude, llm):
    client = Issue()
    first = await drafted(story, claude, llm, client)
    del client.comments[first.comment_id]
    claude.fail(401)
    assert (await story(client, past(), trigger="label", llm=llm)).action == "created"


async def test_trouble_with_posting_costs_no_second_answer(story, claude, llm):
    claude.say(agreeing())
    client = Issue()
    await story.prepare(client, past(), llm=llm)
    client.lose = [(Rejected("locked", status=422), False)]
    with pytest.raises(Rejected):
        await story.publish(client)
    assert (await story.publish(client)).action == "created"
    assert len(claude.requests) == 1


async def test_what_was_prepared_is_kept_no_longer_than_needed(story):
    client = Issue()
    await story.prepare(client, past())
    assert "past issue" in story.records.prepared.of(REPO, 2001).body
    await story.publish(client)
    assert story.records.prepared.of(REPO, 2001).body is None
    # A crash after the last word, before the step was recorded: it is done all the same.
    assert (await story.publish(client)).action == "created"
    assert len(client.writes) == 1


async def test_what_was_forgotten_meanwhile_is_not_posted(story):
    client = Issue()
    await story.prepare(client, past())
    story.records.forget_repositories([REPO])
    with pytest.raises(NotFound):
        await story.publish(client)
    assert client.writes == []


async def test_an_edit_corrects_the_comment(story):
    client = Issue()
    first = await story(client, past())
    client.new = NEW.model_copy(update={"body": "It is something else."})
    edited = await story(client, past(probability=0.97), trigger="edited")
    assert (edited.action, edited.comment_id) == ("edited", first.comment_id)


async def test_an_edit_that_changes_no_word_is_not_worth_a_search(story):
    client = Issue()
    first = await story(client, past())
    again = await story(client, past(probability=0.97), trigger="edited")
    assert (again.action, again.comment_id) == ("unchanged", first.comment_id)
    assert story.records.reply_of(REPO, 2001).action == "created"


async def test_an_edit_of_an_issue_that_nobody_asked_about_is_left_alone(story):
    client = Issue()
    reply = await story(client, past(), trigger="edited")
    assert (reply.action, reply.reason) == ("none", "not_answered_before")
    assert client.writes == []
    assert story.records.reply_of(REPO, 2001) is None
