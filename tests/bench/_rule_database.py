"""A pool of votes as the bot would have stored them, for the real worker to read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

import numpy as np

from bot.trust.scoring.votes import Votes
from storage import data_sets, images, sources
from storage.database import Database
from storage.images import NewImage
from storage.times import to_microseconds

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = 1_000_000
VOTE_SECONDS = 5
ID_BITS = 45
"""Between two Discord ids: accounts that were made hours apart."""

Rows = list[tuple[int | str | None, ...]]


async def open_empty(path: Path, raters: int, items: int) -> Database:
    """Make a database with so many raters and images, numbered from 1."""
    database = await Database.open(path)

    def unit(connection: Connection) -> None:
        found = data_sets.create(connection, "faces", target=5, now=BEGIN)
        source = sources.create(connection, found.id, "folder", "/faces")
        images.insert_new(
            connection,
            [
                NewImage(found.id, f"{n}", source.id, f"{n}.png", safe=True, random_key=n)
                for n in range(items)
            ],
            BEGIN,
        )
        connection.execute("INSERT INTO client_agents (id, name) VALUES (?, 'bench')", (1,))
        connection.executemany(
            "INSERT INTO raters (number, discord_id, first_seen_at) VALUES (?, ?, ?)",
            [
                (n, n << ID_BITS, to_microseconds(BEGIN + timedelta(hours=n)))
                for n in range(1, raters + 1)
            ],
        )
        connection.execute(
            "INSERT INTO posts (id, image_id, surface, channel_id, state, shown_at)"
            " SELECT id, id, 'public', 1, 'open', 0 FROM images"
        )

    await database.write(unit)
    return database


class Filler:
    """Writes votes image by image, as presses would have: two entries of the history a vote.

    The images before `begin` are written already.
    """

    def __init__(self, votes: Votes, seed: int, begin: int = 0) -> None:
        rng = np.random.default_rng(seed)
        scale = (votes.score - votes.low) / (votes.high - votes.low)
        self._aesthetic = np.rint(1 + 9 * scale).astype(int).tolist()
        flaws = np.where(rng.random(len(votes)) < 0.85, 0, rng.integers(1, 6, len(votes)))
        self._artifacts = flaws.tolist()
        self._rater = (votes.rater + 1).tolist()
        self._start = np.searchsorted(votes.item, np.arange(votes.items + 1)).tolist()
        self._interaction = 2 * self._start[begin]
        self._now = to_microseconds(BEGIN) + VOTE_SECONDS * SECOND * self._start[begin]

    def fill(self, connection: Connection, items: range) -> int:
        """Write the votes on these items; return how many there are."""
        rows: Rows = []
        history: Rows = []
        for item in items:
            for vote in range(self._start[item], self._start[item + 1]):
                self._vote(item + 1, vote, rows, history)
        connection.executemany(_VOTE, rows)
        connection.executemany(_HISTORY, history)
        return len(rows)

    def close(self, connection: Connection, items: range) -> None:
        """End the time in which the votes on these items may be changed."""
        connection.executemany(
            "INSERT INTO closed_images (image_id, closed_at) VALUES (?, ?)",
            [(item + 1, self._now) for item in items],
        )

    def _vote(self, image: int, vote: int, rows: Rows, history: Rows) -> None:
        first = self._now = self._now + VOTE_SECONDS * SECOND
        second = first + 2 * SECOND
        rater, one, two = self._rater[vote], self._aesthetic[vote], self._artifacts[vote]
        shown = first - 3 * SECOND
        rows.append((rater, image, one, two, first, second, image, shown, first, second, second))
        for aesthetic, artifacts, at in ((one, None, first), (one, two, second)):
            self._interaction += 1
            history.append((rater, image, aesthetic, artifacts, image, self._interaction, at))


_VOTE = """
    INSERT INTO votes (rater, image_id, aesthetic, artifacts, aesthetic_at, artifacts_at, post_id,
        surface, locale, client_agent_id, shown_at, created_at, changed_at, completed_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, 'private', 'en', 1, ?, ?, ?, ?)
"""
_HISTORY = """
    INSERT INTO vote_history (rater, image_id, action, aesthetic, artifacts, post_id,
        interaction_id, at)
    VALUES (?, ?, 'given', ?, ?, ?, ?, ?)
"""
