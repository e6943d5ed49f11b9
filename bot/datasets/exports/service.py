"""Exports for the bot and the command line, each in a child process.

ADBC brings a SQLite of its own beside Python's, and POSIX drops all of a process's locks on a file
as soon as the process closes it once: opened here, it would unlock the database under the writer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.children.asking import ask
from bot.clock import Clock
from bot.datasets.exports.catalogue import FORMATS, FileType, PictureForm
from bot.datasets.exports.request import (
    EXPORTED,
    FAILED,
    PROGRESS,
    UNKNOWN_DATA_SET,
    ExportCounts,
    ExportRequest,
    LeftOut,
)
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.target import export_path, file_type, release_around, usual_name
from bot.errors import ExportBusyError, ExportFailedError, UnknownDataSetError
from bot.keyed_hash import KeyedHash
from storage.times import to_microseconds

Progress = Callable[[int, int], None]
"""Hears the votes done, and the most that there can be."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished export: where it lies, its rows, the images they are of, its size."""

    path: Path
    rows: int
    images: int
    bytes: int
    left_out: LeftOut


class ExportService:
    """Exports votes, one export at a time."""

    def __init__(
        self, database: Path, clock: Clock, keyed_hash: KeyedHash, *, exact_signals: bool = False
    ) -> None:
        self._database = database.resolve()
        self._clock = clock
        self._keyed_hash = keyed_hash
        self._exact_signals = exact_signals
        self._running = False

    @property
    def folder(self) -> Path:
        """Where exports go that name no place: `exports` beside the database."""
        return self._database.parent / "exports"

    async def export(
        self,
        name: str,
        selection: Selection,
        wanted: FileType | None = None,
        progress: Progress | None = None,
        *,
        out: Path | None = None,
        pictures: PictureForm = "none",
    ) -> Exported:
        """Write what is selected in the format `name` of the catalogue.

        For a table `out` is a folder (which is made), or a file if it has a suffix, which then says
        the type where none is `wanted` (else the format's usual one); for a format that is a folder
        it is that folder. It takes the place of an earlier export of the same format, and of
        nothing else, at once when it is complete. `pictures` go with it in a form that the format
        knows. Raises ExportBusyError, UnknownDataSetError,
        ExportFailedError.
        """
        if selection.fault is not None:
            raise ExportFailedError(reason=selection.fault)
        with self._alone():
            if pictures not in FORMATS[name].pictures:
                known = ", ".join(FORMATS[name].pictures)
                raise ExportFailedError(reason=f"{name} has pictures in these ways: {known}")
            try:
                target, kind = self._target(name, selection, wanted, out)
            except OSError as error:
                reason = f"{error.filename}: {error.strerror}"
                raise ExportFailedError(reason=reason) from None
            request = ExportRequest(
                database=str(self._database),
                target=str(target),
                format=name,
                file_type=kind,
                selection=selection,
                hash_key=self._keyed_hash.key.hex(),
                now=to_microseconds(self._clock.now()),
                exact_signals=self._exact_signals,
                pictures=pictures,
            )
            counts = await _run(request, progress or (lambda _done, _most: None))
            return Exported(target, counts.rows, counts.images, counts.bytes, counts.left_out)

    def _target(
        self, name: str, selection: Selection, wanted: FileType | None, out: Path | None
    ) -> tuple[Path, FileType | None]:
        """Return the place and the type. Raises ExportFailedError, OSError."""
        offer = FORMATS[name]
        if selection.imported and not offer.imported:
            taking = ", ".join(each for each, other in FORMATS.items() if other.imported)
            raise ExportFailedError(reason=f"imported votes go into {taking}, not into {name}")
        place = (out or self.folder).absolute()
        kind = file_type(place, wanted, offer)
        usual = usual_name(selection.data_sets, offer, kind)
        if not offer.is_folder:
            target = export_path(place, usual)
        else:
            target = place if out else place / usual
        if not self._database.is_file():
            raise ExportFailedError(reason=f"{self._database}: no such database")
        if target.exists() and target.samefile(self._database):
            raise ExportFailedError(reason=f"{target}: this is the database")
        if release := release_around(target):
            reason = f"{release} is a release, to which nothing is added: name another place"
            raise ExportFailedError(reason=reason)
        return target, kind

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._running:
            raise ExportBusyError
        self._running = True
        try:
            yield
        finally:
            self._running = False


async def _run(request: ExportRequest, progress: Progress) -> ExportCounts:
    def hear(kind: str, values: Mapping[str, Any]) -> None:
        if kind == PROGRESS:
            progress(values["done"], values["most"])

    answer = await ask("bot.datasets.exports.child", asdict(request), hear)
    if answer.kind == EXPORTED:
        return ExportCounts.parsed(answer.values)
    if answer.kind == UNKNOWN_DATA_SET:
        raise UnknownDataSetError(**answer.values)
    if answer.kind == FAILED:
        raise ExportFailedError(**answer.values)
    raise ExportFailedError(reason=f"the export ended early with exit code {answer.code}")
