"""Kudos that wait because of the estimator: placed once, lifted by itself, people's word stands."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from storage import holds, raters
from storage.connections import connect
from tests.trust.scored import NOON, Row, Shape, change, make, rater_rows, rows, run, take_out

ATTACKERS = 12
HOUR = timedelta(hours=1)


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a database in which some press at random, long enough to be told."""
    shape = Shape(raters=60, each=100, attackers=ATTACKERS)
    path = make(tmp_path_factory.mktemp("attacked") / "jury.db", shape, seed=3)
    change(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


@pytest.fixture
def path(attacked: bytes, tmp_path: Path) -> Path:
    place = tmp_path / "jury.db"
    place.write_bytes(attacked)
    return place


def held(path: Path) -> set[int]:
    found = rows(path, "SELECT rater FROM holds WHERE reason = 'reliability'")
    return {rater for (rater,) in found}


def log(path: Path) -> list[Row]:
    return rows(path, "SELECT action, subject, actor, rater, details FROM audit_log ORDER BY id")


def test_who_does_not_look_is_held_and_it_is_logged(path: Path) -> None:
    run(path)
    doubted = {rater for (_, rater), row in rater_rows(path).items() if row[4]}
    assert held(path) == doubted
    assert len(doubted & set(range(1, ATTACKERS + 1))) > ATTACKERS * 0.8
    assert len(doubted - set(range(1, ATTACKERS + 1))) <= 1
    entries = log(path)
    assert {entry[1] for entry in entries} == {f"rater:{number}" for number in doubted}
    assert {(entry[0], *entry[2:]) for entry in entries} == {
        ("hold.placed", "program", None, json.dumps({"reason": "reliability"}))
    }
    assert rows(path, "SELECT DISTINCT status FROM raters") == [("normal",)]


def test_it_is_placed_and_logged_once(path: Path) -> None:
    run(path)
    first = held(path), log(path)
    run(path, NOON + HOUR)
    assert (held(path), log(path)) == first


def test_a_hold_that_people_took_away_does_not_come_back(path: Path) -> None:
    run(path)
    released = min(held(path))
    before = rater_rows(path)["aesthetic", released]
    with closing(connect(path)) as connection:
        holds.lift(connection, released)
        (image,) = connection.execute(
            "SELECT max(image_id) FROM votes WHERE rater = ?", (released,)
        ).fetchone()
        take_out(connection, released, image)
    run(path, NOON + HOUR)
    after = rater_rows(path)["aesthetic", released]
    assert (after[0], after[4]) == (before[0] - 1, 1), "the row is another, and held as before"
    assert released not in held(path)


def test_it_is_lifted_once_it_does_not_apply_and_placed_again_if_it_does(path: Path) -> None:
    run(path)
    number = int(min(held(path)))
    change(path, "UPDATE votes SET state = 'void' WHERE rater = ? AND image_id % 3 < 2", (number,))
    run(path, NOON + HOUR)
    assert number not in held(path)
    assert log(path)[-1][:3] == ("hold.lifted", f"rater:{number}", "program")
    change(path, "UPDATE votes SET state = 'given' WHERE rater = ?", (number,))
    run(path, NOON + 2 * HOUR)
    assert number in held(path)


def test_below_50_votes_nobody_is_held(path: Path) -> None:
    """Reliability may be low by then: captchas and gold follow from that, money does not."""
    change(path, "DELETE FROM votes WHERE rater <= ? AND image_id % 2 = 0", (ATTACKERS,))
    change(path, "DELETE FROM votes WHERE rater <= ? AND image_id % 5 = 1", (ATTACKERS,))
    run(path)
    few = [row for (_, rater), row in rater_rows(path).items() if row[0] < 50]
    assert len(few) > 10
    assert min(row[3] for row in few) < 0.2
    assert not any(row[4] for row in few)


def test_whoever_a_moderator_vouches_for_is_not_held(path: Path) -> None:
    with closing(connect(path)) as connection:
        raters.set_status(connection, 1, "validated")
    run(path)
    assert rater_rows(path)["aesthetic", 1][4] == 1
    assert 1 not in held(path)
    assert [entry for entry in log(path) if entry[1] == "rater:1"] == [], "not for a moment"
    number = int(min(held(path)))
    with closing(connect(path)) as connection:
        raters.set_status(connection, number, "validated")
    run(path, NOON + HOUR)
    assert number not in held(path)


def answer_gold(path: Path, rater: int, *, right: bool) -> None:
    """Let somebody answer twelve images as gold, anew where they have before."""
    with closing(connect(path)) as connection:
        for image in range(1, 13):
            low = 7 if image % 2 else 1
            connection.execute(
                "INSERT OR IGNORE INTO gold_images (image_id, state, aesthetic_low,"
                " aesthetic_high, artifacts_low, artifacts_high, proposed_at)"
                " VALUES (?, 'accepted', ?, ?, ?, ?, 0)",
                (image, low, low + 3, low // 3, low // 3 + 1),
            )
            answer = (low + 1, low // 3) if right else (9 - low, 2 - low // 3)
            connection.execute(
                "INSERT OR REPLACE INTO gold_answers (rater, image_id, lesson, aesthetic,"
                " artifacts, asked, wrong, answered_at) VALUES (?, ?, 0, ?, ?, 2, 0, 0)",
                (rater, image, *answer),
            )


def test_whose_gold_is_right_is_not_held_for_as_long(path: Path) -> None:
    run(path)
    number = int(min(held(path)))
    answer_gold(path, number, right=True)
    run(path, NOON + HOUR)
    assert number not in held(path)
    assert rater_rows(path)["aesthetic", number][4] == 0
    assert log(path)[-1][:3] == ("hold.lifted", f"rater:{number}", "program")
    run(path, NOON + 2 * HOUR)
    assert number not in held(path)
    answer_gold(path, number, right=False)
    run(path, NOON + 3 * HOUR)
    assert number in held(path)
    assert rater_rows(path)["aesthetic", number][4] == 1


def test_other_reasons_stay(path: Path) -> None:
    with closing(connect(path)) as connection:
        holds.place(connection, 50, "review", NOON)
    run(path)
    assert rows(path, "SELECT reason FROM holds WHERE rater = 50") == [("review",)]
