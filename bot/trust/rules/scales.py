"""The scales as the rules see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.rating.scales import AESTHETIC, ARTIFACTS


@dataclass(frozen=True, slots=True)
class RatedScale:
    """Whole-number buttons from `low` to `high`.

    `usual` is a button that looking people press on most images: no share of it is a sign. Where
    there is one, few different buttons are none either.
    """

    name: str
    low: int
    high: int
    usual: int | None = None

    @property
    def levels(self) -> int:
        """How many buttons there are."""
        return self.high - self.low + 1

    @property
    def usual_level(self) -> int | None:
        """The usual button, counted from 0."""
        return None if self.usual is None else self.usual - self.low

    @property
    def width(self) -> int:
        """Points from the lowest to the highest button."""
        return self.high - self.low


RATED: Final[Mapping[str, RatedScale]] = {
    AESTHETIC.name: RatedScale(AESTHETIC.name, AESTHETIC.low, AESTHETIC.high),
    ARTIFACTS.name: RatedScale(ARTIFACTS.name, ARTIFACTS.low, ARTIFACTS.high, ARTIFACTS.low),
}
"""Most images have no flaws, so that honest raters press `flawless` nearly always."""

MAIN: Final = AESTHETIC.name
"""The scale by which agreement is judged first: everybody's answers vary there."""
