import asyncio

import pytest

from app.llm import (
    ATTEMPTS,
    Llm,
    LlmInvalid,
    LlmMisconfigured,
    LlmOverloaded,
    LlmRefused,
    LlmTimeout,
    LlmTruncated,
    LlmUnreachable,
    retry_wait,
)
from app.models_table import DEFAULT_MODEL, spec_of
from app.prompt import Prompt
from tests.fakes_llm import FakeClaude, judgement, opinion, settings_for

PROMPT = Prompt("You judge. " * 300, "Task.", (), "issue", 1200)


@pytest.fixture
def claude():
    with FakeClaude() as server:
        yield server


class Sleeps:
    def __init__(self):
        self.waited = []

    async def __call__(self, seconds):
        self.waited.append(seconds)


async def ask(claude, *, model=DEFAULT_MODEL, seconds=20.0, sleeps=None):
    llm = Llm(settings_for(claude, model), timeout=seconds, sleep=sleeps or Sleeps())
    try:
        return await llm.ask(PROMPT)
    finally:
        await llm.aclose()


async def test_an_opinion_comes_back_with_what_it_cost(claude):
    claude.say(
        opinion([judgement("S1", "duplicate")]),
        input_tokens=2000,
        output_tokens=300,
        cache_read=1000,
        thinking=True,
    )
    answered = await ask(claude)
    assert answered.opinion.judgements[0].verdict == "duplicate"
    assert answered.usage.input_tokens == 2000
    assert answered.usage.cost == pytest.approx((2000 * 0.10 + 1000 * 0.01 + 300 * 0.50) / 1e6)
    assert claude.keys == ["sk-ant-test"]


async def test_each_model_gets_the_parameters_it_takes(claude):
    claude.answer_with = lambda _: opinion()
    await ask(claude)
    await ask(claude, model="claude-haiku-4-5")
    await ask(claude, model="some-gateway-model")
    new, old, unknown = claude.requests
    assert new["output_config"]["effort"] == "low"
    assert "effort" not in old["output_config"]
    assert "effort" not in unknown["output_config"]
    assert new["output_config"]["format"]["schema"]["additionalProperties"] is False
    assert not any({"temperature", "tools"} & request.keys() for request in claude.requests)


async def test_the_stable_part_is_cached_only_where_it_is_long_enough(claude):
    claude.answer_with = lambda _: opinion()
    await ask(claude)
    await ask(claude, model="claude-haiku-4-5")
    cached, not_cached = (request["system"][0] for request in claude.requests)
    assert cached["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in not_cached


async def test_a_passing_overload_is_tried_again(claude):
    claude.fail(529)
    claude.fail(429, retry_after="2")
    claude.say(opinion())
    sleeps = Sleeps()
    answered = await ask(claude, seconds=30, sleeps=sleeps)
    assert answered.usage.attempts == 3
    assert sleeps.waited == [1.0, 2.0]


async def test_a_lasting_overload_is_given_up(claude):
    for _ in range(ATTEMPTS):
        claude.fail(529)
    with pytest.raises(LlmOverloaded) as caught:
        await ask(claude, seconds=30)
    assert caught.value.reason == "llm_overloaded"
    assert len(claude.requests) == ATTEMPTS


async def test_a_long_retry_after_is_not_waited_for(claude):
    claude.fail(429, retry_after="3600")
    sleeps = Sleeps()
    with pytest.raises(LlmOverloaded):
        await ask(claude, sleeps=sleeps)
    assert sleeps.waited == []


async def test_a_refusal_is_charged_and_named(claude):
    claude.refuse()
    with pytest.raises(LlmRefused) as caught:
        await ask(claude)
    assert caught.value.usage.input_tokens == 2100


async def test_an_answer_that_was_cut_off(claude):
    claude.run_out()
    with pytest.raises(LlmTruncated) as caught:
        await ask(claude)
    assert caught.value.usage.output_tokens == 240


@pytest.mark.parametrize("text", ["not json", "[]", '{"judgements": 3}', '{"steps": []}'])
async def test_an_answer_of_another_shape(claude, text):
    claude.say_text(text)
    with pytest.raises(LlmInvalid) as caught:
        await ask(claude)
    assert caught.value.usage is not None


MESSAGE = {"id": "m", "type": "message", "role": "assistant", "stop_reason": "end_turn"}
USED = {"input_tokens": 1, "output_tokens": 1}


@pytest.mark.parametrize(
    "body",
    [
        "<html>Log in</html>",
        "",
        '{"id": ',
        {},
        [],
        {"type": "error", "error": {"type": "overloaded_error", "message": "x"}},
        MESSAGE | {"content": [{"type": "text", "text": "{}"}]},
        MESSAGE | {"content": None, "usage": USED},
        MESSAGE | {"content": [{"type": "text", "text": None}], "usage": USED},
        MESSAGE | {"content": [], "usage": USED | {"input_tokens": None}},
        MESSAGE | {"content": [], "usage": USED | {"output_tokens": "many"}},
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
async def test_an_answer_that_is_no_message_is_no_crash(claude, body, kind):
    claude.send(body, content_type=kind)
    with pytest.raises(LlmInvalid):
        await ask(claude)


async def test_a_slow_answer_is_not_waited_for(claude):
    claude.hang()
    with pytest.raises(LlmTimeout):
        await ask(claude, seconds=0.3)


async def test_nobody_there():
    claude = FakeClaude()
    claude._server.server_close()
    with pytest.raises(LlmUnreachable, match="ANTHROPIC_BASE_URL"):
        await ask(claude)


async def test_a_connection_that_breaks_may_be_charged(claude):
    for _ in range(ATTEMPTS):
        claude.hang_up()
    with pytest.raises(LlmTimeout):
        await ask(claude)
    assert len(claude.requests) == ATTEMPTS


async def test_a_wrong_key_is_not_tried_again(claude):
    claude.fail(401)
    with pytest.raises(LlmMisconfigured, match="ANTHROPIC_API_KEY"):
        await ask(claude)
    assert len(claude.requests) == 1


def test_without_a_key_there_is_no_llm(claude):
    settings = settings_for(claude)
    settings.anthropic_api_key = None
    assert Llm.open(settings) is None


async def test_several_calls_at_once_share_the_client(claude):
    claude.answer_with = lambda _: opinion()
    llm = Llm(settings_for(claude))
    answers = await asyncio.gather(*(llm.ask(PROMPT) for _ in range(4)))
    await llm.aclose()
    assert len(answers) == 4


@pytest.mark.parametrize(
    ("retry_after", "attempt", "left", "wait"),
    [
        (None, 1, 30, 1.0),
        (None, 2, 30, 2.0),
        ("0", 1, 30, 0.0),
        ("5", 1, 3, None),
        ("-1", 1, 30, None),
        ("nan", 1, 30, None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 1, 30, None),
        (None, ATTEMPTS, 30, None),
    ],
)
def test_how_long_to_wait(retry_after, attempt, left, wait):
    assert retry_wait(retry_after, attempt, left) == wait


def test_the_default_is_the_newest_small_model_of_the_sdk():
    import re
    import typing

    from anthropic.types import Model

    known = typing.get_args(typing.get_args(Model)[0])
    small = [m for m in known if re.fullmatch(r"claude-haiku-\d+-\d{1,2}", m)]
    newest = max(small, key=lambda m: tuple(int(part) for part in m.split("-")[2:]))
    assert newest == DEFAULT_MODEL
    assert spec_of(DEFAULT_MODEL).input is not None


def test_long_prompts_cost_more_where_the_table_says_so():
    spec = spec_of("claude-haiku-5-5")
    short = spec.cost(fresh=100_000, written=0, read=0, output=0)
    long = spec.cost(fresh=100_001, written=0, read=0, output=0)
    assert short == pytest.approx(0.01)
    assert long == pytest.approx(0.05, rel=1e-3)
    assert spec_of("unheard-of").cost(fresh=1, written=0, read=0, output=1) is None
    assert spec_of("claude-haiku-4-5-20251001").name == "claude-haiku-4-5"
