"""What becomes of attackers and honest raters where all layers of trust work together.

The online rules, gold images at the rate that risk asks for, captchas, and runs of the estimator
over the same votes. A table says who was sent captchas by a rule, shown more gold, held and queued
after so many votes, gold among them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from bot.trust.rules.pairing import deviations, limit_of
from bot.trust.scoring.estimate import estimate
from bot.trust.scoring.partners import Partners
from tests.bench._layer_play import (
    GROUP,
    HONEST,
    KINDS,
    Crowd,
    Layers,
    grouped_crowd,
    mixed_crowd,
)
from tests.bench._rule_play import Player, play
from tests.bench._sparse_pool import Study, london_faces
from tests.bench.rows import Row

EACH, SHARE = 100, 0.2
MARKS: Final = (20, 50, EACH)
SEEDS: Final = (1, 2, 3, 4)
FEW_SEEDS: Final = (1, 2)
MOST_HELD: Final = 2.0
ACTS: Final = ("captcha_at", "gold_at", "held_at", "looked_at")
PEACE: Final = "honest, nobody attacks"


@dataclass(frozen=True, slots=True)
class Played:
    """A crowd after its last image."""

    crowd: Crowd
    layers: Layers
    players: Sequence[Player]

    @property
    def gain(self) -> float:
        """By how many per cent the last scores are nearer to the truth than the plain mean."""
        assert self.layers.last is not None
        return self.crowd.pool.gain(self.layers.last.scores.score)


def played(crowd: Crowd, seed: int) -> Played:
    """Play a crowd, and search for pairs in the night after."""
    layers = Layers(crowd, seed, EACH)
    game = play(crowd.pool, beside=layers)
    votes = crowd.pool.votes
    partners = Partners.of(votes, deviations(votes, estimate(votes)))
    for rater in np.flatnonzero(partners.closeness() >= limit_of(partners, votes)).tolist():
        game.players[rater].looked_at = game.players[rater].looked_at or EACH
    return Played(crowd, layers, game.players)


def shares(players: Sequence[Player], votes: int) -> list[float]:
    """Return which per cent were sent captchas, shown more gold, held, queued by so many votes."""
    reached = [[getattr(each, act) for each in players] for act in ACTS]
    return [
        100 * sum(at is not None and at <= votes for at in some) / len(some) for some in reached
    ]


def is_wronged(player: Player, votes: float = math.inf) -> bool:
    """Tell whether a rater was ever held or queued by so many votes."""
    reached = (player.held_at, player.looked_at)
    return any(at is not None and at <= votes for at in reached)


def table_of(who: dict[str, list[Player]]) -> Table:
    """Return a line for each kind of rater."""
    heading = [f"{votes} votes: captcha, gold, held, queued" for votes in MARKS]
    table = Table("% of raters", "raters", *heading)
    for kind, players in who.items():
        cells = [" ".join(f"{one:5.0f}" for one in shares(players, votes)) for votes in MARKS]
        table.add_row(kind, str(len(players)), *cells)
    return table


def alarms(study: Study, peaceful: Sequence[Played]) -> Iterator[Row]:
    """Measure what an honest crowd suffers."""
    players = [player for one in peaceful for player in one.players]
    most = None if study.is_sample else MOST_HELD
    name = f"{study.name}: all layers, honest raters"
    figure = 100 * sum(is_wronged(each, EACH) for each in players) / len(players)
    yield Row(f"{name} held or queued", figure, most, "% of raters", at_most=True)
    given = float(np.mean([each.record.votes for each in players]))
    figure = 100 * sum(is_wronged(each) for each in players) / len(players)
    yield Row(f"{name}, within {given:.0f} votes", figure, None, "% of raters", at_most=True)
    asked = [player for player in players if player.captcha_at]
    figure = 100 * len(asked) / len(players)
    yield Row(f"{name} asked a captcha by a rule", figure, None, "% of raters")
    figure = max(sum(at <= EACH for at in each.captchas_at) for each in players)
    label = f"{name}: most captchas by rules in {EACH} votes"
    yield Row(label, figure, 2, "a rater", at_most=True)
    captchas = [each for one in peaceful for each in one.layers.captchas]
    yield Row(f"{name}: captchas", float(np.mean(captchas)), None, "a rater")
    gold = [each for one in peaceful for each in one.layers.gold]
    yield Row(f"{name}: gold images, lessons included", float(np.mean(gold)), None, "a rater")


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the benchmarks' common signature
    """Measure on the votes of the study, or on a sample of them where these are missing."""
    study, seeds = london_faces(), SEEDS if full else FEW_SEEDS
    peaceful = [played(mixed_crowd(study, seed, EACH, 0), seed) for seed in SEEDS]
    attacked = [played(mixed_crowd(study, seed, EACH, SHARE), seed) for seed in seeds]
    grouped = [played(grouped_crowd(study, seed, EACH, SHARE), seed) for seed in seeds[:-1]]
    who: dict[str, list[Player]] = defaultdict(list)
    who[PEACE] = [player for one in peaceful for player in one.players]
    for one in attacked:
        for kind, player in zip(one.crowd.kinds, one.players, strict=True):
            who[kind].append(player)
    who[GROUP] = [
        player
        for one in grouped
        for kind, player in zip(one.crowd.kinds, one.players, strict=True)
        if kind == GROUP
    ]
    order = (PEACE, HONEST, *KINDS, GROUP)
    Console(width=150).print(table_of({kind: who[kind] for kind in order}))
    gain = float(np.mean([one.gain for one in attacked]))
    name = f"{study.name}: all layers, scores among every attack"
    scores = Row(name, gain, 0.0, "% less RMSE than the mean")
    return [*alarms(study, peaceful), scores]
