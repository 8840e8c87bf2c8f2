"""What each Claude model costs and can do, in one table; prices in US dollars, November 2026.

`ANTHROPIC_MODEL` may name a model that is not listed: it is asked with the plainest parameters,
and towards the limits its tokens count as those of the dearest model that is.
"""

from dataclasses import dataclass, replace
from typing import Final

DEFAULT_MODEL: Final = "claude-haiku-5-5"  # the newest small model of anthropic.types.Model
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Price per million tokens, limits, and the parameters the model takes.

    Attributes:
        name: as the API knows it.
        input: dollars per million input tokens; None where we do not know.
        output: dollars per million output tokens.
        cache_read: of the input price, for tokens read from the prompt cache.
        max_output: output tokens the model writes, its thinking included.
        cache_minimum: a shorter stable part is not cached.
        effort: whether it thinks, steered by an effort parameter.
        long_from: prompts above this many tokens cost `long_factor` times as much.
        long_factor: see `long_from`.
    """

    name: str
    input: float | None = None
    output: float | None = None
    cache_read: float = 0.1
    max_output: int = 64_000
    cache_minimum: int = 4096
    effort: bool = False
    long_from: int | None = None
    long_factor: float = 1.0

    def cost(self, *, fresh: int, written: int, read: int, output: int) -> float | None:
        """What a call cost: input tokens fresh, written to and read from the cache; and output."""
        if self.input is None or self.output is None:
            return None
        total = fresh + written + read
        factor = self.long_factor if self.long_from and total > self.long_from else 1.0
        paid = self.input * (fresh + 1.25 * written + self.cache_read * read)
        return factor * (paid + self.output * output) / _MILLION


_SPECS: Final = (
    ModelSpec(
        "claude-haiku-5-5",
        0.10,
        0.50,
        max_output=128_000,
        cache_minimum=512,
        effort=True,
        long_from=100_000,
        long_factor=5.0,
    ),
    ModelSpec("claude-sonnet-5-5", 2, 10, 0.05, 128_000, cache_minimum=1024, effort=True),
    ModelSpec("claude-opus-5-5", 4, 20, 0.05, 128_000, cache_minimum=1024, effort=True),
    ModelSpec("claude-fable-5-1", 10, 50, 0.025, 128_000, cache_minimum=1024, effort=True),
    ModelSpec("claude-sonnet-5", 2, 10, max_output=128_000, effort=True),
    ModelSpec("claude-opus-5", 5, 25, max_output=128_000, effort=True),
    ModelSpec("claude-haiku-4-5", 1, 5),
)
_BY_NAME: Final = {spec.name: spec for spec in _SPECS}


def priced(spec: ModelSpec) -> ModelSpec:
    """The spec with a price: a model that we do not know counts as the dearest that we know."""
    if spec.input is not None and spec.output is not None:
        return spec
    known = [(row.input, row.output) for row in _SPECS if row.input and row.output]
    return replace(spec, input=max(i for i, _ in known), output=max(o for _, o in known))


def spec_of(model: str) -> ModelSpec:
    """The table's row for a model; a dated name finds the undated row."""
    for name in (model, model.removeprefix("anthropic."), model.rsplit("-20", 1)[0]):
        if name in _BY_NAME:
            return _BY_NAME[name]
    return ModelSpec(model)
