"""Databases full of votes for tests of the estimator's runs, and ways to look at what it wrote."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import numpy as np

from bot.trust.scoring.child import score_database
from bot.trust.scoring.request import ScaleSummary
from storage.connections import connect
from storage.migrations import upgrade

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST_DISCORD_ID = 2**62

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Shape:
    """How large a crowd is; `attackers` of the raters press at random."""

    raters: int = 60
    each: int = 60
    panel: int = 5
    data_sets: int = 2
    attackers: int = 0


def fill(connection: Connection, shape: Shape, seed: int = 1) -> None:
    """Add data sets, raters and votes on both scales; images of later data sets are worse.

    Data sets, sources and raters that are there with these numbers are taken.
    """
    rng = np.random.default_rng(seed)
    images = shape.raters * shape.each // shape.panel
    home = rng.integers(0, shape.data_sets, images)
    good = rng.normal(6 - 2.0 * home, 1.4, images)
    flaw = np.where(rng.random(images) < 0.4, rng.uniform(1, 5, images), 0)
    bias, noise = rng.normal(0, 0.5, shape.raters), rng.uniform(0.7, 1.4, shape.raters)
    connection.executemany(
        "INSERT OR IGNORE INTO data_sets (id, name, target, created_at) VALUES (?, ?, ?, 0)",
        [(1 + n, f"set {n}", shape.panel) for n in range(shape.data_sets)],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO raters (number, discord_id, first_seen_at) VALUES (?, ?, 0)",
        [(1 + n, FIRST_DISCORD_ID + n) for n in range(shape.raters)],
    )
    connection.execute("INSERT OR IGNORE INTO client_agents (id, name) VALUES (1, 'jury')")
    connection.execute(
        "INSERT OR IGNORE INTO sources (id, data_set_id, kind, path) VALUES (1, 1, 'folder', '/x')"
    )
    connection.executemany(
        "INSERT INTO images (id, data_set_id, key, source_id, member, safe, random_key,"
        " imported_at, stage, complete_votes) VALUES (?, ?, ?, 1, 'x', 1, ?, 0, 'full', ?)",
        [(1 + n, 1 + int(home[n]), f"image {n}", n, shape.panel) for n in range(images)],
    )
    connection.execute(
        "INSERT INTO posts (id, image_id, surface, guild_id, channel_id, message_id, state,"
        " shown_at) SELECT id, id, 'public', 1, 1, id, 'closed', 0 FROM images"
    )
    for image in range(images):
        for rater in rng.permutation(shape.raters)[: shape.panel].tolist():
            scores = (
                round(good[image] + bias[rater] + noise[rater] * rng.normal()),
                round(flaw[image] + noise[rater] * rng.normal() / 2),
            )
            if rater < shape.attackers:
                scores = (int(rng.integers(1, 11)), int(rng.integers(0, 6)))
            vote(connection, 1 + rater, 1 + image, *scores)
    connection.execute(
        "UPDATE data_sets SET full_images ="
        " (SELECT count(*) FROM images WHERE data_set_id = data_sets.id AND stage = 'full')"
    )


def vote(
    connection: Connection, rater: int, image: int, aesthetic: int, artifacts: int | None = 0
) -> None:
    """Add a vote, cut to the scales, and its entry in the history."""
    values = {
        "rater": rater,
        "image": image,
        "one": min(max(aesthetic, 1), 10),
        "two": None if artifacts is None else min(max(artifacts, 0), 5),
    }
    connection.execute(
        "INSERT INTO votes (rater, image_id, aesthetic, artifacts, aesthetic_at, artifacts_at,"
        " post_id, surface, locale, client_agent_id, shown_at, created_at, changed_at,"
        " completed_at, row_id) VALUES (:rater, :image, :one, :two, 1, iif(:two IS NULL, NULL, 1),"
        " :image, 'public', 'en-US', 1, 0, 1, 1, iif(:two IS NULL, NULL, 1), randomblob(16))",
        values,
    )
    history(connection, rater, image, "given")


def history(connection: Connection, rater: int, image: int, action: str) -> None:
    connection.execute(
        "INSERT INTO vote_history (rater, image_id, action, at) VALUES (?, ?, ?, 1)",
        (rater, image, action),
    )


def take_out(connection: Connection, rater: int, image: int) -> None:
    """Make a vote void, as an order does."""
    connection.execute(
        "UPDATE votes SET state = 'void' WHERE rater = ? AND image_id = ?", (rater, image)
    )
    history(connection, rater, image, "voided")


def bring_back(connection: Connection, rater: int, image: int) -> None:
    connection.execute(
        "UPDATE votes SET state = 'given' WHERE rater = ? AND image_id = ?", (rater, image)
    )
    history(connection, rater, image, "restored")


def make(path: Path, shape: Shape | None = None, seed: int = 1) -> Path:
    """Make a database with a crowd."""
    upgrade(path)
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        fill(connection, shape or Shape(), seed)
        connection.execute("COMMIT")
    return path


def run(path: Path, now: datetime = NOON) -> dict[str, ScaleSummary]:
    """Score a database in this process."""
    return score_database(path, now, lambda _done, _most: None, beside=False)


def rows(path: Path, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
    with closing(connect(path, query_only=True)) as connection:
        return connection.execute(sql, parameters).fetchall()


def change(path: Path, sql: str, parameters: Sequence[object] = ()) -> None:
    with closing(connect(path)) as connection:
        connection.execute(sql, parameters)


IMAGES = "SELECT scale, image_id, score, standard_error, votes, plain_mean, difficulty, scored_at"
RATERS = "SELECT scale, rater, votes, bias, weight, reliability, held, scored_at"


def image_rows(path: Path) -> dict[Row, Row]:
    """Return score, error, votes, mean, difficulty and time by scale and image."""
    return {row[:2]: row[2:] for row in rows(path, f"{IMAGES} FROM image_scores")}


def rater_rows(path: Path) -> dict[Row, Row]:
    """Return votes, bias, weight, reliability, held and time by scale and rater."""
    return {row[:2]: row[2:] for row in rows(path, f"{RATERS} FROM rater_scores")}
