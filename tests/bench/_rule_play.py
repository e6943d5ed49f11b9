"""The online rules played over a pool of votes, without database and Discord.

Images come in random order; each is judged by its five raters, closes, and is compared, as the
worker does it. Every rule looks after every step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import numpy as np

from bot.trust.rules.acting import before_of, decide, was_doubted
from bot.trust.rules.comparing import Answer, compare
from bot.trust.rules.crowd import Crowd
from bot.trust.rules.fitting import fit
from bot.trust.rules.record import Record
from bot.trust.rules.round import LOOK_EVERY
from bot.trust.rules.rule import Account, Measure
from bot.trust.rules.ruleset import look, looking_again
from bot.trust.rules.scales import RatedScale
from bot.trust.rules.worker import FIT_AFTER, FIT_AFTER_EACH
from bot.trust.rules.yardstick import Yardstick, Yardsticks, yardsticks
from bot.trust.scoring.votes import Flags, Floats
from storage.findings import KeptFinding
from tests.bench._sparse_pool import Pool

SCALE = RatedScale("faces", 1, 7)
SCALES = {SCALE.name: SCALE}
ACCOUNT = Account()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(slots=True)
class Player:
    """One rater: what is kept, and what ever followed, by the votes at which it first did.

    `captcha`: the rule that asks for one now. `captchas_at`: when rules asked for one, `passed_at`:
    when one was passed last, whoever asked; one comes before the first vote.
    """

    record: Record = field(default_factory=Record)
    findings: Mapping[str, KeptFinding] = field(default_factory=dict)
    gold_percent: int = 0
    captcha: str | None = None
    captchas_at: list[int] = field(default_factory=list)
    passed_at: int = 0
    gold_at: int | None = None
    held_at: int | None = None
    looked_at: int | None = None
    because: set[str] = field(default_factory=set)

    def press(self, score: int, at: int) -> None:
        """Give a vote."""
        self.record = self.record.pressed(SCALE, score, at, first=True, shown_at=None)

    def pass_captcha(self) -> None:
        """Pass a captcha, whoever asks for it."""
        self.captcha, self.passed_at = None, self.record.votes

    @property
    def captcha_at(self) -> int | None:
        """When a rule first asked for a captcha."""
        return self.captchas_at[0] if self.captchas_at else None

    @property
    def is_due(self) -> bool:
        """Whether the rules look at a rater with so many votes."""
        return self.record.votes == 1 or not self.record.votes % LOOK_EVERY

    def step(self, yards: Yardsticks, *changed: Measure) -> None:
        """Let the rules look and follow what they find."""
        anew = Measure.AGREEMENT in changed
        sight = self.record.sight(
            yards,
            account=ACCOUNT,
            main=SCALE.name,
            compared_anew=anew,
            doubted_before=anew and was_doubted(self.findings),
        )
        found = look(looking_again(frozenset(changed)), sight, before_of(self.findings))
        votes = self.record.votes
        decision = decide(
            self.findings,
            found,
            votes=votes,
            status="normal",
            now=NOW,
            asked_at=self.captchas_at[-1] if self.captchas_at else None,
            since_pass=votes - self.passed_at,
        )
        self.findings = decision.kept
        self.gold_percent = decision.gold_percent
        if self.gold_percent and self.gold_at is None:
            self.gold_at = self.record.votes
        if decision.captcha and not self.captcha:
            self.captcha = decision.captcha
            self.captchas_at.append(votes)
        if decision.place and self.held_at is None:
            self.held_at = self.record.votes
        if decision.look and self.looked_at is None:
            self.looked_at = self.record.votes
        self.because.update(decision.place, decision.look)


@dataclass(slots=True)
class Game:
    """All raters of a pool after the last image."""

    players: list[Player]
    yard: Yardstick

    def figures(self, name: str) -> Floats:
        """Return a detector's figure of each rater: the greater, the more suspect."""
        return np.array([_figure(name, each.record, self.yard) for each in self.players])

    def asked(self, times: int = 1) -> Flags:
        """Tell who was asked a captcha by a rule, at least so many times."""
        return np.array([len(each.captchas_at) >= times for each in self.players])

    def held(self) -> Flags:
        """Tell whose kudos were ever held."""
        return np.array([each.held_at is not None for each in self.players])

    def looked(self) -> Flags:
        """Tell who ever came to the moderators."""
        return np.array([each.looked_at is not None for each in self.players])


class Beside(Protocol):
    """What else there is than the rules."""

    def before(self, rater: int, player: Player, yards: Yardsticks) -> None:
        """Do what comes before a rater's next ordinary vote."""

    def belief(self, rater: int) -> tuple[float, float] | None:
        """Return bias and weight of a rater as the estimator of scores knows them, if it does."""

    def closed(self, votes: int, players: Sequence[Player]) -> None:
        """Do what comes after an image; so many of the pool's votes are given."""


class Nothing:
    """The rules alone; captchas are passed."""

    def before(self, rater: int, player: Player, yards: Yardsticks) -> None:
        """Pass a captcha that a rule asks for."""
        if player.captcha:
            player.pass_captcha()

    def belief(self, rater: int) -> tuple[float, float] | None:
        """Know nobody."""
        return None

    def closed(self, votes: int, players: Sequence[Player]) -> None:
        """Do nothing."""


def play(pool: Pool, *, rules: bool = True, beside: Beside | None = None) -> Game:
    """Play the pool, in the order of its items; without `rules` only the measures are kept."""
    beside = beside or Nothing()
    votes = pool.votes
    start = np.searchsorted(votes.item, np.arange(votes.items + 1)).tolist()
    rater, score = votes.rater.tolist(), votes.score.astype(int).tolist()
    players = [Player() for _ in range(votes.raters)]
    crowd = Crowd.unknown([SCALE])
    yards = yardsticks(crowd, SCALES)
    done, due = 0, FIT_AFTER
    for item in range(votes.items):
        here = range(start[item], start[item + 1])
        for vote in here:
            player = players[rater[vote]]
            beside.before(rater[vote], player, yards)
            player.press(score[vote], vote)
            if rules and player.is_due:
                player.step(yards, Measure.BUTTONS)
        scores = {rater[vote]: score[vote] for vote in here}
        _close(scores, players, yards, beside, rules=rules)
        done += len(here)
        beside.closed(done, players)
        if done >= due:
            crowd = fit([each.record.agreement for each in players], crowd, done, SCALES)
            yards = yardsticks(crowd, SCALES)
            due = done + max(FIT_AFTER, FIT_AFTER_EACH * votes.raters)
    crowd = fit([each.record.agreement for each in players], crowd, done, SCALES)
    return Game(players, yardsticks(crowd, SCALES)[SCALE.name])


def _close(
    scores: Mapping[int, int],
    players: list[Player],
    yards: Yardsticks,
    beside: Beside,
    *,
    rules: bool,
) -> None:
    yard = yards[SCALE.name]
    answers = []
    for rater, score in scores.items():
        known = beside.belief(rater)
        if known is None:
            belief = yard.believe(players[rater].record.agreement.get(SCALE.name))
            known = belief.bias, belief.weight(yard.crowd)
        answers.append(Answer(rater, score, *known))
    for rater, vote in compare(answers, yard).items():
        player = players[rater]
        player.record = player.record.compared(SCALE, vote)
        if rules and not player.record.agreement[SCALE.name].sums.n % LOOK_EVERY:
            player.step(yards, Measure.AGREEMENT)


def _figure(name: str, record: Record, yard: Yardstick) -> float:
    agreement = record.agreement[SCALE.name]
    belief = yard.believe(agreement)
    match name:
        case "LLR":
            return -yard.llr(agreement, belief)
        case "CORR":
            return -belief.z
        case "MODE":
            return record.buttons[SCALE.name].share()
        case "TOOGOOD":
            return -belief.residual
        case "LATELY":
            newest = yard.newest(agreement)
            return 0.0 if newest is None else -yard.newest_llr(agreement, newest)
    raise ValueError(name)
