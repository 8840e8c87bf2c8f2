"""Import of a real history: issues a second, peak memory, the second run, time to open again."""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from indexer.chunking import thread_passages
from indexer.embedding import fingerprint, open_embedder
from indexer.knowledge_base import open_knowledge_base
from indexer.settings import IndexSettings
from indexer.sources.export import read_export
from indexer.templates import find_template_lines
from indexer.threads import Thread
from tests.benchmarks import data

REPO = "bench/project"


@dataclass(frozen=True)
class Run:
    """One run of the command, with what the system says of its process."""

    done: dict
    seconds: float
    processor: float
    peak_mb: float


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="importing", description=__doc__)
    parser.add_argument("--project", default="rust")
    parser.add_argument("--sample", type=int, default=600, help="how many issues; 0 for all")
    parser.add_argument("--data-dir", type=Path, help="where to import to; kept afterwards")
    parser.add_argument("--bare", action="store_true", help="measure bare embedding as well")
    options = parser.parse_args(argv)
    root = data.folder()
    if root is None:
        return
    with tempfile.TemporaryDirectory() as temporary:
        path = sampled(root / options.project / "issues.jsonl.gz", options.sample, Path(temporary))
        folder = options.data_dir or Path(temporary) / "data"
        settings = IndexSettings(data_dir=folder)
        fingerprint(settings)  # converting the model is not what is measured here
        prepare(path)
        first = run(path, folder)
        told = first.done
        if told["indexed"] == 0:
            print("everything was imported before; name another --data-dir for the first run")
        print(
            f"import: {told['threads']:,} issues, {told['points']:,} points, "
            f"{first.seconds:.0f} s: "
            f"{told['threads'] / first.seconds:.1f} issues/s "
            f"({told['threads'] / first.processor:.1f} per second of processor time), "
            f"peak {first.peak_mb:.0f} MB"
        )
        second = run(path, folder)
        print(
            f"second run: {second.done['unchanged']:,} unchanged, "
            f"{second.done['per_second']:,.0f} issues/s of reading and comparing, "
            f"{second.done['threads'] / second.seconds:,.0f}/s with start and template lines, "
            f"peak {second.peak_mb:.0f} MB"
        )
        reopen(settings)
        if options.bare:
            bare(path, settings, told["threads"] / first.seconds)


def sampled(path: Path, count: int, folder: Path) -> Path:
    """The file itself, or one with so many of its lines, evenly spread."""
    if count == 0:
        return path
    with gzip.open(path, "rb") as file:
        lines = list(file)
    short = folder / "sample.jsonl"
    short.write_bytes(b"".join(lines[:: max(1, len(lines) // count)][:count]))
    return short


def prepare(path: Path) -> None:
    """What is done to the text before it is embedded."""
    started = time.perf_counter()
    threads = [item for _, item in read_export(path) if isinstance(item, Thread)]
    parsed = time.perf_counter()
    lines, _ = find_template_lines(thread.body for thread in threads)
    found = time.perf_counter()
    passages = sum(len(thread_passages(REPO, thread, lines)) for thread in threads)
    cut = time.perf_counter()
    print(
        f"read {len(threads) / (parsed - started):,.0f} issues/s; "
        f"template lines {len(threads) / (found - parsed):,.0f}/s ({len(lines)} found); "
        f"clean and cut {len(threads) / (cut - found):,.0f} issues/s ({passages:,} passages)"
    )


def run(path: Path, folder: Path) -> Run:
    """Import in a process of its own, whose memory and time are counted."""
    command = [sys.executable, "-m", "indexer", "import", str(path), "--repo", REPO, "--json"]
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "DATA_DIR": str(folder)}
    ) as child:
        last = ""
        for line in child.stdout or ():
            last = line
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"the import ended with {child.returncode}")
    seconds = time.perf_counter() - started
    peak = usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    return Run(json.loads(last), seconds, usage.ru_utime + usage.ru_stime, peak)


def reopen(settings: IndexSettings) -> None:
    """How long a command waits for the collection."""
    mark = fingerprint(settings)
    started = time.perf_counter()
    kb = open_knowledge_base(settings, mark)
    points = kb.count()
    print(f"open again: {time.perf_counter() - started:.2f} s for {points:,} points")
    kb.close()


def bare(path: Path, settings: IndexSettings, rate: float) -> None:
    """The same texts through the model and nothing else."""
    threads = [item for _, item in read_export(path) if isinstance(item, Thread)]
    lines, _ = find_template_lines(thread.body for thread in threads)
    issues = [thread_passages(REPO, thread, lines)[0] for thread in threads]
    embedder = open_embedder(settings)
    started = time.perf_counter()
    for at in range(0, len(issues), 64):
        batch = issues[at : at + 64]
        embedder.embed([p.text for p in batch] + [p.title for p in batch])
    alone = len(issues) / (time.perf_counter() - started)
    print(
        f"bare embedding of the same texts: {alone:.1f} issues/s; "
        f"the import had {rate / alone:.2f} of it"
    )
