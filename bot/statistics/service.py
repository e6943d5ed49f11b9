"""Statistics for the bot and the command line, each made by a child process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bot.children.asking import ask
from bot.clock import Clock
from bot.datasets.exports.request import FAILED, PROGRESS, UNKNOWN_DATA_SET
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.target import release_around
from bot.errors import UnknownDataSetError
from bot.keyed_hash import KeyedHash
from bot.statistics.errors import StatisticsFailedError
from bot.statistics.request import MADE, Form, StatisticsRequest
from storage.times import to_microseconds

CHILD: Final = "bot.statistics.child"
FORMS: Final[Mapping[str, Form]] = {".html": "page", ".htm": "page", ".png": "picture"}
"""What a file is by the end of its name."""

Progress = Callable[[int, int], None]
"""Hears the votes read, and the most that there can be."""


@dataclass(frozen=True, slots=True)
class Made:
    """A finished page or picture: its place, the votes and rated images that it tells of.

    `lines` are the headline figures in words; `alt` says what the plots show.
    """

    path: Path
    votes: int
    images: int
    lines: tuple[str, ...]
    alt: str


class StatisticsService:
    """Makes pages and pictures of what the votes say."""

    def __init__(self, database: Path, clock: Clock, keyed_hash: KeyedHash) -> None:
        self._database = database.resolve()
        self._clock = clock
        self._keyed_hash = keyed_hash

    @property
    def folder(self) -> Path:
        """Where pictures for Discord are kept: `exports` beside the database."""
        return self._database.parent / "exports"

    async def make(
        self,
        out: Path,
        language: str,
        selection: Selection | None = None,
        progress: Progress | None = None,
    ) -> Made:
        """Write a page (`.html`) or a picture (`.png`) of a selection, of all votes without one.

        It takes the place of an earlier one, and of nothing else, at once when it is complete.
        Raises UnknownDataSetError, StatisticsFailedError.
        """
        target = _absolute(out)
        form = FORMS.get(out.suffix.lower())
        if form is None:
            raise StatisticsFailedError(reason=f"{out}: the name must end in .html or .png")
        _require_no_release_around(target)
        selection = selection or Selection()
        if selection.fault is not None:
            raise StatisticsFailedError(reason=selection.fault)
        request = StatisticsRequest(
            database=str(self._database),
            target=str(target),
            form=form,
            selection=selection,
            language=language,
            hash_key=self._keyed_hash.key.hex(),
            now=to_microseconds(self._clock.now()),
        )

        def hear(kind: str, values: Mapping[str, Any]) -> None:
            if kind == PROGRESS and progress is not None:
                progress(values["done"], values["most"])

        answer = await ask(CHILD, asdict(request), hear)
        if answer.kind == MADE:
            return Made(
                Path(request.target), **{**answer.values, "lines": tuple(answer.values["lines"])}
            )
        if answer.kind == UNKNOWN_DATA_SET:
            raise UnknownDataSetError(**answer.values)
        if answer.kind == FAILED:
            raise StatisticsFailedError(**answer.values)
        raise StatisticsFailedError(reason=f"the work ended early with exit code {answer.code}")


def _require_no_release_around(target: Path) -> None:
    """Raise StatisticsFailedError where the target would be added to a release."""
    try:
        release = release_around(target)
    except OSError as error:
        raise StatisticsFailedError(reason=f"{error.filename}: {error.strerror}") from None
    if release:
        reason = f"{release} is a release, to which nothing is added: name another place"
        raise StatisticsFailedError(reason=reason)


def _absolute(path: Path) -> Path:
    """Return where a path leads from the folder in which the program was started."""
    return path.absolute()
