"""matplotlib in a child process: it needs no home and reads nobody's settings."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

CONFIGURATION: Final = "MPLCONFIGDIR"
FONTS: Final = logging.getLogger("matplotlib.font_manager")


@contextmanager
def matplotlib_beside(target: Path) -> Iterator[None]:
    """Give matplotlib a folder of its own for its list of fonts, in which it finds no settings.

    Import it inside for the first time, since it looks for its folder as it loads. A process that
    is killed leaves `.<name>.matplotlib`, which the next one empties; let only one at a time draw
    the same target. That the list cannot be written is no word to anybody: where the disk is full,
    writing the target says so. Raises OSError.
    """
    own = target.with_name(f".{target.name}.matplotlib")
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    before = os.environ.get(CONFIGURATION)
    os.environ[CONFIGURATION] = str(own)
    level = FONTS.level
    FONTS.setLevel(logging.ERROR)
    try:
        yield
    finally:
        FONTS.setLevel(level)
        if before is None:
            del os.environ[CONFIGURATION]
        else:
            os.environ[CONFIGURATION] = before
        shutil.rmtree(own, ignore_errors=True)
