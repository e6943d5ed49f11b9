"""A child process for tests: says who it is, does as it is asked, and tells how it left."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from bot.children.answering import answer, asked


def main() -> int:
    request = asked()
    try:
        answer("begun", pid=os.getpid(), more=request.get("more"))
        if request["act"] == "environment":
            answer("done", **{name: os.environ.get(name) for name in request["names"]})
            return 0
        if request["act"] == "wait":
            while True:
                time.sleep(1)
        if request["act"] == "die":
            os.kill(os.getpid(), 9)
        if request["act"] == "end":
            return 3
        answer("done", sum=sum(request["numbers"]))
        return 0
    finally:
        if "left" in request:
            Path(request["left"]).write_text("cleanly", encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
