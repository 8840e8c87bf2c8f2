"""What was deleted on GitHub is found nowhere on our disk: a real server, its files, every byte."""

import contextlib
import re
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.queued import UNFINISHED
from indexer.remote_store import RemoteStore
from indexer.store import Where
from tests.app.test_end_to_end import BODY, REPO, TITLE, comment, thread
from tests.app.worker import Worker
from tests.fakes_embedding import TOY_FINGERPRINT
from tests.github_simulator import Seed, SeedRepository, Simulator

OTHER = "octo/hose"
INSTALLATION = 1001
# Each stands in another place of what GitHub has, and is made so that no cleaning removes it.
TITLE_MARK, BODY_MARK, COMMENT_MARK, DOC_MARK, TEMPLATE_MARK, NEW_MARK = (
    f"Zqx{name}Marker" for name in ("title", "body", "comment", "doc", "template", "new")
)
MARKS = (TITLE_MARK, BODY_MARK, COMMENT_MARK, DOC_MARK, TEMPLATE_MARK, NEW_MARK)
EMPTY = re.compile(rb"\0{256,}")
LARGEST = 1 << 20
CONFIG = ".github/oncall-intern.yml"


def marked(repo: str, name: str) -> SeedRepository:
    """A repository whose every text is marked, each mark followed by the name."""
    template = f"Tell us all about {TEMPLATE_MARK}{name}"
    threads = [
        thread(
            n,
            f"{TITLE} {TITLE_MARK}{name} {n}",
            f"{template}\n{BODY}\nIt says {BODY_MARK}{name} on the panel of pump {n}.",
            comments=[comment("ben", f"Set `valve_timeout = 50{n}`: {COMMENT_MARK}{name}.", n + 1)],
            state="closed",
            state_reason="completed",
        )
        for n in range(1, 13)
    ]
    docs = {"README.md": f"# Pump\n\nAll about {DOC_MARK}{name}.\n", CONFIG: "language: en\n"}
    return SeedRepository.model_validate({"full_name": repo, "threads": threads, "docs": docs})


class Site:
    """A server with its files beside a GitHub."""

    def __init__(self, worker: Worker, github: Simulator) -> None:
        self.worker = worker
        self.github = github

    def settled(self, condition: Callable[[RemoteStore], bool]) -> None:
        """Wait until the knowledge base is as it should be, and its files are compacted."""
        store = RemoteStore.open(self.worker.log.parent / "intern.sock", TOY_FINGERPRINT)
        with contextlib.closing(store):
            deadline = time.monotonic() + 60
            while not condition(store) or self._jobs():
                assert time.monotonic() < deadline, self.worker.log.read_text()[-2000:]
                time.sleep(0.1)
            store.compact()

    def _jobs(self) -> int:
        """How many jobs are not done."""
        path = self.worker.log.parent / "jobs.sqlite"
        query = "select count(*) from workflow_status where status in (?, ?, ?)"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as jobs:
            return int(jobs.execute(query, UNFINISHED).fetchone()[0])

    def found(self, *marks: str) -> set[tuple[str, str]]:
        """Which marks stand in which files, in any usual encoding, compressed or not."""
        needles = {
            form: mark
            for mark in marks
            for text in {mark, mark.lower()}
            for form in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"))
        }
        return {
            (file.name, mark)
            for file in self.worker.log.parent.rglob("*")
            if file.is_file()
            for data in _readings(file)
            for needle, mark in needles.items()
            if needle in data
        }


def _readings(file: Path) -> Iterator[bytes]:
    # The engine's files are made large and are mostly empty.
    data = EMPTY.sub(b"", file.read_bytes())
    yield data
    # Any zlib or gzip stream that begins anywhere in the file.
    for magic, bits in ((b"\x78\x9c", zlib.MAX_WBITS), (b"\x1f\x8b", zlib.MAX_WBITS | 16)):
        start = data.find(magic)
        while start >= 0:
            with contextlib.suppress(zlib.error):
                yield zlib.decompressobj(bits).decompress(data[start : start + LARGEST], LARGEST)
            start = data.find(magic, start + 1)


@pytest.fixture
def site(tmp_path):
    seed = Seed(repositories=[marked(REPO, "goes"), marked(OTHER, "stays")])
    with Simulator(seed) as github:
        worker = Worker(tmp_path / "data", github.environment)
        github.set_webhook(f"{worker.url}/webhooks")
        worker.start()
        try:
            worker.wait_until_ready()
            github.announce_installation(INSTALLATION)
            running = Site(worker, github)
            running.settled(lambda store: {REPO, OTHER} <= store.repos().keys())
            number = github.open_issue(REPO, TITLE, f"{BODY}\nThe crew calls it {NEW_MARK}goes.")
            assert github.wait_for_comment(REPO, number["number"])
            where = Where((REPO,), numbers=(number["number"],))
            running.settled(lambda store: store.count(where) > 0)
            running.number = number["number"]
            yield running
        finally:
            worker.kill()


def planted(name: str) -> list[str]:
    return [f"{mark}{name}" for mark in MARKS]


@pytest.mark.parametrize(
    ("leaving", "other_stays"),
    [
        (lambda github: github.delete_repository(REPO), True),
        (lambda github: github.set_private(REPO, private=True), True),
        (lambda github: github.remove_repository(INSTALLATION, REPO), True),
        (lambda github: github.uninstall(INSTALLATION), False),
    ],
    ids=["deleted", "privatized", "removed from the installation", "uninstalled"],
)
def test_of_a_repository_that_leaves_no_word_is_left(site, leaving, other_stays):
    # Looking in the wrong place would prove nothing.
    assert {mark for _, mark in site.found(*planted("goes"))} == set(planted("goes"))
    leaving(site.github)
    site.settled(lambda store: REPO not in store.repos())
    assert site.found(*planted("goes")) == set()
    assert bool(site.found(f"{BODY_MARK}stays")) == other_stays
    site.worker.stop()
    assert site.found(*planted("goes")) == set()


def test_of_an_issue_that_is_deleted_no_word_is_left(site):
    mark = f"{NEW_MARK}goes"
    assert site.found(mark)
    site.github.delete_issue(REPO, site.number)
    site.settled(lambda store: not store.count(Where((REPO,), numbers=(site.number,))))
    assert site.found(mark) == set()
    assert site.found(f"{BODY_MARK}goes")


def test_a_server_that_is_killed_while_it_forgets_forgets_all_the_same(site):
    site.github.uninstall(INSTALLATION)
    site.github.drain()
    site.worker.kill()
    site.worker.start()
    site.worker.wait_until_ready()
    site.settled(lambda store: not store.repos())
    assert site.found(*planted("goes"), *planted("stays")) == set()
