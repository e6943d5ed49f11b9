"""How many votes, images and raters a release is of. For child processes only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from adbc_driver_manager.dbapi import Connection

from bot.datasets.exports.reading import NUMBER, fetch
from bot.datasets.releases.contents import TableFile
from storage import releasing

VOTES = pa.schema(
    [
        (name, pa.int64())
        for name in (
            "votes", "images", "complete", "public", "after_reveal", "linked", "first", "last",
        )
    ]
)  # fmt: skip
RATERS = pa.schema([("votes", pa.int64()), ("validated", pa.int64())])


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the votes that every format selects from, and of who gave them.

    Votes: all, with both scores (`complete`), under posts in channels (`public`), given after the
    result was shown (`after_reveal`), given with a proved account of the AI Horde (`linked`).
    `first` and `last` in microseconds: when the earliest and the latest began. Raters: how many,
    how many `validated`, the `median` of their votes, and which share of all votes the tenth of
    them gave who gave most (`busiest`, 0 to 1).
    """

    votes: int
    images: int
    complete: int
    public: int
    after_reveal: int
    linked: int
    first: int
    last: int
    raters: int
    validated: int
    median: float
    busiest: float

    @classmethod
    def read(cls, connection: Connection, now: int) -> Self:
        """Count; `now` in microseconds decides who is validated."""
        (votes,) = fetch(connection, releasing.VOTES, VOTES).to_pylist()
        raters = fetch(connection, releasing.RATERS, RATERS, now)
        each = raters["votes"].to_numpy()
        return cls(
            **votes,
            raters=len(each),
            validated=int(raters["validated"].to_numpy().sum()),
            median=float(np.median(each)) if len(each) else 0.0,
            busiest=float(each[-(-len(each) * 9 // 10) :].sum() / max(each.sum(), 1)),
        )

    def counts(self, tables: Iterable[TableFile]) -> dict[str, Any]:
        """Return what the next release compares with."""
        return {
            "votes": self.votes,
            "images": self.images,
            "raters": self.raters,
            "tables": {table.path: table.rows for table in tables},
        }


def all_safe(connection: Connection) -> bool:
    """Tell whether all images that these votes are on are known to be safe."""
    return not fetch(connection, releasing.UNSAFE, NUMBER)["number"][0].as_py()
