"""How well scores and raters are recovered from real votes among attackers, and at what cost.

The pools are those of `_sparse_pool`; figures are means of four seeds. `--full` adds the study's
tables, every attack after 10, 20, 30, 50 and 100 votes a rater, and a run over ten million votes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from bot.trust.scoring.assessing import assess
from bot.trust.scoring.dependence import log_likelihood_ratio
from bot.trust.scoring.detectors import correlation_z, mode_share, residual_sd
from bot.trust.scoring.estimate import Estimate, estimate
from bot.trust.scoring.votes import Floats, Votes
from tests.bench._scored_database import database_run, large_run
from tests.bench._sparse_pool import (
    Study,
    auc,
    dense_panel,
    load,
    london_faces,
    rmse,
    sparse_pool,
)
from tests.bench.rows import Row

SEEDS = (1, 2, 3, 4)
PANEL_SEEDS = (1, 2, 3, 4, 5, 6)
MANY = 100
SHARE = 0.2
WITHIN_95 = 1.96
MILLION = 1_000_000

Figure = Callable[[Votes, Estimate], Floats]

DETECTORS: dict[str, Figure] = {
    "LLR": lambda votes, found: -log_likelihood_ratio(votes, found),
    "CORR": lambda votes, found: -correlation_z(votes, found),
    "MODE": lambda votes, _found: mode_share(votes),
    "TOOGOOD": lambda votes, found: -residual_sd(votes, found),
}
"""The greater, the more suspect."""

CATCHES = {
    "uniform": "LLR",
    "fixed": "MODE",
    "narrow": "CORR",
    "copy": "TOOGOOD",
    "50 % spam": "LLR",
    "30 % spam": "LLR",
}
REQUIRED_AUC = {
    ("uniform", 30): 0.97,
    ("uniform", MANY): 0.99,
    ("fixed", 20): 0.98,
    ("narrow", MANY): 0.95,
}
REQUIRED_GAIN = {("none", 0.0): 30.0, ("uniform", SHARE): 36.0}
NEVER_WORSE = ("uniform", "fixed", "narrow", "50 % spam")
SHARES = (0.1, SHARE, 0.4)


def detection(study: Study, kind: str, each: int, required: float | None) -> Row:
    """Measure how well the detector for an attack finds it after so many votes."""
    figure, areas = CATCHES[kind], []
    for seed in SEEDS:
        pool = sparse_pool(study, seed, each, kind, SHARE)
        found = DETECTORS[figure](pool.votes, estimate(pool.votes))
        areas.append(auc(found, pool.bad))
    name = f"{study.name}: {kind} found by {figure} after {each} votes"
    return Row(name, float(np.mean(areas)), None if study.is_sample else required, "AUC")


def recovery(study: Study, kind: str, share: float) -> Row:
    """Measure how much nearer to the truth than the plain mean the scores are."""
    gains = []
    for seed in SEEDS:
        pool = sparse_pool(study, seed, MANY, kind, share)
        gains.append(pool.gain(estimate(pool.votes).score))
    required = None if study.is_sample else REQUIRED_GAIN.get((kind, share), 0.0)
    name = f"{study.name}: scores, {kind}, {100 * share:.0f} % of raters"
    return Row(name, float(np.mean(gains)), required, "% less RMSE than the mean")


def honest_crowd(study: Study) -> list[Row]:
    """Measure the false alarms, and whether standard errors are as large as the errors."""
    held, within = [], []
    for seed in SEEDS:
        pool = sparse_pool(study, seed, MANY, "none", 0)
        found = assess(pool.votes)
        held.append(found.held.mean())
        off = np.abs(found.scores.score - pool.truth) / found.scores.standard_error
        within.append((off < WITHIN_95).mean())
    most = None if study.is_sample else 2.0
    alarms = 100 * float(np.mean(held))
    covered = 100 * float(np.mean(within))
    return [
        Row(f"{study.name}: honest raters held", alarms, most, "% of raters", at_most=True),
        Row(f"{study.name}: truths within 1.96 standard errors", covered, None, "%"),
    ]


def panels() -> Iterator[Row]:
    """Measure laboratories' panels in which a quarter of the raters votes at random."""
    for name, most in (("nflx", 0.15), ("vqeghd3", None)):
        study = load(name, 1, 5)
        if study is None:
            continue
        pools = [dense_panel(study, seed, 0.25) for seed in PANEL_SEEDS]
        off = [rmse(estimate(pool.votes).score, pool.truth) for pool in pools]
        means = [
            rmse(pool.votes.by_item(pool.votes.score) / pool.votes.by_item(), pool.truth)
            for pool in pools
        ]
        yield Row(f"{name}: plain mean, 25 % uniform", float(np.mean(means)), None, "RMSE")
        score = f"{name}: scores, 25 % uniform"
        yield Row(score, float(np.mean(off)), most, "RMSE", at_most=True)


def cost() -> list[Row]:
    """Measure `jury scores` on a million votes: 5,000 raters, 200,000 images, 10 levels."""
    rng = np.random.default_rng(1)
    rater = rng.integers(0, MILLION // 200, MILLION)
    item = np.repeat(np.arange(MILLION // 5), 5)
    score = rng.normal(5.5, 1.5, MILLION // 5)[item] + rng.normal(0, 1.3, MILLION)
    score = np.clip(np.rint(score), 1, 10).astype(int)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "votes.csv")
        pa.csv.write_csv(pa.table({"rater": rater, "item": item, "score": score}), path)
        command = [sys.executable, "-m", "tests.bench._scoring_run", str(path), folder]
        answer = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own code
    found = json.loads(answer.stdout)
    return [
        Row("scores of 1 million votes", found["seconds"], 5, "s", at_most=True),
        Row("scores of 1 million votes, peak memory", found["mebibytes"], 600, "MiB", at_most=True),
    ]


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the benchmarks' common signature
    """Measure on the votes of the study, or on a sample of them where these are missing."""
    study = london_faces()
    rows = cost() + database_run(MILLION) + (large_run(10 * MILLION) if full else [])
    wanted = REQUIRED_AUC | {("copy", MANY): None, ("30 % spam", MANY): None}
    if full:
        cells = [(kind, each) for kind in CATCHES for each in (10, 20, 30, 50, MANY)]
        wanted = {cell: REQUIRED_AUC.get(cell) for cell in cells}
    rows += [detection(study, kind, each, least) for (kind, each), least in wanted.items()]
    rows.append(recovery(study, "none", 0.0))
    rows += [recovery(study, kind, share) for kind in NEVER_WORSE for share in SHARES]
    rows += honest_crowd(study)
    rows += panels()
    return rows
