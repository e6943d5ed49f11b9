"""Rows of foreign tables of votes as a file has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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

    `first` is the number of the first row, as people count. `odd` are the rows without values, by
    their place among these, because the file has other than `width` columns there: how many.
    """

    first: int
    columns: Mapping[str, Column]
    odd: Mapping[int, int] = field(default_factory=dict)
    width: int = 0

    def __len__(self) -> int:
        return len(self.columns[IMAGE])


def straightened(
    rows: Sequence[Sequence[str]], width: int
) -> tuple[list[Sequence[str | None]], dict[int, int]]:
    """Return rows of `width` values, none in the place of odd ones, and which these are."""
    odd = {at: len(row) for at, row in enumerate(rows) if len(row) != width}
    nothing = [None] * width
    return [nothing if at in odd else row for at, row in enumerate(rows)], odd
