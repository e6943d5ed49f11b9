"""Lessons: gold images with an explanation after each, before somebody's first private session.

Inside one unit. All that the lessons know is in the posts and answers, so they go on after a
restart, with whatever gold images there are by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from bot.errors import LessonsOverError, NotAllowedError
from bot.rating.receipts import missing_scales
from bot.rating.scales import SCALES
from bot.rating.serving import Served
from bot.trust.gold import curriculum, lesson_images
from bot.trust.gold.judging import End, Fit, end_of, fit
from storage import choosing, gold_answers, gold_images, onboardings, posts, raters
from storage.choosing import Seeker
from storage.gold_images import GoldImage
from storage.onboardings import Candidate, Onboarding
from storage.posts import Post
from storage.raters import Rater
from storage.skips import SkipReason


@dataclass(frozen=True, slots=True)
class Mark:
    """One score held against what is right, `low` to `high`; `end`: where on the scale that is."""

    scale: str
    score: int
    low: int
    high: int
    fit: Fit
    end: End


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is right on an image and how an answer fits; `words` are the moderators' own."""

    marks: tuple[Mark, ...]
    words: str | None


@dataclass(frozen=True, slots=True)
class Lesson:
    """Where a showing stands among the lessons; `explanation` follows a whole answer."""

    number: int
    of: int
    may_skip: bool
    explanation: Explanation | None


@dataclass(frozen=True, slots=True)
class Lessons:
    """Leads new raters through gold images; `number` of them, 0: nobody."""

    number: int

    def is_due(self, connection: Connection, seeker: Seeker, rater: Rater) -> bool:
        """Tell whether the rater's session is to begin with lessons, or to go on with them.

        They begin for a newcomer, and where there are enough of them for this rater and place. For
        nobody who was erased before, who may have had them: lessons tell what is right.
        """
        known = onboardings.find(connection, rater.number)
        if known is None and (not self.number or raters.returned(connection, rater.number)):
            return False
        if known is not None and known.outcome is not None:
            return False
        newcomer = curriculum.NEWCOMER
        if onboardings.judged(connection, rater.number, newcomer) >= newcomer:
            return False
        if known is not None:
            return True
        return len(_candidates(connection, seeker, rater, self.number)) >= self.number

    def begin(self, connection: Connection, rater: Rater, now: datetime) -> None:
        """Note that the lessons begin, unless they have."""
        onboardings.begin(connection, rater.number, self.number or 1, now)


def is_under_way(connection: Connection, rater: Rater) -> bool:
    """Tell whether the rater is in the middle of lessons."""
    known = onboardings.find(connection, rater.number)
    return known is not None and known.outcome is None


def go_on_after(connection: Connection, post_id: int, rater: Rater) -> bool:
    """Tell whether a post is a lesson of lessons that are not over."""
    post = posts.by_id(connection, post_id)
    return post is not None and post.purpose == "lesson" and is_under_way(connection, rater)


def following(
    connection: Connection, seeker: Seeker, rater: Rater, start: int, shown: Post | None
) -> Served | None:
    """Return the next lesson, met from a random key on; None if there is to be none, or is none.

    `shown` is the lesson on the screen: what comes after it does not wait for its answer.
    """
    known = onboardings.find(connection, rater.number)
    if known is None or known.outcome is not None:
        return None
    taught = {gold.image_id: gold for gold in onboardings.taught(connection, rater.number)}
    if shown is not None and shown.purpose == "lesson" and shown.image_id not in taught:
        gold = gold_images.find(connection, shown.image_id)
        if gold is not None:
            taught[gold.image_id] = gold
    if len(taught) >= known.lessons:
        return None
    candidates = [
        each
        for each in _candidates(connection, seeker, rater, known.lessons)
        if each.gold.image_id not in taught
    ]
    ranges = [gold.ranges for gold in taught.values()]
    chosen = curriculum.choose(candidates, ranges, start)
    return None if chosen is None else Served(chosen.gold.image_id, "lesson")


def finish(connection: Connection, rater: Rater, post_id: int, now: datetime) -> LessonsOverError:
    """End the lessons and return how they went; the session goes on after the post."""
    onboardings.end(connection, rater.number, "finished", now)
    return result_of(connection, rater, post_id)


def is_over(connection: Connection, rater: Rater) -> bool:
    """Tell whether lessons of which none is left are over: nobody ends them without an answer."""
    return bool(onboardings.taught(connection, rater.number))


def refuse_skip(connection: Connection, post: Post, rater: Rater, reason: SkipReason) -> None:
    """Raise NotAllowedError where a lesson is to be passed over that can be looked at.

    Only who is validated need not answer what they are asked; everybody may pass over what they
    cannot, or do not want to see.
    """
    if rater.status == "validated" or reason != "cannot_judge":
        return
    if is_open(connection, post, rater):
        raise NotAllowedError


def result_of(connection: Connection, rater: Rater, post_id: int) -> LessonsOverError:
    """Return how the rater's lessons went."""
    tally = gold_answers.of_rater(connection, rater.number, lessons=True)
    return LessonsOverError(post_id, tally.asked, tally.right)


def is_open(connection: Connection, post: Post, rater: Rater) -> bool:
    """Tell whether the post is a lesson that waits for scores: the lessons go on with it."""
    return (
        post.purpose == "lesson"
        and is_under_way(connection, rater)
        and not choosing.is_settled(connection, rater.number, post.image_id, "lesson")
    )


def is_explained(connection: Connection, post: Post, rater: Rater) -> bool:
    """Tell whether the post is a lesson whose answer lacks nothing."""
    return post.purpose == "lesson" and not missing_scales(
        gold_answers.lesson_scores(connection, rater.number, post.image_id)
    )


def ends_with(connection: Connection, post: Post, rater: Rater) -> bool:
    """Tell whether a post is the last of lessons that are over, and nothing was shown after it."""
    known = onboardings.find(connection, rater.number)
    return (
        post.purpose == "lesson"
        and known is not None
        and known.outcome == "finished"
        and posts.successor(connection, post.id) is None
    )


def leave(connection: Connection, rater: Rater, now: datetime) -> None:
    """Have no more lessons; raises NotAllowedError for whoever must not skip those under way."""
    known = onboardings.find(connection, rater.number)
    if known is None or known.outcome is not None:
        return
    if not may_skip(known, rater):
        raise NotAllowedError
    onboardings.end(connection, rater.number, "skipped", now)


def lesson_of(
    connection: Connection, post: Post, rater: Rater, scores: Mapping[str, int]
) -> Lesson | None:
    """Return where the post stands among the rater's lessons; None for any other post."""
    known = onboardings.find(connection, rater.number)
    if post.purpose != "lesson" or known is None:
        return None
    taught = onboardings.taught(connection, rater.number)
    numbers = {gold.image_id: number for number, gold in enumerate(taught, 1)}
    number = numbers.get(post.image_id, len(taught) + 1)
    explanation = None
    if not missing_scales(scores):
        gold = gold_images.find(connection, post.image_id)
        explanation = None if gold is None else _explained(gold, scores)
    return Lesson(number, max(known.lessons, number), may_skip(known, rater), explanation)


def may_skip(known: Onboarding, rater: Rater) -> bool:
    """Tell whether the rater may leave the lessons: a moderator has vouched for them."""
    return known.outcome is None and rater.status == "validated"


def _candidates(
    connection: Connection, seeker: Seeker, rater: Rater, lessons: int
) -> list[Candidate]:
    """Return the images of lessons that the rater may see in this place and knows nothing of."""
    images = lesson_images.of_data_set(connection, seeker.data_set_id, lessons)
    found = onboardings.candidates(
        connection, rater.number, seeker.data_set_id, safe_only=seeker.safe_only
    )
    return [each for each in found if each.gold.image_id in images]


def _explained(gold: GoldImage, scores: Mapping[str, int]) -> Explanation:
    return Explanation(
        tuple(
            Mark(
                name,
                scores[name],
                *right,
                fit=fit(right, scores[name]),
                end=end_of(SCALES[name], right),
            )
            for name, right in gold.ranges.items()
        ),
        gold.explanation,
    )
