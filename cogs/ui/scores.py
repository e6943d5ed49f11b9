"""How a scale looks: its question, its anchors and its buttons, all derived from SCALES."""

from __future__ import annotations

from collections.abc import Iterator

from discord import ButtonStyle, ui

from bot.rating.scales import Scale
from bot.texts import Texts
from cogs.ui import custom_ids

PLAIN_PER_ROW = 5
WORDED_PER_ROW = 3
"""Buttons a row: worded ones are wide, and three fit a phone."""


def is_worded(texts: Texts, scale: Scale) -> bool:
    """Tell whether every value has its word; such a scale needs no anchors beside it."""
    return all(texts.has(_word_key(scale, value)) for value in scale.values)


def label(texts: Texts, language: str, scale: Scale, value: int) -> str:
    """Return a value as its button says it: `7`, or `2 small`."""
    if not (texts.has(_word_key(scale, value)) and is_worded(texts, scale)):
        return str(value)
    return f"{value} {texts.say(_word_key(scale, value), language)}"


def question(texts: Texts, language: str, scale: Scale) -> str:
    """Return the question, with hint and anchors in small print below where there are any."""
    parts = [texts.say(f"scale.{scale.name}.hint", language)]
    if not is_worded(texts, scale):
        parts.append(" · ".join(_anchors(texts, language, scale)))
    small_print = " ".join(part for part in parts if part)
    title = f"**{texts.say(f'scale.{scale.name}.question', language)}**"
    return f"{title}\n-# {small_print}" if small_print else title


def name(texts: Texts, language: str, scale: Scale) -> str:
    """Return the short name of a scale."""
    return texts.say(f"scale.{scale.name}.name", language)


def buttons(
    texts: Texts, language: str, scale: Scale, post_id: int, chosen: int | None = None
) -> Iterator[ui.ActionRow[ui.LayoutView]]:
    """Return the rows of score buttons; a chosen one stands out."""
    worded = is_worded(texts, scale)
    usual = ButtonStyle.secondary if worded else ButtonStyle.primary
    per_row = WORDED_PER_ROW if worded else PLAIN_PER_ROW
    for start in range(0, len(scale.values), per_row):
        yield ui.ActionRow(
            *(
                ui.Button(
                    label=label(texts, language, scale, value),
                    style=ButtonStyle.success if value == chosen else usual,
                    custom_id=custom_ids.vote(scale.name, value, post_id),
                )
                for value in scale.values[start : start + per_row]
            )
        )


def _anchors(texts: Texts, language: str, scale: Scale) -> Iterator[str]:
    for value in scale.values:
        key = _word_key(scale, value)
        if texts.has(key):
            yield f"{value} {texts.say(key, language)}"


def _word_key(scale: Scale, value: int) -> str:
    return f"scale.{scale.name}.{value}"
