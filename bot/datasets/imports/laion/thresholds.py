"""Which of LAION's rows are taken, and which of those may be shown everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.datasets.imports.laion.tables import Row
from bot.datasets.imports.summary import Reason

MAX_UNSAFE: Final = 0.5
MAX_WATERMARK: Final = 0.8
"""Both as LAION-Aesthetics was cut: https://github.com/LAION-AI/laion-datasets,
laion-aesthetic.md."""
SAFE_UP_TO: Final = 0.1

_UNLIKELY: Final = "UNLIKELY"
_UNSAFE: Final = "NSFW"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities (0-1): rows above `unsafe` or `watermark` are left out, safe is up to `safe`.

    A row without a probability is taken, because nobody says that it should not, and is not safe,
    because nobody says that it is. Nor is one with the tag NSFW or UNSURE; NSFW counts as the
    highest probability.
    """

    unsafe: float = MAX_UNSAFE
    watermark: float = MAX_WATERMARK
    safe: float = SAFE_UP_TO

    def refuse(self, row: Row) -> Reason | None:
        """Return why a row is left out; None for one to take."""
        unsafe = 1.0 if row.nsfw == _UNSAFE else row.punsafe
        if unsafe is not None and unsafe > self.unsafe:
            return Reason.UNSAFE
        if row.pwatermark is not None and row.pwatermark > self.watermark:
            return Reason.WATERMARK
        return None

    def is_safe(self, row: Row) -> bool:
        """Tell whether the picture of a row may be shown to everybody."""
        if row.punsafe is None or row.nsfw not in {None, _UNLIKELY}:
            return False
        return 0.0 <= row.punsafe <= self.safe
