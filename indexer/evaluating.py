"""The eval command: asks a repository's own history, shows the figures, stores thresholds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from indexer.console import say, say_json
from indexer.errors import InputError
from indexer.evaluation import Evaluation, advise, chosen, evaluate, replay
from indexer.indexing import stored_threads
from indexer.known_duplicates import find_known
from indexer.opening import Parts, require_indexed
from indexer.plot import draw
from indexer.searching import open_searcher
from indexer.settings import IndexSettings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was asked for.

    Attributes:
        precision: of likely duplicates.
        noise: share of issues without a known duplicate that may be shown a related one.
        limit: the most duplicates to ask about.
        plot: where to draw the picture, if anywhere.
        apply: store the thresholds for the App.
    """

    precision: float
    noise: float
    limit: int
    plot: Path | None
    apply: bool


def run(parts: Parts, settings: IndexSettings, repo: str, wanted: Wanted, *, as_json: bool) -> None:
    """Evaluate a repository.

    Raises:
        InputError: nothing is indexed of it, or the picture cannot be written.
        SettingError: RERANK_MODEL or RERANK_MODEL_PATH is wrong.
        StoreError, ModelError: it could not be looked.
    """
    if wanted.plot is not None and wanted.plot.suffix.lower() != ".svg":
        raise InputError(f"--plot {wanted.plot} has to end in .svg, which is what is drawn.")
    require_indexed(parts.kb, settings, repo)
    apart = parts.state.pairs.all(repo)
    known = find_known(lambda: stored_threads(parts.kb, repo), repo, apart)
    asked, named = chosen(known, stored_threads(parts.kb, repo), wanted.limit)
    searcher = open_searcher(parts, settings)
    outcomes = replay(searcher, repo, _counted(asked, quiet=as_json))
    evaluation = evaluate(outcomes, known.rate)
    advice = advise(outcomes, known.rate, precision=wanted.precision, noise=wanted.noise)
    if wanted.apply and advice.is_measured:
        parts.state.save_thresholds(repo, advice.thresholds)
    if wanted.plot is not None:
        _write(wanted.plot, draw(repo, evaluation, advice))
    applied = wanted.apply and advice.is_measured
    if as_json:
        say_json(
            {
                "repo": repo,
                "known": len(known.originals),
                "name_their_original": named,
                **_plain(evaluation),
                "advice": {
                    **asdict(advice.thresholds),
                    "measured": advice.is_measured,
                    "reasons": list(advice.reasons),
                },
                "applied": applied,
            }
        )
        return
    for line in _told(repo, len(known.originals), named, evaluation):
        say(line)
    say("")
    for reason in advice.reasons:
        say(reason[:1].upper() + reason[1:])
    if applied:
        say(f"Stored: answers to issues of {repo} follow these thresholds from now on.")
    elif advice.is_measured:
        say("Nothing was stored; --apply lets the App follow these thresholds.")


def _told(repo: str, known: int, named: int, evaluation: Evaluation) -> Iterator[str]:
    yield (
        f"{repo}: {known:,} known duplicates ({evaluation.rate:.1%} of its issues), of which "
        f"{evaluation.duplicates:,} asked again as of the day they were opened ({named:,} name "
        f"their original and are left out), and {evaluation.others:,} other issues."
    )
    if evaluation.recall:
        yield ""
        yield "  recall@   share   95 % interval"
        for depth, (share, low, high) in evaluation.recall.items():
            yield f"  {depth:>7}   {share:5.3f}   {low:.3f}–{high:.3f}"
        yield f"  MRR       {evaluation.reciprocal_rank:5.3f}"
    if evaluation.levels:
        yield ""
        yield "  from   duplicates found   others shown   precision, 95 % interval   flags"
        for x in evaluation.levels:
            yield (
                f"  {x.threshold:.2f}   {x.coverage:16.1%}   {x.others:12.1%}   "
                f"{x.precision:9.2f}   {x.low:.2f}–{x.high:.2f}   {x.flags:8,}"
            )
        yield ""
        yield f"  said    true    queries   (off by {evaluation.calibration_error:.3f} on average)"
        for found in evaluation.bins:
            yield f"  {found.said:5.3f}   {found.true:5.3f}   {found.count:7,}"


def _plain(evaluation: Evaluation) -> dict[str, object]:
    return asdict(evaluation) | {
        "recall": {
            str(depth): {"share": share, "low": low, "high": high}
            for depth, (share, low, high) in evaluation.recall.items()
        }
    }


def _counted(items: Sequence[T], *, quiet: bool) -> Iterable[T]:
    """The items, with a bar on standard error unless it is to be quiet."""
    if quiet:
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, "Asking again", console=Console(stderr=True), transient=True)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
