"""Dossiers that tests look at: nothing known, an honest rater, a spammer, anything at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from hypothesis import strategies as st

from bot.rating.scales import SCALES
from bot.trust.dossier import PACE_DAYS, RELIABILITY_DAYS, Agreement, Dossier, Pace, Steadiness
from storage.gold_answers import Tally
from storage.ledger import RaterLedger
from storage.rater_records import (
    CaptchaRecord,
    RaterScore,
    ReliabilityPoint,
)
from storage.rater_votes import VoteCounts
from storage.raters import Rater
from storage.times import day_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = day_of(NOW)
CROWD = {
    "aesthetic": dict(enumerate([30, 60, 150, 280, 420, 610, 760, 560, 240, 90], 1)),
    "artifacts": dict(enumerate([900, 800, 560, 380, 230, 130])),
}

RATER = Rater(7, 1234, "normal", None, None, None, 1, NOW, NOW, None)
NOTHING = Dossier(
    rater=RATER,
    now=NOW,
    can_unban=False,
    votes=VoteCounts(0, 0, 0, 0),
    own={"aesthetic": {}, "artifacts": {}},
    crowd={"aesthetic": {}, "artifacts": {}},
    agreement={},
    scores={},
    reliability={},
    pace=Pace(None, 0, 0, (0,) * PACE_DAYS),
    captchas=None,
    gold=Tally(0, 0, 0),
    lessons=Tally(0, 0, 0),
    steadiness=Steadiness(0, None),
    findings=(),
    holds=(),
    bars=(),
    pairs=(),
    kudos=RaterLedger(0, 0, 0, 0, 0),
    history=(),
    people={},
)


def score(reliability: float) -> RaterScore:
    return RaterScore(500, 0.2, 1.1, reliability, held=reliability < 0.05, scored_at=NOW)


HONEST = replace(
    NOTHING,
    votes=VoteCounts(500, 3, 2, 0),
    own={
        "aesthetic": dict(enumerate([3, 8, 20, 45, 80, 110, 120, 70, 32, 12], 1)),
        "artifacts": dict(enumerate([160, 130, 100, 60, 30, 20])),
    },
    crowd=CROWD,
    agreement={
        "aesthetic": Agreement(480, 0.71, 0.3, 1.1),
        "artifacts": Agreement(480, 0.64, -0.1, 0.6),
    },
    scores={"aesthetic": score(0.97), "artifacts": score(0.93)},
    reliability={
        scale: [ReliabilityPoint(TODAY - 40 + day, 0.5 + day / 90) for day in range(41)]
        for scale in SCALES
    },
    pace=Pace(4.2, 12, 60, (0,) * 10 + (20, 30) * 10),
    captchas=CaptchaRecord(1, 9, 0, 0),
    gold=Tally(20, 35, 4),
    lessons=Tally(5, 8, 1),
    steadiness=Steadiness(6, 0.5),
    kudos=RaterLedger(40, 200, 0, 4000, 0),
)
SPAMMER = replace(
    HONEST,
    votes=VoteCounts(1200, 0, 0, 0),
    own={"aesthetic": {7: 1150, 6: 50}, "artifacts": {0: 1200}},
    agreement={
        "aesthetic": Agreement(500, 0.02, 0.3, 1.5),
        "artifacts": Agreement(500, None, -1.1, 1.2),
    },
    scores={"aesthetic": score(0.01), "artifacts": score(0.03)},
    pace=Pace(0.8, 240, 900, (0,) * 27 + (100, 400, 700)),
    captchas=CaptchaRecord(7, 1, 2, 0),
    gold=Tally(20, 35, 30),
)

T = TypeVar("T")

COUNTS = st.integers(0, 10**15)
FIGURES = st.floats(-1e6, 1e6, allow_nan=False)
SHARES = st.floats(0, 1)


def _histograms() -> st.SearchStrategy[dict[str, dict[int, int]]]:
    return st.fixed_dictionaries(
        {
            scale.name: st.dictionaries(st.sampled_from(scale.values), COUNTS)
            for scale in SCALES.values()
        }
    )


def _by_scale(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[dict[str, T]]:
    return st.dictionaries(st.sampled_from(sorted(SCALES)), strategy)


ANY = st.builds(
    replace,
    st.just(NOTHING),
    own=_histograms(),
    crowd=_histograms(),
    agreement=_by_scale(
        st.builds(Agreement, COUNTS, st.none() | st.floats(-1, 1), FIGURES, FIGURES.map(abs))
    ),
    scores=_by_scale(SHARES.map(score)),
    reliability=_by_scale(
        st.lists(
            st.builds(ReliabilityPoint, st.integers(TODAY - RELIABILITY_DAYS, TODAY + 2), SHARES),
            max_size=5,
        )
    ),
    pace=st.builds(
        Pace,
        st.none() | st.floats(0, 300),
        COUNTS,
        COUNTS,
        st.lists(COUNTS, min_size=PACE_DAYS, max_size=PACE_DAYS).map(tuple),
    ),
)
