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

    def __init__(self, votes: list[Vote], low: float, high: float) -> None:
        self.votes, self.low, self.high = votes, low, high
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
        self.centre, self.between = fmean(scores), max(total - within, 1e-3 * self.square)
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
        top, bottom = self.centre / self.between, 1 / self.between
        for rater, item, score in given:
            weight = self.weight[rater] / self.hard[item]
            top += weight * (score - self.bias[rater])
            bottom += weight
        return top / bottom, 1 / bottom

    def others(self, vote: Vote) -> tuple[float, float]:
        return self.posterior([each for each in self.of_item[vote[1]] if each != vote])

    def raters(self) -> None:
        seen = {vote: self.others(vote) for vote in self.votes}
        z, error = {}, {}
        for rater, given in self.of_rater.items():
            z[rater] = fisher([vote[2] for vote in given], [seen[vote][0] for vote in given])
            error[rater] = 1 / max(len(given) - 3, 1)
        known = [rater for rater, given in self.of_rater.items() if len(given) >= 20]
        mean, spread, honest = fit([z[rater] for rater in known], [error[rater] for rater in known])
        self.trust = {
            rater: posterior(z[rater], error[rater], mean, spread, honest)
            if rater in known
            else honest
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
        squares = {
            rater: sum(
                ((vote[2] - seen[vote][0] - self.bias[rater]) ** 2 - seen[vote][1])
                / self.hard[vote[1]]
                for vote in given
            )
            for rater, given in self.of_rater.items()
        }
        typical = sum(self.trust[rater] * squares[rater] for rater in squares) / whole
        typical = max(typical, 1e-4 * self.square)
        for rater, given in self.of_rater.items():
            own = (squares[rater] + 8 * typical) / (len(given) + 8)
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
        self.centre = sum(map(float.__mul__, trust, debiased)) / sum(trust)
        weights, means = {}, {}
        for item, given in self.of_item.items():
            parts = [self.weight[rater] / self.hard[item] for rater, _, _ in given]
            weights[item] = sum(parts)
            means[item] = (
                sum(w * (v[2] - self.bias[v[0]]) for w, v in zip(parts, given, strict=True))
                / weights[item]
            )
        half = median(weights.values())
        clear = [item for item in weights if weights[item] >= half * (1 - 1e-9)]
        between = fmean((means[item] - self.centre) ** 2 - 1 / weights[item] for item in clear)
        self.between = max(between, 1e-3 * self.square)
        self.difficulties(means)

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


def fit(z: list[float], error: list[float]) -> tuple[float, float, float]:
    if not z:
        return 1e-3, 0.01, 0.8
    below = sum(2 if each < 0 else each == 0 for each in z)
    honest = min(max(1 - (below + 1) / (len(z) + 5), 0.3), 0.995)
    mean = max(fmean(z) / honest, 1e-3)
    second = fmean(each**2 - noise for each, noise in zip(z, error, strict=True))
    return mean, max(second / honest - mean**2, 0.01), honest


def density(x: float, mean: float, variance: float) -> float:
    return math.exp(-((x - mean) ** 2) / 2 / variance) / math.sqrt(variance)


def posterior(z: float, error: float, mean: float, spread: float, honest: float) -> float:
    z = max(z, 0.0)
    one = honest * density(z, mean, spread + error)
    return one / (one + (1 - honest) * density(z, 0, error))
