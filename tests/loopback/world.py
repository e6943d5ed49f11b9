"""What the loopback Discord knows: one application, its servers, channels, people, messages."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

DISCORD_EPOCH_MS = 1_420_070_400_000
EVERYTHING = str((1 << 53) - 1)
COMPONENTS_V2 = 1 << 15
EPHEMERAL = 1 << 6

Json = dict[str, Any]


class Snowflakes:
    """Makes ids that carry the time, as Discord's do, each greater than the one before."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        milliseconds = int(time.time() * 1000) - DISCORD_EPOCH_MS
        self._last = max(milliseconds << 22, self._last + 1)
        return self._last


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who presses buttons."""

    id: int
    name: str = "rater"
    role_ids: tuple[int, ...] = ()
    permissions: str = str(0x400 | 0x800)

    def as_user(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name,
            "discriminator": "0",
            "global_name": self.name,
            "avatar": None,
        }

    def as_member(self) -> Json:
        return {
            "user": self.as_user(),
            "roles": [str(role) for role in self.role_ids],
            "joined_at": "2024-01-01T00:00:00+00:00",
            "permissions": self.permissions,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "nick": None,
            "avatar": None,
        }


@dataclass(slots=True)
class World:
    """The state behind the REST routes and the gateway."""

    application_id: int = 9001
    shard_count: int = 1
    snowflakes: Snowflakes = field(default_factory=Snowflakes)
    guilds: dict[int, Json] = field(default_factory=dict)
    channels: dict[int, Json] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    commands: dict[int | None, list[Json]] = field(default_factory=dict)

    def bot_user(self) -> Json:
        return {
            "id": str(self.application_id),
            "username": "jury",
            "discriminator": "0",
            "avatar": None,
            "bot": True,
        }

    def application(self) -> Json:
        return {
            "id": str(self.application_id),
            "name": "jury",
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "owner": {**self.bot_user(), "id": "77", "bot": False, "username": "owner"},
            "team": None,
            "summary": "",
        }

    def add_guild(
        self, guild_id: int, *, name: str = "home", role_ids: tuple[int, ...] = ()
    ) -> Json:
        everyone = _role(guild_id, "@everyone", str(0x400 | 0x800))
        bot_role = _role(guild_id + 1, "jury", EVERYTHING)
        roles = [everyone, bot_role, *(_role(role, f"role {role}", "0") for role in role_ids)]
        bot = Person(self.application_id, "jury", (guild_id + 1,)).as_member()
        bot["user"] = self.bot_user()
        self.guilds[guild_id] = {
            "id": str(guild_id),
            "name": name,
            "owner_id": "77",
            "roles": roles,
            "members": [bot],
            "member_count": 3,
            "joined_at": "2024-01-01T00:00:00+00:00",
            "preferred_locale": "en-US",
            "icon": None,
            "afk_timeout": 300,
            "system_channel_flags": 0,
            **dict.fromkeys(
                (
                    "verification_level",
                    "default_message_notifications",
                    "explicit_content_filter",
                    "mfa_level",
                    "premium_tier",
                    "nsfw_level",
                ),
                0,
            ),
            **{
                name: []
                for name in (
                    "emojis",
                    "stickers",
                    "features",
                    "threads",
                    "presences",
                    "voice_states",
                    "stage_instances",
                    "guild_scheduled_events",
                    "soundboard_sounds",
                )
            },
        }
        return self.guilds[guild_id]

    def add_channel(self, guild_id: int, channel_id: int, *, age_restricted: bool = False) -> Json:
        self.channels[channel_id] = {
            "id": str(channel_id),
            "guild_id": str(guild_id),
            "type": 0,
            "name": f"channel-{channel_id}",
            "position": len(self.channels),
            "permission_overwrites": [],
            "nsfw": age_restricted,
            "topic": None,
            "parent_id": None,
            "last_message_id": None,
            "rate_limit_per_user": 0,
        }
        return self.channels[channel_id]

    def shard_of(self, guild_id: int | None) -> int:
        """Discord's own rule; direct messages go to shard 0."""
        return 0 if guild_id is None else (guild_id >> 22) % self.shard_count

    def guild_create(self, guild_id: int) -> Json:
        channels = [c for c in self.channels.values() if c["guild_id"] == str(guild_id)]
        return {**self.guilds[guild_id], "channels": channels, "unavailable": False}

    def in_channel(self, channel_id: int) -> list[Json]:
        """Return the public messages of a channel, oldest first."""
        return [
            message
            for _, message in sorted(self.messages.items())
            if message["channel_id"] == str(channel_id) and not message["flags"] & EPHEMERAL
        ]


def _role(role_id: int, name: str, permissions: str) -> Json:
    return {
        "id": str(role_id),
        "name": name,
        "permissions": permissions,
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }
