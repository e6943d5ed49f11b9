"""How the commands that import run: into which data set, with progress, Ctrl-C and a summary."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import typer

from bot.commands.console import Sayable, progress, say_summary
from bot.commands.opening import interruptible
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.sink import Sink
from bot.datasets.imports.summary import Summary
from bot.errors import ImportRefusedError, SourceUnavailableError
from bot.services import Services, open_services
from bot.settings import load_settings
from storage.errors import DiskError

KEPT: Final = "what was imported so far is kept; the same command goes on with the rest"
MENDED: Final = (
    "what came before is kept; once that is mended the same command goes on with the rest"
)


@asynccontextmanager
async def open_sink(
    title: str, data_set: str, near: NearDuplicates = NearDuplicates.COUNT
) -> AsyncIterator[tuple[Services, Sink]]:
    """Open services and the data set to fill, with the progress shown under the title.

    Raises ImportRefusedError, SettingsError, StorageError.
    """
    async with open_services(load_settings()) as services:
        with progress(title) as report:
            yield (
                services,
                Sink(
                    services.database,
                    data_set,
                    services.settings.votes_per_image,
                    services.clock,
                    services.random,
                    near,
                    report,
                ),
            )


def run_import(work: Coroutine[None, None, Sayable], *, as_json: bool, kept: str = KEPT) -> None:
    """Run an import and print its summary.

    Where it ends early, what it did until then is on stderr, and `kept` is said after Ctrl-C or a
    disk that fails, and what to mend where a file was refused after anything was done.
    """
    with interruptible(kept):
        try:
            summary = asyncio.run(work)
        except (ImportRefusedError, SourceUnavailableError, DiskError) as error:
            done = getattr(error, "__notes__", ())
            for note in done:
                typer.echo(note, err=True)
            if not isinstance(error, ImportRefusedError):
                raise type(error)(f"{error}; {kept}") from error
            if not done:
                raise
            raise ImportRefusedError(f"{error}; {MENDED}") from error
    say_summary(summary, as_json=as_json)


def check_pictures(summary: Summary, directory: Path) -> Summary:
    """Return the summary; raises ImportRefusedError where there was no picture to read."""
    if not summary.read:
        raise ImportRefusedError(f"no pictures in {directory}; nothing was imported")
    return summary
