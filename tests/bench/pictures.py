"""Exports with pictures: the memory for those of one prompt, against that for four a prompt."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import closing
from pathlib import Path

from storage.connections import connect
from tests.bench.exports import VOTES_AN_IMAGE, make_database, run_export
from tests.bench.rows import Row

PICTURES, PICTURES_FULL = 300, 1200
PICTURE_BYTES = 2**20


def fill(path: Path, pictures: int) -> None:
    """Make a database of images with votes and a picture each, beside it."""
    make_database(path, pictures * VOTES_AN_IMAGE)
    folder, noise = path.with_name("pictures"), os.urandom(PICTURE_BYTES - 8)
    folder.mkdir()
    with closing(connect(path)) as connection:
        connection.execute(
            "INSERT INTO sources (id, data_set_id, kind, path) VALUES (1, 1, 'folder', ?)",
            (str(folder),),
        )
        members = connection.execute("SELECT id, member FROM images").fetchall()
        connection.execute("BEGIN")
        for number, member in members:
            data = number.to_bytes(8, "big") + noise
            (folder / member).write_bytes(data)
            sha256 = hashlib.sha256(data).digest()
            connection.execute("UPDATE images SET sha256 = ? WHERE id = ?", (sha256, number))
        connection.execute("COMMIT")


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the benchmarks' common signature
    """Export the same pictures as those of many prompts and as those of one."""
    pictures = PICTURES_FULL if full else PICTURES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pictures.db")
        fill(path, pictures)
        many = run_export("imagereward", "pictures", path)
        with closing(connect(path)) as connection:
            connection.execute("UPDATE images SET prompt = 'a picture'")
        one = run_export("imagereward", "pictures", path)
    name = f"export imagereward of {pictures} pictures of 1 MiB"
    return [
        Row(f"{name}, four a prompt", many.seconds, None, "s"),
        Row(f"{name}, four a prompt, peak memory", many.mebibytes, None, "MiB"),
        Row(
            f"{name}, all of one prompt, peak memory",
            one.mebibytes / many.mebibytes, 1.3, "x of four a prompt", at_most=True,
        ),
    ]  # fmt: skip
