"""A database from before managers and moderators had a bar each."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

from storage.connections import connect
from storage.migrations import known_migrations, upgrade

EARLIER: Final = known_migrations()[:11]

FILL: Final = """
INSERT INTO raters (number, discord_id, first_seen_at) VALUES (1, 101, 10), (2, 102, 10);
INSERT INTO bars (guild_id, rater, reason, until, barred_at, placed_by) VALUES
    (7, 1, 'rude', NULL, 20, 'manager'), (8, 1, 'spam', 90, 30, 'moderator'),
    (7, 2, NULL, NULL, 40, 'moderator');
INSERT INTO erased_bars (discord_hash, guild_id, placed_by, until) VALUES
    ('a', 7, 'manager', NULL), ('a', 8, 'moderator', 90);
"""
QUERIES: Final = (
    "SELECT guild_id, rater, reason, until, barred_at, placed_by FROM bars ORDER BY barred_at",
    "SELECT discord_hash, guild_id, placed_by, until FROM erased_bars ORDER BY guild_id",
)


def test_every_bar_is_kept_and_may_have_one_of_the_others_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    upgrade(path, known=EARLIER)
    with closing(connect(path)) as connection:
        connection.executescript(FILL)
        before = [connection.execute(query).fetchall() for query in QUERIES]
    upgrade(path)
    with closing(connect(path)) as connection:
        assert [connection.execute(query).fetchall() for query in QUERIES] == before
        connection.execute(
            "INSERT INTO bars (guild_id, rater, barred_at, placed_by)"
            " VALUES (7, 1, 50, 'moderator')"
        )
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
