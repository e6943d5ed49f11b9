"""Texts in CSV that a spreadsheet would run as formulas, and how they are kept from it."""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""How a cell begins that a spreadsheet may run (OWASP, "CSV Injection"), in full width too,
behind apostrophes that it may have already, so that one more can be told from them."""


def disarmed(text: str) -> str:
    """Return the text as it is written: with an apostrophe in front where it may be a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def armed(text: str) -> str:
    """Return the text that was written as `text`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
