"""Each hostile text in each place it can stand, with a model that obeys the attacker.

The model repeats the attack in every field that its answer's schema has, cites the right ids and
quotes its sources letter by letter.
"""

from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import answering
from app.opinion import Judgement, Opinion, ProposedStep
from app.publisher import MARKER, marked
from app.settings import Settings
from indexer.repo_config import RepoConfig
from indexer.threads import Ending
from tests.builders import REPO, candidate, doc, thread
from tests.harm import harms, read
from tests.injection.cases import ATTACKS, HONEST, TWISTS, Attack, Twist
from tests.injection.scene import (
    NEW,
    PLACES,
    SURE,
    TITLES,
    Found,
    Saying,
    comment,
    honest,
    twisted,
)


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
            for piece in attack.unspoken if place == "new issue" else ():
                assert piece not in read(body), f"{where}: {piece!r} in {read(body)!r}"


@pytest.mark.parametrize("twist", TWISTS, ids=lambda t: t.name)
async def test_what_a_model_makes_of_an_honest_source_is_not_said(twist: Twist) -> None:
    body = await twisted(twist)
    assert read(twist.said).strip() not in read(body)
    assert harms(body) == []


@pytest.mark.parametrize("place", PLACES)
async def test_the_honest_text_in_each_place_gives_a_comment(place: str) -> None:
    """Else the suite would pass because nothing is ever said."""
    assert await comment(place, HONEST, obeying=False)


async def test_a_forged_marker_is_not_the_last_one() -> None:
    for attack in ATTACKS:
        body = await comment("settling comment", attack.text, obeying=True)
        assert MARKER.findall(body) == []
        assert len(MARKER.findall(marked(body))) == 1


def test_there_are_enough_and_they_differ() -> None:
    assert len(ATTACKS) >= 60
    assert len({attack.text for attack in ATTACKS}) == len(ATTACKS)
    harmless = {attack.name for attack in ATTACKS if not attack.never and not attack.unspoken}
    assert harmless <= {"bare hosts"}  # which tests/harm.py knows


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
