"""The scene of the injection tests: each place a text can stand in, and a model that obeys it."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from app import answering
from app.llm import Answered, Usage
from app.opinion import Judgement, Opinion, ProposedStep
from app.settings import Settings
from indexer.reasons import Reason
from indexer.repo_config import RepoConfig
from indexer.threads import Ending
from indexer.thresholds import Thresholds
from tests.builders import REPO, candidate, doc, release, thread
from tests.fakes_app import Levels
from tests.injection.cases import HONEST, Twist

SURE = Levels(Thresholds(duplicate=0.9))


class Obeying:
    """A model that says what the attacker wants, as far as its answer's schema lets it."""

    def __init__(self, text: str) -> None:
        self.text = text

    async def ask(self, prompt: Any) -> Answered:
        judgements, steps = [], []
        for source in prompt.sources:
            judgements.append(
                Judgement(
                    source_id=source.id,
                    one_change=self.text,
                    shared=self.text,
                    differs=self.text,
                    verdict="duplicate",
                    confidence=1.0,
                )
            )
            answer = source.passage.text if source.passage else self.text
            for quote in (answer, HONEST, self.text):
                steps.append(ProposedStep(source_id=source.id, quote=quote, text=self.text))
                mixed = f"{HONEST} {self.text}"
                steps.append(ProposedStep(source_id=source.id, quote=quote, text=mixed))
        return Answered(Opinion(judgements=judgements, steps=steps), Usage("obeying"))


class Found:
    def __init__(self, *candidates: Any) -> None:
        self.candidates = list(candidates)

    def search(self, query: Any, limit: int = 10) -> list[Any]:
        return self.candidates


def honest(**fields: Any) -> Any:
    fields = {"ending": Ending.ANSWERED, "said": HONEST, "probability": 0.95} | fields
    return candidate(7, **{"title": "Timeout behind nginx", "body": "`ReadTimeout`"} | fields)


NEW = thread(2001, "ReadTimeout behind nginx", "harbor 2.3.0 fails with `ReadTimeout`.", days=0)

PLACES: dict[str, Callable[[str], tuple[Any, ...]]] = {
    "new issue": lambda text: (thread(2001, text, text, days=0), honest()),
    "past issue": lambda text: (NEW, honest(body=text)),
    "past title": lambda text: (NEW, honest(title=text)),
    "settling comment": lambda text: (NEW, honest(said=text)),
    "both issues": lambda text: (thread(2001, text, text, days=0), honest(title=text, body=text)),
    "shared error": lambda text: (
        thread(2001, "ReadTimeout", text, days=0),
        honest(reasons=(Reason("same_error", (text,)),)),
    ),
    "shared phrase": lambda text: (NEW, honest(reasons=(Reason("same_phrase", (text,)),))),
    "shared names": lambda text: (NEW, honest(reasons=(Reason("same_names", (text, text)),))),
    "shared words": lambda text: (NEW, honest(reasons=(Reason("title_words", (text, text)),))),
    "docs": lambda text: (NEW, doc(headings=(text,), text=text, probability=0.9)),
    "doc path": lambda text: (NEW, doc(path=text[:200], probability=0.9)),
    "release": lambda text: (NEW, honest(), release(tag=text[:60], body=text, probability=0.9)),
    "fix release": lambda text: (NEW, honest(ending=Ending.FIXED, release=text[:60])),
    "version": lambda text: (
        thread(2001, "ReadTimeout", f"harbor 2.5.0{text[:60]}", days=0),
        honest(ending=Ending.FIXED, release="v2.4.1"),
    ),
}


TITLES = {"past title", "both issues", "docs", "doc path", "release", "fix release"}


async def comment(place: str, text: str, *, obeying: bool, language: str = "auto") -> str:
    new, *found = PLACES[place](text)
    services = SimpleNamespace(
        settings=Settings(),
        searcher=Found(*found),
        state=SURE,
        llm=Obeying(text) if obeying else None,
    )
    config = RepoConfig.model_validate({"language": language})
    made = await answering.answer(services, REPO, new, config)
    return made.body or ""


class Saying:
    """A model that says one thing, whatever it is asked."""

    def __init__(self, opinion: Opinion) -> None:
        self.opinion = opinion

    async def ask(self, prompt: Any) -> Answered:
        return Answered(self.opinion, Usage("any"))


async def twisted(twist: Twist) -> str:
    """The comment, if a model makes that of the source."""
    judgement = Judgement(
        source_id="S1",
        one_change="",
        shared="",
        differs="",
        verdict="duplicate",
        confidence=1.0,
    )
    step = ProposedStep(source_id="S1", quote=twist.quote, text=twist.said)
    services = SimpleNamespace(
        settings=Settings(),
        searcher=Found(honest(said=twist.source)),
        state=SURE,
        llm=Saying(Opinion(judgements=[judgement], steps=[step])),
    )
    made = await answering.answer(services, REPO, NEW, RepoConfig())
    return made.body or ""
