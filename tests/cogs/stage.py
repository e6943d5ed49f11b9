"""A stage for cogs: the real bot with its real services in a simulated Discord."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import discord
from discord import ui
from PIL import Image
from simcord import (
    ChannelHandle,
    Env,
    GuildHandle,
    InteractionResult,
    MemberActor,
    RoleHandle,
)
from simcord.actors import _component_interaction

from bot.caller import Caller
from bot.client import JuryBot
from bot.services import Services
from cogs.ui.card import Card
from storage import channels, data_sets, images, sources
from storage.images import NewImage

HOME = 1_000_000_000_000_000_001
DATA_SET = "samples"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class TurnedClock:
    """Time that stands still until a test turns it."""

    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.turn(seconds)

    def turn(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class Stage:
    """Everything that a test of a cog plays with."""

    env: Env
    services: Services
    clock: TurnedClock
    folder: Path
    home: GuildHandle
    channel: ChannelHandle
    operator: MemberActor
    members: dict[str, MemberActor] = field(default_factory=dict)

    @property
    def bot(self) -> JuryBot:
        bot = self.env.bot
        assert isinstance(bot, JuryBot)
        return bot

    @property
    def moderator(self) -> MemberActor:
        """A member of the home server with the moderators' role."""
        return self.member("moderator", roles=(self.home.roles["moderators"],))

    def member(self, name: str, *, roles: tuple[RoleHandle, ...] = ()) -> MemberActor:
        """Return a member of the home server, made when first asked for."""
        if name not in self.members:
            user = self.env.create_user(name)
            self.members[name] = self.home.add_member(user, roles=roles)
        return self.members[name]

    async def member_who_agreed(self, name: str) -> MemberActor:
        """Return a member who gave their consent before."""
        member = self.member(name)
        await self.services.voting.agree(self.caller(member))
        return member

    def caller(self, member: MemberActor) -> Caller:
        """Return a member of the home server as services know them."""
        return Caller(member.id, guild_id=HOME, guild_ids=frozenset({HOME}))

    async def add_images(
        self,
        count: int,
        *,
        data_set: str = DATA_SET,
        safe: bool = True,
        prompt: str | None = "a lighthouse in a storm",
    ) -> list[int]:
        """Draw that many pictures and put them into a data set; return the images' ids."""
        folder = self.folder / data_set
        folder.mkdir(exist_ok=True)
        first = len(list(folder.iterdir()))
        for number in range(first, first + count):
            Image.new("RGB", (48, 32), (number * 40 % 256, 90, 160)).save(folder / f"{number}.png")
        now = self.clock.now()

        def unit(connection: Connection) -> list[int]:
            target = self.services.settings.votes_per_image
            owner = data_sets.create(connection, data_set, target=target, now=now)
            source = sources.create(connection, owner.id, "folder", str(folder))
            return [
                images.insert(
                    connection,
                    NewImage(
                        owner.id,
                        str(number),
                        source.id,
                        f"{number}.png",
                        safe,
                        number * 1_000_003,
                        prompt=prompt,
                    ),
                    now,
                )
                for number in range(first, first + count)
            ]

        return await self.services.database.write(unit)

    async def set_up(
        self,
        channel: ChannelHandle | None = None,
        *,
        data_set: str = DATA_SET,
        open_posts: int = 1,
        safe_only: bool = True,
    ) -> None:
        """Start a channel, past the command that does so."""
        channel_id = (channel or self.channel).id
        now = self.clock.now()

        def unit(connection: Connection) -> None:
            found = data_sets.by_name(connection, data_set)
            assert found is not None
            channels.set_up(
                connection,
                channel_id=channel_id,
                guild_id=HOME,
                data_set_id=found.id,
                open_posts=open_posts,
                safe_only=safe_only,
                now=now,
            )
            channels.set_started(connection, channel_id, started=True)

        await self.services.database.write(unit)

    async def publish(self, *, turn: float = 0) -> None:
        """Turn the clock, then let the publisher do all that is due."""
        self.clock.turn(turn)
        await self.bot.publisher.settle()
        await self.env.settle()

    def posts(self, channel: ChannelHandle | None = None) -> list[discord.Message]:
        """Return the public messages of the bot, the oldest first."""
        return [m for m in (channel or self.channel).history() if not m.flags.ephemeral]

    async def open_post(self, *, safe: bool = True) -> discord.Message:
        """Publish one post of a fresh picture and return its message."""
        await self.add_images(1, safe=safe)
        await self.set_up(safe_only=safe)
        await self.publish()
        return self.posts()[-1]

    async def delete(self, message: discord.Message) -> None:
        """Have the server's owner delete a message."""
        await MemberActor(self.env, self.home, self.home.owner).delete(message)

    async def delete_channel(self) -> None:
        """Have the channel deleted."""
        self.env.backend.delete_channel(self.channel.id)
        await self.env.settle()

    async def offer(self, custom_id: str) -> discord.Message:
        """Have the bot post a message with one button, as an old or a forged message would."""
        card = Card()
        card.add_item(ui.ActionRow(ui.Button(label="press me", custom_id=custom_id)))
        channel = self.bot.get_channel(self.channel.id)
        assert isinstance(channel, discord.TextChannel)
        return await channel.send(view=card)

    async def press_absent(
        self, member: MemberActor, message: discord.Message, custom_id: str
    ) -> InteractionResult:
        """Press a button that the message does not have; only a forged client can do that."""
        stored = self.env.backend.get_message(message.channel.id, message.id)
        data = {"component_type": 2, "custom_id": custom_id}
        return await _component_interaction(member, stored, data)

    def restrict(self, channel: ChannelHandle, *, restricted: bool = True) -> None:
        """Mark a channel as age-restricted; the simulated Discord does not know the mark."""
        found = self.bot.get_channel(channel.id)
        assert isinstance(found, discord.TextChannel)
        found.nsfw = restricted

    async def restart(self) -> None:
        """Replace the bot by a new one on the same database, as a new process would."""
        await self.env.restart_bot(JuryBot(self.services))


def components(message: discord.Message) -> Iterator[dict[str, Any]]:
    """Walk the components of a message as Discord has them."""
    found: list[Any] = [component.to_dict() for component in message.components]
    yield from _walk(found)


def _walk(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in found:
        yield component
        yield from _walk(component.get("components", []))
        if "accessory" in component:
            yield component["accessory"]


def text(message: discord.Message) -> str:
    """Return all that a message says."""
    said = [c["content"] for c in components(message) if c["type"] == 10]
    return "\n".join([*([message.content] if message.content else []), *said])


def custom_ids(message: discord.Message) -> list[str]:
    """Return the custom_ids of a message in reading order."""
    return [c["custom_id"] for c in components(message) if "custom_id" in c]


def find(message: discord.Message, start: str) -> str:
    """Return the one custom_id that starts so."""
    (found,) = [c for c in custom_ids(message) if c.startswith(start)]
    return found


def chosen(message: discord.Message) -> list[str]:
    """Return the score buttons that stand out."""
    return [
        c["custom_id"]
        for c in components(message)
        if c.get("custom_id", "").startswith("vote:") and c["style"] == 3
    ]


def answer(result: InteractionResult) -> discord.Message:
    """Return what an interaction was answered with, as it is now: later edits do not show."""
    assert result.response is not None, result
    return result.response.message


async def score(
    member: MemberActor, message: discord.Message, scale: str, value: int
) -> InteractionResult:
    """Press one score button."""
    return await member.click(message, custom_id=find(message, f"vote:{scale}:{value}:"))
