"""The simulated Discord: one server with its channels and people, for the real bot to join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord
import simcord
from discord.ext import commands
from simcord.backend.cdn import CDN_BASE
from simcord.builders import UserHandle

from bot.clock import Clock

GUILD_ID = 1_289_000_000_000_000_000
BOT_NAME = "Horde Jury"
AVATAR = "jury"
"""Stands where Discord has the hash of a picture."""
LOGIN_TIME = 20.0
"""Seconds that one action may take on a slow machine before the simulation gives up on it."""


@dataclass(frozen=True, slots=True)
class Cast:
    """The server, its channels, and who is in it."""

    guild: simcord.GuildHandle
    bot: UserHandle
    raters_channel: simcord.ChannelHandle
    restricted_channel: simcord.ChannelHandle
    moderators_channel: simcord.ChannelHandle
    moderator_role_id: int
    rater: simcord.MemberActor
    moderator: simcord.MemberActor
    operator: simcord.MemberActor
    crowd: tuple[simcord.MemberActor, ...]

    @property
    def avatar_url(self) -> str:
        """Where the simulated Discord looks for the bot's picture."""
        return f"{CDN_BASE}/avatars/{self.bot.id}/{AVATAR}.png"

    @property
    def leads(self) -> tuple[simcord.MemberActor, ...]:
        """Whom the person at the browser can be."""
        return self.rater, self.moderator, self.operator


class Stage:
    """Builds the server first, because the bot's settings name its ids; then lets the bot in."""

    def __init__(self, clock: Clock, names: Sequence[str]) -> None:
        # A stand-in for the bot: the environment wants one from the beginning.
        intents = discord.Intents(guilds=True)
        self.env = simcord.Env(
            discord.AutoShardedClient(intents=intents),
            shard_count=1,
            check_errors=False,
            settle_timeout=LOGIN_TIME,
        )
        self._clock = clock
        self.cast = _cast(self.env, names)

    async def enter(self, bot: commands.AutoShardedBot) -> None:
        """Log the bot in and set the simulation's clock to the present."""
        self.env.bot = bot
        await self.env.start()
        await self.catch_up()
        if bot.user is not None:
            await bot.user.edit(username=BOT_NAME)
        channel = bot.get_channel(self.cast.restricted_channel.id)
        if isinstance(channel, discord.TextChannel):
            channel.nsfw = True  # SimCord's channels do not know age restriction

    async def catch_up(self) -> None:
        """Bring the simulation's clock, which stands still, to the present."""
        behind = (self._clock.now() - self.env.now()).total_seconds()
        if behind > 0:
            await self.env.advance_time(behind)

    async def leave(self) -> None:
        """Take the bot out and end the simulation."""
        await self.env.shutdown()


def _cast(env: simcord.Env, names: Sequence[str]) -> Cast:
    operator = env.create_user("olga", global_name="Olga (operator)")
    guild = env.create_guild("Horde Jury demo", id=GUILD_ID, owner=operator)
    role = guild.create_role(
        "Moderators",
        permissions=discord.Permissions(
            manage_messages=True, moderate_members=True, kick_members=True, ban_members=True
        ),
        color=0x2ECC71,
    )
    moderator = guild.add_member(
        env.create_user("mika", global_name="Mika (moderator)"), roles=[role]
    )
    rater = guild.add_member(env.create_user("robin", global_name="Robin (rater)"))
    hidden = discord.PermissionOverwrite(view_channel=False)
    shown = discord.PermissionOverwrite(view_channel=True)
    env.backend.bot_user.avatar = AVATAR
    bot = UserHandle(env, env.backend.bot_user)
    return Cast(
        guild=guild,
        bot=bot,
        raters_channel=guild.create_text_channel(
            "rate-pictures", topic="Press a score and a flaw, or type /rate"
        ),
        restricted_channel=guild.create_text_channel(
            "age-restricted", topic="Pictures that are not known to be safe, behind a spoiler"
        ),
        moderators_channel=guild.create_text_channel(
            "moderators",
            topic="Alerts arrive here; try /rater review or /export",
            overwrites={guild.default_role: hidden, role: shown, bot: shown},
        ),
        moderator_role_id=role.id,
        rater=rater,
        moderator=moderator,
        operator=guild.add_member(operator, roles=[role]),
        crowd=tuple(guild.add_member(env.create_user(name)) for name in names),
    )
