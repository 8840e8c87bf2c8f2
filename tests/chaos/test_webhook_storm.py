"""Webhooks in random order, repeated and late, end in the state that GitHub has."""

import random
from typing import Any

import pytest

from app.job_kinds import Backfill
from indexer.indexing import stored_threads
from indexer.sources.github import iter_threads
from indexer.store import Where
from tests.app.running_server import RunningServer, running_server
from tests.github_simulator import Seed

REPO, OTHER = "octo/loom", "octo/yarn"
BURST = 40
TEXT = "Words enough to make a section of its own."
SIZES = [
    pytest.param(120, id="small"),
    pytest.param(1_000, id="whole", marks=pytest.mark.long),
]


def looms() -> Seed:
    threads = [
        {
            "number": number,
            "title": f"Thread {number} breaks",
            "body": f"Loom {number} stops.",
            "author": "ada",
            "created_at": f"2025-01-01T00:{number:02}:00Z",
        }
        for number in range(1, 31)
    ]
    off = "enabled: false\n"
    docs = {"README.md": "# Loom\n\nIt weaves at night and rests by day, unless told otherwise.\n"}
    repositories = [
        {"full_name": REPO, "threads": threads, "docs": docs, "config": off},
        {"full_name": OTHER, "config": off},
    ]
    return Seed.model_validate({"repositories": repositories})


class Storm:
    """People at work on GitHub, and webhooks that come when they please."""

    def __init__(self, server: RunningServer, seed: int) -> None:
        self.server = server
        self.github = server.github
        self.chance = random.Random(seed)  # noqa: S311 - what happens, no secret
        self.sent = 0
        self._seen = len(self.github.deliverer.log)
        self._waiting: list[str] = []
        self._told: list[str] = []

    def act(self) -> None:
        """One thing that somebody does."""
        github, chance = self.github, self.chance
        issues = github.world.repository(REPO).issues
        number = chance.choice(list(issues))
        comments = issues[number].comments
        word = f"word{chance.randrange(1000)}"
        deeds: list[tuple[int, Any]] = [
            (3, lambda: github.open_issue(REPO, f"New {word}", f"It {word}.")),
            (4, lambda: github.edit(REPO, number, title=f"Title {word}", body=f"Body {word}")),
            (3, lambda: github.close(REPO, number)),
            (2, lambda: github.reopen(REPO, number)),
            (2, lambda: github.add_label(REPO, number, f"label{chance.randrange(5)}")),
            (6, lambda: github.comment(REPO, number, f"I tried {word} and it helped.", "ben")),
            (1, lambda: github.delete_issue(REPO, number)),
            (1, lambda: github.transfer_issue(REPO, number, OTHER)),
            (1, lambda: github.set_files(REPO, {f"docs/{word[-2:]}.md": f"# {word}\n\n{TEXT}\n"})),
            (1, lambda: github.publish_release(REPO, f"v1.{self.sent}.{word}", f"Says {word}.")),
        ]
        if comments:
            one = chance.choice(comments).id
            deeds += [
                (2, lambda: github.edit_comment(REPO, one, f"No, {word} helped me.")),
                (2, lambda: github.delete_comment(REPO, one)),
            ]
        weights, things = zip(*deeds, strict=True)
        chance.choices(things, weights)[0]()

    def burst(self) -> None:
        """Things happen; of the webhooks for them and for earlier ones some arrive."""
        self.github.pause_webhooks()
        for _ in range(BURST):
            self.act()
        log = self.github.deliverer.log
        self._waiting += [delivery.guid for delivery in log[self._seen :]]
        self.deliver(0.6)

    def deliver(self, share: float) -> None:
        """Send some of what waits, and some of what was sent before, in any order."""
        self.chance.shuffle(self._waiting)
        count = round(len(self._waiting) * share)
        now, self._waiting = self._waiting[:count], self._waiting[count:]
        repeats = self.chance.sample(self._told, min(len(self._told), len(now) // 4))
        self._told += now
        sending = [*now, *repeats]
        self.chance.shuffle(sending)
        self.github.pause_webhooks(paused=False)
        for guid in sending:
            self.github.redeliver(guid)
        self.sent += len(sending)
        self._seen = len(self.github.deliverer.log)


async def on_github(server: RunningServer, repo: str) -> dict[int, Any]:
    client = await server.services.clients.for_repo(repo)
    pages = [page async for page in iter_threads(client, repo)]
    return {thread.number: thread for page in pages for thread in page.threads}


@pytest.mark.parametrize("events", SIZES)
async def test_a_storm_of_webhooks_ends_as_github_is(tmp_path, fresh_jobs, events):
    (tmp_path / "jobs.sqlite").write_bytes(fresh_jobs.read_bytes())
    async with running_server(tmp_path, looms()) as server:
        storm = Storm(server, events)
        while storm.sent < events:
            storm.burst()
            # A reading of everything is under way all the time.
            await server.queue.enqueue(f"storm {storm.sent}", [Backfill(REPO)])
        storm.deliver(1)
        await server.settled(600)
        kb = server.services.knowledge_base
        for repo in (REPO, OTHER):
            stored = {thread.number: thread for thread in stored_threads(kb, repo)}
            assert stored == await on_github(server, repo)
        home = server.github.world.repository(REPO)
        releases, _ = kb.scroll(Where((REPO,), kinds=("release",)), limit=10_000)
        assert {p.payload["tag"] for p in releases} == {r.tag for r in home.releases}
        docs, _ = kb.scroll(Where((REPO,), kinds=("doc",)), limit=10_000)
        files = {path for path in home.head.files if path.endswith(".md")}
        assert {p.payload["path"] for p in docs} == files
