"""Many issues opened, edited and labelled in random order while workers are killed, then a count.

With a Postgres there are two workers over one knowledge base, which a process that nobody kills
serves in place of a Qdrant server; without it one server owns everything and is killed alike.
"""

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from pathlib import Path

import sqlalchemy as sa

from app.queued import UNFINISHED
from indexer.edge_store import EdgeStore
from tests.app.test_end_to_end import AGAIN, REPO, START, comment, thread
from tests.app.worker import Worker
from tests.fakes_embedding import TOY_FINGERPRINT
from tests.fakes_store import local_socket
from tests.github_simulator import Seed, SeedRepository, Simulator

INSTALLATION = 1001
# The things that issues are about. So many that no issue has more look-alikes than are searched.
HEADS = ("val", "ho", "gau", "ro", "fil", "pan", "pis", "sen", "cra", "dro", "nok", "lem", "tur")
TAILS = ("ve", "se", "ge", "tor", "ter", "el", "ton", "sor", "nix", "mup", "dak", "lin", "rod")
ALL_THINGS = tuple(head + tail for head, tail in product(HEADS, TAILS))


def report(thing: str) -> tuple[str, str]:
    title = f"The {thing} stops with {thing.title()}StallError after the second refill"
    return title, f"```\n{thing.title()}StallError: {thing} did not move within 250 ms\n```"


def history(things: Sequence[str]) -> Seed:
    threads = [
        thread(
            number,
            *report(thing),
            comments=[comment("ben", f"Set `{thing}_timeout = 500`; that cures it.", number + 1)],
            state="closed",
            state_reason="completed",
            closed_at=(START + timedelta(days=number + 2)).isoformat(),
        )
        for number, thing in enumerate(things, 1)
    ]
    repository = SeedRepository.model_validate({"full_name": REPO, "threads": threads})
    return Seed(repositories=[repository])


@dataclass
class Figures:
    """What happened. `wrong` lists the issues without exactly one comment, or with an old one."""

    workers: int
    issues: int
    edits: int = 0
    labels: int = 0
    redeliveries: int = 0
    kills: int = 0
    comments: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Turmoil:
    """One run; what happens follows from the seed, when it happens does not."""

    def __init__(
        self, folder: Path, *, issues: int, kills: int, seed: int, database_url: str | None = None
    ) -> None:
        self._folder = folder
        self._database = database_url
        self._random = random.Random(seed)  # noqa: S311  no secret
        self._figures = Figures(2 if database_url else 1, issues)
        self._planned_kills = kills
        self._things = ALL_THINGS[: max(12, issues // 2)]
        self._about: dict[int, str] = {}

    def run(self, seconds: float = 240) -> Figures:
        """All of it; at most so long is waited for the workers to be done."""
        began = time.monotonic()
        with ExitStack() as stack:
            github = stack.enter_context(Simulator(history(self._things)))
            # An hour's allowance would be used up in minutes, and the rest of the hour slept.
            github.limits.sizes |= {"core": 10**6, "graphql": 10**6}
            workers = self._workers(stack, github)
            for worker in workers:
                stack.callback(worker.kill)
                worker.start()
            for worker in workers:
                worker.wait_until_ready()
            github.set_webhook(f"{workers[0].url}/webhooks")
            github.announce_installation(INSTALLATION)
            self._settle(github, seconds)
            self._happen(github, workers)
            self._redeliver_failed(github)
            self._settle(github, seconds)
            self._count(github)
        self._figures.seconds = time.monotonic() - began
        return self._figures

    def _workers(self, stack: ExitStack, github: Simulator) -> list[Worker]:
        if self._database is None:
            return [Worker(self._folder / "alone", github.environment)]
        shared = self._folder / "shared"
        shared.mkdir()
        store = EdgeStore.open(shared / "collection", TOY_FINGERPRINT)
        stack.callback(store.close)
        socket = stack.enter_context(local_socket(store, shared))
        common = {
            **github.environment,
            "DATABASE_URL": self._database,
            "QDRANT_URL": "http://127.0.0.1:1",
            "SHARED_STORE": str(socket),
        }
        return [
            Worker(self._folder / name, {**common, "WORKER_ID": name}) for name in ("one", "two")
        ]

    def _happen(self, github: Simulator, workers: list[Worker]) -> None:
        """Every issue is opened; twice as many edits, as many labels; workers die between."""
        figures, pick = self._figures, self._random
        todo = ["open"] * figures.issues + ["edit"] * 2 * figures.issues
        todo += ["label"] * figures.issues + ["again"] * (figures.issues // 5)
        pick.shuffle(todo)
        deaths = set(pick.sample(range(len(todo)), self._planned_kills))
        for step, action in enumerate(todo):
            if step in deaths:
                victim = pick.choice(workers)
                victim.kill()
                figures.kills += 1
                victim.start()
            # GitHub reaches them by one address; whoever is there hears it.
            github.set_webhook(f"{pick.choice(workers).url}/webhooks")
            if action == "open" or not self._about:
                self._open(github)
            elif action == "edit":
                number = pick.choice(list(self._about))
                self._about[number] = pick.choice(self._things)
                title, body = report(self._about[number])
                github.edit(REPO, number, title=title, body=body)
                figures.edits += 1
            elif action == "label":
                github.add_label(REPO, pick.choice(list(self._about)), AGAIN)
                figures.labels += 1
            else:
                self._redeliver(github, pick.choice(github.deliverer.log).guid)
            time.sleep(pick.random() * 0.04)
        for worker in workers:
            worker.wait_until_ready()

    def _open(self, github: Simulator) -> None:
        if len(self._about) == self._figures.issues:
            return
        thing = self._random.choice(self._things)
        self._about[github.open_issue(REPO, *report(thing))["number"]] = thing

    def _redeliver(self, github: Simulator, guid: str) -> None:
        github.redeliver(guid)
        self._figures.redeliveries += 1

    def _redeliver_failed(self, github: Simulator) -> None:
        """As an operator does: what nobody took is sent again."""
        while True:
            github.drain(120)
            done = {d.guid for d in github.deliverer.log if d.status == 202}
            lost = [d.guid for d in github.deliverer.log if d.guid not in done]
            if not lost:
                return
            for guid in dict.fromkeys(lost):
                self._redeliver(github, guid)

    def _settle(self, github: Simulator, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        still = 0
        while still < 3:
            github.drain(seconds)
            still = 0 if self._unfinished() else still + 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._unfinished()} jobs are not done")
            time.sleep(0.2)

    def _unfinished(self) -> int:
        url = self._database or f"sqlite:///{self._folder / 'alone' / 'jobs.sqlite'}"
        engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        table = "dbos.workflow_status" if self._database else "workflow_status"
        query = sa.text(f"select count(*) from {table} where status in :unfinished")  # noqa: S608
        try:
            with engine.connect() as connection:
                wanted = query.bindparams(sa.bindparam("unfinished", UNFINISHED, expanding=True))
                return int(connection.execute(wanted).scalar_one())
        finally:
            engine.dispose()

    def _count(self, github: Simulator) -> None:
        figures = self._figures
        for number, thing in self._about.items():
            ours = github.comments(REPO, number, by_app=True)
            figures.comments += len(ours)
            # Its rows name the older reports of the same thing, and of no other.
            newest = [c for c in ours if f"The {thing} stops with" in c["body"]]
            if len(ours) != 1 or not newest:
                said = [c["body"] for c in ours]
                figures.wrong.append(f"#{number} about {thing}, {len(ours)} comments: {said}")
