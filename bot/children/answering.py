"""The side of the child process: what it is asked, and how it answers."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any, Final, NoReturn

STDIN: Final = 0


def asked() -> dict[str, Any]:
    """Return the request, and let the process end by SIGTERM or together with its parent.

    It then leaves through every `finally`, so that nothing unfinished stays. For the main thread,
    once, before anything else.
    """
    signal.signal(signal.SIGTERM, _stop)
    request: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    return request


def answer(kind: str, **details: object) -> None:
    """Write a line of what JSON can say; the last one is the outcome.

    Raises BrokenPipeError where nobody reads.
    """
    print(json.dumps({"kind": kind, **details}), flush=True)  # noqa: T201 - the parent reads it


def _end_with_parent() -> None:
    """Wait for the end of stdin, which the parent closes at the latest when it dies.

    Not through `sys.stdin`: a thread that waits there keeps the interpreter from ending.
    """
    while os.read(STDIN, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(signal_number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + signal_number)
