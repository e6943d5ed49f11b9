"""Checks that need the bot's token: who it is, and what it may do where."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import aiohttp
import discord

from bot import discord_internals
from bot.doctor.checks import Check, failed, note, ok
from bot.settings import Settings
from cogs.needs import invite_link, missing
from storage.channels import Channel


@dataclass(frozen=True, slots=True)
class Place:
    """A channel to look at; `age_restricted` where it must be."""

    name: str
    guild_id: int
    channel_id: int
    age_restricted: bool


async def check_discord(settings: Settings, channels: Sequence[Channel]) -> AsyncIterator[Check]:
    """Log in and look at the home server, its role, and every channel that is set up."""
    if settings.discord_token is None:
        yield failed("token", "DISCORD_TOKEN is empty", "set the bot's token; see the README")
        return
    discord_internals.check()
    discord_internals.use_api(settings.discord_api_url)
    discord_internals.expect_no_voice()
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            await client.login(settings.discord_token.get_secret_value())
        except discord.LoginFailure:
            advice = "make a new one on the application's page, under Bot"
            yield failed("token", "Discord refuses DISCORD_TOKEN", advice)
            return
        except (aiohttp.ClientError, discord.HTTPException, TimeoutError) as error:
            advice = "see DISCORD_API_URL and this machine's network"
            yield failed("token", f"Discord cannot be asked: {error}", advice)
            return
        assert client.user is not None  # noqa: S101 - set by login, for the type checker
        yield ok("token", f"logged in as {client.user}")
        yield ok("invite link", invite_link(client.application_id or client.user.id))
        async for check in _check_home(client, settings):
            yield check
        for place in _places(settings, channels):
            yield await _check_place(client, place)


def _places(settings: Settings, channels: Sequence[Channel]) -> list[Place]:
    places = [
        Place(f"channel {each.channel_id}", each.guild_id, each.channel_id, not each.safe_only)
        for each in channels
    ]
    home = settings.home_guild_id
    for name, channel_id in (
        ("alert channel", settings.alert_channel_id),
        ("moderators' channel", settings.moderator_channel_id),
    ):
        if channel_id is not None and home is not None:
            places.append(Place(f"{name} {channel_id}", home, channel_id, age_restricted=False))
    return places


async def _check_home(client: discord.Client, settings: Settings) -> AsyncIterator[Check]:
    if settings.home_guild_id is None:
        return
    try:
        guild = await client.fetch_guild(settings.home_guild_id, with_counts=False)
    except discord.HTTPException as error:
        advice = f"invite the bot: {invite_link(client.application_id or 0)}"
        yield failed("home server", f"HOME_GUILD_ID cannot be seen: {error.text}", advice)
        return
    yield ok("home server", guild.name)
    role_id = settings.moderator_role_id
    if role_id is not None and guild.get_role(role_id) is None:
        yield failed("moderators", "MODERATOR_ROLE_ID is no role of the home server", "correct it")


async def _check_place(client: discord.Client, place: Place) -> Check:
    assert client.user is not None  # noqa: S101 - the caller logged in, for the type checker
    try:
        guild = await client.fetch_guild(place.guild_id, with_counts=False)
        me = await guild.fetch_member(client.user.id)
        channel = await guild.fetch_channel(place.channel_id)
    except (discord.NotFound, discord.Forbidden) as error:
        advice = "let the bot see it, or set up another one with /jury setup"
        return failed(place.name, f"cannot be seen: {error.text}", advice)
    except discord.HTTPException as error:
        return failed(place.name, f"Discord cannot say: {error}", "try again later")
    if isinstance(channel, discord.Thread):
        return note(place.name, "is a thread", "see that the bot may write in its channel")
    if lacking := missing(channel.permissions_for(me)):
        wanted = ", ".join(name.replace("_", " ") for name in lacking)
        return failed(f"{place.name} (#{channel.name})", f"lacks {wanted}", "grant it to the bot")
    if place.age_restricted and not getattr(channel, "nsfw", False):
        return failed(
            f"{place.name} (#{channel.name})",
            "shows images not known to be safe but is not age-restricted",
            "make it age-restricted, or use /jury setup with safe only",
        )
    return ok(f"{place.name} (#{channel.name})", "all permissions")
