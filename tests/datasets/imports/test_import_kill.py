"""An import that is killed at any moment leaves whole images and is finished by the next one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from bot.clock import SystemClock
from bot.datasets.imports.summary import Summary
from storage.database import Database
from storage.durable import UNFINISHED
from storage.leases import Lease
from tests.datasets.imports import imagerewarddb
from tests.datasets.imports.hf import bring_hf, cells, write_packed, write_shard
from tests.datasets.imports.imagerewarddb import bring_imagerewarddb, write_part, write_table
from tests.datasets.imports.importing import (
    PICTURE,
    bring_diffusiondb,
    bring_folder,
    row,
    stored,
    write_files,
    write_metadata,
    write_zip,
)
from tests.datasets.imports.killing import kill_after
from tests.images.pictures import drawn, encoded

KILLS = 4

pytestmark = pytest.mark.process


def many_files(folder: Path) -> int:
    write_files(folder, {f"{n:04}.png": PICTURE for n in range(700)})
    write_files(folder, {f"{n:04}.txt": f"prompt {n}" for n in range(700)})
    return 700


def many_rows(folder: Path) -> int:
    names = [f"{n:05}.png" for n in range(20_000)]
    write_zip(folder / "part-000001.zip", names, b"")
    write_metadata(folder / "metadata.parquet", [row(name) for name in names])
    return len(names)


def many_cells(folder: Path) -> int:
    for shard in range(3):
        pictures = [encoded(drawn(20, 10 + n)) for n in range(200 * shard, 200 * shard + 200)]
        prompts = [f"prompt {n}" for n in range(200)]
        write_shard(
            folder / f"{shard}.parquet",
            {"image": cells(*pictures), "prompt": prompts},
            row_group_size=50,
        )
    return 600


def many_packed(folder: Path) -> int:
    for number in range(3):
        names = [f"{n:04}.png" for n in range(200 * number, 200 * number + 200)]
        table = "file_name,text\n" + "".join(f"{name},prompt of {name}\n" for name in names)
        files = {name: encoded(drawn(20, 10 + n)) for n, name in enumerate(names)}
        write_packed(folder / f"{number}.zip", {**files, "metadata.csv": table})
    return 600


def many_sets(folder: Path) -> int:
    for part in (1, 2, 3):
        write_part(folder, f"train/train_{part}", range(200 * part, 200 * part + 200))
    write_table(folder, [imagerewarddb.row(n, f"train/train_{n // 200}") for n in range(200, 800)])
    return 600


@pytest.mark.parametrize(
    ("make", "bring"),
    [
        (many_files, bring_folder),
        (many_rows, bring_diffusiondb),
        (many_cells, bring_hf),
        (many_packed, bring_hf),
        (many_sets, bring_imagerewarddb),
    ],
)
async def test_a_killed_import_is_finished_by_the_next(
    tmp_path: Path,
    make: Callable[[Path], int],
    bring: Callable[..., object],
) -> None:
    count = make(tmp_path / "in")
    path = tmp_path / "jury.db"
    database = await Database.open(path)
    random = Random(3)
    seen = [0]
    # With the lease held the import of metadata takes several writes.
    async with Lease(database, "run", SystemClock()):
        for _ in range(KILLS):
            kill_after(
                path,
                tmp_path / "in",
                bring,
                reports=random.randint(1, 3),
                seconds=random.random() * 0.1,
            )
            images = stored(database, "prompt, width, member")
            assert all(None not in values for values in images.values())
            seen.append(len(images))
    assert seen == sorted(seen)
    assert any(0 < number < count for number in seen), seen
    summary = await bring(database, tmp_path / "in")  # type: ignore[misc] # one of them
    assert isinstance(summary, Summary)
    assert (summary.already_there, summary.read) == (seen[-1], count)
    assert len(stored(database, "id")) == count
    assert not list((tmp_path / "originals").rglob(f"*{UNFINISHED}"))
    await database.close()
