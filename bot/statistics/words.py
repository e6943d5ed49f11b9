"""Texts and numbers of the statistics in one language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.rating.scales import Scale
from bot.texts.catalogue import Texts

NO_BREAK_SPACE: Final = "\u00a0"
MANY: Final = 10_000
MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Words:
    """Says the texts below `statistics` of the catalogues."""

    texts: Texts
    language: str

    def say(self, key: str, **values: object) -> str:
        """Return a text."""
        return self.texts.say(f"statistics.{key}", self.language, **values)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number in groups of three digits, which spaces part as ISO 80000-1 has it."""
        whole, _, rest = f"{value:,.{digits}f}".partition(".")
        grouped = whole.replace(",", NO_BREAK_SPACE)
        return f"{grouped}{self.texts.decimal_mark(self.language)}{rest}" if rest else grouped

    def short(self, value: float) -> str:
        """Return a number for an axis: as it is, or in thousands, or in millions."""
        for size, unit in ((MILLION, "million"), (MANY, "thousand")):
            if value >= size:
                part = value / (MILLION if size == MILLION else 1000)
                return self.say(f"short.{unit}", n=self._plain(part))
        return self._plain(value)

    def scale(self, scale: Scale) -> str:
        """Return the name of a scale."""
        return self.texts.say(f"scale.{scale.name}.name", self.language)

    def _plain(self, value: float) -> str:
        return self.texts.number(
            value, self.language, digits=0 if value == int(value) else 2 if value < 1 else 1
        )
