"""A database with votes and scores, and releases of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import yaml

from bot.datasets.exports.catalogue import PictureForm
from bot.datasets.releases.contents import CONTENTS
from bot.datasets.releases.service import Released, ReleaseService
from bot.datasets.releases.sums import SUMS, write_sums
from bot.datasets.releases.verifying import Verdict, verify
from storage.database import Database
from tests.datasets.exports.votes_file import KEY
from tests.rating.world import TurnedClock, make_settings
from tests.trust.scored import NOON, Shape, make, run

Load = Callable[..., datasets.DatasetDict]
"""Loads a folder, and a configuration of it if one is named."""

SMALL = Shape(raters=12, each=10)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where releases of one database are made."""

    database: Database
    clock: TurnedClock
    service: ReleaseService
    folder: Path

    async def release(self, name: str, pictures: PictureForm = "none") -> Released:
        """Make a release, an hour after the last."""
        self.clock.turn(3600)
        return await self.service.release(self.folder / name, pictures=pictures)


@asynccontextmanager
async def opened(path: Path, **settings: object) -> AsyncIterator[Desk]:
    """Open a desk over a database; releases go beside it."""
    database, clock = await Database.open(path), TurnedClock(NOON)
    try:
        service = ReleaseService(database, clock, make_settings(**settings), KEY)
        yield Desk(database, clock, service, path.parent)
    finally:
        await database.close()


def scored(folder: Path, shape: Shape = SMALL) -> Path:
    """Make a database that has scores of all its votes."""
    path = make(folder / "jury.db", shape)
    run(path)
    return path


def verified(folder: Path) -> Verdict:
    return verify(folder, lambda _done, _most: None)


def files(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files by their paths."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def problems(folder: Path) -> list[str]:
    return list(verified(folder).problems)


def edit(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Change what the release says of itself, and have the sums follow."""
    contents = json.loads((folder / CONTENTS).read_bytes())
    change(contents)
    (folder / CONTENTS).write_text(json.dumps(contents))
    resum(folder)


def resum(folder: Path) -> None:
    (folder / SUMS).unlink()
    write_sums(folder)


def head(folder: Path) -> dict[str, Any]:
    """Return the head of the card as YAML readers see it."""
    _, text, _ = (folder / "README.md").read_text("utf-8").split("---\n", 2)
    read: dict[str, Any] = yaml.safe_load(text)
    return read
