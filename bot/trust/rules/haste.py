"""A rule of pace: who answers before anybody could have looked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.trust.rules.rule import Act, Before, Figure, Finding, Measure, Sight, acts


@dataclass(frozen=True, slots=True)
class TooFast:
    """Half of the newest times are too short.

    Of 325 real raters none has a median below 1 s and 1.3 to 1.6 % have one below 1.5 s (facts,
    section 5). Private times have the network's share in them, so 1.5 s there is less. In public
    the time from answer to answer is taken, where people look at several posts first: 1 s.
    """

    name: ClassVar = "too_fast"
    reads: ClassVar = frozenset({Measure.PACE})
    figure: ClassVar = Figure(1, 1)

    shown_seconds: float = 1.5
    between_seconds: float = 1.0
    still: float = 1.2
    times: int = 10
    gold_percent: int = 0

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find the median of the times by which somebody is too fast."""
        slack = self.still if before.found else 1.0
        shown = sight.pace.median_shown(self.times)
        between = sight.pace.median_between(self.times)
        if shown is not None and shown < self.shown_seconds * slack:
            return Finding(self.name, shown, acts(Act.CAPTCHA))
        if between is not None and between < self.between_seconds * slack:
            return Finding(self.name, between, acts(Act.CAPTCHA))
        return None
