"""The questions that raters answer. Buttons, checks, columns and exports derive from these."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """A named question with whole-number answers from `low` to `high`, both included.

    Its words are in the catalogues: `scale.<name>.question`, `scale.<name>.hint`,
    `scale.<name>.<value>` for each worded value.
    """

    name: str
    low: int
    high: int
    higher_is_better: bool = True

    @property
    def values(self) -> range:
        """Every answer, from low to high."""
        return range(self.low, self.high + 1)

    def __contains__(self, value: int) -> bool:
        return self.low <= value <= self.high


AESTHETIC = Scale("aesthetic", 1, 10)
"""1 distasteful, 10 most pleasing (AI Horde Ratings)."""

ARTIFACTS = Scale("artifacts", 0, 5, higher_is_better=False)
"""0 flawless, 5 ruined; higher is worse (AI Horde `generate/rate`)."""

SCALES = {scale.name: scale for scale in (AESTHETIC, ARTIFACTS)}
