"""The play itself: open the issues, wait for the comments, repeat a delivery, ask again."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from tests.demo.content import MAINTAINER, NewIssue
from tests.demo.outcome import Answered, Change, Comment, Outcome
from tests.demo.page import Board
from tests.demo.stage import Stage
from tests.github_simulator.seed import SeedPull

AGAIN: Final = "intern: again"
LOOK_SECONDS: Final = 0.3
PAUSE_SECONDS: Final = 0.02
JOB_SECONDS: Final = 60.0
TRIES: Final = 5
FIXED_ISSUE: Final = 223
FIXED_BY: Final = "v1.5.0"
WEBHOOK_SECONDS: Final = 30.0

Show = Callable[[Answered], None]


class Scenario:
    """Plays on a stage and remembers what happened."""

    def __init__(self, stage: Stage, board: Board) -> None:
        self._stage = stage
        self._simulator = stage.simulator
        self._board = board
        self._repo = stage.repo

    def play(
        self,
        issues: Sequence[NewIssue],
        show: Show,
        show_change: Callable[[Change], None],
        *,
        ours: bool,
    ) -> Outcome:
        """Everything after the server is up.

        Args:
            issues: what to open, one after the other.
            show: called with each issue as soon as its fate is known.
            show_change: called with the comment that was run again.
            ours: whether this is our own history, in which a fix is released at the end.
        """
        indexed = self._indexed()
        seeded = self._seeded
        answered = []
        for issue in issues:
            answered.append(self._open(issue))
            show(answered[-1])
        redelivered = again = None
        if answered:
            redelivered = self._redeliver(next((a for a in answered if a.comments), answered[0]))
            again = self._fix_and_ask(answered) if ours else self._ask_again(answered[0].number)
            show_change(again)
        server = self._stage.server
        return Outcome(
            answered=tuple(self._final(entry) for entry in answered),
            redelivered=redelivered,
            again=again,
            web_url=self._simulator.url,
            server_exit=server.poll() if server else None,
            indexed=indexed,
            seeded=seeded,
        )

    def _open(self, issue: NewIssue) -> Answered:
        finished = self._stage.finished_jobs("Respond")
        begun = time.perf_counter()
        made = self._simulator.open_issue(self._repo, issue.title, issue.body, issue.author)
        number = int(made["number"])
        self._board.note(number, "waiting…")
        seconds = None
        # The job counts as finished a little after its comment; the next issue waits for both,
        # or it would take this one's end for its own.
        while time.perf_counter() - begun < JOB_SECONDS:
            done = self._stage.finished_jobs("Respond") > finished
            patience = 0.0 if done else LOOK_SECONDS
            if seconds is None and self._simulator.wait_for_comment(self._repo, number, patience):
                seconds = time.perf_counter() - begun
            if done:
                break
            time.sleep(PAUSE_SECONDS)
        answered = self._final(Answered(issue, number, None, seconds=seconds))
        if seconds is not None:
            self._board.note(number, f"answered in {seconds:.1f} s", "good")
        else:
            self._board.note(number, "no comment", "silent")
        return answered

    def _final(self, entry: Answered) -> Answered:
        """The issue as it is now."""
        self._simulator.drain(WEBHOOK_SECONDS)
        thread = self._simulator.thread(self._repo, entry.number)
        return replace(
            entry,
            accepted=self._delivery(entry.number).status,
            comments=self._comments(entry.number),
            state=thread["state"],
            labels=tuple(label["name"] for label in thread["labels"]),
        )

    def _redeliver(self, entry: Answered) -> Change:
        before = self._comments(entry.number)
        self._simulator.redeliver(self._delivery(entry.number).guid)
        self._simulator.drain(WEBHOOK_SECONDS)
        left = self._label_and_wait(entry.number)
        return Change(entry.number, before, self._comments(entry.number), label_left=left)

    def _fix_and_ask(self, answered: Sequence[Answered]) -> Change:
        """Weeks later the open original is fixed and released: the comment should say so."""
        number = next(
            a.number
            for a in answered
            if a.issue.expect is not None and FIXED_ISSUE in a.issue.expect.numbers
        )
        before = self._comments(number)
        self._release_the_fix()
        for _ in range(TRIES):
            # The knowledge base takes in the closed thread by a job of its own.
            change = self._ask_again(number)
            if change.after and FIXED_BY in change.after[0].body:
                break
        return Change(
            number, before, change.after, label_left=change.label_left, expected_text=FIXED_BY
        )

    def _release_the_fix(self) -> None:
        world, repo = self._simulator.world, self._repo
        with world.lock:
            home = world.repository(repo)
            if home is None:
                raise LookupError(repo)
            pull = home.next_number()
            now = world.now()
            home.pulls[pull] = SeedPull(
                number=pull,
                title=f"Read uploads in a worker (#{FIXED_ISSUE})",
                author=MAINTAINER,
                created_at=now,
                merged_at=now,
            )
        simulator = self._simulator
        simulator.close(repo, FIXED_ISSUE, MAINTAINER, closer="pull_request", closer_number=pull)
        simulator.comment(
            repo,
            FIXED_ISSUE,
            f"#{pull} reads the file in a worker that is replaced every 500 MB, and a reload "
            f"resumes the upload. Fixed in {FIXED_BY}, please upgrade.",
            MAINTAINER,
            author_association="MEMBER",
        )
        simulator.publish_release(
            repo,
            FIXED_BY,
            f"## Fixed\n- iOS Safari: the tab reloaded during large uploads (#{FIXED_ISSUE}).\n",
            "1.5.0",
        )
        simulator.drain(WEBHOOK_SECONDS)

    def _ask_again(self, number: int) -> Change:
        before = self._comments(number)
        left = self._label_and_wait(number)
        return Change(number, before, self._comments(number), label_left=left)

    def _label_and_wait(self, number: int) -> bool:
        """Label an issue; True if the label is still there when patience ends."""

        def labelled() -> bool:
            labels = self._simulator.thread(self._repo, number)["labels"]
            return any(label["name"] == AGAIN for label in labels)

        self._simulator.add_label(self._repo, number, AGAIN, MAINTAINER)
        return not self._simulator.wait_for(lambda: not labelled(), JOB_SECONDS)

    def _comments(self, number: int) -> tuple[Comment, ...]:
        found = self._simulator.comments(self._repo, number, by_app=True)
        return tuple(_comment(raw) for raw in found)

    def _delivery(self, number: int) -> Any:
        return next(
            delivery
            for delivery in self._simulator.deliverer.log
            if (delivery.event, delivery.action) == ("issues", "opened")
            and delivery.payload["issue"]["number"] == number
        )

    @property
    def _seeded(self) -> int:
        home = self._simulator.world.repository(self._repo)
        return sum(not i.is_bot for i in home.issues.values()) if home else 0

    def _indexed(self) -> int:
        status = json.loads(self._stage.ask("status", "--json"))
        return int(status["repositories"][0]["threads"])


def _comment(raw: dict[str, Any]) -> Comment:
    return Comment(
        id=raw["id"],
        body=raw["body"],
        author=raw["user"]["login"],
        url=raw["html_url"],
        updated_at=raw["updated_at"],
    )
