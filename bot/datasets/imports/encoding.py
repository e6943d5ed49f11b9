"""Text that should be UTF-8, of which some bytes may be of another encoding."""

from __future__ import annotations

import re
from typing import Final

ERRORS: Final = "surrogateescape"
"""How such bytes are decoded: each becomes half a character, which UTF-8 cannot have."""
MEND: Final = "save it as UTF-8 and import it again"

_FOREIGN: Final = re.compile("[\udc80-\udcff]")


def is_utf8(text: str) -> bool:
    """Tell whether a text that was decoded with ERRORS is UTF-8."""
    return text.isascii() or not _FOREIGN.search(text)
