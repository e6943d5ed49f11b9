"""kill -9 at any moment: nothing is counted twice, and nothing never."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from bot.trust.rules.record import Record
from bot.trust.scoring.votes import Votes
from storage import rule_queue
from storage.database import Database
from tests.bench._rule_database import Filler, open_empty
from tests.rating.world import TurnedClock
from tests.rules.laborer import live
from tests.rules.reading import worker_of
from tests.trust.scoring_crowd import crowd

KILLS = 25
PATIENCE_SECONDS = 60

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["tests.rules.laborer"])


def prepare(path: Path, votes: Votes) -> None:
    """Write all votes and close all images, of which nothing is read yet."""

    async def fill() -> None:
        database = await open_empty(path, votes.raters, votes.items)
        filler = Filler(votes, 1)
        await database.write(lambda c: filler.fill(c, range(votes.items)))
        await database.write(lambda c: filler.close(c, range(votes.items)))
        await database.close()

    asyncio.run(fill())


def check(path: Path) -> tuple[int, int]:
    """Compare what is kept with how far the queue is read; return that."""
    with closing(sqlite3.connect(path)) as connection:
        reached = rule_queue.progress(connection)
        rows = connection.execute("SELECT votes, states, agreement FROM rule_records").fetchall()
        records = [Record.of(*row) for row in rows]
        answers = sum(b.answers for record in records for b in record.buttons.values())
        assert answers == reached.entry, "an entry was counted twice or never"
        compared = sum(
            record.agreement["aesthetic"].sums.n for record in records if record.agreement
        )
        ((marked,),) = connection.execute("SELECT count(*) FROM votes WHERE compared = 1")
        assert compared == reached.compared == marked, "an answer was compared twice or never"
        ((images,),) = connection.execute(
            "SELECT count(*) FROM images WHERE id NOT IN (SELECT image_id FROM closed_images)"
            " AND id IN (SELECT image_id FROM votes WHERE compared = 0)"
        )
        assert images == 0, "an image left the queue and was not compared"
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return reached.entry, reached.compared


def states(path: Path) -> list[tuple[int, int, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT rater, votes, states FROM rule_records ORDER BY rater"
        ).fetchall()


async def read_all(path: Path) -> None:
    database = await Database.open(path)
    await worker_of(database, TurnedClock()).settle()
    await database.close()


@pytest.mark.process
def test_nothing_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    votes = crowd(51, raters=30, each=60).votes
    path, calm = tmp_path / "killed.db", tmp_path / "calm.db"
    prepare(path, votes)
    prepare(calm, votes)
    random, amid = Random(5), 0
    for _ in range(KILLS):
        listening, speaking = FORKING.Pipe(duplex=False)
        child = FORKING.Process(target=live, args=(path, speaking))
        child.start()
        speaking.close()
        for _ in range(random.randint(0, 6)):
            assert listening.poll(PATIENCE_SECONDS), "the process neither works nor ends"
            try:
                listening.recv_bytes()
            except EOFError:
                break
        time.sleep(random.random() * 0.01)
        amid += child.is_alive()
        child.kill()
        child.join()
        check(path)
    assert amid > KILLS // 2
    asyncio.run(read_all(path))
    asyncio.run(read_all(calm))
    assert check(path) == (2 * len(votes), len(votes))
    assert states(path) == states(calm)
