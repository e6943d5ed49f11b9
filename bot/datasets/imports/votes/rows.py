"""Rows of foreign tables of votes as a file has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.datasets.imports.encoding import is_utf8
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
    `foreign` are those that have none because they are not UTF-8.
    """

    first: int
    columns: Mapping[str, Column]
    odd: Mapping[int, int] = field(default_factory=dict)
    width: int = 0
    foreign: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.columns[IMAGE])


def raw_rows(
    first: int,
    rows: Sequence[Sequence[str]],
    width: int,
    column: Callable[[Sequence[Sequence[str | None]]], Mapping[str, Column]],
) -> RawRows:
    """Return rows of text as columns, which `column` makes of rows of `width` values.

    There are none in the place of rows of another width, and of those that are not UTF-8.
    """
    foreign = [at for at, row in enumerate(rows) if not all(map(is_utf8, row))]
    odd = {at: len(row) for at, row in enumerate(rows) if len(row) != width}
    for at in foreign:
        odd.pop(at, None)
    without = odd.keys() | set(foreign)
    nothing = [None] * width
    straight = [nothing if at in without else row for at, row in enumerate(rows)]
    return RawRows(first, column(straight), odd, width, foreign)
