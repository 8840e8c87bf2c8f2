"""How fast and how large the embedded store is, on synthetic threads.

    make bench ARGS="store"                          20,000 and 40,000 threads
    make bench ARGS="store --sizes 200000 --comments 0"

Each thread is a point with both dense vectors, its words and about 4 KB of JSON; each comment a
point with words only. Writing and reading are measured in processes of their own.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np

from indexer.chunking import TITLE_TOKENS, thread_json
from indexer.edge_store import POINTS_A_WRITE, EdgeStore
from indexer.outline import FIELD as OUTLINE
from indexer.store import ChannelQuery, Fingerprint, Point, SparseVector, Where
from indexer.threads import Thread

DIMENSION = 384
VOCABULARY = 30_000
REPO = "bench/repo"
FINGERPRINT = Fingerprint("synthetic", DIMENSION, {}, 1)
QUERIES = 200
LIMIT = 100
FIELDS = ("repo", "number", "created")


def main(argv: Sequence[str]) -> int:
    """Print the figures of each size."""
    parser = argparse.ArgumentParser(prog="store", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 40_000])
    parser.add_argument("--comments", type=int, default=5, help="points with words only, a thread")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.read:
        read(options.read)
        return 0
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            print(f"\n{size:,} threads with {options.comments} comments each")
            write(Path(folder, "collection"), size, options.comments)
            command = [sys.executable, "-m", "tests.benchmarks.store", "--read", folder]
            subprocess.run(command, check=True)
    return 0


def write(folder: Path, size: int, comments: int) -> None:
    """Fill a new collection as a backfill does."""
    rng = np.random.default_rng(7)
    kb = EdgeStore.open(folder, FINGERPRINT)
    spent, longest, written = 0.0, 0.0, 0
    for batch in batches(rng, size, comments):
        for start in range(0, len(batch), POINTS_A_WRITE):  # each is one call of the engine
            began = time.perf_counter()
            kb.upsert(batch[start : start + POINTS_A_WRITE])
            took = time.perf_counter() - began
            spent, longest = spent + took, max(longest, took)
        written += len(batch)
    began = time.perf_counter()
    kb.flush()
    flushed = time.perf_counter() - began
    kb.close()
    print(f"  upsert    {written / spent:>8,.0f} points/s, longest call {longest * 1e3:.0f} ms")
    print(f"  flush     {flushed * 1e3:>8,.0f} ms at the end")
    print(f"  disk      {disk_mb(folder):>8,.0f} MB")
    print(f"  memory    {peak_mb():>8,.0f} MB at its peak while writing")


def read(folder: Path) -> None:
    """Open the collection again, search it, empty it."""
    began = time.perf_counter()
    kb = EdgeStore.open(folder / "collection", FINGERPRINT)
    print(f"  reopen    {(time.perf_counter() - began) * 1e3:>8,.0f} ms")
    print(f"  memory    {memory('idle')}")
    rng = np.random.default_rng(11)
    newest = kb.count(Where((REPO,), kinds=("issue",)))
    for name, before in (("search", None), ("search as of", newest - newest // 20)):
        wall, cpu = [], []
        for _ in range(QUERIES):
            queries = hybrid(rng, before)
            began, used = time.perf_counter(), time.process_time()
            kb.query(queries, FIELDS)
            wall.append((time.perf_counter() - began) * 1e3)
            cpu.append((time.process_time() - used) * 1e3)
        print(
            f"  {name:<13} p50 {np.percentile(wall, 50):.1f}  p95 {np.percentile(wall, 95):.1f}  "
            f"longest {max(wall):.1f} ms; of the processor p50 {np.percentile(cpu, 50):.1f}  "
            f"least {min(cpu):.1f} ms ({len(queries)} questions, top {LIMIT})"
        )
    where = Where((REPO,))
    began = time.perf_counter()
    points, _ = kb.scroll(where, limit=100)
    print(f"  scroll    {(time.perf_counter() - began) * 1e3:>8,.1f} ms for 100 whole points")
    began = time.perf_counter()
    kb.fetch([point.id for point in points])
    print(f"  fetch     {(time.perf_counter() - began) * 1e3:>8,.1f} ms for 100 whole points")
    began = time.perf_counter()
    total = sum(kb.repos().values())
    print(f"  repos     {(time.perf_counter() - began) * 1e3:>8,.1f} ms")
    print(f"  memory    {memory('after searching')}")
    began = time.perf_counter()
    kb.delete_where(where)
    print(f"  delete    {total / (time.perf_counter() - began):>8,.0f} points/s")
    kb.close()


def batches(
    rng: np.random.Generator, size: int, comments: int, repo: str = REPO
) -> Iterator[list[Point]]:
    """Threads, some at a time, each with its comments."""
    page = 64
    text = " ".join(f"word{number}" for number in rng.integers(0, VOCABULARY, 20_000))
    for start in range(0, size, page):
        batch = []
        for number in range(start, min(start + page, size)):
            payload = {"repo": repo, "kind": "issue", "number": number + 1, "created": number}
            at, length = int(rng.integers(0, 100_000)), int(rng.choice([1_000, 3_000, 8_000]))
            thread = Thread(
                number=number + 1,
                title="Made up",
                body=text[at : at + length],
                created_at=datetime.fromtimestamp(number, UTC),
            )
            payload |= {"hash": "0f" * 32, "thread": thread_json(thread)}
            payload |= {OUTLINE: [number, [], [], None, [], "latin"], TITLE_TOKENS: [number]}
            vectors = {"text": unit(rng), "title": unit(rng), "bm25": words(rng, 80)}
            batch.append(Point(identity(rng), vectors, payload))
            for _ in range(comments):
                remark = {"repo": repo, "kind": "comment", "number": number + 1, "created": number}
                batch.append(Point(identity(rng), {"bm25": words(rng, 40)}, remark))
        yield batch


def hybrid(rng: np.random.Generator, before: int | None) -> list[ChannelQuery]:
    """What search asks for one new issue: threads in three channels, and comments."""
    issues = Where((REPO,), kinds=("issue",), created_before=before)
    comments = Where((REPO,), kinds=("comment",), created_before=before)
    asked = words(rng, 60)
    return [
        ChannelQuery("bm25", asked, issues, LIMIT),
        ChannelQuery("text", unit(rng), issues, LIMIT),
        ChannelQuery("title", unit(rng), issues, LIMIT),
        ChannelQuery("bm25", asked, comments, LIMIT),
    ]


def unit(rng: np.random.Generator) -> np.ndarray:
    """A random direction."""
    vector = rng.standard_normal(DIMENSION, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def words(rng: np.random.Generator, count: int) -> SparseVector:
    """Token ids with few common and many rare ones, as in language."""
    indices = np.unique((VOCABULARY * rng.random(count) ** 3).astype(int))
    return SparseVector(tuple(indices.tolist()), tuple(rng.uniform(0.5, 2, len(indices)).tolist()))


def identity(rng: np.random.Generator) -> str:
    """A random id."""
    return str(UUID(bytes=rng.bytes(16)))


def disk_mb(folder: Path) -> float:
    """What the folder really takes, holes left out."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*")) / 2**20


def peak_mb() -> float:
    """The most memory this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory(when: str, pid: int | None = None) -> str:
    """Memory in use now, by this process or another, told apart where the kernel tells it."""
    status = Path(f"/proc/{pid or os.getpid()}/status")
    if not status.exists():
        return f"{peak_mb():>8,.0f} MB at its peak, {when}"
    lines = (line.split(":") for line in status.read_text().splitlines())
    kb = {
        key: int(value.split()[0]) // 1024 for key, value in lines if key.startswith(("VmR", "Rss"))
    }
    return f"{kb['VmRSS']:>8,} MB {when}: {kb['RssAnon']:,} its own, {kb['RssFile']:,} of files"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
