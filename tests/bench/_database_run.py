"""Scores of one database in a process of its own: `python -m tests.bench._database_run DATABASE`.

Prints the seconds of estimating alone, of the whole run, and of the processor, all without the
start of the interpreter and its imports, and the peak memory.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bot.rating.scales import SCALES
from bot.trust.scoring.assessing import assess
from bot.trust.scoring.collecting import Ballots
from bot.trust.scoring.keeping import Keeping
from storage.connections import connect
from storage.turns import Turns
from tests.bench._export_run import peak_mebibytes

if __name__ == "__main__":
    estimating, started, busy = 0.0, time.perf_counter(), time.process_time()
    with closing(connect(Path(sys.argv[1]), for_units=True)) as connection:
        ballots = Ballots.read(connection)
        keeping = Keeping(connection, Turns(connection, beside=False), ballots, datetime.now(UTC))
        for scale in SCALES:
            votes = ballots.of(scale)
            begun = time.perf_counter()
            found = assess(votes)
            estimating += time.perf_counter() - begun
            for _ in keeping.keep(scale, votes, found, 1.0):
                pass
    figures = {
        "estimating": estimating,
        "seconds": time.perf_counter() - started,
        "processor_seconds": time.process_time() - busy,
        "mebibytes": peak_mebibytes(),
    }
    print(json.dumps(figures))  # noqa: T201 - the answer
