"""The estimator's last run on each scale: what it saw, and with what it scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from storage.times import from_microseconds, to_microseconds
from storage.votes import SCALES


@dataclass(frozen=True, slots=True)
class Frame:
    """What images are scored with besides votes and raters, in points of the scale.

    `low` and `high` are the scale's ends; `centre` and variance `spread` those of all images, and
    `centres` those of data sets; a rater without figures has the crowd's.
    """

    low: float
    high: float
    centre: float
    spread: float
    crowd_bias: float
    crowd_weight: float
    centres: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a finished run saw: the votes of a moment, up to a position in their history."""

    at: datetime
    position: int
    votes: int
    images: int
    raters: int
    seconds: float


def set_frame(connection: Connection, scale: str, frame: Frame) -> None:
    """Score with this from now on; what the last finished run saw stays."""
    connection.execute(
        _SET_FRAME,
        (
            scale,
            frame.low,
            frame.high,
            frame.centre,
            frame.spread,
            frame.crowd_bias,
            frame.crowd_weight,
        ),
    )
    connection.execute("DELETE FROM score_centres WHERE scale = ?", (scale,))
    connection.executemany(
        "INSERT INTO score_centres (data_set_id, scale, centre) VALUES (?, ?, ?)",
        [(data_set, scale, centre) for data_set, centre in frame.centres.items()],
    )


def finish(connection: Connection, scale: str, seen: Seen) -> None:
    """Note that every row of a run on the scale is written."""
    connection.execute(
        "UPDATE score_runs SET seen_at = ?, position = ?, votes = ?, images = ?, raters = ?,"
        " seconds = ? WHERE scale = ?",
        (
            to_microseconds(seen.at),
            seen.position,
            seen.votes,
            seen.images,
            seen.raters,
            seen.seconds,
            scale,
        ),
    )


def seen(connection: Connection) -> dict[str, Seen]:
    """Return what the last finished run on each scale saw; a scale without one is missing."""
    rows = connection.execute(
        "SELECT scale, seen_at, position, votes, images, raters, seconds FROM score_runs"
        " WHERE seen_at IS NOT NULL"
    )
    return {scale: Seen(from_microseconds(at), *rest) for scale, at, *rest in rows}


def oldest(connection: Connection) -> Seen | None:
    """Return what the older of the last runs on all scales saw; None where one has none yet."""
    found = seen(connection)
    if any(scale not in found for scale in SCALES):
        return None
    return min(found.values(), key=lambda each: each.at)


_SET_FRAME: Final = """
    INSERT INTO score_runs (scale, low, high, centre, spread, crowd_bias, crowd_weight)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (scale) DO UPDATE SET
        low = excluded.low, high = excluded.high, centre = excluded.centre,
        spread = excluded.spread, crowd_bias = excluded.crowd_bias,
        crowd_weight = excluded.crowd_weight
"""
