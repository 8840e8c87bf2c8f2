"""What is said of an issue, from search results to the comment, with and without a model."""

from dataclasses import replace
from types import SimpleNamespace

from app import policy
from app.answering import answer
from app.llm import Answered, Usage
from app.opinion import Judgement, Opinion
from app.settings import Settings
from indexer.reasons import Reason
from indexer.repo_config import RepoConfig, Sources
from indexer.threads import Ending
from indexer.verdict import Thresholds
from tests.builders import NOW, REPO, candidate, discussion, doc, thread
from tests.fakes_app import Levels

ISSUE = thread(2001, "Uploads stop at 99 %", "They stop in `PartWriter.flush`.", days=0)


class Found:
    def __init__(self, *candidates):
        self.candidates = list(candidates)

    def search(self, query, limit=10):
        return self.candidates


class Judging:
    """A model that gives one verdict on each issue it is shown, and keeps the prompt."""

    def __init__(self, verdict="related"):
        self.verdict = verdict
        self.prompt = None

    async def ask(self, prompt):
        self.prompt = prompt
        said = [
            Judgement(
                source_id=source.id,
                one_change="write the last part",
                shared="",
                differs="",
                verdict=self.verdict,
                confidence=0.9,
            )
            for source in prompt.sources
        ]
        return Answered(Opinion(judgements=said, steps=[]), Usage("judging"))


async def said(*candidates, llm=None, issue=ISSUE, config=None):
    services = SimpleNamespace(
        settings=Settings(),
        searcher=Found(*candidates),
        llm=llm,
        state=Levels(Thresholds(duplicate=0.9)),
    )
    return await answer(services, REPO, issue, config or RepoConfig())


async def test_a_discussion_is_a_source_where_the_config_says_so():
    found = discussion("Ask mira@tidepool.example", "Set `part_size = 64MB`.", probability=0.9)
    config = RepoConfig(sources=Sources(discussions=True))
    told = (await said(found, config=config)).explain
    assert [step["quote"] for step in told["steps"]] == ["Set `part_size = 64MB`."]
    model = Judging()
    await said(found, llm=model, config=config)
    assert "answered discussion: Ask [email]" in model.prompt.user
    assert (await said(found)).explain["steps"] == []


async def test_every_candidate_is_accounted_for():
    younger = candidate(3000, probability=0.9)
    late = younger.thread.model_copy(update={"created_at": NOW.replace(year=2027)})
    found = [
        *(candidate(n, probability=0.9 - n / 20) for n in range(1, 13)),
        doc(probability=0.9),
        candidate(50, probability=0.001),
        SimpleNamespace(**{f: getattr(younger, f) for f in younger.__slots__} | {"thread": late}),
    ]
    for llm in (None, Judging(), Judging("duplicate"), Judging("unrelated")):
        told = (await said(*found, llm=llm)).explain["candidates"]
        assert {t["number"] for t in told} == {c.number for c in found}
        for entry in told:
            shown = entry["place"] in {"shown", "cited"}
            assert shown or entry["passed_over"] or entry["verdict"] == "unrelated", entry
        assert next(t for t in told if t["number"] == 3000)["reason"] == "younger than the issue"


async def test_what_the_model_had_no_room_for_is_folded_with_a_reason():
    model = Judging()
    made = await said(*(candidate(n, probability=0.6) for n in range(1, 13)), llm=model)
    assert len(model.prompt.sources) == policy.MAX_ASKED
    told = {t["number"]: t for t in made.explain["candidates"]}
    unread = [t for t in told.values() if t["by"] == "rules"]
    assert len(unread) == 12 - policy.MAX_ASKED
    assert {t["passed_over"] for t in unread} == {"the model did not read it"}


async def test_an_unread_doc_does_not_answer_where_the_model_found_nothing():
    docs = [doc(path=f"docs/{n}.md", probability=0.9) for n in range(5)]
    made = await said(candidate(1, probability=0.5), *docs, llm=Judging("unrelated"))
    assert made.body is None


async def test_the_last_original_of_a_chain_is_what_is_shown():
    chain = [
        candidate(5, probability=0.97, ending=Ending.DUPLICATE, duplicate_of=4),
        candidate(4, probability=0.3, ending=Ending.DUPLICATE, duplicate_of=3),
        candidate(3, probability=0.2, state="open"),
    ]
    for llm in (None, Judging("duplicate")):
        made = await said(*chain, llm=llm)
        assert made.shown == (3,)
        assert made.findings[0].kind == "duplicate"


async def test_a_fix_in_what_the_reporter_runs_is_called_a_regression():
    fixed = candidate(7, probability=0.97, ending=Ending.FIXED, release="v2.4.1")
    issue = thread(2001, "Uploads stop at 99 %", "harbor 2.5.0", days=0)
    for llm in (None, Judging("duplicate")):
        body = (await said(fixed, issue=issue, llm=llm)).body
        assert body.startswith("**This may be a regression of [#7]")
        assert "Upgrade to" not in body


async def test_a_series_of_siblings_is_no_answer():
    titles = ("io", "fs", "net", "char")
    found = [candidate(n, f"API docs: {t}", probability=0.5) for n, t in enumerate(titles, 1)]
    issue = thread(2001, "API docs: num", "Part of the API docs.", days=0)
    made = await said(*found, issue=issue)
    assert made.body is None
    assert made.explain["candidates"][0]["reason"] == "one of a series of sibling issues"
    same = [replace(c, reasons=(Reason("same_error", ("EPIPE",)),)) for c in found]
    assert (await said(*same, issue=issue)).body is not None
