"""kill -9 while votes are taken out: what is done is whole, and the next start does the rest."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from sqlite3 import Connection

import pytest

from bot.trust.void_orders import BATCH
from storage import ledger, void_orders
from storage.votes import SCALES
from tests.process.taking_out import go_on
from tests.rating.world import EVER
from tests.trust import many
from tests.trust.home import Home, open_home
from tests.trust.released import note_release
from tests.trust.rows import dump
from tests.trust.scored import rows
from tests.trust.test_voiding_model import WRONG

VOTES = 3_000
PATIENCE_SECONDS = 60
RATER, OTHER = 1, 2

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["tests.process.taking_out"])

VOID = "SELECT count(*) FROM votes WHERE state = 'void'"
UNSETTLED = "SELECT id FROM void_orders WHERE settled_at IS NULL"
TORN = {
    "a vote is void without one entry of the history that says so": """
        SELECT v.id FROM votes v LEFT JOIN (SELECT rater, image_id, count(*) AS times
            FROM vote_history WHERE action = 'voided' GROUP BY rater, image_id) h
        ON h.rater = v.rater AND h.image_id = v.image_id
        WHERE (v.state = 'void') <> coalesce(h.times, 0)
    """,
    "a vote is void without a cause": """
        SELECT v.id FROM votes v WHERE (v.state = 'void') <> (SELECT count(*) FROM voids o
            WHERE o.rater = v.rater AND o.image_id = v.image_id)
    """,
    "a void vote is not on the list of removed rows": """
        SELECT v.id FROM votes v WHERE (v.state = 'void') <> (SELECT count(*) FROM removed_rows r
            WHERE r.row_id = v.row_id AND r.reason = 'voided')
    """,
}


def wrong(path: Path) -> list[str]:
    """Return what disagrees in the tables."""
    return [what for what, query in {**WRONG, **TORN}.items() if rows(path, query)]


async def fill(home: Home) -> None:
    """Have two raters fill images with votes that earned something, and order one's out."""
    images = await many.images(home, VOTES, target=2)
    await home.raters(RATER, OTHER)
    for rater in RATER, OTHER:
        await many.cast(home, rater, images, (3, 7))
    number, now = await home.world.number(RATER), home.world.clock.now()

    def unit(connection: Connection) -> None:
        connection.execute("UPDATE votes SET row_id = randomblob(16)")
        note_release(connection, now)
        connection.execute(
            "INSERT INTO vote_history (rater, image_id, action, aesthetic, artifacts, at)"
            " SELECT rater, image_id, 'given', aesthetic, artifacts, changed_at FROM votes"
        )
        for scale in SCALES:
            connection.execute(
                "INSERT INTO awards (rater, image_id, scale, amount, earned_at)"
                " SELECT rater, image_id, ?, 5, changed_at FROM votes",
                (scale,),
            )
        connection.execute(
            "INSERT INTO award_days (day, amount)"
            " SELECT earned_at / 86400000000, sum(amount) FROM awards GROUP BY 1"
        )
        void_orders.add(connection, number, "revert", now, since=EVER)

    await home.world.database.write(unit)


def kill_amid(folder: Path, path: Path) -> int:
    """Start the process, kill it once it has taken a vote out; return how many are out."""
    child = FORKING.Process(target=go_on, args=(folder,))
    child.start()
    patience = time.monotonic() + PATIENCE_SECONDS
    before = rows(path, VOID)
    while rows(path, VOID) == before:
        assert child.is_alive(), "the process ended before it was killed"
        assert time.monotonic() < patience, "the process does nothing"
    child.kill()
    child.join()
    return int(rows(path, VOID)[0][0])


@pytest.mark.process
async def test_a_revert_that_is_killed_amid_is_whole_and_is_ended_by_the_next_start(
    tmp_path: Path,
) -> None:
    path = tmp_path / "jury.db"
    async with open_home(tmp_path) as home:
        await fill(home)
    assert wrong(path) == []
    out = 0
    for _ in range(2):  # what a killed start left, the next one may leave, too
        before, out = out, kill_amid(tmp_path, path)
        assert before < out < VOTES
        assert out % BATCH == 0
        assert len(rows(path, UNSETTLED)) == 1
        assert wrong(path) == []
    async with open_home(tmp_path) as home:
        await home.services.bans.resume()
        whole = await dump(home.world.database)
        assert await home.world.database.read(ledger.imbalances) == []
        await home.services.bans.resume()
        assert await dump(home.world.database) == whole
    assert rows(path, VOID) == [(VOTES,)]
    assert rows(path, UNSETTLED) == []
    assert rows(path, "SELECT DISTINCT complete_votes FROM images") == [(1,)]
    assert wrong(path) == []
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
