"""Gold images, captchas and runs of the estimator beside the online rules, over a pool of votes.

Gold is answered by what the same rater said of that face, or in the way of the attack. Everybody
passes captchas: they keep out who does not try hard, and these attackers are people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import numpy as np

from bot.rating.scales import Scale
from bot.settings import Settings
from bot.trust.captcha import policy
from bot.trust.gold.judging import around
from bot.trust.gold.mixing import Draw, Mix
from bot.trust.rules.answers import Gold
from bot.trust.rules.rule import Measure
from bot.trust.rules.yardstick import Yardsticks
from bot.trust.scoring.assessing import Assessment, assess
from bot.trust.scoring.votes import Floats, Votes
from storage.captchas import CaptchaRecord
from tests.bench._rule_play import SCALE, Player
from tests.bench._sparse_pool import (
    AWAKE,
    Pool,
    Study,
    asleep,
    attack,
    collusion_pool,
    dealt,
    shuffled,
    truth_of,
)

KINDS: Final = ("uniform", "fixed", "narrow", "copy", "50 % spam", "30 % spam", "sleeper")
HONEST: Final = "honest"
GROUP: Final = "group"

CLEAR: Final = 0.2
"""The share of the faces at either end of the scale that is gold."""

RUN_EVERY: Final = 25
"""Votes a rater between two runs of the estimator, which comes hourly: who hurries gives more."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """A pool, who is who in it, and what each rater really said of each face."""

    study: Study
    pool: Pool
    kinds: tuple[str, ...]
    table: Floats


def mixed_crowd(study: Study, seed: int, each: int, share: float) -> Crowd:
    """Return a crowd in which every attack has as many of the attackers."""
    rng = np.random.default_rng(seed)
    table, rater, image, item = dealt(rng, study, each)
    honest = table[rater, image]
    kinds = np.full(len(table), HONEST, dtype=object)
    bad = rng.permutation(len(table))[: round(share * len(table))]
    kinds[bad] = [KINDS[n % len(KINDS)] for n in range(len(bad))]
    score = honest.copy()
    for kind in KINDS:
        if kind != "sleeper":
            false = attack(rng, kind, honest, rater, (study.low, study.high), study.means[image])
            score = np.where(kinds[rater] == kind, false, score)
    truth = truth_of(study, image, item, honest)
    votes = Votes.of(
        rater, item, score,
        low=study.low, high=study.high, raters=len(table), items=len(truth),
    )  # fmt: skip
    pool = shuffled(Pool(votes, truth, kinds != HONEST), seed)
    votes = asleep(rng, pool.votes, kinds == "sleeper")
    return Crowd(study, replace(pool, votes=votes), tuple(kinds), table)


def grouped_crowd(study: Study, seed: int, each: int, share: float) -> Crowd:
    """Return a crowd in which groups of eight push; on gold they say what they think."""
    table, *_ = dealt(np.random.default_rng(seed), study, each)
    pool = shuffled(collusion_pool(study, seed, each, share), seed)
    kinds = np.where(pool.bad, GROUP, HONEST)
    return Crowd(study, pool, tuple(kinds.tolist()), table)


class Layers:
    """What stands between raters and their votes; see `tests.bench._rule_play.Beside`."""

    def __init__(self, crowd: Crowd, seed: int, each: int) -> None:
        self._crowd = crowd
        self._each = each
        self._random = Random(seed)
        self._mix = Mix.of(Settings.model_construct())
        self._every = Settings.model_construct().captcha_every
        means = crowd.study.means
        low, high = np.quantile(means, (CLEAR, 1 - CLEAR))
        self._gold = np.flatnonzero((means <= low) | (means >= high)).tolist()
        scale = Scale(SCALE.name, SCALE.low, SCALE.high)
        self._right = {face: around(scale, means[face], SCALE.width / 3) for face in self._gold}
        raters = range(len(crowd.kinds))
        self._left = [self._random.sample(self._gold, len(self._gold)) for _ in raters]
        self._answers: list[list[dict[str, tuple[int, int, int]]]] = [[] for _ in raters]
        self._captchas = [CaptchaRecord() for _ in raters]
        votes = crowd.pool.votes
        order = np.argsort(votes.rater, kind="stable")
        cuts = np.searchsorted(votes.rater[order], np.arange(1, len(raters)))
        self._own = [each.tolist() for each in np.split(votes.score[order].astype(int), cuts)]
        self._due = RUN_EVERY * len(raters)
        self.last: Assessment | None = None

    @property
    def captchas(self) -> list[int]:
        """How many captchas each rater was sent."""
        return [each.passed for each in self._captchas]

    @property
    def gold(self) -> list[int]:
        """How many gold images each rater answered, lessons included."""
        return [len(each) for each in self._answers]

    def before(self, rater: int, player: Player, yards: Yardsticks) -> None:
        """Teach who is new, ask a captcha that is due, and show gold in the place of images."""
        if not player.record.votes:
            for _ in range(Settings.model_construct().lessons):
                self._answer(rater, player)
        self._ask(rater, player)
        while self._shows_gold(player) and self._answer(rater, player):
            score, *_ = self._answers[rater][-1][SCALE.name]
            player.press(score, 0)
            player.step(yards, Measure.GOLD, *([Measure.BUTTONS] if player.is_due else []))
            self._ask(rater, player)

    def belief(self, rater: int) -> tuple[float, float] | None:
        """Return what the last run says of a rater."""
        if self.last is None:
            return None
        model = self.last.model
        return float(model.bias[rater]), float(model.weight[rater])

    def closed(self, votes: int, players: Sequence[Player]) -> None:
        """Score all votes if it is time, and hold whom the estimator doubts twice."""
        given = self._crowd.pool.votes
        if votes < min(self._due, len(given)):
            return
        self._due = votes + RUN_EVERY * len(players)
        self.last = assess(
            Votes.of(
                given.rater[:votes], given.item[:votes], given.score[:votes],
                low=given.low, high=given.high, raters=given.raters, items=given.items,
            )
        )  # fmt: skip
        for rater in np.flatnonzero(self.last.held).tolist():
            if players[rater].held_at is None:
                players[rater].held_at = players[rater].record.votes

    def _ask(self, rater: int, player: Player) -> None:
        """Ask a captcha if one is due, and count the vote that follows."""
        record = self._captchas[rater]
        if policy.is_due(self._every, record.votes_left, player.captcha):
            record = policy.after_pass(record, "picture", self._every, self._random)
            player.pass_captcha()
        self._captchas[rater] = replace(record, votes_left=record.votes_left - 1)

    def _shows_gold(self, player: Player) -> bool:
        return self._mix.purpose(Draw.of(self._random), player.gold_percent) == "gold"

    def _answer(self, rater: int, player: Player) -> bool:
        """Answer one more gold image; False where the rater knows all of them."""
        if not self._left[rater]:
            return False
        face = self._left[rater].pop()
        score = self._score(rater, face, player.record.votes)
        if score is None:
            return self._answer(rater, player)
        self._answers[rater].append({SCALE.name: (score, *self._right[face])})
        player.record = replace(player.record, gold=Gold.of(self._answers[rater]))
        return True

    def _score(self, rater: int, face: int, votes: int) -> int | None:
        """Return what a rater says of a face; None where they never said what they think."""
        kind, random = self._crowd.kinds[rater], self._random
        uniform = random.randint(SCALE.low, SCALE.high)
        match kind:
            case "uniform" | "fixed" | "narrow":
                return int(random.choice(self._own[rater]))
            case "copy":
                copied = round(float(self._crowd.study.means[face]) + random.gauss(0, 0.5))
                return min(max(copied, SCALE.low), SCALE.high)
            case "50 % spam" | "30 % spam" if random.random() < int(kind[:2]) / 100:
                return uniform
            case "sleeper" if votes >= AWAKE * self._each:
                return uniform
        really = float(self._crowd.table[rater, face])
        return None if math.isnan(really) else int(really)
