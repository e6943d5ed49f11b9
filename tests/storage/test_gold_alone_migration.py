"""A database from before gold was shown as gold alone and half an answer on it was judged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from bot.trust.gold.judging import judge
from storage import gold_answers, gold_images, posts
from storage.connections import connect
from storage.migrations import known_migrations, upgrade
from storage.times import from_microseconds
from storage.votes import SCALES

EARLIER: Final = known_migrations()[:25]

HOLD: Final = 600_000_000
"""From when half an answer is over, in microseconds after it was shown."""

WITH_VOTES, BEFORE_VOTES, ALL_GOLD = 1, 2, 3
LEARNER, ERASED = 3, 4

FILL: Final = f"""
INSERT INTO data_sets (id, name, target, created_at) VALUES
    ({WITH_VOTES}, 'votes', 2, 0), ({BEFORE_VOTES}, 'new', 2, 0), ({ALL_GOLD}, 'gold', 2, 0);
INSERT INTO sources (id, data_set_id, kind, path) SELECT id, id, 'folder', name FROM data_sets;
INSERT INTO client_agents (id, name) VALUES (1, 'HordeJury:0.1.0:a');
INSERT INTO raters (number, discord_id, first_seen_at, erased_at) VALUES
    (1, 101, 10, NULL), (2, 102, 10, NULL), ({LEARNER}, 103, 10, NULL), ({ERASED}, NULL, 10, 9000);
INSERT INTO images (id, data_set_id, key, source_id, member, safe, stage, random_key,
        revealed_at, change_until, imported_at)
SELECT column1, column2, column1, column2, column1, 1, column3, column1, column4, column5, 0
FROM (VALUES
    (1, 1, 'begun', NULL, NULL), (2, 1, 'full', NULL, 7000), (3, 1, 'begun', NULL, NULL),
    (4, 1, 'hidden', NULL, NULL), (5, 1, 'full', NULL, 6000), (6, 1, 'begun', NULL, NULL),
    (11, 2, 'begun', NULL, NULL), (12, 2, 'full', 4000, 4000), (13, 2, 'begun', 4000, NULL),
    (14, 2, 'waiting', NULL, NULL), (15, 2, 'begun', NULL, NULL), (16, 2, 'waiting', NULL, NULL),
    (21, 3, 'begun', NULL, NULL), (22, 3, 'waiting', NULL, NULL)
);
INSERT INTO gold_images (image_id, state, aesthetic_low, aesthetic_high, artifacts_low,
        artifacts_high, proposed_at, decided_at) VALUES
    (1, 'accepted', 6, 8, 0, 1, 0, 0), (5, 'accepted', 6, 8, 0, 1, 0, 0),
    (6, 'accepted', NULL, NULL, 0, 1, 0, 0), (11, 'accepted', 6, 8, 0, 1, 0, 0),
    (13, 'retired', 6, 8, NULL, NULL, 0, 5000), (21, 'accepted', 6, 8, 0, 1, 0, 0),
    (22, 'accepted', 6, 8, 0, 1, 0, 0);
"""  # noqa: S608 - constants

POST: Final = """
INSERT INTO posts (id, image_id, surface, rater, state, purpose, shown_at, answered_at)
VALUES (:id, :image, 'private', :rater, 'open', :purpose, 2000, :answered)
"""
VOTE: Final = """
INSERT INTO votes (rater, image_id, aesthetic, artifacts, aesthetic_at, artifacts_at, state,
    post_id, surface, locale, client_agent_id, shown_at, created_at, changed_at, completed_at,
    gold, row_id)
VALUES (:rater, :image, :aesthetic, :artifacts, iif(:aesthetic IS NULL, NULL, :at),
    iif(:artifacts IS NULL, NULL, :at), :state, :id, :surface, 'en', 1, 2000, :at, :at,
    iif(:state = 'given' AND :aesthetic + :artifacts IS NOT NULL, :at, NULL), :gold,
    randomblob(16))
"""


def add(
    connection: sqlite3.Connection,
    rater: int,
    image: int,
    scores: tuple[int | None, int | None] = (7, 1),
    *,
    at: int = 3000,
    gold: bool = False,
    state: str = "given",
    surface: str = "private",
) -> None:
    """Store a vote with the private post of its own, whose id is image and rater."""
    whole = None not in scores and state == "given"
    values = {
        "id": 10 * image + rater,
        "rater": rater,
        "image": image,
        "aesthetic": scores[0],
        "artifacts": scores[1],
        "at": at,
        "gold": gold,
        "state": state,
        "surface": surface,
        "purpose": "gold" if gold else "vote",
        "answered": at if gold and whole else None,
    }
    connection.execute(POST, values)
    connection.execute(VOTE, values)


def fill(connection: sqlite3.Connection) -> None:
    connection.executescript(FILL)
    for rater, image, at in ((1, 2, 3100), (1, 3, 3200)):
        add(connection, rater, image, at=at)  # the last of them is the twin
    add(connection, 2, 3, surface="public")
    add(connection, 2, 2, (7, None))
    add(connection, ERASED, 3, state="undone")
    add(connection, LEARNER, 4)  # is out of sight
    add(connection, LEARNER, 6)  # is gold now
    for image in (1, 5, 11, 21):
        add(connection, 1, image, gold=True)
    for rater, twin in ((2, 6), (LEARNER, 2), (ERASED, 5)):
        add(connection, rater, 5, gold=True)
        connection.execute(
            "UPDATE posts SET twin_image_id = ?, twin_completed_at = 9 WHERE id = ?",
            (twin, 50 + rater),
        )
    add(connection, 2, 1, (9, None), gold=True)
    add(connection, 2, 6, (9, None), gold=True)
    add(connection, 2, 11, (None, 1), gold=True)
    add(connection, 2, 21, (None, 4), gold=True, state="undone")
    add(connection, 2, 13, (5, None), gold=True)
    add(connection, 1, 13, (5, None), gold=True, at=5500)
    add(connection, LEARNER, 1, (9, None), gold=True)
    add(connection, ERASED, 1, (9, None), gold=True)
    connection.executescript(
        f"""
        INSERT INTO gold_answers VALUES ({LEARNER}, 1, 1, 7, NULL, 0, 0, 1000);
        INSERT INTO gold_answers SELECT rater, image_id, 0, aesthetic, artifacts, 2, 0, completed_at
            FROM votes WHERE gold = 1 AND completed_at IS NOT NULL AND rater <> {ERASED};
        """  # noqa: S608 - constants
    )


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "jury.db"
    upgrade(path, known=EARLIER)
    with closing(connect(path)) as connection:
        fill(connection)
        before = connection.execute("SELECT * FROM gold_answers").fetchall()
    upgrade(path)
    with closing(connect(path)) as connection:
        yield connection
        assert set(before) <= set(connection.execute("SELECT * FROM gold_answers").fetchall())
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def twins(connection: sqlite3.Connection) -> dict[int, tuple[int | None, int | None]]:
    """Return image and moment of the twin of each gold showing, by post."""
    rows = connection.execute(
        "SELECT id, twin_image_id, twin_completed_at FROM posts WHERE purpose = 'gold'"
    )
    return {post: (image, at) for post, image, at in rows}


def over(connection: sqlite3.Connection, *ids: int) -> list[datetime | None]:
    """Return when the time of the answers is over that began with these posts; None: not yet."""
    found = [shown for post in ids if (shown := posts.shown(connection, post)) and shown.twinned]
    assert len(found) == len(ids)
    return [shown.over_at for shown in found]


def test_answers_on_gold_below_its_target_have_a_twin(upgraded: sqlite3.Connection) -> None:
    newest, none = (3, 3200), (None, None)
    assert twins(upgraded) == {
        11: newest, 12: newest, 10 + LEARNER: newest, 10 + ERASED: newest, 62: newest,
        51: none, 52: newest, 50 + LEARNER: (2, 9), 50 + ERASED: (5, 9),
        111: (15, 3000), 112: (15, 2000), 131: (15, 2000), 132: (15, 2000),
        211: none, 212: none,
    }  # fmt: skip


def test_they_close_when_their_twin_does(upgraded: sqlite3.Connection) -> None:
    answered = (11, 12, 111, 112)
    assert over(upgraded, *answered) == [None] * 4
    upgraded.execute("UPDATE images SET stage = 'full', change_until = 7000 WHERE id IN (3, 15)")
    assert over(upgraded, *answered) == [
        from_microseconds(microseconds)
        for microseconds in (7000 - 200, 7000 - 1200 + HOLD, 7000, 7000 + HOLD)
    ]


def test_half_answers_are_judged_as_they_were_given(upgraded: sqlite3.Connection) -> None:
    halves = upgraded.execute(
        "SELECT rater, image_id, aesthetic, artifacts, asked, wrong, answered_at FROM gold_answers"
        " WHERE lesson = 0 AND (aesthetic IS NULL OR artifacts IS NULL) ORDER BY image_id"
    ).fetchall()
    assert halves == [
        (2, 1, 9, None, 1, 1, 3000),
        (2, 6, 9, None, 0, 0, 3000),
        (2, 11, None, 1, 1, 0, 3000),
        (2, 13, 5, None, 1, 1, 3000),
    ]
    for rater, image, aesthetic, artifacts, *told, _ in halves:
        gold = gold_images.find(upgraded, image)
        scores = {
            scale: score
            for scale, score in zip(SCALES, (aesthetic, artifacts), strict=True)
            if score is not None
        }
        assert gold is not None
        judged = judge(gold.ranges, scores)
        assert told == [judged.asked, judged.wrong], rater
        gold_answers.judge_again(upgraded, image, gold.ranges)
    again = upgraded.execute("SELECT sum(asked), sum(wrong) FROM gold_answers").fetchone()
    assert again == (3 + 6 * 2, 2)
