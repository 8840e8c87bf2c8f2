"""From which probability on something is said; `intern eval --apply` may store others.

`docs/evaluation.md` says what each level costs.
"""

from dataclasses import dataclass
from typing import Final

NEVER: Final = 1.01
"""A level that no probability reaches."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least probability for each verdict without an LLM.

    Attributes:
        duplicate: of a duplicate; above 1 it is never said. No level of the shipped model was
            shown to be right nine times in ten.
        related: of a related thread.
        document: of a doc section or a release.
    """

    duplicate: float = NEVER
    related: float = 0.08
    document: float = 0.4

    @property
    def alone(self) -> float:
        """From here on one related thread by itself is worth a comment."""
        return self.related * 1.5


DEFAULT: Final = Thresholds()
