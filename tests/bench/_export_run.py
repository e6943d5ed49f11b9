"""One export in a process of its own: `python -m tests.bench._export_run FORMAT WAY DATABASE FILE`.

Prints the seconds, and those of the processor, without the start of the interpreter and its
imports, and the peak memory.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from bot.datasets.exports.catalogue import FORMATS
from bot.datasets.exports.child import export
from bot.datasets.exports.request import ExportRequest
from bot.datasets.exports.selection import Selection
from bot.keyed_hash import KeyedHash
from tests.bench import _export_loop, _votes_loop

DATA_SET = "diffusiondb"
KEY = bytes(32)


LOOPS = {"horde": _export_loop.export, "votes": _votes_loop.export}


def run(form: str, way: str, database: Path, target: Path) -> None:
    """Export by our child's function, as it is or `imported` or with `pictures`, or by the loop."""
    if way == "loop":
        LOOPS[form](database, target, DATA_SET, KeyedHash(KEY))
        return
    request = ExportRequest(
        str(database), str(target), form, next(iter(FORMATS[form].file_types), None),
        Selection((DATA_SET,), imported=way == "imported"), KEY.hex(), 0, exact_signals=False,
        pictures="zip" if way == "pictures" else "none",
    )  # fmt: skip
    export(request, lambda _done, _most: None)


def peak_mebibytes() -> float:
    """Return the most memory that was resident in this process (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    started, busy = time.perf_counter(), time.process_time()
    run(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    figures = {
        "seconds": time.perf_counter() - started,
        "processor_seconds": time.process_time() - busy,
        "mebibytes": peak_mebibytes(),
    }
    print(json.dumps(figures))  # noqa: T201 - the answer
