"""The formulas of docs/scoring.md a second time, slowly, with plain Python alone."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean, median, pvariance

Vote = tuple[int, int, float]


@dataclass
class Reference:
    score: dict[int, float]
    error: dict[int, float]
    bias: dict[int, float]
    variance: dict[int, float]
    reliability: dict[int, float]


class Slow:
    """Works on lists of (rater, item, score)."""

    def __init__(
        self, votes: list[Vote], low: float, high: float, group: dict[int, int] | None = None
    ) -> None:
        self.votes, self.low, self.high = votes, low, high
        self.group = group or dict.fromkeys([item for _, item, _ in votes], 0)
        self.square = (high - low) ** 2
        self.of_item: dict[int, list[Vote]] = defaultdict(list)
        self.of_rater: dict[int, list[Vote]] = defaultdict(list)
        for vote in votes:
            self.of_item[vote[1]].append(vote)
        for vote in votes:
            self.of_rater[vote[0]]
            if len(self.of_item[vote[1]]) > 1:
                self.of_rater[vote[0]].append(vote)
        scores = [score for _, _, score in votes]
        total = pvariance(scores)
        freedom = sum(len(given) - 1 for given in self.of_item.values())
        within = total / 2
        if freedom:
            within = (
                sum(
                    (vote[2] - fmean(each[2] for each in given)) ** 2
                    for given in self.of_item.values()
                    for vote in given
                )
                / freedom
            )
        within = max(within, 1e-4 * self.square)
        self.centre = self.centres([(item, score, 1) for _, item, score in votes])
        self.between = max(total - within, 1e-3 * self.square)
        self.bias = dict.fromkeys(self.of_rater, 0.0)
        self.variance = dict.fromkeys(self.of_rater, within)
        self.trust = dict.fromkeys(self.of_rater, 1.0)
        self.weight = dict.fromkeys(self.of_rater, 1 / within)
        self.hard = dict.fromkeys(self.of_item, 1.0)

    def run(self) -> Reference:
        for _ in range(8):
            self.raters()
            self.images()
        score, error = {}, {}
        for item, given in self.of_item.items():
            mean, variance = self.posterior(given)
            score[item], error[item] = min(max(mean, self.low), self.high), math.sqrt(variance)
        return Reference(score, error, self.bias, self.variance, self.trust)

    def posterior(self, given: list[Vote]) -> tuple[float, float]:
        return self.posterior_of(given[0][1], given)

    def posterior_of(self, item: int, given: list[Vote]) -> tuple[float, float]:
        top, bottom = self.centre[self.group[item]] / self.between, 1 / self.between
        for rater, _, score in given:
            top += self.weight[rater] * (score - self.bias[rater])
            bottom += self.weight[rater]
        return top / bottom, self.hard[item] / bottom

    def others(self, vote: Vote) -> tuple[float, float]:
        item = vote[1]
        return self.posterior_of(item, [each for each in self.of_item[item] if each != vote])

    def centres(self, votes: list[tuple[int, float, float]]) -> dict[int, float]:
        """Return each group's centre from (item, score, trust)."""
        common = sum(trust * score for _, score, trust in votes) / sum(t for _, _, t in votes)
        top: dict[int, float] = defaultdict(float)
        bottom: dict[int, float] = defaultdict(float)
        for item, score, trust in votes:
            top[self.group[item]] += trust * score
            bottom[self.group[item]] += trust
        return {kind: (top[kind] + 20 * common) / (bottom[kind] + 20) for kind in top}

    def raters(self) -> None:
        seen = {vote: self.others(vote) for vote in self.votes}
        whole = sum(self.trust[r] * len(given) for r, given in self.of_rater.items())
        noise = sum(
            self.trust[r] * len(given) * self.variance[r] for r, given in self.of_rater.items()
        ) / max(whole, 1)
        everything = sum(len(given) for given in self.of_rater.values())
        z, error, squares, contrast = {}, {}, {}, {}
        for rater, given in self.of_rater.items():
            theirs = [seen[vote][0] for vote in given]
            z[rater] = fisher([vote[2] for vote in given], theirs)
            mean = fmean(theirs) if theirs else 0.0
            squares[rater] = sum((each - mean) ** 2 for each in theirs)
            fourth = sum((each - mean) ** 4 for each in theirs)
            told = min(3 * squares[rater] ** 2 / fourth, len(given)) if fourth else len(given)
            error[rater] = 1 / max(told - 3, 1)
        usual = sum(squares.values()) / everything
        for rater, given in self.of_rater.items():
            own = squares[rater] / max(len(given), 1)
            ratio = own / (own + noise) / (usual / (usual + noise))
            contrast[rater] = min(math.sqrt(ratio), 1.0)
        known = [rater for rater, given in self.of_rater.items() if len(given) >= 20]
        crowd = fit([(z[r], error[r], contrast[r]) for r in known])
        self.trust = {
            rater: posterior(z[rater], error[rater], contrast[rater], crowd)
            if rater in known
            else crowd[2]
            for rater in self.of_rater
        }
        bias = {}
        for rater, given in self.of_rater.items():
            top = sum((vote[2] - seen[vote][0]) / self.hard[vote[1]] for vote in given)
            bias[rater] = top / (sum(1 / self.hard[vote[1]] for vote in given) + 2)
        counts = {rater: self.trust[rater] * len(given) for rater, given in self.of_rater.items()}
        whole = max(sum(counts.values()), 1)
        shift = sum(counts[rater] * bias[rater] for rater in bias) / whole
        self.bias = {rater: value - shift for rater, value in bias.items()}
        noises = {
            rater: sum(
                ((vote[2] - seen[vote][0] - self.bias[rater]) ** 2 - seen[vote][1])
                / self.hard[vote[1]]
                for vote in given
            )
            for rater, given in self.of_rater.items()
        }
        typical = sum(self.trust[rater] * noises[rater] for rater in noises) / whole
        typical = max(typical, 1e-4 * self.square)
        for rater, given in self.of_rater.items():
            own = (noises[rater] + 8 * typical) / (len(given) + 8)
            self.variance[rater] = max(own, 1e-4 * self.square) if rater in known else typical
        floor, reached = 0.0, 0.0
        for rater in sorted(self.variance, key=lambda each: (self.variance[each], each)):
            reached += counts[rater]
            if reached >= sum(counts.values()) / 2 * (1 - 1e-9):
                floor = self.variance[rater]
                break
        self.used = {rater: max(variance, floor) for rater, variance in self.variance.items()}
        self.weight = {rater: (self.trust[rater] + 0.001) / self.used[rater] for rater in self.used}

    def images(self) -> None:
        trust = [self.trust[rater] for rater, _, _ in self.votes]
        debiased = [score - self.bias[rater] for rater, _, score in self.votes]
        items = [item for _, item, _ in self.votes]
        self.centre = self.centres(list(zip(items, debiased, trust, strict=True)))
        weights, means = {}, {}
        for item, given in self.of_item.items():
            parts = [self.weight[rater] for rater, _, _ in given]
            weights[item] = sum(parts)
            means[item] = (
                sum(w * (v[2] - self.bias[v[0]]) for w, v in zip(parts, given, strict=True))
                / weights[item]
            )
        self.difficulties(means)
        half = median(weights.values())
        clear = [item for item in weights if weights[item] >= half * (1 - 1e-9)]
        between = sum(
            (means[item] - self.centre[self.group[item]]) ** 2 - self.hard[item] / weights[item]
            for item in clear
        ) / sum(self.hard[item] for item in clear)
        self.between = max(between, 1e-3 * self.square)

    def difficulties(self, means: dict[int, float]) -> None:
        many: dict[int, float] = defaultdict(float)
        total: dict[int, float] = defaultdict(float)
        square = {}
        for vote in self.votes:
            rater, item, score = vote
            trust = self.trust[rater] * (len(self.of_item[item]) > 1)
            square[vote] = trust * (score - self.bias[rater] - means[item]) ** 2 / self.used[rater]
            many[item] += trust
            total[item] += square[vote]
        telling = [item for item in many if many[item] - 1 > 0.5]
        self.hard = dict.fromkeys(self.of_item, 1.0)
        freedom = sum(many[item] - 1 for item in telling)
        average = sum(total[item] for item in telling) / freedom if telling else 0.0
        if average <= 1e-9:
            return
        top = bottom = 0.0
        for vote, value in square.items():
            if vote[1] in telling:
                trust = self.trust[vote[0]]
                usual = average * (many[vote[1]] - 1) / many[vote[1]]
                top += trust * (value / usual - trust) ** 2
                bottom += trust
        one = top / bottom
        seen = (
            sum((many[i] - 1) * (total[i] / average / (many[i] - 1) - 1) ** 2 for i in telling)
            / freedom
        )
        true = seen - one * len(telling) / freedom
        prior = min(max(one / true, 8), 1e6) if true > 0 and one > 0 else 1e6
        for item in telling:
            self.hard[item] = (total[item] / average + prior) / (many[item] - 1 + prior)


def fisher(ours: list[float], theirs: list[float]) -> float:
    if not ours:
        return 0.0
    one, two = fmean(ours), fmean(theirs)
    both = sum((a - one) * (b - two) for a, b in zip(ours, theirs, strict=True))
    squares = sum((a - one) ** 2 for a in ours) * sum((b - two) ** 2 for b in theirs)
    return math.atanh(min(max(both / math.sqrt(squares), -0.999), 0.999)) if squares > 1e-24 else 0


def fit(told: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Return mean, spread and honest share from (z, its error, contrast)."""
    many = sum(k**2 for _, _, k in told)
    if not many:
        return 1e-3, 0.01, 0.8
    below = sum(k**2 * (2 if z < 0 else z == 0) for z, _, k in told)
    honest = min(max(1 - (below + 1) / (many + 5), 0.3), 0.995)
    mean = max(sum(k * z for z, _, k in told) / many / honest, 1e-3)
    second = sum(z**2 - noise for z, noise, _ in told) / many
    return mean, max(second / honest - mean**2, 0.01), honest


def density(x: float, mean: float, variance: float) -> float:
    return math.exp(-((x - mean) ** 2) / 2 / variance) / math.sqrt(variance)


def posterior(z: float, error: float, contrast: float, crowd: tuple[float, float, float]) -> float:
    mean, spread, honest = crowd
    z = max(z, 0.0)
    one = honest * density(z, contrast * mean, contrast**2 * spread + error)
    return one / (one + (1 - honest) * density(z, 0, error))
