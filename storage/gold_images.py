"""Gold images: which images have known scores, and what those are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Final, Literal

from storage.images import Image
from storage.times import from_microseconds, to_microseconds
from storage.votes import SCALES

GoldState = Literal["proposed", "accepted", "refused", "retired"]
"""proposed: by the program, nobody decided yet. accepted: shown as gold. refused: never proposed
again. retired: was accepted, and is not shown any more."""

Ranges = Mapping[str, tuple[int, int]]
"""The right scores by scale, both ends included; at least one scale."""


@dataclass(frozen=True, slots=True)
class GoldImage:
    """An image whose scores are known, or may be; `decided_by` is a moderator's number."""

    image_id: int
    state: GoldState
    ranges: Ranges
    explanation: str | None
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: int | None


def find(connection: Connection, image_id: int) -> GoldImage | None:
    """Return what is known of an image as gold, in whatever state."""
    row = connection.execute(_FIND, (image_id,)).fetchone()
    return gold_of(row) if row else None


def store(connection: Connection, gold: GoldImage) -> None:
    """Write what is known of an image, in place of what was; its first proposal stays."""
    connection.execute(
        _STORE,
        (
            gold.image_id,
            gold.state,
            *(end for scale in SCALES for end in gold.ranges.get(scale, (None, None))),
            gold.explanation,
            to_microseconds(gold.proposed_at),
            None if gold.decided_at is None else to_microseconds(gold.decided_at),
            gold.decided_by,
        ),
    )


def accepted(connection: Connection, data_set_id: int) -> list[GoldImage]:
    """Return the accepted gold images of a data set, met or not, the newest first."""
    rows = connection.execute(_ACCEPTED, (data_set_id,))
    return [gold_of(row) for row in rows]


def meetable(connection: Connection, data_set_id: int) -> list[tuple[GoldImage, bool]]:
    """Return the gold images of a data set that can be met, and whether each is safe.

    Safe ones first, of these the longest known first: an order in which little ever changes.
    """
    rows = connection.execute(_MEETABLE, (data_set_id,))
    return [(gold_of(row[1:]), bool(row[0])) for row in rows]


MEETABLE: Final = "i.stage NOT IN ('hidden', 'broken') AND i.revealed_at IS NULL"
"""Condition under which an image `i` may be met as gold: it is in sight, and its result was shown
to nobody. Whoever has seen the result knows what is right."""

NO_GOLD: Final = """
    NOT EXISTS (SELECT 1 FROM gold_images k WHERE k.image_id = i.id AND k.state = 'accepted')
"""
"""The image `i` is not gold. Gold is in no channel, for a result that was shown would end it, and
in sessions it is nothing else, or raters would use it up as ordinary images. So below its target it
does not fill."""

_NAMES: Final = (
    "image_id",
    "state",
    *(f"{scale}_{end}" for scale in SCALES for end in ("low", "high")),
    "explanation",
    "proposed_at",
    "decided_at",
    "decided_by",
)
COLUMNS: Final = ", ".join(f"g.{name}" for name in _NAMES)
"""The columns of a `GoldImage`, of a row `g`; `gold_of` builds the record."""

_FIND: Final = f"SELECT {COLUMNS} FROM gold_images g WHERE g.image_id = ?"  # noqa: S608 - constants
_STORE: Final = f"""
    INSERT INTO gold_images ({", ".join(_NAMES)}) VALUES ({", ".join("?" * len(_NAMES))})
    ON CONFLICT (image_id) DO UPDATE SET {
    ", ".join(
        f"{name} = excluded.{name}" for name in _NAMES if name not in {"image_id", "proposed_at"}
    )
}
"""  # noqa: S608 - constants
_ACCEPTED: Final = f"""
    SELECT {COLUMNS} FROM gold_images g JOIN images i ON i.id = g.image_id
    WHERE g.state = 'accepted' AND i.data_set_id = ? ORDER BY g.decided_at DESC, g.image_id DESC
"""  # noqa: S608 - constants
_MEETABLE: Final = f"""
    SELECT i.safe, {COLUMNS} FROM gold_images g JOIN images i ON i.id = g.image_id
    WHERE g.state = 'accepted' AND i.data_set_id = ? AND {MEETABLE}
    ORDER BY i.safe DESC, g.proposed_at, g.image_id
"""  # noqa: S608 - constants


def can_be_met(image: Image) -> bool:
    """Tell whether an image may be met as gold, as of `MEETABLE`."""
    return image.stage not in {"hidden", "broken"} and image.revealed_at is None


def gold_of(row: tuple[Any, ...]) -> GoldImage:
    """Build the record of a row of COLUMNS."""
    image_id, state, *ends, explanation, proposed_at, decided_at, decided_by = row
    lows, highs = ends[::2], ends[1::2]
    return GoldImage(
        image_id,
        state,
        {
            scale: (low, high)
            for scale, low, high in zip(SCALES, lows, highs, strict=True)
            if low is not None
        },
        explanation,
        from_microseconds(proposed_at),
        None if decided_at is None else from_microseconds(decided_at),
        decided_by,
    )
