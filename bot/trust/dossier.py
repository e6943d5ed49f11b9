"""All that moderators are shown of one rater, gathered at a moderate and bounded cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from sqlite3 import Connection
from statistics import StatisticsError, correlation, fmean, median
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.rewards.planning import terms_of
from bot.settings import Settings
from bot.trust.access import AccessService
from bot.trust.banning import can_unban
from bot.trust.people import known, people_in
from storage import (
    audit,
    bars,
    crowd,
    findings,
    gold_answers,
    ledger,
    rater_records,
    rater_votes,
)
from storage.audit import AuditEntry
from storage.bars import Bar
from storage.database import Database
from storage.findings import KeptFinding
from storage.gold_answers import Tally
from storage.ledger import RaterLedger
from storage.rater_records import (
    CaptchaRecord,
    Hold,
    Pair,
    RaterScore,
    ReliabilityPoint,
    Repeat,
)
from storage.rater_votes import Compared, VoteCounts
from storage.raters import Rater
from storage.times import day_of, start_of
from storage.votes import SCALES

COMPARED: Final = 500
"""The newest votes that agreement is computed from, and pace."""

OTHERS: Final = 2
"""An image tells something about a rater once so many others have judged it."""

LEAST_COMPARED: Final = 10
"""Below that many votes nothing is said about agreement."""

SITTING: Final = timedelta(minutes=5)
"""A longer pause between two votes ends a sitting, and says nothing about pace."""

PACE_DAYS: Final = 30
RELIABILITY_DAYS: Final = 90
REPEATS: Final = 200
PAIRS: Final = 5
HISTORY: Final = 8


@dataclass(frozen=True, slots=True)
class Agreement:
    """One scale: a rater beside the mean of the others on the same images.

    `correlation` is None where all scores are alike, or all means: nothing depends on anything
    then. `difference` is the mean of rater less others, in points; above 0 is more generous on
    liking, and stricter on flaws. `distance` is the mean distance without its sign.
    """

    votes: int
    correlation: float | None
    difference: float
    distance: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a rater is. `seconds`: the median between two complete votes of one sitting.

    `by_day` has the complete votes of the last PACE_DAYS UTC days, today's last.
    """

    seconds: float | None
    last_hour: int
    last_day: int
    by_day: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Second answers on images that were shown again: how many, and how far from the first.

    `distance` is the mean distance of the liking scores in points, None without any.
    """

    answers: int
    distance: float | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """One rater, as of `now`.

    `can_unban`: an unban has something to lift, everywhere or in the home server alone, or to bring
    back. `own` and `crowd` are histograms by scale; `agreement` has the scales that say something,
    `scores` and `reliability` those that the estimator has judged. `people` leads from the numbers
    in `history` to Discord ids.
    """

    rater: Rater
    now: datetime
    can_unban: bool
    votes: VoteCounts
    own: Mapping[str, Mapping[int, int]]
    crowd: Mapping[str, Mapping[int, int]]
    agreement: Mapping[str, Agreement]
    scores: Mapping[str, RaterScore]
    reliability: Mapping[str, Sequence[ReliabilityPoint]]
    pace: Pace
    captchas: CaptchaRecord | None
    gold: Tally
    lessons: Tally
    steadiness: Steadiness
    findings: tuple[KeptFinding, ...]
    holds: tuple[Hold, ...]
    bars: tuple[Bar, ...]
    pairs: tuple[Pair, ...]
    kudos: RaterLedger
    history: tuple[AuditEntry, ...]
    people: Mapping[int, int]

    @property
    def banned(self) -> bool:
        """Whether the rater may not rate at all."""
        return self.rater.banned_at(self.now)

    @property
    def judged(self) -> int:
        """How many complete votes there are, those that were taken out included."""
        return self.votes.complete + self.votes.void


class DossierService:
    """Shows raters to moderators; the role is checked at each look."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, access: AccessService
    ) -> None:
        self._database = database
        self._clock = clock
        self._access = access
        self._hold = terms_of(settings).hold

    async def of(self, caller: Caller, discord_id: int) -> Dossier:
        """Return what is known of a person.

        Raises NotAllowedError, and NeverSeenError for somebody who has no number, or erased it:
        nobody learns from here under which number an erased history goes on.
        """
        await self._access.require_moderator(caller, "rater.info")
        home = caller.guild_id
        assert home is not None  # noqa: S101 - moderators are such at home alone

        def query(connection: Connection) -> Dossier:
            rater = known(connection, discord_id)
            return gather(connection, rater, home, self._clock.now(), self._hold)

        return await self._database.read(query)


def gather(
    connection: Connection, rater: Rater, home: int, now: datetime, hold: timedelta
) -> Dossier:
    """Look everything up; `hold` is how long an award waits for its image at most."""
    number = rater.number
    history = audit.search(connection, audit.Filter(rater=number), limit=HISTORY)
    compared = rater_votes.compared(connection, number, limit=COMPARED, others=OTHERS)
    since = day_of(now) - RELIABILITY_DAYS + 1
    return Dossier(
        rater=rater,
        now=now,
        can_unban=can_unban(connection, rater, home, now),
        votes=rater_votes.count_votes(connection, number),
        own=rater_votes.histograms(connection, number),
        crowd=crowd.histograms(connection, without=number),
        agreement=agreements(compared),
        scores=rater_records.scores(connection, number),
        reliability=rater_records.reliability(connection, number, since),
        pace=_pace(connection, number, now),
        captchas=rater_records.captcha_record(connection, number),
        gold=gold_answers.of_rater(connection, number, lessons=False),
        lessons=gold_answers.of_rater(connection, number, lessons=True),
        steadiness=steadiness(rater_records.repeats(connection, number, REPEATS)),
        findings=_findings(connection, number),
        holds=tuple(rater_records.holds(connection, number)),
        bars=tuple(bars.of_rater(connection, number, now)),
        pairs=tuple(rater_records.pairs(connection, number, PAIRS)),
        kudos=ledger.of_rater(connection, number, now, hold),
        history=tuple(history),
        people=people_in(connection, history),
    )


def agreements(compared: Sequence[Compared]) -> dict[str, Agreement]:
    """Compare votes with what others say of the same images; nothing below LEAST_COMPARED."""
    if len(compared) < LEAST_COMPARED:
        return {}
    found = {}
    for scale in SCALES:
        own = [float(getattr(vote, scale)) for vote in compared]
        others = [float(getattr(vote, f"others_{scale}")) for vote in compared]
        apart = [mine - theirs for mine, theirs in zip(own, others, strict=True)]
        found[scale] = Agreement(
            votes=len(own),
            correlation=_correlation(own, others),
            difference=fmean(apart),
            distance=fmean(map(abs, apart)),
        )
    return found


def steadiness(repeats: Sequence[Repeat]) -> Steadiness:
    """Compare second answers with the first ones."""
    apart = [
        abs(one.aesthetic - one.first_aesthetic)
        for one in repeats
        if one.aesthetic is not None and one.first_aesthetic is not None
    ]
    return Steadiness(len(repeats), fmean(apart) if apart else None)


def seconds_between(moments: Sequence[datetime]) -> float | None:
    """Return the median time between neighbours that are of one sitting, None without any."""
    gaps = [abs(one - other) for one, other in pairwise(moments)]
    seconds = [gap.total_seconds() for gap in gaps if gap <= SITTING]
    return median(seconds) if seconds else None


def _findings(connection: Connection, number: int) -> tuple[KeptFinding, ...]:
    """Return what the rules find now, the oldest first."""
    found = findings.of_rater(connection, number).values()
    return tuple(sorted(found, key=lambda one: (one.since, one.rule)))


def _pace(connection: Connection, number: int, now: datetime) -> Pace:
    first = day_of(now) - PACE_DAYS + 1
    days = rater_votes.by_day(connection, number, start_of(first))
    return Pace(
        seconds=seconds_between(rater_votes.completed_at(connection, number, COMPARED)),
        last_hour=rater_votes.completed_since(connection, number, now - timedelta(hours=1)),
        last_day=rater_votes.completed_since(connection, number, now - timedelta(days=1)),
        by_day=tuple(days.get(day, 0) for day in range(first, first + PACE_DAYS)),
    )


def _correlation(own: Sequence[float], others: Sequence[float]) -> float | None:
    try:
        return correlation(own, others)
    except StatisticsError:  # one of them has no spread at all
        return None
