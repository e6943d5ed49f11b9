"""Which servers may use a data set."""

from __future__ import annotations

from collections.abc import Collection
from sqlite3 import Connection

from storage import data_sets


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
