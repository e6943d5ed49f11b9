"""Trying things out as a forged client would: without Discord's own checks of who may see what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import discord
from discord import ui
from simcord import ChannelHandle, Env, InteractionResult, MemberActor, UserHandle, interactions
from simcord.actors import _component_interaction, _dispatch_actor_interaction
from simcord.backend import serializers
from simcord.enums import AppCommandType, InteractionType
from simcord.results import ResponseMessage

from cogs.ui.card import Card
from tests.cogs.authority import CHANNEL, VICTIM, VICTIM_ID, Way
from tests.cogs.stage import HOME, text

SELECT: Final = 3
BUTTON: Final = 2
USER: Final = 6


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody somewhere: an actor in a channel of a server, or a user in direct messages."""

    name: str
    actor: MemberActor | UserHandle
    channel: ChannelHandle

    @property
    def in_server(self) -> bool:
        return isinstance(self.actor, MemberActor)

    def can_name(self, way: Way) -> bool:
        """Tell whether Discord lets the options be given here: no channels in direct messages."""
        return self.in_server or CHANNEL not in way.use.options.values()


@dataclass(frozen=True, slots=True)
class Said:
    """All that a person was answered."""

    texts: tuple[str, ...]
    ephemeral: bool
    attachments: int
    modal: bool

    @property
    def whole(self) -> str:
        return "\n".join(self.texts)


async def use(env: Env, person: Person, way: Way, victim: MemberActor) -> Said:
    """Have a person use something, and return what they were answered."""
    if way.kind == "command":
        result = await _command(env, person, way, victim)
    elif way.kind == "press":
        result = await _press(env, person, _about(way, victim))
    else:
        result = await _send_modal(person, _about(way, victim))
    return said(result)


def said(result: InteractionResult) -> Said:
    answers = [*([result.response] if result.response else []), *result.followups]
    return Said(
        texts=tuple(_words(each) for each in answers),
        ephemeral=all(each.ephemeral for each in answers),
        attachments=sum(len(each.attachments) for each in answers),
        modal=result.modal is not None,
    )


def _words(message: ResponseMessage) -> str:
    """Return everything readable, labels and ids of components included."""
    return (
        f"{text(message.message)}\n{message.components}" if message.components else message.content
    )


async def type_into(
    env: Env, person: Person, name: str, typed: str = "", *, whose: int | None = None
) -> list[dict[str, Any]]:
    """Type into an autocomplete, `/image hide image`, and return what is offered.

    `whose`: the id of the user that is chosen already, where the command takes one.
    """
    *path, option = name.removeprefix("/").split()
    root = _root(env, path[0], AppCommandType.CHAT_INPUT)
    leaf, nesting = interactions.walk_to_subcommand(root, path[1:])
    given: list[dict[str, Any]] = [
        {"name": each["name"], "type": USER, "value": str(whose)}
        for each in leaf.get("options", ())
        if whose is not None and each["type"] == USER
    ]
    given.append({"name": option, "type": 3, "value": typed, "focused": True})
    data = _command_data(root, options=interactions.nest_options(root, nesting, given))
    kind = InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE
    result = await _dispatch_actor_interaction(person.actor, kind, person.channel, data)
    return result.autocomplete_choices or []


async def _command(env: Env, person: Person, way: Way, victim: MemberActor) -> InteractionResult:
    kind = InteractionType.APPLICATION_COMMAND
    if way.name.startswith("menu "):
        data = _menu_data(env, person, way, victim)
        return await _dispatch_actor_interaction(person.actor, kind, person.channel, data)
    path = way.name.removeprefix("/").split()
    root = _root(env, path[0], AppCommandType.CHAT_INPUT)
    leaf, nesting = interactions.walk_to_subcommand(root, path[1:])
    given, resolved = interactions.build_options(
        person.actor, way.name, leaf, _options(way, person, victim), channel_id=person.channel.id
    )
    data = _command_data(root, options=interactions.nest_options(root, nesting, given))
    if resolved:
        data["resolved"] = resolved
    return await _dispatch_actor_interaction(person.actor, kind, person.channel, data)


def _options(way: Way, person: Person, victim: MemberActor) -> dict[str, Any]:
    there: Mapping[object, object] = {VICTIM: victim.user, CHANNEL: person.channel}
    return {name: there.get(value, value) for name, value in way.use.options.items()}


def _root(env: Env, name: str, kind: AppCommandType) -> dict[str, Any]:
    root = env.backend.find_command(name, HOME, type=kind)
    assert root is not None, f"{name} is not registered"
    return root


def _command_data(root: dict[str, Any], **more: object) -> dict[str, Any]:
    data = {"id": root["id"], "name": root["name"], "type": root.get("type", 1), **more}
    if root.get("guild_id"):
        data["guild_id"] = root["guild_id"]
    return data


def _menu_data(env: Env, person: Person, way: Way, victim: MemberActor) -> dict[str, Any]:
    name = way.name.removeprefix("menu ")
    if not way.use.message:
        root = _root(env, name, AppCommandType.USER)
        users = {str(victim.id): dict(serializers.user_payload(env.backend.get_user(victim.id)))}
        return _command_data(root, target_id=str(victim.id), resolved={"users": users})
    root = _root(env, name, AppCommandType.MESSAGE)
    (stored, *_) = (m for rows in env.backend.messages.values() for m in rows.values())
    payload = dict(serializers.message_payload(env.backend, stored))
    messages = {str(stored.id): payload}
    return _command_data(root, target_id=str(stored.id), resolved={"messages": messages})


def _about(way: Way, victim: MemberActor) -> Way:
    """Put the victim into a custom_id that is about them."""
    custom_id = way.use.custom_id.replace(str(VICTIM_ID), str(victim.id))
    return replace(way, use=replace(way.use, custom_id=custom_id))


async def _press(env: Env, person: Person, way: Way) -> InteractionResult:
    message = await _offer(env, person, way)
    stored = env.backend.get_message(person.channel.id, message.id)
    kind = SELECT if way.use.choices else BUTTON
    data: dict[str, Any] = {"component_type": kind, "custom_id": way.use.custom_id}
    if way.use.choices:
        data["values"] = list(way.use.choices)
    return await _component_interaction(person.actor, stored, data)


async def _offer(env: Env, person: Person, way: Way) -> discord.Message:
    """Have the bot post a message with one button where the person is."""
    card = Card()
    card.add_item(ui.ActionRow(ui.Button(label="press me", custom_id=way.use.custom_id)))
    return await env.bot.get_partial_messageable(person.channel.id).send(view=card)


async def _send_modal(person: Person, way: Way) -> InteractionResult:
    inputs = [
        {"type": 18, "component": {"type": 4, "custom_id": name, "value": words}}
        for name, words in way.use.typed.items()
    ]
    data = {"custom_id": way.use.custom_id, "components": inputs}
    kind = InteractionType.MODAL_SUBMIT
    return await _dispatch_actor_interaction(person.actor, kind, person.channel, data)
