"""Who acts, and where: all that a service needs to know of an interaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """A person at the moment of one interaction; built anew for each, so roles are current.

    `guild_ids` are the servers through which the person may use data sets: the server of the
    interaction, or in direct messages the servers that person and bot are known to share.
    `age_restricted` is False unless Discord said otherwise in this very interaction.
    """

    discord_id: int
    locale: str = "en-US"
    guild_id: int | None = None
    channel_id: int | None = None
    guild_ids: frozenset[int] = field(default_factory=frozenset)
    role_ids: frozenset[int] = field(default_factory=frozenset)
    manages_server: bool = False
    age_restricted: bool = False
    account_created_at: datetime | None = None
