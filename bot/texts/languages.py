"""Who reads which language: what raters and servers chose, kept at hand for every press."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from sqlite3 import Connection
from typing import Final

from bot.clock import Clock
from bot.trust.access import AccessService
from bot.trust.enrolment import Enrolment
from storage import raters, servers
from storage.database import Database

REMEMBERED: Final = 20_000
"""How many people's and servers' choices are kept in memory, each."""


class Languages:
    """Stored choices of language; None where nothing was chosen and Discord's locale counts.

    The database is asked once a person; this process is the only one that writes choices.
    """

    def __init__(
        self, database: Database, clock: Clock, access: AccessService, enrolment: Enrolment
    ) -> None:
        self._database = database
        self._clock = clock
        self._access = access
        self._enrolment = enrolment
        self._raters = _Recent()
        self._servers = _Recent()

    async def of_rater(self, discord_id: int) -> str | None:
        """Return the language that this person chose."""
        return await self._remembered(self._raters, discord_id, _locale_of_rater)

    async def of_server(self, guild_id: int) -> str | None:
        """Return the language that the managers of this server chose."""
        return await self._remembered(self._servers, guild_id, servers.locale)

    async def set_for_rater(self, discord_id: int, locale: str | None) -> None:
        """Store a person's choice; None goes back to Discord's locale."""
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            rater = self._enrolment.rater(connection, discord_id, now)
            raters.set_locale(connection, rater.number, locale)

        await self._database.write(unit)
        self._raters.keep(discord_id, locale)

    async def set_for_server(self, guild_id: int, locale: str | None, *, by: int) -> None:
        """Store the choice of a server's manager `by`; None goes back to Discord's locale."""
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            if servers.locale(connection, guild_id) == locale:
                return
            servers.set_locale(connection, guild_id, locale, now)
            self._access.record_manager(
                connection,
                "language.server",
                f"server:{guild_id}",
                {"locale": locale},
                guild_id=guild_id,
                by=by,
            )

        await self._database.write(unit)
        self._servers.keep(guild_id, locale)

    def forget(self, discord_id: int) -> None:
        """Drop what is remembered of an erased person."""
        self._raters.drop(discord_id)

    async def _remembered(
        self, recent: _Recent, key: int, query: Callable[[Connection, int], str | None]
    ) -> str | None:
        if key not in recent:
            recent.keep(key, await self._database.read(lambda c: query(c, key)))
        return recent.get(key)


def _locale_of_rater(connection: Connection, discord_id: int) -> str | None:
    rater = raters.find(connection, discord_id)
    return rater.locale if rater else None


class _Recent:
    """The choices asked for last; the oldest go first."""

    def __init__(self) -> None:
        self._choices: OrderedDict[int, str | None] = OrderedDict()

    def __contains__(self, key: int) -> bool:
        return key in self._choices

    def get(self, key: int) -> str | None:
        self._choices.move_to_end(key)
        return self._choices[key]

    def keep(self, key: int, locale: str | None) -> None:
        self._choices[key] = locale
        self._choices.move_to_end(key)
        if len(self._choices) > REMEMBERED:
            self._choices.popitem(last=False)

    def drop(self, key: int) -> None:
        self._choices.pop(key, None)
