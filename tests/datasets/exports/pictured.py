"""A database with scores whose images have pictures."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

from PIL import Image

from storage.connections import connect
from tests.trust.scored import Shape, make, run

GONE = 3
"""The image whose picture is not there."""


def pictured(folder: Path) -> Path:
    """Make one with four images a prompt, each with a picture of its own colour, but for GONE."""
    path = make(folder / "jury.db", Shape(raters=12, each=10))
    pictures = folder / "pictures"
    pictures.mkdir()
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE images SET data_set_id = 1, prompt = 'prompt ' || (id / 4)")
        connection.execute("DELETE FROM sources")
        connection.execute("INSERT INTO sources VALUES (1, 1, 'folder', ?)", (str(pictures),))
        connection.execute("UPDATE images SET source_id = 1, member = id || '.png'")
        numbers = [number for (number,) in connection.execute("SELECT id FROM images")]
        for number in numbers:
            file = pictures / f"{number}.png"
            Image.new("RGB", (8, 8), (number % 256, 0, 0)).save(file)
            sha256 = hashlib.sha256(file.read_bytes()).digest()
            connection.execute("UPDATE images SET sha256 = ? WHERE id = ?", (sha256, number))
    (pictures / f"{GONE}.png").unlink()
    run(path)
    return path
