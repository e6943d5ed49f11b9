"""How many pictures an export holds in memory at a time."""

import hashlib
import json
import subprocess
import sys
import zipfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from random import Random

import pytest

from bot.datasets.exports.catalogue import PictureForm
from bot.datasets.exports.request import ExportRequest
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.shards import Originals
from bot.datasets.exports.source import RefusedError
from storage.connections import connect
from tests.datasets.exports.pictured import pictured
from tests.datasets.exports.votes_file import KEY

PICTURE_BYTES = 4 * 2**20

PEAK = """
import json, sys, tracemalloc
from bot.datasets.exports.child import export
from bot.datasets.exports.request import ExportRequest
request = ExportRequest.parsed(json.loads(sys.argv[1]))
tracemalloc.start()
counts = export(request, lambda _done, _most: None)
print(json.dumps([counts.images, tracemalloc.get_traced_memory()[1]]))
"""


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return a database whose images have one prompt and large pictures, in a zip."""
    path = pictured(tmp_path)
    archive, noise = tmp_path / "pictures.zip", Random(1).randbytes(PICTURE_BYTES - 8)
    with closing(connect(path)) as connection, zipfile.ZipFile(archive, "w") as file:
        connection.execute("UPDATE sources SET kind = 'zip', path = ?", (str(archive),))
        connection.execute("UPDATE images SET prompt = 'a fox'")
        for (number,) in connection.execute("SELECT id FROM images").fetchall():
            data = number.to_bytes(8, "big") + noise
            file.writestr(f"{number}.png", data)
            sha256 = hashlib.sha256(data).digest()
            connection.execute("UPDATE images SET sha256 = ? WHERE id = ?", (sha256, number))
    return path


def peak(database: Path, form: str, pictures: PictureForm) -> tuple[int, int]:
    """Export in a process of its own; return how many images, and the most bytes of its objects."""
    request = ExportRequest(
        str(database), str(database.with_name(pictures)), form, None, Selection(), KEY.key.hex(), 0,
        exact_signals=False, pictures=pictures,
    )  # fmt: skip
    command = [sys.executable, "-c", PEAK, json.dumps(asdict(request))]
    child = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own code
    images, most = json.loads(child.stdout)
    return images, most


@pytest.mark.parametrize(
    ("name", "pictures", "held"),
    [
        *(("imagereward", form, 2) for form in ("folder", "zip", "webdataset")),
        ("imagereward", "parquet", 9),
        ("trainingdata", "folder", 2),
    ],
)
def test_pictures_of_one_prompt_are_in_memory_one_by_one(
    large: Path, name: str, pictures: PictureForm, held: int
) -> None:
    """Less than two; a row group of parquet has four, which are there twice when it is written."""
    images, most = peak(large, name, pictures)
    _, without = peak(large, name, "none")
    assert images == 24
    assert most < without + held * PICTURE_BYTES


def test_a_picture_that_changes_while_it_is_read_ends_the_export(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"one")
    image = {
        "stage": "full", "source_kind": "folder", "source_path": str(tmp_path), "member": "a.png",
        "sha256": hashlib.sha256(b"one").hexdigest(),
    }  # fmt: skip
    originals = Originals()
    assert originals.is_there(image)
    assert originals.read_again(image) == b"one"
    (tmp_path / "a.png").write_bytes(b"two")
    with pytest.raises(RefusedError, match=r"a\.png changed while it was read; export again"):
        originals.read_again(image)
