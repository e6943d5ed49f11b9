"""Statistics in a process of its own: `python -m tests.bench._statistics_run WAY DATABASE PAGE`.

Prints the seconds, without the start of the interpreter and its imports, and the peak memory.
`plain` counts what the plots tell of votes, raters and images, and draws nothing.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections import Counter, defaultdict
from contextlib import closing
from itertools import combinations
from pathlib import Path

from bot.datasets.exports.selection import Selection
from bot.statistics.child import make
from bot.statistics.request import StatisticsRequest
from tests.bench._export_run import KEY, peak_mebibytes

ROWS = 65_536
DAY = 86_400_000_000

SQL = """
SELECT image_id, rater, aesthetic, artifacts, votes.created_at
FROM votes JOIN raters ON raters.number = votes.rater
WHERE state = 'given' AND gold = 0 AND erased_at IS NULL
"""


def ours(database: Path, page: Path) -> None:
    """Make a page as the child does."""
    request = StatisticsRequest(
        str(database), str(page), "page", Selection(), "en", KEY.hex(), time.time_ns() // 1000
    )
    make(request, lambda _done, _most: None)


def plain(database: Path) -> None:
    """Count answers, days, raters, votes an image and pairs that agree, without scores."""
    answers = Counter[tuple[int, int | None]]()
    days, raters = Counter[int](), Counter[int]()
    images: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    with closing(sqlite3.connect(database)) as connection:
        cursor = connection.execute(SQL)
        while rows := cursor.fetchmany(ROWS):
            for image, rater, aesthetic, artifacts, at in rows:
                answers[0, aesthetic] += 1
                answers[1, artifacts] += 1
                days[at // DAY] += 1
                raters[rater] += 1
                for scores, score in zip(images[image], (aesthetic, artifacts), strict=True):
                    if score is not None:
                        scores.append(score)
    for scales in images.values():
        for scores in scales:
            sum(abs(one - other) <= 1 for one, other in combinations(scores, 2))


if __name__ == "__main__":
    started = time.perf_counter()
    if sys.argv[1] == "ours":
        ours(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        plain(Path(sys.argv[2]))
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "mebibytes": peak_mebibytes()}))  # noqa: T201 - the answer
