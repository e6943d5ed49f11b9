"""Images that may become gold: closed ones whose scores lie at an end of a scale for certain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final, Literal

from storage.gold_images import MEETABLE
from storage.review_queue import GOLD_CANDIDATE

Side = Literal["low", "high"]


@dataclass(frozen=True, slots=True)
class Scored:
    """The estimator's score of an image on one scale, and its standard error."""

    score: float
    standard_error: float
    votes: int


def count(connection: Connection, data_set_id: int) -> tuple[int, int]:
    """Return how many images of a data set can be met as gold, and how many are proposed."""
    accepted, proposed = connection.execute(_COUNT, (data_set_id,)).fetchone()
    return accepted, proposed


def are_all_shown(connection: Connection, data_set_id: int) -> bool:
    """Tell whether a data set has closed images, and the result of each was shown."""
    (shown,) = connection.execute(_ALL_SHOWN, {"data_set_id": data_set_id}).fetchone()
    return bool(shown)


def clearest(
    connection: Connection,
    data_set_id: int,
    scale: str,
    side: Side,
    *,
    beyond: float,
    error: float,
    limit: int,
) -> list[int]:
    """Return closed images of a data set at one side of a scale, the clearest first.

    None whose result was shown.

    Their scores lie at or `beyond` a score to that side, with a standard error of at most `error`.
    Clear is what lies far out even if the score is wrong by two standard errors. Reads all scores
    of the scale: for a read beside the writer, not for a unit.
    """
    values = {
        "data_set_id": data_set_id,
        "scale": scale,
        "sign": 1 if side == "high" else -1,
        "beyond": beyond,
        "error": error,
        "limit": limit,
    }
    return [image_id for (image_id,) in connection.execute(_CLEAREST, values)]


def scores(connection: Connection, image_id: int) -> Mapping[str, Scored]:
    """Return what the estimator says of an image, by scale."""
    rows = connection.execute(
        "SELECT scale, score, standard_error, votes FROM image_scores WHERE image_id = ?",
        (image_id,),
    )
    return {scale: Scored(*scored) for scale, *scored in rows}


def without_case(connection: Connection) -> list[int]:
    """Return proposed images that could be met as gold and of which no case waits any more."""
    return [image_id for (image_id,) in connection.execute(_WITHOUT_CASE, {"kind": GOLD_CANDIDATE})]


_COUNT: Final = f"""
    SELECT count(*) FILTER (WHERE g.state = 'accepted'),
        count(*) FILTER (WHERE g.state = 'proposed')
    FROM gold_images g JOIN images i ON i.id = g.image_id
    WHERE g.state IN ('accepted', 'proposed') AND i.data_set_id = ? AND {MEETABLE}
"""  # noqa: S608 - a constant
_CLOSED: Final = "i.data_set_id = :data_set_id AND i.stage = 'full' AND i.closes_at IS NULL"
_ALL_SHOWN: Final = f"""
    SELECT EXISTS (SELECT 1 FROM images i WHERE {_CLOSED})
        AND NOT EXISTS (SELECT 1 FROM images i WHERE {_CLOSED} AND i.revealed_at IS NULL)
"""  # noqa: S608 - constants
_CLEAREST: Final = f"""
    SELECT s.image_id FROM image_scores s JOIN images i ON i.id = s.image_id
    WHERE s.scale = :scale AND s.standard_error <= :error
    AND :sign * s.score >= :sign * :beyond
    AND {_CLOSED} AND {MEETABLE}
    AND NOT EXISTS (SELECT 1 FROM gold_images g WHERE g.image_id = i.id)
    ORDER BY :sign * s.score - 2 * s.standard_error DESC, s.image_id LIMIT :limit
"""  # noqa: S608 - a constant
_WITHOUT_CASE: Final = f"""
    SELECT g.image_id FROM gold_images g JOIN images i ON i.id = g.image_id
    WHERE g.state = 'proposed' AND {MEETABLE}
    AND NOT EXISTS (
        SELECT 1 FROM review_queue q
        WHERE q.kind = :kind AND q.image_id = g.image_id AND q.settled_at IS NULL
    )
"""  # noqa: S608 - a constant
