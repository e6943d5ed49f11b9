"""The whole demo as a process of its own, without a browser."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from tests.demo.running import Demo, RunDemo

pytestmark = pytest.mark.process


def _facts(database: Path, sql: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        (number,) = connection.execute(sql).fetchone()
    return int(number)


def test_a_headless_demo_fills_and_closes_posts_and_says_where_everything_lies(
    run_demo: RunDemo,
) -> None:
    demo = run_demo("--headless", "--for", "8", "--raters", "8")
    demo.stop_by_itself()
    assert demo.process.returncode == 0

    (database,) = demo.said("Database:")
    closed = "SELECT count(*) FROM posts WHERE state = 'closed' AND surface = 'public'"
    assert _facts(database, closed) >= 2
    over = "SELECT count(*) FROM images WHERE complete_votes > 5"
    assert _facts(database, over) == 0
    taken_for_one = "SELECT count(*) FROM findings WHERE rule = 'burst'"
    assert _facts(database, taken_for_one) == 0

    exports = [pd.read_parquet(path) for path in demo.said("Export:")]
    assert [path.name for path in demo.said("Export:")] == [
        "gallery_export.parquet",
        "after-dark_export.parquet",
    ]
    given = (
        "SELECT count(*) FROM votes WHERE state = 'given' AND aesthetic IS NOT NULL AND gold = 0"
    )
    assert sum(map(len, exports)) == _facts(database, given) >= 20
    assert exports[0]["rating"].between(1, 10).all()

    _check_payouts(demo, database)
    (scores,) = demo.said("Scores:")
    with Image.open(scores) as picture:
        assert picture.size == (1200, 560)
        assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 50


def _check_payouts(demo: Demo, database: Path) -> None:
    """Check that the ledger says what the Horde's stand-in moved, and nothing is left in doubt."""
    moved = [
        json.loads(line)
        for line in (demo.folder / "horde-transfers.jsonl").read_text("utf-8").splitlines()
    ]
    with closing(sqlite3.connect(database)) as connection:
        paid = connection.execute("SELECT horde_id, amount, key FROM payouts WHERE state = 'paid'")
        ledger = sorted(paid.fetchall())
    assert sorted((each["payee"], each["amount"], each["key"]) for each in moved) == ledger
    assert len(ledger) >= 2
    open_ = "SELECT count(*) FROM payouts WHERE state IN ('sending', 'in_doubt')"
    assert _facts(database, open_) == 0
    of_payouts = "SELECT coalesce(sum(amount), 0) FROM awards WHERE payout_id IS NOT NULL"
    kudos = sum(amount for _, amount, _ in ledger)
    assert _facts(database, of_payouts) == kudos
    verified = "SELECT count(*) FROM horde_links WHERE verified_at IS NOT NULL"
    assert _facts(database, verified) == 4
    assert _facts(database, "SELECT count(*) FROM horde_links") == 8
    assert f"Kudos:    {kudos} paid (payouts: {len(ledger)})" in demo.lines


def test_a_demo_that_goes_on_pays_nothing_again(run_demo: RunDemo) -> None:
    demo = run_demo("--headless", "--for", "5", "--raters", "8")
    demo.stop_by_itself()
    (database,) = demo.said("Database:")
    _check_payouts(demo, database)
    again = run_demo("--headless", "--for", "5", "--raters", "8", "--keep")
    again.stop_by_itself()
    _check_payouts(again, database)


def test_a_demo_that_is_told_to_end_keeps_its_votes_for_the_next(run_demo: RunDemo) -> None:
    demo = run_demo("--headless", "--raters", "6")
    demo.wait_for_votes(10)
    demo.stop(signal.SIGTERM)
    assert demo.process.returncode == 0
    before = sum(len(pd.read_parquet(path)) for path in demo.said("Export:"))
    assert before >= 5

    again = run_demo("--headless", "--for", "1", "--raters", "0", "--keep")
    again.stop_by_itself()
    assert sum(len(pd.read_parquet(path)) for path in again.said("Export:")) == before

    afresh = run_demo("--headless", "--for", "1", "--raters", "0")
    afresh.stop_by_itself()
    assert sum(len(pd.read_parquet(path)) for path in afresh.said("Export:")) == 0
