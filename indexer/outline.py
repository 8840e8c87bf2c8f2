"""What ranking has to know of a thread, in a few numbers: its point's payload holds them (pure).

A search ranks a hundred threads and shows ten. Reading the whole text of the other ninety took
longer than ranking them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from indexer.script import Script, script_of
from indexer.threads import Thread

FIELD = "outline"
"""Where a payload holds it."""


class Standing(NamedTuple):
    """A thread as it stood at a moment; times are seconds since 1970.

    Attributes:
        opened: when it was opened.
        last: when somebody last wrote in it.
        is_open: whether it was open.
        comments: how many it had.
    """

    opened: float
    last: float
    is_open: bool
    comments: int


@dataclass(frozen=True, slots=True)
class Outline:
    """When things happened in a thread, its labels, and the script it is written in.

    `turns` are its closings (True) and reopenings in the order in which the thread tells them;
    `closed` is when it was closed last, as far as its issue says so.
    """

    opened: float
    comments: tuple[float, ...]
    turns: tuple[tuple[float, bool], ...]
    closed: float | None
    labels: tuple[str, ...]
    script: Script

    @classmethod
    def of(cls, thread: Thread) -> Self:
        """The outline of a whole thread."""
        return cls(
            _seconds(thread.created_at),
            tuple(_seconds(comment.created_at) for comment in thread.comments),
            tuple(
                (_seconds(event.created_at), event.kind == "closed")
                for event in thread.events
                if event.kind in {"closed", "reopened"}
            ),
            _seconds(thread.closed_at) if thread.closed_at else None,
            thread.labels,
            script_of(f"{thread.title}\n{thread.body}"),
        )

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """The outline in the payload of an `issue` point."""
        opened, comments, turns, closed, labels, script = payload[FIELD]
        return cls(
            opened,
            tuple(comments),
            tuple((moment, bool(closed)) for moment, closed in turns),
            closed,
            tuple(labels),
            script,
        )

    def as_json(self) -> Sequence[Any]:
        """The same as a payload holds it."""
        return [
            self.opened,
            self.comments,
            [[moment, int(closed)] for moment, closed in self.turns],
            self.closed,
            self.labels,
            self.script,
        ]

    def as_of(self, moment: float) -> Standing | None:
        """How it stood just before `moment`, by the rules of `threads.as_of`."""
        if self.opened >= moment:
            return None
        written = [at for at in self.comments if at < moment]
        turns = [turn for turn in self.turns if turn[0] < moment]
        if turns:
            is_open = not max(turns, key=lambda turn: turn[0])[1]
        else:
            is_open = self.closed is None or self.closed >= moment
        return Standing(self.opened, max([self.opened, *written]), is_open, len(written))


def _seconds(moment: datetime) -> float:
    seconds = moment.timestamp()
    whole = int(seconds)
    return whole if whole == seconds else seconds
