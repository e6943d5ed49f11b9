"""The child process that finds who goes with whom: a request on stdin, pairs on stdout."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import NormalDist
from typing import Final

import numpy as np

from bot.children.answering import answer, asked
from bot.rating.scales import SCALES
from bot.trust.rules.pair_lines import FAILED, PAIR, PAIRED, RATER, PairRequest
from bot.trust.rules.rule import SHOWN_FROM
from bot.trust.scoring.estimate import Estimate, estimate
from bot.trust.scoring.partners import Partners
from bot.trust.scoring.votes import Floats, Index, Votes
from storage import paired_votes
from storage.connections import connect, explain
from storage.paired_votes import Pair

MOST_VOTES: Final = 1_000_000
MOST_PAIRS: Final = 1_000

MEDIANS: Final = 2.5
"""The limit is so many times the median of raters with enough votes. Not a high quantile: who
pushes together agrees with everybody elsewhere, is sound, and would set it (on the faces with a
fifth of the raters in groups, 99.5 % of sound raters stay below 5.5, and 3 % of the groups are
above). Of honest raters of faces the closest is 2.3 medians away."""

CHANCE: Final = 0.05
LEAST_LIMIT: Final = 2.5
"""It is no lower than this, and than what chance would reach with this probability: three partners
above it, of those whom a rater met on average, of any of all raters."""


@dataclass(frozen=True, slots=True)
class Paired:
    """Raters above the limit with their figures, the pairs that they are in, and the limit."""

    raters: dict[int, float]
    pairs: list[Pair]
    limit: float


def main() -> int:
    """Serve the one request on stdin; returns the exit code, 0 when all was told."""
    request = PairRequest(**asked())
    try:
        found = pair_up(Path(request.database), request.scale)
        for rater, score in found.raters.items():
            answer(RATER, rater=rater, score=score)
        for pair in found.pairs:
            answer(PAIR, **pair._asdict())
        answer(PAIRED, limit=found.limit)
    except BrokenPipeError:
        return 1
    except sqlite3.Error as error:
        answer(FAILED, reason=str(explain(error) or error))
        return 1
    except MemoryError:
        answer(FAILED, reason="there is not enough memory")
        return 1
    return 0


def pair_up(path: Path, scale: str) -> Paired:
    """Find raters who deviate together, in the newest votes. Raises sqlite3.Error."""
    with closing(connect(path, query_only=True)) as connection:
        rows = _table(paired_votes.newest(connection, scale, MOST_VOTES))
    raters, rater = np.unique(rows[:, 0], return_inverse=True)
    images, first, item = np.unique(rows[:, 1], return_index=True, return_inverse=True)
    _, group = np.unique(rows[first, 2], return_inverse=True)
    votes = Votes.of(
        rater, item, rows[:, 3],
        low=SCALES[scale].low, high=SCALES[scale].high,
        raters=len(raters), items=len(images), group=group,
    )  # fmt: skip
    found = estimate(votes)
    partners = Partners.of(votes, deviations(votes, found))
    closeness = partners.closeness()
    limit = limit_of(partners, votes)
    close = np.flatnonzero(closeness >= limit)
    return Paired(
        {int(raters[each]): round(float(closeness[each]), 3) for each in close},
        list(_pairs(partners, close, raters)),
        limit,
    )


def deviations(votes: Votes, found: Estimate) -> Floats:
    """Return each vote's deviation from what was expected of it, in standard deviations."""
    model = found.model
    spread = model.variance[votes.rater] * model.difficulty[votes.item] + found.uncertainty
    deviation: Floats = found.judged * found.deviation(votes) / np.sqrt(spread)
    return deviation


def limit_of(partners: Partners, votes: Votes) -> float:
    """Return from which figure on a rater is to be looked at."""
    least = chance_limit(votes.raters, partners.met)
    enough = votes.by_rater() >= SHOWN_FROM
    if not enough.any():
        return least
    return max(least, MEDIANS * float(np.median(partners.closeness()[enough])))


def chance_limit(raters: int, met: int) -> float:
    """Return a figure that chance hardly reaches where so many pairs of raters met.

    Each of p partners of a rater has a score of N(0, 1). Three of them are above x with the
    probability (p Q(x))^3 / 6, where Q is the normal distribution's upper tail.
    """
    if not met:
        return LEAST_LIMIT
    tail = (6 * CHANCE / raters) ** (1 / 3) * raters / (2 * met)
    return max(LEAST_LIMIT, NormalDist().inv_cdf(1 - tail) if tail < 1 else LEAST_LIMIT)


def _pairs(partners: Partners, close: Index, raters: Index) -> Iterator[Pair]:
    """Yield the pairs that make these raters' figures, the closest first, each once."""
    found: dict[tuple[int, int], Pair] = {}
    for one in close.tolist():
        for place, two in enumerate(partners.other[one].tolist()):
            if two >= 0:
                low, high = sorted((int(raters[one]), int(raters[two])))
                score = round(float(partners.score[one, place]), 3)
                found[low, high] = Pair(low, high, score, int(partners.shared[one, place]))
    yield from sorted(found.values(), key=lambda pair: -pair.score)[:MOST_PAIRS]


def _table(chunks: Iterator[list[tuple[int, ...]]]) -> Index:
    """Return rows of four numbers as one array, chunk by chunk."""
    parts = [
        np.fromiter(chain.from_iterable(rows), np.int64, 4 * len(rows)).reshape(-1, 4)
        for rows in chunks
    ]
    return np.concatenate([np.empty((0, 4), np.int64), *parts])


if __name__ == "__main__":
    sys.exit(main())
