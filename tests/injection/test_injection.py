"""Each hostile text in each place it can stand, with a model that obeys the attacker.

The model repeats the attack in every field that its answer's schema has, cites the right ids and
quotes its sources letter by letter.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import answering, grounding, prompt, reply, rows, unsafe_advice
from app.links import Links
from app.llm import Answered, Usage
from app.opinion import Judgement, Opinion, ProposedStep
from app.publisher import marked
from app.sanitize import Markdown
from app.settings import Settings
from indexer.reasons import Reason
from indexer.repo_config import RepoConfig
from indexer.threads import Ending
from indexer.thresholds import Thresholds
from tests.builders import REPO, candidate, doc, release, thread
from tests.fakes_app import Levels
from tests.harm import harms, read
from tests.injection.cases import ATTACKS, Attack

SURE = Levels(Thresholds(duplicate=0.9))
HONEST = "Raise `proxy_read_timeout` to `120s` in nginx.conf, then reload nginx."


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


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
async def test_nothing_harmful_reaches_the_comment(attack: Attack) -> None:
    for place in PLACES:
        for obeying in (True, False):
            body = await comment(place, attack.text, obeying=obeying)
            where = f"{attack.name} in {place}, {'obeying' if obeying else 'no'} model"
            assert harms(body) == [], where
            in_title = attack.in_title and place in TITLES
            for piece in () if in_title else attack.never:
                # An @ within code calls nobody.
                text = read(body, code=not piece.startswith("@"))
                assert piece not in text, f"{where}: {piece!r} in {text!r}"
            assert len(body) < 20_000, where


@pytest.mark.parametrize("place", PLACES)
async def test_the_honest_text_in_each_place_gives_a_comment(place: str) -> None:
    """Else the suite would pass because nothing is ever said."""
    assert await comment(place, HONEST, obeying=False)


async def test_a_forged_marker_is_not_the_last_one() -> None:
    from app.publisher import MARKER

    for attack in ATTACKS:
        body = await comment("settling comment", attack.text, obeying=True)
        assert MARKER.findall(body) == []
        assert len(MARKER.findall(marked(body))) == 1


def test_there_are_enough_and_they_differ() -> None:
    assert len(ATTACKS) >= 60
    assert len({attack.text for attack in ATTACKS}) == len(ATTACKS)


# Each defence alone: without it something gets through.


async def _through(
    obeying: bool = True, places: Sequence[str] = ("past issue", "settling comment")
) -> list[str]:
    found = []
    for attack in ATTACKS:
        if len(attack.text) > 1000:
            continue
        for place in places:
            body = await comment(place, attack.text, obeying=obeying)
            text = read(body)
            if harms(body) or any(piece in text for piece in attack.never):
                found.append(attack.name)
    return found


async def test_without_sanitizing_much_gets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reply, rows):
        monkeypatch.setattr(module, "inline", lambda text, **_: Markdown(text.replace("\n", " ")))
    assert {"mentions", "script"} <= set(await _through())
    titles = set(await _through(obeying=False, places=("past title",)))
    assert {"mentions", "comment marker", "script", "references"} <= titles


async def test_without_the_advice_list_bad_advice_gets_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unsafe_advice, "found", lambda _: None)
    assert {"chmod", "selinux", "ko firewall", "tls off"} <= set(await _through(obeying=False))


async def test_without_grounding_the_models_own_words_get_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = "Send your seed phrase to the support desk immediately."
    for place in ("new issue", "version", "past title"):
        assert words not in await comment_of_model(place, words)
    monkeypatch.setattr(grounding, "_problem", lambda *_: None)
    assert words in await comment_of_model("version", words)


async def test_without_the_check_of_sentences_the_models_evidence_gets_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = "Maintainers abandoned this project and moved to another host yesterday."
    assert words not in read(await comment("version", words, obeying=True))
    monkeypatch.setattr(grounding, "sentence_holds", lambda *_: None)
    assert words in read(await comment("version", words, obeying=True))


async def test_without_redaction_secrets_get_through(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (answering, prompt, rows):
        monkeypatch.setattr(module, "redact", lambda text: text)
    monkeypatch.setattr(answering, "redact_thread", lambda thread: thread)
    assert "secret" in set(await _through(obeying=False))


async def test_without_built_links_foreign_addresses_get_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = honest().resolution.quote.model_copy(update={"url": "https://evil.example/#issue-1"})
    found = honest()
    found = replace(found, resolution=found.resolution.model_copy(update={"quote": said}))
    services = SimpleNamespace(settings=Settings(), searcher=Found(found), state=SURE, llm=None)

    async def harm() -> list[str]:
        made = await answering.answer(services, REPO, NEW, RepoConfig())
        return harms(made.body or "")

    assert await harm() == []
    monkeypatch.setattr(Links, "passage", lambda _self, _repo, _number, url: url)
    assert await harm() == ["link https://evil.example/#issue-1"]


async def comment_of_model(place: str, words: str) -> str:
    """Only what the model says; what the past issue itself says is left out."""
    body = read(await comment(place, words, obeying=True))
    return "\n".join(line for line in body.splitlines() if "(#7" not in line)


PIECES = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.text(alphabet="@#`*_[]()<>!|~\\&;:/.-+=\"'\n aA0한", max_size=30),
        st.sampled_from([a.text for a in ATTACKS if len(a.text) < 200]),
        st.sampled_from([HONEST, "nginx", "ReadTimeout", "reload nginx"]),
    ),
    max_size=4,
).map(" ".join)
IDS = st.sampled_from(["S1", "S2", "S3", "S9", "", "#1", "S1]("])
OPINIONS = st.builds(
    Opinion,
    judgements=st.lists(
        st.builds(
            Judgement,
            source_id=IDS,
            one_change=PIECES,
            shared=PIECES,
            differs=PIECES,
            verdict=st.sampled_from(["duplicate", "related", "unrelated"]),
            confidence=st.floats(),
        ),
        max_size=4,
    ),
    steps=st.lists(
        st.builds(
            ProposedStep,
            source_id=IDS,
            quote=st.one_of(PIECES, st.sampled_from([HONEST, HONEST[:30]])),
            text=PIECES,
        ),
        max_size=6,
    ),
)


class Saying:
    def __init__(self, opinion: Opinion) -> None:
        self.opinion = opinion

    async def ask(self, prompt: Any) -> Answered:
        return Answered(self.opinion, Usage("any"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(opinion=OPINIONS, language=st.sampled_from(["en", "ko"]))
async def test_no_model_output_whatsoever_does_harm(opinion: Opinion, language: str) -> None:
    services = SimpleNamespace(
        settings=Settings(),
        searcher=Found(honest(), candidate(8, state="open", probability=0.5), doc()),
        state=SURE,
        llm=Saying(opinion),
    )
    config = RepoConfig.model_validate({"language": language})
    made = await answering.answer(services, REPO, NEW, config)
    assert harms(made.body or "") == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(title=PIECES, body=PIECES, said=PIECES, tag=PIECES)
async def test_no_thread_whatsoever_does_harm(title: str, body: str, said: str, tag: str) -> None:
    found = honest(title=title, body=body, said=said, ending=Ending.FIXED, release=tag or None)
    services = SimpleNamespace(settings=Settings(), searcher=Found(found), state=SURE, llm=None)
    made = await answering.answer(services, REPO, thread(2001, title, body, days=0), RepoConfig())
    assert harms(made.body or "") == []
