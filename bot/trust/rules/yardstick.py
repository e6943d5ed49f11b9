"""One rater on one scale measured by the crowd: the figures that rules read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from bot.trust.rules.agreement import GROUPS, NONE, UNIT, WINDOW, Agreement, decoded
from bot.trust.rules.crowd import Belief, Crowd, ScaleCrowd, believe
from bot.trust.rules.scales import RATED, RatedScale
from bot.trust.scoring.dependence import CrowdTable, strangeness
from bot.trust.scoring.votes import Floats

Yardsticks = Mapping[str, "Yardstick"]


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The crowd on one scale, made ready for many raters."""

    scale: RatedScale
    crowd: ScaleCrowd
    table: CrowdTable

    @classmethod
    def of(cls, scale: RatedScale, crowd: ScaleCrowd) -> Self:
        """Make the crowd ready."""
        return cls(scale, crowd, CrowdTable.of(np.reshape(crowd.table, (GROUPS, scale.levels))))

    def believe(self, agreement: Agreement | None) -> Belief:
        """Return what all compared answers say; None: there is none."""
        sums = NONE if agreement is None else agreement.sums
        return believe(sums, self.crowd, self.scale)

    def llr(self, agreement: Agreement, belief: Belief) -> float:
        """Return the evidence a vote that the answers depend on the images.

        `scoring.dependence.log_likelihood_ratio` for one rater; 0 without a compared answer.
        """
        return float(self.llrs([agreement.table], [belief])[0])

    def newest(self, agreement: Agreement) -> Belief | None:
        """Return what the newest 40 answers say by themselves; None for fewer."""
        if agreement.window.n < WINDOW:
            return None
        return believe(agreement.window, self.crowd, self.scale)

    def newest_llr(self, agreement: Agreement, belief: Belief) -> float:
        """Return the evidence a vote of the newest answers, of which `belief` is."""
        return float(self.llrs([self.newest_table(agreement)], [belief])[0])

    def newest_table(self, agreement: Agreement) -> list[int]:
        """Return the newest answers counted by group and button."""
        cells = [0] * len(agreement.table)
        group, levels, low = self.crowd.group, self.scale.levels, self.scale.low
        for score, expected in map(decoded, agreement.recent):
            cells[group(expected / UNIT) * levels + score - low] += 1
        return cells

    def llrs(self, tables: Sequence[Sequence[int]], beliefs: Sequence[Belief]) -> Floats:
        """Return the evidence a vote, in nats, of raters with these tables and beliefs."""
        cells = np.reshape(np.array(tables, float), (-1, GROUPS, self.scale.levels))
        size = np.array([0.5 * math.log(each.variance) for each in beliefs])
        strange = strangeness(size, self.crowd.size, self.crowd.size_width)
        known = np.array([each.known for each in beliefs], bool)
        answers = np.array([max(each.answers, 1) for each in beliefs], float)
        found: Floats = (self.table.log_ratio(cells) + strange * known) / answers
        return found


def yardsticks(crowd: Crowd, scales: Mapping[str, RatedScale] = RATED) -> Yardsticks:
    """Make every scale of the crowd ready."""
    return {name: Yardstick.of(scales[name], each) for name, each in crowd.scales.items()}
