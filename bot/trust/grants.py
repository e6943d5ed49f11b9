"""Which data sets may be used where, and by whom."""

from __future__ import annotations

from collections.abc import Collection
from sqlite3 import Connection

from bot.caller import Caller
from bot.errors import BarredError, NotAllowedError
from storage import data_sets
from storage.data_sets import DataSet


def may_use(
    connection: Connection,
    data_set_id: int,
    guild_ids: Collection[int],
    home_guild_id: int | None,
) -> bool:
    """Tell whether any of the servers is the home server or was granted the data set."""
    return (home_guild_id is not None and home_guild_id in guild_ids) or data_sets.is_granted(
        connection, data_set_id, guild_ids
    )


def require_use(
    connection: Connection,
    data_set_id: int,
    caller: Caller,
    barred: frozenset[int],
    home_guild_id: int | None,
) -> None:
    """Refuse a caller who may not rate this data set here; `barred` are the servers that bar them.

    In direct messages a server that bars them gives them nothing. Raises BarredError,
    NotAllowedError.
    """
    _require_not_barred(caller, barred)
    if may_use(connection, data_set_id, caller.guild_ids - barred, home_guild_id):
        return
    if barred and may_use(connection, data_set_id, caller.guild_ids & barred, home_guild_id):
        raise BarredError
    raise NotAllowedError


def usable_by(
    connection: Connection, caller: Caller, barred: frozenset[int], home_guild_id: int | None
) -> list[DataSet]:
    """Return the data sets that the caller may rate here, at least one.

    Raises BarredError, NotAllowedError as `require_use` does.
    """
    _require_not_barred(caller, barred)
    usable = data_sets.usable(connection, caller.guild_ids - barred, home_guild_id)
    if usable:
        return usable
    if barred and data_sets.usable(connection, caller.guild_ids & barred, home_guild_id):
        raise BarredError
    raise NotAllowedError


def _require_not_barred(caller: Caller, barred: frozenset[int]) -> None:
    if caller.guild_id in barred:
        raise BarredError
