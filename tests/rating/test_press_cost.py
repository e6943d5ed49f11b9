"""What a press may not cost: tables that SQLite makes for itself while it runs a statement."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

from bot.keyed_hash import KeyedHash
from bot.rating.voting import ScorePress, ballot_of
from storage import captchas
from storage.captchas import CaptchaRecord
from tests.horde.asking import key_of
from tests.rating.world import NOON, World, caller

MAKING: Final = {"OpenEphemeral", "SorterOpen", "OpenAutoindex"}
"""The opcodes that make one: https://sqlite.org/opcode.html"""


class Noting(sqlite3.Connection):
    """A connection that notes which tables SQLite makes for itself, by statement."""

    noted: dict[str, set[str]]

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - the base class's
        """Run and note one statement."""
        codes = {row[1] for row in super().execute(f"EXPLAIN {sql}", parameters)}
        self.noted[sql] = codes & MAKING
        return super().execute(sql, parameters)


async def test_sqlite_makes_no_table_for_the_statements_of_a_score(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    world = await World.open(path, captcha_every=50, horde_api_key=key_of("jury"))
    post = await world.public_post(await world.channel(await world.data_set(1)))
    await world.agree(1, 2)
    for rater in (1, 2):
        far = CaptchaRecord(passed=1, votes_left=30)
        number = await world.number(rater)
        await world.database.write(partial(captchas.save, rater=number, kept=far))
    await world.vote(1, post)  # writes what only the first vote of all does
    await world.database.close()

    ballot = ballot_of(world.settings, KeyedHash(bytes(32)))
    with closing(sqlite3.connect(path, isolation_level=None, factory=Noting)) as connection:
        connection.noted = {}
        for number, (scale, value) in enumerate((("aesthetic", 5), ("artifacts", 1)), start=10):
            press = ScorePress(number, post, scale, value)
            earned = ballot.take(connection, caller(2), press, NOON).earned
            assert earned is not None
            assert earned.amount
    assert len(connection.noted) > 10
    assert {sql: made for sql, made in connection.noted.items() if made} == {}
