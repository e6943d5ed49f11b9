"""Scores of images: written by runs of the estimator, and anew for an image whose votes change."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from storage.scored_votes import SCORED
from storage.times import to_microseconds
from storage.votes import SCALES

Row = tuple[int, int, float, float, float, float]
"""Image, votes, plain mean, score, standard error, difficulty."""


def stored(connection: Connection, scale: str) -> Iterator[Row]:
    """Yield the rows of a scale, by rising image."""
    return connection.execute(
        "SELECT image_id, votes, plain_mean, score, standard_error, difficulty"
        " FROM image_scores WHERE scale = ? ORDER BY image_id",
        (scale,),
    )


def write(connection: Connection, scale: str, rows: Iterable[Row], now: datetime) -> None:
    """Write rows in place of those that are there."""
    at = to_microseconds(now)
    connection.executemany(_WRITE, [(scale, at, *row) for row in rows])


def remove(connection: Connection, scale: str, images: Sequence[int]) -> None:
    """Remove the rows of these images."""
    connection.executemany(
        "DELETE FROM image_scores WHERE image_id = ? AND scale = ?",
        [(image, scale) for image in images],
    )


def rescore(connection: Connection, image_id: int, now: datetime) -> None:
    """Score an image anew from the votes that it has now, in the unit that changes them.

    With what the last run found of its raters, its data set and itself, and by the formula of
    docs/scoring.md, so that an image whose votes did not change keeps its score. Does nothing on a
    scale that no run has scored yet, and removes the row where no vote is left.
    """
    for scale, sql in _OF_IMAGE.items():
        frame = connection.execute(_FRAME, {"scale": scale, "image": image_id}).fetchone()
        if frame is None:
            continue
        given = connection.execute(sql, (scale, image_id)).fetchall()
        if given:
            row = _scored(image_id, given, frame)
            write(connection, scale, [row], now)
        else:
            remove(connection, scale, [image_id])


def _scored(
    image_id: int, given: list[tuple[int, float | None, float | None]], frame: tuple[float, ...]
) -> Row:
    """Return sum(w (y - b)) + g / t over sum(w) + 1 / t, and what goes with it."""
    low, high, spread, crowd_bias, crowd_weight, centre, difficulty = frame
    total, precision = centre / spread, 1 / spread
    for score, own_bias, own_weight in given:
        bias = crowd_bias if own_bias is None else own_bias
        weight = crowd_weight if own_weight is None else own_weight
        total += weight * (score - bias)
        precision += weight
    estimate = min(max(total / precision, low), high)
    mean = sum(score for score, _, _ in given) / len(given)
    return image_id, len(given), mean, estimate, math.sqrt(difficulty / precision), difficulty


_WRITE: Final = """
    INSERT INTO image_scores
        (scale, scored_at, image_id, votes, plain_mean, score, standard_error, difficulty)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (image_id, scale) DO UPDATE SET
        score = excluded.score, standard_error = excluded.standard_error, votes = excluded.votes,
        plain_mean = excluded.plain_mean, difficulty = excluded.difficulty,
        scored_at = excluded.scored_at
"""
_FRAME: Final = """
    SELECT r.low, r.high, r.spread, r.crowd_bias, r.crowd_weight, coalesce(c.centre, r.centre),
        coalesce(s.difficulty, 1)
    FROM score_runs r JOIN images i ON i.id = :image
    LEFT JOIN score_centres c ON c.data_set_id = i.data_set_id AND c.scale = r.scale
    LEFT JOIN image_scores s ON s.image_id = i.id AND s.scale = r.scale
    WHERE r.scale = :scale
"""
_OF_IMAGE: Final = {
    scale: f"""
        SELECT v.{scale}, s.bias, s.weight
        FROM votes v LEFT JOIN rater_scores s ON s.rater = v.rater AND s.scale = ?
        WHERE v.image_id = ? AND v.{scale} IS NOT NULL AND {SCORED} ORDER BY v.rater
    """  # noqa: S608 - constants
    for scale in SCALES
}
