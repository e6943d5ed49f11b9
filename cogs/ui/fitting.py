"""Texts that fit a message, however much there is to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cogs.ui.edge import Exchange

CHARACTERS: Final = 3900
"""Discord takes 4000 in all texts of one message; a little is left for what we forgot."""


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
