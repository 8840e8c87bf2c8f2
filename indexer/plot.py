"""An evaluation as a picture: how far probabilities hold, and what a threshold gives and costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import sqrt

from indexer.evaluation import Advice, Bin, Evaluation, Level

TEMPLATE = "evaluation.svg.j2"
WIDTH, HEIGHT, SIDE, TOP = 920, 512, 320, 104
LEFTS = (72, 532)
BLUE, GREEN, ORANGE, GREY = "#0969da", "#1a7f37", "#bc4c00", "#8c959f"
SMALLEST, LARGEST = 3.0, 9.0
"""Radius of a dot, which grows with the number of queries that it stands for."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on both axes, from 0 to 1."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line."""

    at: float
    label: str
    colour: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through points; without a name it has no key."""

    path: str
    colour: str
    name: str = ""
    thin: bool = False
    key_left: int = 0


@dataclass(frozen=True, slots=True)
class Dot:
    """A bin of queries."""

    x: float
    y: float
    r: float
    label: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the two diagrams; both axes run from 0 to 1."""

    left: int
    name: str
    across: str
    ticks: Sequence[Tick]
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    dots: Sequence[Dot] = ()
    band: str = ""


TICKS = tuple(Tick(n / 5, f"{n * 20} %") for n in range(6))


def draw(repo: str, evaluation: Evaluation, advice: Advice) -> str:
    """The evaluation as an SVG document."""
    from jinja2 import Environment

    found = evaluation.recall
    recall = ", ".join(
        f"{f'among the first {depth}' if depth > 1 else 'first'} for {share:.0%}"
        for depth, (share, *_) in found.items()
    )
    environment = Environment(autoescape=True, trim_blocks=True)
    template = environment.from_string(
        files("indexer").joinpath(TEMPLATE).read_text(encoding="utf-8")
    )
    return template.render(
        title=f"How well past issues of {repo} are found",
        subtitle=(
            f"{evaluation.duplicates:,} known duplicates replayed; the original came {recall}"
            if recall
            else "No known duplicates"
        ),
        width=WIDTH,
        height=HEIGHT,
        side=SIDE,
        top=TOP,
        panels=[_reliability(evaluation.bins), _trade_off(evaluation.levels, advice)],
    )


def _reliability(bins: Sequence[Bin]) -> Panel:
    most = max((found.count for found in bins), default=1)
    dots = [
        Dot(
            _x(found.said),
            _y(found.true),
            round(SMALLEST + (LARGEST - SMALLEST) * sqrt(found.count / most), 1),
            f"said {found.said:.2f}, true {found.true:.2f}, {found.count} queries",
        )
        for found in bins
    ]
    return Panel(
        LEFTS[0],
        "Of the best candidate: said, and how often true",
        "probability said",
        TICKS,
        [Curve(_path([(0, 0), (1, 1)]), GREY, "what was said is true", thin=True)],
        dots=dots,
    )


def _trade_off(levels: Sequence[Level], advice: Advice) -> Panel:
    flagged = [level for level in levels if level.flags]
    upper = [(level.threshold, level.high) for level in flagged]
    lower = [(level.threshold, level.low) for level in reversed(flagged)]
    curves = [
        Curve(_path([(x.threshold, x.precision) for x in flagged]), BLUE, "precision"),
        Curve(
            _path([(x.threshold, x.coverage) for x in levels]),
            GREEN,
            "duplicates found",
            key_left=98,
        ),
        Curve(
            _path([(x.threshold, x.others) for x in levels]),
            ORANGE,
            "others shown",
            key_left=240,
        ),
    ]
    levels_advised = (
        (advice.thresholds.related, "related", ORANGE),
        (advice.thresholds.duplicate, "duplicate", BLUE),
    )
    return Panel(
        LEFTS[1],
        "What a threshold gives and costs",
        "shown from this probability on (band: 95 % interval)",
        TICKS,
        curves,
        [Mark(at, name, colour) for at, name, colour in levels_advised if at <= 1],
        band=f"{_path([*upper, *lower])} Z" if flagged else "",
    )


def _x(share: float) -> float:
    return round(share * SIDE, 1)


def _y(share: float) -> float:
    return round(SIDE - share * SIDE, 1)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{'L' if i else 'M'}{_x(x)} {_y(y)}" for i, (x, y) in enumerate(points))
