"""Near-duplicates: a look for one among many images, and what a picture's hash costs."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from pathlib import Path
from random import Random
from statistics import median

from bot.images.perceptual import perceptual_hash
from storage import perceptual_hashes
from storage.connections import connect
from storage.migrations import upgrade
from tests.bench.rows import Row
from tests.images.pictures import noise

IMAGES, IMAGES_FULL = 200_000, 2_000_000
ROUNDS = 1000
PICTURES = 50
SIDE = 1024

FILL = """
    INSERT INTO images (id, data_set_id, key, source_id, member, safe, random_key, imported_at,
        perceptual_hash)
    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
    SELECT n, 1, n, 1, n || '.png', 0, n, 0, random()
    FROM number
"""


def fill(path: Path, images: int) -> None:
    """Make a database with so many images, whose hashes are random."""
    upgrade(path)
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO data_sets (id, name, target, created_at) VALUES (1, 'bench', 5, 0)"
        )
        connection.execute(
            "INSERT INTO sources (id, data_set_id, kind, path) VALUES (1, 1, 'folder', '/')"
        )
        connection.execute(FILL, (images,))
        connection.execute("COMMIT")


def time_looks(path: Path) -> float:
    """Return the median seconds of one look."""
    random = Random(5)
    seconds = []
    with closing(connect(path, query_only=True)) as connection:
        for _ in range(ROUNDS):
            wanted = random.getrandbits(64) - 2**63
            begun = time.perf_counter()
            perceptual_hashes.nearest(connection, 1, wanted)
            seconds.append(time.perf_counter() - begun)
    return median(seconds)


def time_hashes() -> float:
    """Return the median seconds of one picture's hash; its decoding is not counted."""
    picture = noise(SIDE, SIDE)
    seconds = []
    for _ in range(PICTURES):
        begun = time.perf_counter()
        perceptual_hash(picture)
        seconds.append(time.perf_counter() - begun)
    return median(seconds)


def run(full: bool) -> list[Row]:  # noqa: FBT001 - how the harness calls every benchmark
    """Look among two million images, or among a tenth of them."""
    images = IMAGES_FULL if full else IMAGES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jury.db"
        fill(path, images)
        look = time_looks(path)
    return [
        Row(f"near-duplicate among {images:,}", look * 1000, 2, "ms", at_most=True),
        Row(f"perceptual hash, {SIDE} x {SIDE}", time_hashes() * 1000, None, "ms"),
    ]
