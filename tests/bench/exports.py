"""Exports of many votes: time against the plain loop, and how memory grows with the votes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq

from bot.datasets.exports.catalogue import FORMATS
from storage.connections import connect
from storage.migrations import upgrade
from tests.bench.rows import Row

MILLION = 1_000_000
ROUNDS = 3
COMPARED = ("horde", "votes")
OTHERS = tuple(name for name in FORMATS if name not in COMPARED)
"""Formats that are compared with a plain loop, and such whose memory alone is measured."""
WITH_IMPORTED = ("horde", "prepared")
"""Those that take imported votes, too, and no more memory for more of them."""
VOTES_AN_IMAGE = 5
POOL = 200

FILL = """
INSERT INTO data_sets (id, name, target, created_at) VALUES (1, 'diffusiondb', 5, 0);
INSERT INTO client_agents (name) VALUES ('HordeJury:1:a'), ('HordeJury:2:a');
INSERT INTO images (id, data_set_id, key, source_id, member, safe, random_key, imported_at, prompt)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {images})
    SELECT i, 1, lower(printf('%s-%s-%s-%s-%s', hex(randomblob(4)), hex(randomblob(2)),
        hex(randomblob(2)), hex(randomblob(2)), hex(randomblob(6)))), 1, i || '.webp', 1, 0, 0,
        'a picture, number ' || (i / 4) || ', as painted by somebody with a taste of their own'
    FROM n;
INSERT INTO raters (number, status, first_seen_at)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {raters})
    SELECT i, CASE i % 50 WHEN 0 THEN 'banned' WHEN 1 THEN 'validated' ELSE 'normal' END, 0
    FROM n;
INSERT INTO rater_scores (rater, scale, votes, bias, inconsistency, reliability, weight, held,
        scored_at)
    SELECT number, scale, 500, 0, 1, abs(random()) % 1000 / 1000.0, 1 + number % 7 / 10.0, 0, 0
    FROM raters, (SELECT 'aesthetic' AS scale UNION ALL SELECT 'artifacts');
INSERT INTO votes (rater, image_id, aesthetic, artifacts, aesthetic_at, artifacts_at, state,
        post_id, surface, locale, client_agent_id, shown_at, created_at, changed_at, completed_at,
        horde_kudos, horde_account_age, horde_usage_requests, horde_trusted, row_id)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {votes} - 1),
    given AS (
        SELECT i, 1700000000000000 + i * 7000001 AS at,
            CASE WHEN i % 9 THEN abs(random()) % 6 END AS artifacts,
            CASE i % 100 WHEN 0 THEN 'undone' ELSE 'given' END AS state,
            CASE WHEN i % 3 = 0 THEN i % 99991 END AS account
        FROM n
    )
    SELECT (i * 48271) % {raters} + 1,
        ((i / {pool_votes} * {pool} + i % {pool}) * 7368787) % {images} + 1,
        abs(random()) % 10 + 1, artifacts, at, CASE WHEN artifacts IS NOT NULL THEN at END,
        state, 1, 'private', 'en-US', 1 + i % 2, at, at, at,
        CASE WHEN artifacts IS NOT NULL AND state = 'given' THEN at END,
        account * 13, account * 77, account, account % 2, randomblob(16)
    FROM given WHERE true ON CONFLICT DO NOTHING;
INSERT INTO score_runs (scale, low, high, centre, spread, crowd_bias, crowd_weight, position)
    VALUES ('aesthetic', 1, 10, 5, 1, 0, 1, 0), ('artifacts', 0, 5, 2, 1, 0, 1, 0);
INSERT INTO image_scores (image_id, scale, score, standard_error, votes, plain_mean, difficulty,
        scored_at)
    SELECT image_id, scale, 5, 0.5, iif(scale = 'aesthetic', votes, flaws), 5, 1, 0
    FROM (
        SELECT image_id, count(*) AS votes, count(artifacts) AS flaws FROM votes
        WHERE state = 'given' GROUP BY image_id
    ), (SELECT 'aesthetic' AS scale UNION ALL SELECT 'artifacts')
    WHERE scale = 'aesthetic' OR flaws > 0;
"""
"""Votes as they come: in the order of time, five an image, from a pool of images that wanders over
all of them in no order; a third of them with a Horde account. 7368787 is a prime, so that the walk
meets every image."""

IMPORT = """
INSERT INTO imported_collections (id, data_set_id, name, format, low, high)
    VALUES (1, 1, 'horde', 'horde', 1, 10);
INSERT INTO imported_files (id, collection_id, name, sha256, columns, imported_at)
    VALUES (1, 1, 'votes.parquet', zeroblob(32), '[]', 0);
INSERT INTO imported_images (id, data_set_id, key) SELECT id, data_set_id, key FROM images;
INSERT INTO imported_raters (id, collection_id, key, name)
    SELECT number, 1, printf('%064x', number), printf('%064x', number) FROM raters;
INSERT INTO imported_client_agents (id, collection_id, name) VALUES (1, 1, 'ArtBot:1:a');
INSERT INTO imported_votes (collection_id, file_id, image_id, rater_id, client_agent_id,
        created_at, rating, artifacts, kudos)
    SELECT 1, 1, image_id, rater, 1, created_at, aesthetic, artifacts, 7
    FROM votes WHERE state = 'given';
"""
"""The same votes once more, from people elsewhere."""


def make_database(path: Path, votes: int) -> None:
    """Fill a database of today's schema with about so many votes."""
    upgrade(path)
    with closing(connect(path)) as connection:
        connection.executescript("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        fill = FILL.format(
            votes=votes, images=votes // VOTES_AN_IMAGE, raters=max(2000, votes // 500),
            pool=POOL, pool_votes=POOL * VOTES_AN_IMAGE,
        )  # fmt: skip
        connection.executescript(f"BEGIN; {fill} COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def add_imported(path: Path) -> None:
    """Add as many imported votes as there are others."""
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(f"BEGIN; {IMPORT} COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@dataclass(frozen=True, slots=True)
class Cost:
    """What an export took; `processor_seconds` of all threads, `mebibytes` at the peak."""

    seconds: float
    processor_seconds: float
    mebibytes: float


def run_export(form: str, way: str, database: Path) -> Cost:
    """Export in a process of its own."""
    paths = [str(database), str(target(form, way, database))]
    command = [sys.executable, "-m", "tests.bench._export_run", form, way, *paths]
    answer = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own code
    return Cost(**json.loads(answer.stdout))


def target(form: str, way: str, database: Path) -> Path:
    """Return where an export goes."""
    file_types = FORMATS[form].file_types
    ending = f".{file_types[0]}" if file_types else ""
    return database.with_suffix(f".{form}.{way}{ending}")


def check_same(form: str, database: Path) -> None:
    """Make sure that both ways exported the same rows."""
    order = [("id", "ascending"), ("user_id", "ascending")]
    ours, plain = (
        pq.read_table(target(form, way, database)).sort_by(order) for way in ("ours", "loop")
    )
    if not ours.equals(plain):
        raise AssertionError(f"the two ways exported different rows of {form}")


@contextmanager
def two_databases(*, full: bool) -> Iterator[tuple[Path, Path, int]]:
    """Give a database of a million votes, one of several, and how many million."""
    most = 10 if full else 2
    with tempfile.TemporaryDirectory() as folder:
        million, more = Path(folder, "million.db"), Path(folder, "more.db")
        make_database(million, MILLION)
        make_database(more, most * MILLION)
        yield million, more, most


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the benchmarks' common signature
    """Compare in rounds, so that other work on the machine meets both ways alike."""
    with two_databases(full=full) as (million, more, most):
        rows = [row for form in COMPARED for row in compare(form, million, more, most)]
        for form in OTHERS:
            cost = run_export(form, "ours", million)
            rows.append(Row(f"export {form} of 1 million votes", cost.seconds, None, "s"))
            rows += growth(form, cost.mebibytes, more, most)
        for database in (million, more):
            add_imported(database)
        for form in WITH_IMPORTED:
            memory = run_export(form, "imported", million).mebibytes
            rows += growth(form, memory, more, most, "imported")
        return rows


def compare(form: str, million: Path, more: Path, most: int) -> list[Row]:
    """Return the rows of a format; the larger database has `most` million votes."""
    rounds = [
        (run_export(form, "ours", million), run_export(form, "loop", million))
        for _ in range(ROUNDS)
    ]
    check_same(form, million)
    rows = pq.read_metadata(target(form, "ours", million)).num_rows
    size = target(form, "ours", million).stat().st_size
    seconds = median(ours.seconds for ours, _ in rounds)
    ratio = median(loop.seconds / ours.seconds for ours, loop in rounds)
    busy = median(loop.processor_seconds / ours.processor_seconds for ours, loop in rounds)
    memory = median(ours.mebibytes for ours, _ in rounds)
    name = f"export {form} of 1 million votes"
    return [
        Row(name, rows / seconds, None, "rows/s"),
        Row(f"{name}, speed", ratio, 3, "x sqlite3 fetchmany loop"),
        # Ours has two threads: where other work takes both cores, the speed comes down to this.
        Row(f"{name}, of the processor's time", busy, None, "x sqlite3 fetchmany loop"),
        Row(f"{name}, file", size / rows, None, "bytes/row"),
        *growth(form, memory, more, most),
    ]


def growth(form: str, memory: float, more: Path, most: int, way: str = "ours") -> list[Row]:
    """Return the row of the memory that `most` million votes need, where one needs `memory`."""
    peak = run_export(form, way, more).mebibytes
    named = form if way == "ours" else f"{form} with as many {way}"
    return memory_rows(f"export {named}", memory, peak, most)


def memory_rows(name: str, memory: float, peak: float, most: int) -> list[Row]:
    """Return the rows of the memory that a million votes need, and `peak` of `most` million."""
    name = f"{name} of {{}} million votes, peak memory"
    return [
        Row(name.format(1), memory, None, "MiB"),
        Row(name.format(most), peak / memory, 1.3, "x of 1 million", at_most=True),
    ]
