"""How well the online rules find attackers among real raters, whom they wrong, and their cost.

The pools are those of `_sparse_pool`, played vote by vote. `--full` adds the study's table: every
attack after 10, 20, 30, 50 and 100 votes a rater.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np

from bot.clock import SystemClock
from bot.texts import Texts
from bot.trust.alerts import AlertService
from bot.trust.rules.pairing import deviations, limit_of
from bot.trust.rules.worker import RuleWorker
from bot.trust.scoring.assessing import assess
from bot.trust.scoring.dependence import log_likelihood_ratio
from bot.trust.scoring.estimate import estimate
from bot.trust.scoring.partners import Partners
from tests.bench._rule_database import Filler, open_empty
from tests.bench._rule_play import Game, play
from tests.bench._sparse_pool import (
    Pool,
    Study,
    auc,
    collusion_pool,
    london_faces,
    shuffled,
    sleeper_pool,
    sparse_pool,
)
from tests.bench.rows import Row
from tests.rating.world import make_settings

SEEDS = (1, 2, 3, 4)
FEW_SEEDS = (1, 2)
MANY = 100
SHARE = 0.2
MOST_HELD = 2.0
MOST_MILLISECONDS = 0.3
NEAR_BATCH = 0.02

CATCHES = {
    "uniform": "LLR",
    "fixed": "MODE",
    "narrow": "CORR",
    "copy": "TOOGOOD",
    "50 % spam": "LLR",
    "30 % spam": "LLR",
    "sleeper": "LATELY",
}
REQUIRED_AUC = {("uniform", 30): 0.95, ("fixed", 20): 0.98, ("narrow", MANY): 0.95}
"""The issue's limits for the estimator; after 30 votes the rules may be .02 behind it."""


def pool_of(study: Study, kind: str, seed: int, each: int) -> Pool:
    """Return a pool in the order in which it is played; whoever sleeps looks at first."""
    if kind == "sleeper":
        return sleeper_pool(study, seed, each, SHARE)
    if kind == "group":
        return shuffled(collusion_pool(study, seed, each, SHARE), seed)
    return shuffled(sparse_pool(study, seed, each, kind, 0 if kind == "none" else SHARE), seed)


def detection(study: Study, kind: str, each: int) -> Row:
    """Measure how well the online figure for an attack finds it after so many votes."""
    areas = []
    for seed in FEW_SEEDS:
        pool = pool_of(study, kind, seed, each)
        areas.append(auc(play(pool, rules=False).figures(CATCHES[kind]), pool.bad))
    name = f"{study.name}: {kind} found online by {CATCHES[kind]} after {each} votes"
    required = None if study.is_sample else REQUIRED_AUC.get((kind, each))
    return Row(name, float(np.mean(areas)), required, "AUC")


def beside_batch(study: Study) -> Row:
    """Measure how far the online LLR is behind that of the estimator."""
    behind = []
    for seed in FEW_SEEDS:
        pool = pool_of(study, "uniform", seed, MANY)
        batch = auc(-log_likelihood_ratio(pool.votes, estimate(pool.votes)), pool.bad)
        behind.append(batch - auc(play(pool, rules=False).figures("LLR"), pool.bad))
    required = None if study.is_sample else NEAR_BATCH
    name = f"{study.name}: online LLR behind the estimator's, uniform, {MANY} votes"
    return Row(name, float(np.mean(behind)), required, "AUC", at_most=True)


def false_alarms(study: Study) -> Iterator[Row]:
    """Measure what happens to an honest crowd, ever, during 100 votes a rater."""
    rows: dict[str, list[float]] = {"held or queued": [], "with the estimator's holds": []}
    asked, again = [], []
    for seed in SEEDS:
        pool = pool_of(study, "none", seed, MANY)
        game = play(pool)
        wronged = game.held() | game.looked() | in_pairs(pool)
        rows["held or queued"].append(float(wronged.mean()))
        rows["with the estimator's holds"].append(float((wronged | assess(pool.votes).held).mean()))
        asked.append(float(game.asked().mean()))
        again.append(float(game.asked(2).mean()))
    for name, shares in rows.items():
        most = None if study.is_sample else MOST_HELD
        figure = 100 * float(np.mean(shares))
        yield Row(f"{study.name}: honest raters {name}", figure, most, "% of raters", at_most=True)
    for name, shares in (("once", asked), ("twice", again)):
        figure = 100 * float(np.mean(shares))
        label = f"{study.name}: honest raters asked a captcha by a rule, {name} or more"
        yield Row(label, figure, None, "% of raters")


def in_pairs(pool: Pool) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Tell who would come to the moderators by the search of the night after."""
    partners = Partners.of(pool.votes, deviations(pool.votes, estimate(pool.votes)))
    closeness = partners.closeness()
    return closeness >= limit_of(partners, pool.votes)


def groups(study: Study) -> Iterator[Row]:
    """Measure how well groups of eight are found who push together, and how many are queued."""
    areas, queued = [], []
    for seed in SEEDS:
        pool = pool_of(study, "group", seed, MANY)
        partners = Partners.of(pool.votes, deviations(pool.votes, estimate(pool.votes)))
        areas.append(auc(partners.closeness(), pool.bad))
        queued.append(float(in_pairs(pool)[pool.bad].mean()))
    name = f"{study.name}: groups after {MANY} votes"
    yield Row(f"{name}, found by pairs", float(np.mean(areas)), None, "AUC")
    yield Row(f"{name}, queued", 100 * float(np.mean(queued)), None, "% of raters")


def what_follows(study: Study, kind: str) -> Iterator[Row]:
    """Measure how many attackers are asked, held and queued at some time of 100 votes."""
    games = [(pool := pool_of(study, kind, seed, MANY), play(pool)) for seed in FEW_SEEDS]
    for name, of in (("asked", Game.asked), ("held", Game.held), ("queued", Game.looked)):
        bad = [of(game)[pool.bad].mean() for pool, game in games]
        label = f"{study.name}: {kind}, {name} within {MANY} votes"
        yield Row(label, 100 * float(np.mean(bad)), None, "% of attackers")


def cost(study: Study) -> Row:
    """Measure the worker's CPU a vote on a real database: presses first, then closing images."""
    with TemporaryDirectory(prefix="rules-") as folder:
        seconds, votes = asyncio.run(_read(study, Path(folder)))
    return Row(
        "rules: CPU of the worker", 1000 * seconds / votes, MOST_MILLISECONDS, "ms a vote",
        at_most=True,
    )  # fmt: skip


IMAGES, AT_ONCE, BEHIND = 3_000, 10, 60
"""Ten images are judged at a time, sixty images before the ones that close."""


async def _read(study: Study, folder: Path) -> tuple[float, int]:
    votes = pool_of(study, "uniform", 1, MANY).votes
    database = await open_empty(folder / "jury.db", votes.raters, votes.items)
    clock = SystemClock()
    alerts = AlertService(database, clock, make_settings(), Texts.load())
    worker = RuleWorker(database, clock, Random(1), alerts=alerts)
    filler = Filler(votes, 1)
    seconds, number = 0.0, 0
    for first in range(0, min(IMAGES, votes.items), AT_ONCE):
        judged, closing = (range(each, each + AT_ONCE) for each in (first, first - BEHIND))
        number += await database.write(partial(filler.fill, items=judged))
        if closing.start >= 0:
            await database.write(partial(filler.close, items=closing))
        began = time.process_time()
        await worker.settle()
        seconds += time.process_time() - began
    await database.close()
    return seconds, number


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the benchmarks' common signature
    """Measure on the votes of the study, or on a sample of them where these are missing."""
    study = london_faces()
    rows = [cost(study), *false_alarms(study), beside_batch(study)]
    cells = {*REQUIRED_AUC, ("copy", MANY), ("50 % spam", MANY), ("sleeper", MANY)}
    if full:
        cells |= {(kind, each) for kind in CATCHES for each in (10, 20, 30, 50, MANY)}
    rows += [detection(study, kind, each) for kind, each in sorted(cells)]
    rows += groups(study)
    for kind in CATCHES if full else ("uniform", "fixed", "narrow", "sleeper"):
        rows += what_follows(study, kind)
    return rows
