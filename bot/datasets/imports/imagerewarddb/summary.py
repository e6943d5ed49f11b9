"""What an import of ImageRewardDB says at its end."""

from __future__ import annotations

from dataclasses import dataclass

from bot.datasets.imports.summary import Summary
from bot.datasets.imports.votes.summary import VotesSummary


@dataclass(frozen=True, slots=True)
class ImageRewardSummary:
    """What became of the images, and of the ratings of each scale where they were asked for."""

    images: Summary
    ratings: tuple[VotesSummary, ...]

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {**self.images.as_dict(), "ratings": [each.as_dict() for each in self.ratings]}

    def lines(self) -> list[str]:
        """Return it for people, a line a fact."""
        lines = self.images.lines()
        for each in self.ratings:
            lines += ["", *each.lines()[1:]]
        return lines
