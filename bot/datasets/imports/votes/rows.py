"""Rows of foreign tables of votes as a file has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.datasets.imports.votes.columns import Column
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


@dataclass(frozen=True, slots=True)
class RawRows:
    """Rows as a file has them, in columns: those of COLUMNS that it has.

    `first` is the number of the first row, as people count.
    """

    first: int
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.columns[IMAGE])
