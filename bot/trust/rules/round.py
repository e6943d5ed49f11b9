"""One unit of the rules' work: some votes read, and what follows for their raters, together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from sqlite3 import Connection
from typing import Final

from bot.trust.asking import ask_to_look
from bot.trust.rules.accounts import MOST_BESIDE, NEAR_FIRST_SEEN, NEAR_MADE, Burst
from bot.trust.rules.acting import JUST_PASSED, Decision, Judged, before_of, decide, was_doubted
from bot.trust.rules.answers import MOST_GOLD, Gold, Repeats
from bot.trust.rules.comparing import MOST_OTHERS, Answer, compare
from bot.trust.rules.record import Record
from bot.trust.rules.rule import UNSUSPECTED, Account, Measure, PairFigure
from bot.trust.rules.ruleset import look, looking_again
from bot.trust.rules.scales import RATED
from bot.trust.rules.shelf import Shelf
from bot.trust.rules.yardstick import Yardsticks
from bot.trust.scoring.estimate import LEAST_TRUST
from storage import (
    audit,
    captchas,
    findings,
    holds,
    review_queue,
    risks,
    rule_queue,
    rule_records,
)
from storage.rule_queue import ImageAnswer, Pressed, Progress
from storage.rule_records import KeptRecord, RatedRater
from storage.times import MICROSECOND

MOST_COMPARED: Final = 20
"""Answers on one image that are compared in one unit."""

MOST_REPEATS: Final = 50
"""So many newest second answers of a rater count."""

DISCORD_EPOCH: Final = datetime(2015, 1, 1, tzinfo=UTC)
SNOWFLAKE_SHIFT: Final = 22
"""A Discord id has the milliseconds since 2015 above its lowest 22 bits (Discord's reference)."""

PRESSED: Final = frozenset({Measure.BUTTONS, Measure.PACE, Measure.ACCOUNT})

LOOK_EVERY: Final = 5
"""Rules look at the first vote, and at every fifth: nothing that they see changes faster. At
agreement they look once in five images, also where one scale has more answers than the other."""

NEW: Final = Record()


@dataclass(slots=True)
class _Open:
    """A rater in hand: what was kept, what is now, and what the rules are to look at."""

    rater: RatedRater
    before: Record
    record: Record
    pair: PairFigure | None = None
    changed: set[Measure] = field(default_factory=set)


@dataclass(slots=True)
class Round:
    """Works inside a unit of the writer; `finish` writes, `alerted` says that people were told.

    What happens to a vote after its scores were given (changed, undone, kept, voided, restored,
    erased) changes no measure: what was pressed was pressed. Answers are compared as they stand
    when their image closes, once. Of erased raters nothing is kept.
    """

    connection: Connection
    yards: Yardsticks
    shelf: Shelf
    now: datetime
    alerted: bool = False
    _open: dict[int, _Open | None] = field(default_factory=dict)

    def read_history(self, progress: Progress, limit: int) -> tuple[Progress, bool]:
        """Read the next entries of the history; return how far, and whether there may be more."""
        entries = rule_queue.entries(self.connection, progress.entry, limit)
        seen: dict[tuple[int, int], Mapping[str, int]] = {}
        for entry in entries:
            opened = self._rater(entry.rater)
            if opened is not None and entry.created_at is not None:
                before = seen.get((entry.rater, entry.image_id))
                self._read(opened, entry, before)
            seen[entry.rater, entry.image_id] = entry.scores
        reached = replace(progress, entry=entries[-1].id) if entries else progress
        return reached, len(entries) == limit

    def close_image(self, image_id: int) -> int:
        """Compare answers on a closed image that were not yet; return how many."""
        answers = rule_queue.answers(self.connection, image_id)
        waiting = [each for each in answers if not each.compared]
        now = waiting[:MOST_COMPARED]
        telling = [each for each in answers if each.counts][:MOST_OTHERS]
        needed = {each.rater: each for each in (*telling, *now)}
        in_hand = [opened for each in now if (opened := self._rater(each.rater)) is not None]
        before = [opened.record.most_compared for opened in in_hand]
        for name in RATED:
            self._compare(name, needed.values(), frozenset(each.rater for each in now))
        for opened, most in zip(in_hand, before, strict=True):
            if opened.record.most_compared > most and not opened.record.most_compared % LOOK_EVERY:
                opened.changed.add(Measure.AGREEMENT)
        rule_queue.mark_compared(self.connection, image_id, [each.rater for each in now])
        if len(now) == len(waiting):
            rule_queue.settle_image(self.connection, image_id)
        return len(now)

    def pair_up(self, rater: int, pair: PairFigure) -> None:
        """Take a rater's figure of the nightly pairs."""
        opened = self._rater(rater)
        if opened is not None:
            opened.pair = pair
            opened.changed.add(Measure.PAIRS)

    def finish(self) -> None:
        """Let the rules look at whoever changed, and write all of it."""
        for opened in self._open.values():
            if opened is None:
                continue
            if opened.changed:
                self._judge(opened)
            if opened.record is not opened.before:
                self._keep(opened)

    def _keep(self, opened: _Open) -> None:
        """Write a record; of its two texts that one which changed."""
        number, kept, record = opened.rater.number, opened.rater.kept, opened.record
        same = kept is not None and record.pressed_as(opened.before)
        states = kept.states if kept is not None and same else record.states()
        same = kept is not None and record.agreement is opened.before.agreement
        agreement = kept.agreement if kept is not None and same else record.agreements()
        now = KeptRecord(record.votes, states, agreement)
        rule_records.store(self.connection, number, now)
        self.shelf.keep(number, now, record)

    def _rater(self, number: int) -> _Open | None:
        """Return a rater in hand, None for somebody erased."""
        if number not in self._open:
            rater = rule_records.find(self.connection, number)
            self._open[number] = None if rater is None else self._opened(rater)
        return self._open[number]

    def _opened(self, rater: RatedRater) -> _Open:
        """Begin with what is kept; a record that is damaged begins anew and stops nobody else."""
        record = None
        if rater.kept is not None:
            record = self.shelf.record(rater.number, rater.kept)
        if record is not None:
            return _Open(rater, record, record)
        opened = _Open(replace(rater, kept=None), NEW, NEW)
        self._count_gold(opened)  # lessons come before the first vote
        return opened

    def _read(self, opened: _Open, entry: Pressed, before: Mapping[str, int] | None) -> None:
        """Take an entry of the history; `before` as of `_first_answers`."""
        if entry.gold:
            self._count_gold(opened)
        if entry.action != "given":
            return
        first = before is None and entry.at == entry.created_at
        shown_at = entry.shown_at if entry.surface == "private" else None
        for scale in self._first_answers(entry, before):
            opened.record = opened.record.pressed(
                RATED[scale], entry.scores[scale], entry.at, first=first, shown_at=shown_at
            )
        if first:
            self._count_repeats(opened)
        if opened.record.votes <= 1 or not opened.record.votes % LOOK_EVERY:
            opened.changed |= PRESSED

    def _first_answers(self, entry: Pressed, before: Mapping[str, int] | None) -> list[str]:
        """Return the scales that an entry of the history gave their first score.

        `before` are the vote's scores in an earlier entry of this unit. Others are looked up only
        where the vote says that there is one, and that it is not just pressed again.
        """
        if not any(entry.scored_at.get(scale, 0) >= entry.at for scale in entry.scores):
            return []
        if before is None and entry.created_at != entry.at:
            before = rule_queue.scores_before(self.connection, entry)
        return [scale for scale in entry.scores if scale not in (before or {})]

    def _count_gold(self, opened: _Open) -> None:
        answers = rule_queue.gold_answers(self.connection, opened.rater.number, MOST_GOLD)
        gold = Gold.of(answers)
        if gold != opened.record.gold:
            opened.record = replace(opened.record, gold=gold)
            opened.changed.add(Measure.GOLD)

    def _count_repeats(self, opened: _Open) -> None:
        """Look at second answers if there is one since the last look."""
        last = opened.rater.last_repeat
        if last <= opened.record.repeats.last_at:
            return
        rows = rule_queue.repeated(self.connection, opened.rater.number, MOST_REPEATS)
        widths = {name: scale.width for name, scale in RATED.items()}
        opened.record = replace(opened.record, repeats=Repeats.of(rows, widths, last))
        opened.changed.add(Measure.REPEATS)

    def _compare(self, scale: str, answers: Iterable[ImageAnswer], raters: frozenset[int]) -> None:
        yard = self.yards[scale]
        weighed = [self._weigh(each, scale) for each in answers if scale in each.scores]
        for rater, vote in compare([each for each in weighed if each], yard, raters).items():
            opened = self._rater(rater)
            if opened is not None:
                opened.record = opened.record.compared(yard.scale, vote)

    def _weigh(self, answer: ImageAnswer, scale: str) -> Answer | None:
        """Weigh a rater as the estimator of scores does, or by the rules' own belief.

        Who fails gold tells next to nothing of what to expect, however much others agree.
        """
        opened = self._rater(answer.rater)
        if opened is None:
            return None
        known = answer.known.get(scale)
        if known is None:
            belief = self.yards[scale].believe(opened.record.agreement.get(scale))
            known = belief.bias, belief.weight(self.yards[scale].crowd)
        bias, weight = known
        if opened.record.gold.fails(scale):
            weight *= LEAST_TRUST
        return Answer(answer.rater, answer.scores[scale], bias, weight, answer.counts)

    def _account(self, opened: _Open) -> Account:
        """Return what the account tells; the others are counted for newcomers alone."""
        rater = opened.rater
        made = DISCORD_EPOCH + timedelta(milliseconds=rater.discord_id >> SNOWFLAKE_SHIFT)
        beside = 0
        if opened.record.votes <= Burst().votes:
            near = NEAR_MADE // timedelta(milliseconds=1) << SNOWFLAKE_SHIFT
            seen, apart = rater.first_seen_at, NEAR_FIRST_SEEN // MICROSECOND
            beside = rule_records.beside(
                self.connection,
                rater.number,
                seen=(seen - apart, seen + apart),
                made=(rater.discord_id - near, rater.discord_id + near),
                most=MOST_BESIDE,
            )
        return Account((self.now - made) / timedelta(days=1), beside)

    def _judge(self, opened: _Open) -> None:
        rater, votes = opened.rater, opened.record.votes
        if rater.banned_at(self.now):
            return  # people have decided
        before = rater.findings
        account = self._account(opened) if Measure.ACCOUNT in opened.changed else UNSUSPECTED
        anew = Measure.AGREEMENT in opened.changed
        sight = opened.record.sight(
            self.yards,
            account=account,
            pair=opened.pair,
            compared_anew=anew,
            doubted_before=anew and was_doubted(before),
        )
        found = look(looking_again(frozenset(opened.changed)), sight, before_of(before))
        status: Judged = "validated" if rater.status == "validated" else "normal"
        settled_at = asked_at = since_pass = None
        if any(found.values()):
            number, suspect = rater.number, review_queue.SUSPECT
            settled = review_queue.last_settled(self.connection, suspect, number)
            settled_at = None if settled is None else settled.votes
            asked_at = risks.captcha_asked_at(self.connection, number)
            since_pass = captchas.votes_since_pass(self.connection, number, JUST_PASSED, self.now)
        decision = decide(
            before,
            found,
            votes=votes,
            status=status,
            now=self.now,
            settled_at=settled_at,
            asked_at=asked_at,
            since_pass=since_pass,
        )
        self._follow(rater.number, votes, decision)
        ended = before.keys() - decision.kept.keys()
        findings.end(self.connection, rater.number, ended)
        news = [each for name, each in decision.kept.items() if before.get(name) != each]
        findings.store(self.connection, rater.number, news)

    def _follow(self, rater: int, votes: int, decision: Decision) -> None:
        """Carry out a decision; a hold that others placed is none of the program's."""
        connection, now = self.connection, self.now
        if decision.captcha is not None:
            risks.ask_captcha(connection, rater, decision.captcha, votes, now)
        if decision.changed and risks.gold_percent(connection, rater) != decision.gold_percent:
            risks.set_gold_percent(connection, rater, decision.gold_percent, now)
        for rule in decision.place:
            if holds.place(connection, rater, rule, now):
                self._audit("hold.placed", rater, rule)
        for rule in decision.lift:
            for lifted in holds.lift(connection, rater, rule):
                self._audit("hold.lifted", rater, lifted)
        if decision.look:
            ask_to_look(
                connection,
                rater,
                votes=votes,
                figures={name: each.figure for name, each in decision.kept.items()},
                reason=decision.look[0],
                now=now,
            )
            self.alerted = True

    def _audit(self, action: str, rater: int, rule: str) -> None:
        audit.record_program(
            self.connection, action, self.now, subject=f"rater:{rater}", details={"reason": rule}
        )
