"""Rights of simulated people: what a server gives, and what a test takes away."""

from __future__ import annotations

import discord
from simcord import ChannelHandle, InteractionResult, MemberActor, RoleHandle
from simcord.actors import _dispatch_actor_interaction
from simcord.backend import serializers
from simcord.backend.models import Overwrite
from simcord.enums import AppCommandType, InteractionType, OverwriteType

from storage import audit
from storage.audit import AuditEntry
from tests.cogs.stage import Stage

MANAGE = discord.Permissions(manage_guild=True)


def manager(stage: Stage, name: str = "manager") -> MemberActor:
    """Return a member of the home server who manages it."""
    roles = stage.home.roles
    role = (
        roles["managers"]
        if "managers" in roles
        else stage.home.create_role("managers", permissions=MANAGE)
    )
    return stage.member(name, roles=(role,))


def set_roles(stage: Stage, member: MemberActor, *roles: RoleHandle) -> None:
    """Give a member exactly these roles, from one moment to the next."""
    changes = {"role_ids": [role.id for role in roles]}
    stage.env.backend.edit_member(member.guild.id, member.id, changes)


def deny(channel: ChannelHandle, member: discord.Member, permissions: discord.Permissions) -> None:
    """Take permissions in a channel from somebody, such as the bot."""
    overwrite = Overwrite(
        target_id=member.id, type=OverwriteType.MEMBER, allow=0, deny=permissions.value
    )
    channel._env.backend.set_overwrite(channel.id, overwrite)  # noqa: SLF001 - no builder does it


async def let_run(stage: Stage, command: str, member: MemberActor, *, here: bool = True) -> None:
    """Have Discord show a command to somebody whose rights do not suffice for it."""
    guild = discord.Object(member.guild.id) if here else None
    (found,) = [c for c in await stage.bot.tree.fetch_commands(guild=guild) if c.name == command]
    member.guild.set_command_permissions(found.id, {member: True})


async def menu(stage: Stage, who: MemberActor, name: str, target: MemberActor) -> InteractionResult:
    """Choose an entry of the menu that Discord opens on a user.

    The simulated Discord does not say of which server such a command is; Discord does.
    """
    root = stage.env.backend.find_command(name, who.guild.id, type=AppCommandType.USER)
    assert root is not None
    user = stage.env.backend.get_user(target.id)
    data = {
        "id": root["id"],
        "name": root["name"],
        "type": AppCommandType.USER,
        "guild_id": root["guild_id"],
        "target_id": str(target.id),
        "resolved": {"users": {str(target.id): dict(serializers.user_payload(user))}},
    }
    kind = InteractionType.APPLICATION_COMMAND
    return await _dispatch_actor_interaction(who, kind, stage.channel, data)


def strangers_channel(stage: Stage) -> tuple[MemberActor, ChannelHandle]:
    """Return the manager of a stranger's server that the bot was added to, and a channel of it."""
    guild = stage.env.create_guild("strangers")
    role = guild.create_role("managers", permissions=MANAGE)
    eve = guild.add_member(stage.env.create_user("eve"), roles=(role,))
    return eve, guild.create_text_channel("general")


async def actions(stage: Stage) -> list[AuditEntry]:
    """Return the audit log, newest first."""
    return await stage.services.database.read(lambda c: audit.latest(c, 50))
