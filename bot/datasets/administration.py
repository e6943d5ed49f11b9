"""What an operator decides about data sets: who may use them, how many votes, at what price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from sqlite3 import Connection

from bot.clock import Clock
from bot.errors import UnknownDataSetError
from bot.trust.recounting import Recounting
from storage import audit, data_sets
from storage.audit import Details
from storage.data_sets import DataSet
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Granted:
    """A data set and the servers outside the home server that may use it."""

    data_set: DataSet
    guild_ids: tuple[int, ...]


class DataSetAdministration:
    """Lists data sets, grants them to servers, sets target and prices; every change is audited."""

    def __init__(self, database: Database, clock: Clock, recounting: Recounting) -> None:
        self._database = database
        self._clock = clock
        self._recounting = recounting

    async def every(self) -> tuple[Granted, ...]:
        """Return all data sets in the order of their names."""
        return await self._database.read(_every)

    async def grant(self, name: str, guild_id: int) -> bool:
        """Let a server use the data set; False where it already may.

        Raises UnknownDataSetError.
        """
        return await self._database.write(partial(self._grant, name=name, guild_id=guild_id))

    async def revoke(self, name: str, guild_id: int) -> bool:
        """Take the data set from a server; False where it was not granted.

        Its posts there stay visible, but presses on them are refused. Raises UnknownDataSetError.
        """
        return await self._database.write(partial(self._revoke, name=name, guild_id=guild_id))

    async def set_target(self, name: str, votes: int) -> None:
        """Ask for that many complete votes an image (1-1000). Raises UnknownDataSetError.

        The target counts at once; the images follow batch by batch, and after a stop at the next
        start.
        """
        await self._database.write(partial(self._set_target, name=name, votes=votes))
        await self._recounting.settle()

    async def set_prices(self, name: str, prices: Mapping[str, int | None]) -> DataSet:
        """Pay these kudos (0-1000) for a score from now on; None: what the settings say.

        Scales that are not named keep their price. Returns the data set as it is then. Raises
        UnknownDataSetError.
        """

        def unit(connection: Connection) -> DataSet:
            data_set = _named(connection, name)
            changed = replace(data_set, prices={**data_set.prices, **prices})
            if changed != data_set:
                data_sets.set_prices(connection, data_set.id, changed.prices)
                told = {f"price_{scale}": price for scale, price in changed.prices.items()}
                self._audit(connection, "prices", name, told)
            return changed

        return await self._database.write(unit)

    def _grant(self, connection: Connection, *, name: str, guild_id: int) -> bool:
        data_set = _named(connection, name)
        changed = data_sets.grant(connection, data_set.id, guild_id, self._clock.now())
        if changed:
            self._audit(connection, "grant", name, {"guild": str(guild_id)})
        return changed

    def _revoke(self, connection: Connection, *, name: str, guild_id: int) -> bool:
        data_set = _named(connection, name)
        changed = data_sets.revoke(connection, data_set.id, guild_id)
        if changed:
            self._audit(connection, "revoke", name, {"guild": str(guild_id)})
        return changed

    def _set_target(self, connection: Connection, *, name: str, votes: int) -> None:
        data_set = _named(connection, name)
        data_sets.set_target(connection, data_set.id, votes)
        self._recounting.owe(connection, data_set.id)
        self._audit(connection, "target", name, {"votes": votes})

    def _audit(self, connection: Connection, action: str, name: str, details: Details) -> None:
        audit.record(
            connection,
            at=self._clock.now(),
            actor="operator",
            rater=None,
            action=f"data_set.{action}",
            subject=f"data_set:{name}",
            details=details,
        )


def _named(connection: Connection, name: str) -> DataSet:
    data_set = data_sets.by_name(connection, name)
    if data_set is None:
        raise UnknownDataSetError(name=name)
    return data_set


def _every(connection: Connection) -> tuple[Granted, ...]:
    return tuple(
        Granted(each, tuple(data_sets.granted_guilds(connection, each.id)))
        for each in sorted(data_sets.every(connection), key=lambda data_set: data_set.name)
    )
