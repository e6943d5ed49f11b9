"""Texts that fit a message, however much there is to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cogs.ui.edge import Exchange

CHARACTERS: Final = 3900
"""Discord takes 4000 in all texts of one message; a little is left for what we forgot."""


_LEAST: Final = 100
"""Characters for which a text is begun at all."""


def fit(exchange: Exchange, lines: Sequence[str], room: int) -> str:
    """Join lines to at most `room` characters; of those left out it is said how many they are."""
    whole = "\n".join(lines)
    if len(whole) <= room:
        return whole
    kept = list(lines)
    while kept:
        kept.pop()
        note = f"-# {exchange.count('fitting.more', len(lines) - len(kept))}"
        text = "\n".join((*kept, note))
        if len(text) <= room:
            return text
    return whole[:room]


def cut(text: str, length: int) -> str:
    """Return a text of at most `length` characters; what is cut ends in an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}\N{HORIZONTAL ELLIPSIS}"


def blocks(exchange: Exchange, parts: Sequence[Sequence[str]], room: int = CHARACTERS) -> list[str]:
    """Join each part's lines to a text of its own; together at most `room` characters.

    Right below a list or a quotation further lines would look like a part of it.
    """
    found: list[str] = []
    for lines in parts:
        if lines and room > _LEAST:
            found.append(fit(exchange, lines, room))
            room -= len(found[-1])
    return found
