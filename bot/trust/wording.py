"""What people typed, made harmless for other people's screens."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

REASON_LENGTH: Final = 500
"""Characters of a typed reason that are kept."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that are not seen or turn the direction of what is."""

_MARKDOWN: Final = re.compile(r"([\\*_~`|>#\-+\[\]()<:@.!])")


def tidy(text: str | None, limit: int = REASON_LENGTH) -> str | None:
    """Return typed text as one line of at most `limit` visible characters, None if none is left."""
    if text is None:
        return None
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    seen = "".join(c for c in spaced if unicodedata.category(c) not in _UNSEEN)
    return " ".join(seen.split())[:limit].strip() or None


def escape(text: str) -> str:
    """Return text that Discord shows as it is: no markdown, mentions, links or emoji codes."""
    return _MARKDOWN.sub(r"\\\1", text)


def quoted(text: object) -> str:
    """Return what somebody typed, or named so, as it may stand between backticks."""
    return str(text).replace("`", "'")
