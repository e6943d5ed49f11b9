"""How a command opens what an installation keeps, and what is said when it is interrupted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from bot.errors import JuryError, UnknownDataSetError
from bot.services import Services, open_services
from bot.settings import Settings, load_settings


class InterruptedCommandError(JuryError):
    """Ctrl-C ended a command; the text says what is kept of its work."""


@asynccontextmanager
async def existing(settings: Settings | None = None) -> AsyncIterator[Services]:
    """Open services over a database that is there; an unknown data set is named with the others.

    Raises SettingsError, StorageError, JuryError.
    """
    async with open_services(settings or load_settings(), create=False) as services:
        try:
            yield services
        except UnknownDataSetError as error:
            names = [granted.data_set.name for granted in await services.data_sets.every()]
            known = ", ".join(names) or "none yet"
            text = f"there is no data set {error.values.get('name')}; there is: {known}"
            raise JuryError(text) from None


@contextmanager
def interruptible(kept: str) -> Iterator[None]:
    """Raise InterruptedCommandError with `kept` where Ctrl-C ends the work inside."""
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedCommandError(f"interrupted; {kept}") from None
