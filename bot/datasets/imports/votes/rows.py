"""Rows of foreign tables of votes: as a file has them, and as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.datasets.imports.votes.columns import Column, Names
from bot.rating.scales import ARTIFACTS

IMAGE: Final = "image"
RATER: Final = "rater"
CLIENT_AGENT: Final = "client_agent"
COUNTRY: Final = "country"
RATING: Final = "rating"
FLAWS: Final = ARTIFACTS.name
MOMENT: Final = "created_at"
COUNTS: Final = ("ratings_count", "kudos", "account_age", "usage_requests")
MARKS: Final = ("trusted", "validated")
CAPTCHAS: Final = "captchas_failed"

LONGEST: Final = {IMAGE: 1024, RATER: 256, CLIENT_AGENT: 1024, COUNTRY: 64}
"""The columns of text, and their characters at most."""

COLUMNS: Final = (*LONGEST, RATING, FLAWS, MOMENT, *COUNTS, *MARKS, CAPTCHAS)
"""What is kept of a vote."""

FACTS: Final = (MOMENT, RATING, FLAWS, *COUNTS, *MARKS, CAPTCHAS, COUNTRY)
"""Those that a vote keeps itself; the others are names that many votes share."""


@dataclass(frozen=True, slots=True)
class RawRows:
    """Rows as a file has them, in columns: those of COLUMNS that it has.

    `first` is the number of the first row, as people count.
    """

    first: int
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.columns[IMAGE])


@dataclass(frozen=True, slots=True)
class VoteRows:
    """Votes that can be stored: their names, and a tuple each of FACTS and its occurrence."""

    images: Names
    raters: Names
    client_agents: Names
    facts: list[tuple[Any, ...]]

    def __len__(self) -> int:
        return len(self.facts)

    def part(self, begin: int, end: int) -> VoteRows:
        """Return some of the votes, with the names that they have."""
        return VoteRows(
            self.images.part(begin, end),
            self.raters.part(begin, end),
            self.client_agents.part(begin, end),
            self.facts[begin:end],
        )
