"""Answers that are no votes: repeats of what was judged before, and lessons.

Inside one unit of the writer, behind the same checks as a vote. Whatever they are pressed on looks
like everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from bot.errors import ClosedPostError, NothingToUndoError, UnknownPostError
from bot.rating import lessons
from bot.rating.admission import Standing
from bot.rating.receipts import Receipt, missing_scales, votes_today
from bot.rating.revision import ScorePress
from bot.rewards.earning import Earning
from bot.trust.gold.judging import judge
from storage import check_presses, gold_answers, gold_images, repeats, reservations
from storage.check_presses import CheckPress
from storage.posts import Shown
from storage.raters import Rater
from storage.repeats import Repeat
from storage.standings import Found

ASIDE: Final = frozenset({"repeat", "lesson"})
"""Purposes of showings that ask for no vote."""

Charge = Callable[[], None]
"""Counts the press against its limit; raises RateLimitedError."""


@dataclass(frozen=True, slots=True)
class Asides:
    """Takes what is pressed on showings that ask for no vote. Nothing is earned there."""

    earning: Earning | None

    def replayed(
        self, connection: Connection, found: Found, interaction_id: int, now: datetime
    ) -> Receipt | None:
        """Return the receipt of an interaction that was recorded before, None if it is new.

        `today` and the kudos are as of now. Raises UnknownPostError for another one's interaction.
        """
        done = check_presses.find(connection, interaction_id)
        if done is None:
            return None
        rater, shown = found.rater, found.shown
        if rater is None or (done.rater, done.post_id) != (rater.number, shown.post.id):
            raise UnknownPostError
        return self._receipt(connection, rater, shown, done, now)

    def take(
        self,
        connection: Connection,
        standing: Standing,
        press: ScorePress,
        now: datetime,
        charge: Charge,
    ) -> Receipt:
        """Record a score; raises ClosedPostError for lessons that are over, RateLimitedError."""
        charge()
        if standing.purpose == "lesson" and not _takes_answers(connection, standing):
            raise ClosedPostError
        answer = _answer_lesson if standing.purpose == "lesson" else _answer_repeat
        outcome = answer(connection, standing, press, now)
        return self._noted(connection, standing, press.interaction_id, outcome, now)

    def turn(
        self,
        connection: Connection,
        standing: Standing,
        interaction_id: int,
        now: datetime,
        charge: Charge,
        *,
        keep: bool,
    ) -> Receipt:
        """Take a second answer back, or give an undone one again.

        Raises NothingToUndoError, RateLimitedError.
        """
        charge()
        old = repeats.find(connection, standing.rater.number, standing.shown.post.image_id)
        if standing.purpose == "lesson" or old is None or (old.state == "undone") != keep:
            raise NothingToUndoError
        new = replace(old, state="given" if keep else "undone", changed_at=now)
        outcome = _store(connection, standing, old, new, now)
        return self._noted(connection, standing, interaction_id, outcome, now)

    def _noted(
        self,
        connection: Connection,
        standing: Standing,
        interaction_id: int,
        outcome: CheckPress,
        now: datetime,
    ) -> Receipt:
        check_presses.append(connection, interaction_id, outcome, now)
        return self._receipt(connection, standing.rater, standing.shown, outcome, now)

    def _receipt(
        self, connection: Connection, rater: Rater, shown: Shown, outcome: CheckPress, now: datetime
    ) -> Receipt:
        """Build a receipt that looks like any other whose press earned nothing."""
        earned = None
        if self.earning is not None:
            earned = self.earning.today(connection, rater, shown.data_set_id, now)
        return Receipt(
            post_id=shown.post.id,
            image_id=shown.post.image_id,
            surface=shown.post.surface,
            scores=outcome.scores,
            missing=missing_scales(outcome.scores),
            state=outcome.state,
            changed=outcome.changed,
            completed_now=outcome.completed,
            image_full=False,
            today=votes_today(connection, rater.number, now),
            earned=earned,
            sent=False,
        )


def _takes_answers(connection: Connection, standing: Standing) -> bool:
    """Tell whether a lesson waits for scores, or had all of them before."""
    post, rater = standing.shown.post, standing.rater
    return lessons.is_open(connection, post, rater) or lessons.is_explained(connection, post, rater)


def _answer_repeat(
    connection: Connection, standing: Standing, press: ScorePress, now: datetime
) -> CheckPress:
    """Record a score of a second answer."""
    post = standing.shown.post
    old = repeats.find(connection, standing.rater.number, post.image_id)
    begun = old or Repeat(
        rater=standing.rater.number,
        image_id=post.image_id,
        post_id=post.id,
        scores={},
        state="given",
        first={} if standing.vote is None else standing.vote.scores,
        shown_at=post.shown_at,
        changed_at=now,
    )
    scores = {**begun.scores, press.scale: press.value}
    new = replace(begun, scores=scores, state="given", changed_at=now)
    return _store(connection, standing, old, new, now)


def _store(
    connection: Connection, standing: Standing, old: Repeat | None, new: Repeat, now: datetime
) -> CheckPress:
    repeats.store(connection, new)
    post_id = standing.shown.post.id
    if new.whole:
        reservations.release(connection, new.image_id, new.rater)
    else:
        reservations.keep(connection, new.image_id, new.rater, post_id, now, purpose="repeat")
    earlier = {} if old is None else old.scores
    return CheckPress(
        rater=new.rater,
        post_id=post_id,
        scores=new.scores,
        state=new.state,
        changed=any(earlier[scale] != new.scores[scale] for scale in earlier),
        completed=new.whole and not (old is not None and old.whole),
    )


def _answer_lesson(
    connection: Connection, standing: Standing, press: ScorePress, now: datetime
) -> CheckPress:
    """Record a score of a lesson; once it has all of them it was explained, and stays."""
    rater, post = standing.rater.number, standing.shown.post
    given = gold_answers.lesson_scores(connection, rater, post.image_id)
    over = not missing_scales(given)
    changed = not over and given.get(press.scale, press.value) != press.value
    if not over:
        given[press.scale] = press.value
        gold = gold_images.find(connection, post.image_id)
        whole = not missing_scales(given)
        judged = judge(gold.ranges if gold is not None and whole else {}, given)
        gold_answers.store(
            connection,
            rater,
            post.image_id,
            given,
            asked=judged.asked,
            wrong=judged.wrong,
            lesson=True,
            now=now,
        )
    return CheckPress(
        rater=rater,
        post_id=post.id,
        scores=given,
        state="given",
        changed=changed,
        completed=not over and not missing_scales(given),
    )
