"""The history of votes: what came before costs the same, however much a rater has rated."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from storage import rule_queue, vote_history
from storage.connections import connect
from storage.migrations import upgrade
from storage.rule_queue import Pressed
from storage.times import to_microseconds
from tests.rating.world import NOON

MANY = 2_000


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """One rater's first entry on image 1, many on others, and the last on image 1 again."""
    path = tmp_path / "jury.db"
    upgrade(path)
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for number, image in enumerate([1, *range(2, MANY), 1], start=1):
            vote_history.append(
                connection,
                rater=1,
                image_id=image,
                action="given" if number == 1 else "changed",
                scores={"aesthetic": 1 + number % 10},
                post_id=None,
                interaction_id=number,
                at=NOON + timedelta(seconds=number),
            )
        connection.commit()
    return path


def by_rules(connection: sqlite3.Connection) -> object:
    at = to_microseconds(NOON)
    entry = Pressed(MANY, 1, 1, "changed", {}, at, {}, at, at, "private", gold=False)
    return rule_queue.scores_before(connection, entry)


def by_receipts(connection: sqlite3.Connection) -> object:
    entry = vote_history.of_interaction(connection, MANY)
    assert entry is not None
    before = vote_history.before(connection, entry)
    return None if before is None else before.scores


@pytest.mark.parametrize("look", [by_rules, by_receipts])
def test_the_entry_before_is_one_look(
    history: Path, look: Callable[[sqlite3.Connection], object]
) -> None:
    with closing(connect(history)) as connection:
        steps: list[None] = []
        connection.set_progress_handler(lambda: steps.append(None), 1)
        assert look(connection) == {"aesthetic": 2}
        assert len(steps) < 200, "steps of SQLite's machine; one an entry would be thousands"
