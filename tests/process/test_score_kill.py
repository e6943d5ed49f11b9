"""kill -9 of the estimator's child: what is written is whole, and the next run does the rest."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from random import Random

import pytest

from bot.trust.scoring.request import ScoreRequest
from bot.trust.scoring.service import CHILD
from storage import image_scores
from storage.connections import connect
from storage.times import to_microseconds
from tests.trust.scored import (
    NOON,
    Shape,
    change,
    image_rows,
    make,
    rater_rows,
    rows,
    run,
    take_out,
)

KILLS = 12


def start(path: Path, prepare: Callable[[], None] | None = None) -> subprocess.Popen[bytes]:
    """Start a run beside a bot: in the shortest turns, with pauses."""
    child = subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-m", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=prepare,  # noqa: PLW1509 - a limit of the child's own
    )
    request = ScoreRequest(str(path), to_microseconds(NOON), beside=True)
    assert child.stdin is not None
    child.stdin.write(json.dumps(asdict(request)).encode() + b"\n")
    child.stdin.flush()
    return child


def figures(path: Path) -> tuple[object, object]:
    return image_rows(path), rater_rows(path)


def count(path: Path) -> int:
    return int(rows(path, "SELECT count(*) FROM image_scores")[0][0])


@pytest.mark.process
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_was_not(tmp_path: Path) -> None:
    path = make(tmp_path / "jury.db", Shape(raters=60, each=100, attackers=12), seed=3)
    change(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    control = Path(shutil.copy(path, tmp_path / "control.db"))
    run(control)
    wanted = count(control)
    random, counts = Random(7), []
    started = time.monotonic()
    with start(Path(shutil.copy(control, tmp_path / "timed.db"))) as child:
        child.wait()
    whole = time.monotonic() - started
    for kill in range(KILLS):
        if kill % 3 == 0:  # a new beginning, so that every part of a run is met
            change(path, "DELETE FROM image_scores")
            change(path, "DELETE FROM rater_scores")
        with start(path) as child:
            if kill % 2:
                time.sleep(random.uniform(0.2, 1.1) * whole)
            else:
                written = random.randrange(wanted)
                while child.poll() is None and count(path) < written:
                    time.sleep(0.001)
            child.kill()
        counts.append(count(path))
        with closing(connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            connection.execute("BEGIN")
            image_scores.rescore(connection, 7, NOON)
            connection.execute("ROLLBACK")
    assert any(0 < each < wanted for each in counts), "none was killed while it wrote"
    run(path)
    assert figures(path) == figures(control)
    held = "SELECT rater FROM holds ORDER BY rater"
    assert rows(path, held) == rows(control, held)


@pytest.mark.process
def test_a_full_disk_is_said_in_one_line_and_nothing_is_lost(tmp_path: Path) -> None:
    path = make(tmp_path / "jury.db", Shape())
    change(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    votes = rows(path, "SELECT count(*) FROM votes")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    with start(path, limit) as child:
        assert child.stdout is not None
        answer = json.loads(child.stdout.read().splitlines()[-1])
    assert child.returncode == 1
    assert answer["kind"] == "failed"
    assert "the disk" in answer["reason"]
    assert rows(path, "SELECT count(*) FROM votes") == votes
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    run(path)
    assert len(image_rows(path)) == 2 * rows(path, "SELECT count(*) FROM images")[0][0]


@pytest.mark.process
def test_votes_that_leave_while_it_writes_stay_away(tmp_path: Path) -> None:
    """Each turn leaves room for others; at the end every score is of the votes of that moment."""
    path = make(tmp_path / "jury.db", Shape(raters=80, each=150))
    gone: list[int] = []
    with start(path) as child, closing(sqlite3.connect(path, isolation_level=None)) as connection:
        image = 0
        while child.poll() is None:
            image += 1
            connection.execute("BEGIN IMMEDIATE")
            raters = connection.execute("SELECT rater FROM votes WHERE image_id = ?", (image,))
            for (rater,) in raters.fetchall():
                take_out(connection, rater, image)
            image_scores.rescore(connection, image, NOON)
            connection.execute("COMMIT")
            gone.append(image)
            time.sleep(0.002)
    assert child.returncode == 0
    assert len(gone) > 50
    left = {image for _, image in image_rows(path)}
    assert not left & set(gone)
    assert left | set(gone) >= {image for (image,) in rows(path, "SELECT id FROM images")}
