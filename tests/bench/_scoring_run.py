"""Scores of one file in a process of its own: `python -m tests.bench._scoring_run FILE FOLDER`.

Prints the seconds, without the start of the interpreter and its imports, and the peak memory.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from bot.trust.scoring.run import score_file
from tests.bench._export_run import peak_mebibytes

if __name__ == "__main__":
    started = time.perf_counter()
    score_file(Path(sys.argv[1]), 1, 10, Path(sys.argv[2]))
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "mebibytes": peak_mebibytes()}))  # noqa: T201 - the answer
