"""matplotlib in a child process: it needs no home and reads nobody's settings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

CONFIGURATION: Final = "MPLCONFIGDIR"


@contextmanager
def matplotlib_beside(target: Path) -> Iterator[None]:
    """Give matplotlib a folder of its own for its list of fonts, in which it finds no settings.

    Import it inside for the first time, since it looks for its folder as it loads. A process that
    is killed leaves `.<name>.matplotlib`, which the next one empties; let only one at a time draw
    the same target. Raises OSError.
    """
    own = target.with_name(f".{target.name}.matplotlib")
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    before = os.environ.get(CONFIGURATION)
    os.environ[CONFIGURATION] = str(own)
    try:
        yield
    finally:
        if before is None:
            del os.environ[CONFIGURATION]
        else:
            os.environ[CONFIGURATION] = before
        shutil.rmtree(own, ignore_errors=True)
