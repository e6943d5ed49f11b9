"""Descriptions and choices of slash commands, from the same catalogues as everything else.

Keys: `command.<qualified.name>.description`, `command.<qualified.name>.<parameter>.description`,
and `command.<qualified.name>.<parameter>.choice.<value>`. Commands are defined in code by their
name alone; `describe` fills in the rest. Names are the same in every language: what our texts tell
people to type is what they find.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot import discord_internals
from bot.texts import ENGLISH, LANGUAGES, Texts

Described = app_commands.Command[Any, ..., Any] | app_commands.Group


def describe(command: Described, texts: Texts) -> None:
    """Give a command, and all below it, its English descriptions and keys for the other texts."""
    key = _key(command)
    command.description = texts.say(f"{key}.description", ENGLISH)
    if isinstance(command, app_commands.Group):
        for child in command.commands:
            describe(child, texts)
        return
    for name, parameter in discord_internals.parameters(command).items():
        parameter.description = app_commands.locale_str(
            texts.say(f"{key}.{name}.description", ENGLISH)
        )
        parameter.choices = [
            _named(choice, f"{key}.{name}.choice.{choice.value}", texts)
            for choice in parameter.choices or ()
        ]


def _named(choice: app_commands.Choice[Any], key: str, texts: Texts) -> app_commands.Choice[Any]:
    name = app_commands.locale_str(texts.say(key, ENGLISH), key=key)
    return app_commands.Choice(name=name, value=choice.value)


def _key(command: Described) -> str:
    return f"command.{command.qualified_name.replace(' ', '.')}"


class CatalogueTranslator(app_commands.Translator):
    """Says what discord.py asks for while it registers the commands."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the text in a language that we have, None for English and all others."""
        language = locale.value.partition("-")[0]
        if language == ENGLISH or language not in LANGUAGES:
            return None
        key = _translated_key(string, context)
        return self._texts.say(key, language) if key is not None else None


def _translated_key(
    string: app_commands.locale_str, context: app_commands.TranslationContextTypes
) -> str | None:
    data: Any = context.data
    match context.location:
        case Location.command_description | Location.group_description:
            return f"{_key(data)}.description"
        case Location.parameter_description:
            return f"{_key(data.command)}.{data.name}.description"
        case _:
            key = string.extras.get("key")
            return key if isinstance(key, str) else None
