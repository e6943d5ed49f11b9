"""What a score is worth, in whole kudos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.rating.scales import AESTHETIC, ARTIFACTS
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Prices:
    """The settings' prices by scale, and what special raters get of any price, in percent."""

    usual: Mapping[str, int]
    percent_validated: int
    percent_trusted: int

    @classmethod
    def of(cls, settings: Settings) -> Prices:
        """Return the prices that the settings describe."""
        return cls(
            {
                AESTHETIC.name: settings.kudos_per_aesthetic,
                ARTIFACTS.name: settings.kudos_per_artifacts,
            },
            settings.kudos_percent_validated,
            settings.kudos_percent_trusted,
        )

    def price(self, scale: str, own: int | None, *, validated: bool, trusted: bool) -> int:
        """Return what one score earns, rounded down; 0: nothing.

        `own` is the data set's price, None where it has none. Whoever is both validated and
        trusted gets the higher.
        """
        base = self.usual[scale] if own is None else own
        percents = [self.percent_validated] * validated + [self.percent_trusted] * trusted
        return base * max(percents, default=100) // 100
