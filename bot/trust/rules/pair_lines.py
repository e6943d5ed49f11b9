"""What the search for pairs is asked, and the kinds of lines it answers with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

RATER: Final = "rater"
"""One rater above the limit, with the figure."""
PAIR: Final = "pair"
"""Two raters, their score and how many images they share."""
PAIRED: Final = "paired"
"""All is told; with the limit."""
FAILED: Final = "failed"
"""Nothing will be, and why."""


@dataclass(frozen=True, slots=True)
class PairRequest:
    """The database, and by which scale it is searched."""

    database: str
    scale: str

    def to_json(self) -> dict[str, str]:
        """Return the request as the child reads it."""
        return asdict(self)
