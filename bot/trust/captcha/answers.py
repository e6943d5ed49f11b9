"""What a typed answer means: people write in their own way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from storage.captchas import CaptchaKind

PICTURE_ALPHABET: Final = "ACEFHKLPRTXY347"
"""What pictures show: characters that stay apart from each other when they are bent."""

LOOKALIKES: Final[Mapping[str, str]] = {"G": "C", "6": "C", "V": "Y", "1": "7", "Z": "7", "8": "3"}
"""What no picture shows, and what was meant by it."""

DIGITS: Final = "0123456789"

_ARTICLES: Final = frozenset({"a", "an", "the", "der", "die", "das", "ein", "eine", "einen"})
_MUTATED: Final = (("ae", "a"), ("oe", "o"), ("ue", "u"))
_WORD: Final = re.compile(r"[^\W_]+")
_LONGEST: Final = 200
"""Characters of an answer that are looked at."""


def meaning(kind: CaptchaKind, typed: str, numbers: Mapping[str, str]) -> str:
    """Return what was meant, the same for every way to write it; empty if that is nothing.

    Case, spaces and punctuation never count. `numbers` are the digits of folded number words.
    """
    plain = _plain(typed[:_LONGEST])
    if kind == "picture":
        shown = "".join(_WORD.findall(plain)).upper()
        return "".join(LOOKALIKES.get(character, character) for character in shown)
    words = [fold(word) for word in _WORD.findall(plain)]
    words = [numbers.get(word, word) for word in words]
    if kind == "audio":
        return "".join(c for word in words for c in word if c in DIGITS)
    return "".join(word for word in words if word not in _ARTICLES)


def fold(word: str) -> str:
    """Return a word without case, accents, and the two ways to write an umlaut."""
    plain = _plain(word)
    for written, meant in _MUTATED:
        plain = plain.replace(written, meant)
    return plain


def _plain(text: str) -> str:
    """Return a text without case and accents, and with every character in its usual form."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
