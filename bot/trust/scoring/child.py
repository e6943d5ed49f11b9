"""The child process that scores a database: a request on stdin, progress and outcome on stdout."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Final

from bot.children.answering import answer, asked
from bot.rating.scales import SCALES
from bot.trust.scoring.assessing import assess
from bot.trust.scoring.collecting import Ballots
from bot.trust.scoring.keeping import Keeping
from bot.trust.scoring.request import FAILED, PROGRESS, SCORED, ScaleSummary, ScoreRequest
from storage.connections import connect, explain
from storage.times import from_microseconds
from storage.turns import Turns

TELL_SECONDS: Final = 0.25
"""Between two lines of progress."""

Progress = Callable[[int, int], None]


def main() -> int:
    """Serve the one request on stdin; returns the exit code, 0 when all is written."""
    request = ScoreRequest(**asked())
    told = time.monotonic()

    def tell(done: int, most: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            answer(PROGRESS, done=done, most=most)

    try:
        found = score_database(
            Path(request.database), from_microseconds(request.now), tell, beside=request.beside
        )
    except BrokenPipeError:
        return 1
    except sqlite3.Error as error:
        answer(FAILED, reason=str(explain(error) or error))
        return 1
    except MemoryError:
        answer(FAILED, reason="there is not enough memory for all votes at once")
        return 1
    answer(SCORED, **{scale: asdict(summary) for scale, summary in found.items()})
    return 0


def score_database(
    path: Path, now: datetime, progress: Progress, *, beside: bool
) -> dict[str, ScaleSummary]:
    """Score every image and rater of a database on every scale; `progress` hears rows written.

    Raises sqlite3.Error; what was written by then stays.
    """
    started = time.monotonic()
    with closing(connect(path, query_only=True)) as reading:
        ballots = Ballots.read(reading)
    with closing(connect(path, for_units=True)) as connection:
        keeping = Keeping(connection, Turns(connection, beside=beside), ballots, now)
        return {scale: _score(scale, ballots, keeping, progress, started) for scale in SCALES}


def _score(
    scale: str, ballots: Ballots, keeping: Keeping, progress: Progress, started: float
) -> ScaleSummary:
    votes = ballots.of(scale)
    found = assess(votes)
    for done, most in keeping.keep(scale, votes, found, time.monotonic() - started):
        progress(done, most)
    kept = keeping.kept(scale)
    return ScaleSummary(
        votes=len(votes),
        images=int((found.scores.votes > 0).sum()),
        raters=int((found.raters.votes > 0).sum()),
        held=int(found.held.sum()),
        images_written=kept.images,
        raters_written=kept.raters,
    )


if __name__ == "__main__":
    sys.exit(main())
