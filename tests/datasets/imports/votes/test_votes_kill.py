"""An import of votes that is killed at any moment is finished by the next one."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pandas as pd
import pyarrow.parquet as pq
import pytest

from bot.clock import SystemClock
from storage.database import Database
from storage.leases import Lease
from tests.datasets.imports.killing import kill_after
from tests.datasets.imports.votes.bringing import bring, kept, query, row, table

KILLS = 4
COUNT = 40_000

pytestmark = pytest.mark.process


async def test_a_killed_import_of_votes_is_finished_by_the_next(tmp_path: Path) -> None:
    rows = [row(n // 2 if n % 100 == 1 else n) for n in range(COUNT)]  # some are equal
    file = tmp_path / "votes.parquet"
    pq.write_table(table(rows), file, row_group_size=2_000)
    path = tmp_path / "jury.db"
    database = await Database.open(path)
    random = Random(3)
    seen = [0]
    # With the lease held the import takes several writes.
    async with Lease(database, "run", SystemClock()):
        for _ in range(KILLS):
            kill_after(
                path, file, bring, reports=random.randint(1, 5), seconds=random.random() * 0.1
            )
            ((count,),) = query(database, "SELECT count(*) FROM imported_votes")
            seen.append(count)
    assert seen == sorted(seen)
    assert 0 < seen[-1] < COUNT
    summary = await bring(database, file)
    assert (summary.already_there, summary.read) == (seen[-1], COUNT)
    assert query(database, "SELECT count(*) FROM imported_files WHERE finished_at > 0") == [(1,)]
    ours = kept(database).astype({"validated": "bool"})
    theirs = pd.read_parquet(file).sort_values("created_at", ignore_index=True, kind="stable")
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)
    await database.close()
