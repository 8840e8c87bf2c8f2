"""What the demo prints."""

import re
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from tests.demo.checks import Verdict
from tests.demo.outcome import Answered, Change, Outcome

PLAIN_WIDTH = 100
EXCERPT = 220
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SUMMARY = re.compile(r"<details>\s*<summary>(.*?)</summary>", re.DOTALL)
_TAGS = re.compile(r"</?(?:details|sub)>")


class Terminal:
    """Prints to a console; in a pipe without colours and at a fixed width."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        if not self._console.is_terminal:
            self._console.width = PLAIN_WIDTH

    @property
    def is_interactive(self) -> bool:
        """Whether a person is looking."""
        return self._console.is_terminal

    def say(self, text: str, style: str = "") -> None:
        """A line."""
        self._console.print(text, style=style, markup=False)

    def step(self, text: str) -> None:
        """A heading."""
        self._console.print()
        self._console.print(Rule(Text(text, style="bold"), align="left", style="dim"))

    def issue(self, answered: Answered, name: str) -> None:
        """An issue and the comment on it."""
        issue = answered.issue
        head = Text.assemble(
            (issue.title, "bold"), (f"  #{answered.number} by {issue.author}", "dim")
        )
        excerpt = Text(_excerpt(issue.body), style="dim italic")
        self._console.print()
        self._console.print(Group(head, excerpt))
        if not answered.comments:
            self._console.print(Panel("no comment: nothing sure was found", style="dim"))
            return
        self._comment(answered.comments[0].body, name, f"{answered.seconds or 0:.2f} s")

    def change(self, change: Change, name: str) -> None:
        """The comment that was run again."""
        if change.after:
            self._comment(change.after[0].body, name, f"comment {change.after[0].id}, edited")

    def verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """✓ and ✗."""
        table = Table(show_header=False, box=None, padding=(0, 1))
        for verdict in verdicts:
            sign = Text("✓", style="green") if verdict.holds else Text("✗", style="bold red")
            lines: list[RenderableType] = [Text(verdict.sentence)]
            lines += [Text(f"  {problem}", style="red") for problem in verdict.problems]
            table.add_row(sign, Group(*lines))
        self._console.print(table)

    def times(self, outcome: Outcome) -> None:
        """From delivery to comment."""
        seconds = sorted(a.seconds for a in outcome.answered if a.seconds is not None)
        if seconds:
            middle = seconds[len(seconds) // 2]
            self.say(
                f"From delivery to comment: {seconds[0]:.2f} s at best, {middle:.2f} s median, "
                f"{seconds[-1]:.2f} s at worst, over {len(seconds)} comments."
            )

    def _comment(self, body: str, name: str, note: str) -> None:
        self._console.print(
            Panel(
                Markdown(readable(body), hyperlinks=True),
                title=Text(name, style="bold magenta"),
                title_align="left",
                subtitle=note,
                subtitle_align="right",
                border_style="magenta",
            )
        )


def readable(body: str) -> str:
    """A comment's Markdown without the HTML that a terminal cannot show."""
    text = _COMMENT.sub("", body)
    text = _SUMMARY.sub(r"▸ \1", text)
    return _TAGS.sub("", text).replace("\u200b", "").strip()


def _excerpt(body: str) -> str:
    lines = (line.strip() for line in _COMMENT.sub("", body).split("\n"))
    text = " ".join(line for line in lines if line and not line.startswith(("###", "```")))
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rsplit(' ', 1)[0]} …"
