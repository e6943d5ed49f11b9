"""The plain way to export every column of votes: `sqlite3` rows by `fetchmany`, column by column.

Makes the same rows as the format, though not in the same order.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bot.datasets.exports.formats.votes import TABLE
from bot.datasets.exports.splits import split_of
from bot.keyed_hash import KeyedHash
from tests.bench._export_loop import MINUTE, ROWS, two_digits, whole_weeks

SQL = """
SELECT lower(hex(row_id)), data_sets.name, images.key, images.prompt, votes.rater, aesthetic,
    artifacts, state, surface, gold, after_reveal, shown_at, votes.created_at, aesthetic_at,
    artifacts_at, changed_at, completed_at, client_agents.name, horde_kudos, horde_account_age,
    horde_usage_requests, horde_trusted, captchas_failed, status = 'validated',
    one.reliability, one.weight, two.reliability, two.weight
FROM votes
JOIN raters ON raters.number = votes.rater
JOIN images ON images.id = image_id
JOIN data_sets ON data_sets.id = images.data_set_id
JOIN client_agents ON client_agents.id = client_agent_id
LEFT JOIN rater_scores one ON one.rater = votes.rater AND one.scale = 'aesthetic'
LEFT JOIN rater_scores two ON two.rater = votes.rater AND two.scale = 'artifacts'
WHERE state = 'given' AND gold = 0 AND erased_at IS NULL AND data_sets.name = ?
"""


def export(database: Path, target: Path, data_set: str, keyed_hash: KeyedHash) -> None:
    """Write the file."""
    pseudonym = cache(lambda rater: keyed_hash.digest("rater", rater))
    split = cache(split_of)
    with (
        closing(sqlite3.connect(database)) as connection,
        pq.ParquetWriter(target, TABLE, compression="zstd") as writer,
    ):
        cursor = connection.execute(SQL, (data_set,))
        while rows := cursor.fetchmany(ROWS):
            columns = list(zip(*rows, strict=True))
            row_ids, names, keys, prompts, raters, one, two, states, surfaces, gold, late = columns[
                :11
            ]
            agents, kudos, ages, requests, trusted, captchas, validated = columns[17:24]
            values = [
                row_ids, names, keys, list(map(split, prompts, keys)), list(map(pseudonym, raters)),
                one, two, states, surfaces, list(map(bool, gold)), list(map(bool, late)),
                *map(_minutes, columns[11:17]), agents,
                [None if value is None else two_digits(value) for value in kudos],
                [
                    None if age is None else whole_weeks(age, time)
                    for age, time in zip(ages, columns[12], strict=True)
                ],
                [None if value is None else two_digits(value) for value in requests],
                [None if value is None else bool(value) for value in trusted],
                captchas, list(map(bool, validated)), *columns[24:],
            ]  # fmt: skip
            arrays = [pa.array(c, f.type) for c, f in zip(values, TABLE, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=TABLE))


def _minutes(moments: tuple[int | None, ...]) -> list[int | None]:
    return [None if moment is None else moment // MINUTE * MINUTE for moment in moments]
