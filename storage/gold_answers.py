"""What raters said of gold images, and how much of it was right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from storage.gold_images import Ranges
from storage.times import to_microseconds
from storage.votes import SCALES


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers, the scales with known scores in them, and how many of these were wrong."""

    answers: int
    asked: int
    wrong: int

    @property
    def right(self) -> int:
        """How many of the asked scales were inside their range."""
        return self.asked - self.wrong


def store(
    connection: Connection,
    rater: int,
    image_id: int,
    scores: Mapping[str, int],
    *,
    asked: int,
    wrong: int,
    lesson: bool,
    now: datetime,
) -> None:
    """Write the rater's answer in place of an earlier one; what was a lesson stays as it is.

    Only another answer to the same lesson changes that.
    """
    connection.execute(
        _STORE,
        (
            rater,
            image_id,
            lesson,
            *(scores.get(scale) for scale in SCALES),
            asked,
            wrong,
            to_microseconds(now),
        ),
    )


def remove(connection: Connection, rater: int, image_id: int) -> None:
    """Forget the answer of a vote that is taken back; a lesson stays."""
    connection.execute(
        "DELETE FROM gold_answers WHERE rater = ? AND image_id = ? AND lesson = 0",
        (rater, image_id),
    )


def lesson_scores(connection: Connection, rater: int, image_id: int) -> dict[str, int]:
    """Return the scores given so far in a lesson on the image."""
    row = connection.execute(_LESSON, (rater, image_id)).fetchone()
    if row is None:
        return {}
    return {scale: score for scale, score in zip(SCALES, row, strict=True) if score is not None}


def judge_again(connection: Connection, image_id: int, ranges: Ranges) -> int:
    """Count what is right and wrong anew in all answers on an image; return how many."""
    ends = {
        f"{scale}_{name}": end
        for scale in SCALES
        for name, end in zip(("low", "high"), ranges.get(scale, (None, None)), strict=True)
    }
    return connection.execute(_JUDGE_AGAIN, {"image_id": image_id, **ends}).rowcount


def of_rater(connection: Connection, rater: int, *, lessons: bool) -> Tally:
    """Sum up a rater's answers in lessons, or outside of them."""
    row = connection.execute(f"{_TALLY} AND rater = ? AND lesson = ?", (rater, lessons)).fetchone()
    return Tally(*row)


def of_image(connection: Connection, image_id: int) -> Tally:
    """Sum up all answers on an image."""
    return Tally(*connection.execute(f"{_TALLY} AND image_id = ?", (image_id,)).fetchone())


WHOLE: Final = " AND ".join(f"{scale} IS NOT NULL" for scale in SCALES)
"""Condition under which an answer lacks nothing."""

COUNTS: Final = f"(lesson = 0 OR {WHOLE})"
"""Condition under which an answer counts: also a half one, but for a lesson under way."""

_STORE: Final = f"""
    INSERT INTO gold_answers (rater, image_id, lesson, {", ".join(SCALES)}, asked, wrong,
        answered_at)
    VALUES ({", ".join("?" * (6 + len(SCALES)))})
    ON CONFLICT (rater, image_id) DO UPDATE SET
        {", ".join(f"{scale} = excluded.{scale}" for scale in SCALES)},
        asked = excluded.asked, wrong = excluded.wrong, answered_at = excluded.answered_at
    WHERE gold_answers.lesson = excluded.lesson
"""  # noqa: S608 - constants
_LESSON: Final = f"""
    SELECT {", ".join(SCALES)} FROM gold_answers WHERE rater = ? AND image_id = ? AND lesson = 1
"""  # noqa: S608 - constants
_JUDGE_AGAIN: Final = f"""
    UPDATE gold_answers SET asked = {
    " + ".join(f"({scale} IS NOT NULL AND :{scale}_low IS NOT NULL)" for scale in SCALES)
}, wrong = {
    " + ".join(
        f"coalesce({scale} NOT BETWEEN :{scale}_low AND :{scale}_high, 0)" for scale in SCALES
    )
}
    WHERE image_id = :image_id AND {COUNTS}
"""  # noqa: S608 - constants
_TALLY: Final = f"""
    SELECT count(*), coalesce(sum(asked), 0), coalesce(sum(wrong), 0) FROM gold_answers
    WHERE {COUNTS}
"""  # noqa: S608 - constants
