"""Which votes, of which images, an export is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from storage.votes import Surface

RaterChoice = Literal["all", "validated"]
Safety = Literal["any", "safe", "unsafe"]

ANY_RELIABILITY: Final = 0.0


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted; as it is made, everything that counts, of all data sets.

    `since` (included) and `until` (not included) say in microseconds when a vote began. Images
    need `minimum_votes` of what is left of their votes. `raters`: all, or those whom moderators
    have validated. `linked` asks for votes given with a proved account of the AI Horde.
    `minimum_reliability` (0 to 1) is asked of a rater on every scale that they were scored on; who
    was never scored passes only where it is 0. `gold` adds votes on gold images, `void` those that
    moderators took out, `imported` those of AI Horde Ratings that were imported.
    """

    data_sets: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    minimum_votes: int = 1
    raters: RaterChoice = "all"
    linked: bool = False
    minimum_reliability: float = ANY_RELIABILITY
    surface: Surface | None = None
    safety: Safety = "any"
    gold: bool = False
    void: bool = False
    imported: bool = False

    @classmethod
    def parsed(cls, values: Mapping[str, Any]) -> Self:
        """Return what `dataclasses.asdict` made, after its way through JSON."""
        return cls(**{**values, "data_sets": tuple(values["data_sets"])})

    @property
    def is_of_other_votes(self) -> bool:
        """Tell whether scores must be made for it: those that are kept are of all that count."""
        return self.raters != "all" or any(
            (
                self.linked,
                self.since is not None,
                self.until is not None,
                self.surface is not None,
                self.minimum_reliability > ANY_RELIABILITY,
                self.gold,
                self.void,
                self.imported,
            )
        )

    @property
    def fault(self) -> str | None:
        """Why nothing could ever be in it, in one line; None where something could."""
        if self.since is not None and self.until is not None and self.since >= self.until:
            return "the end of the wanted time is not after its beginning"
        return None

    @property
    def is_of_whole_data_sets(self) -> bool:
        """Tell whether nothing is asked of votes and images but their data sets."""
        return self == Selection(self.data_sets)
