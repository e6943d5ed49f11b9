"""Whether what an import is asked to do is possible at all."""

from __future__ import annotations

import re
from pathlib import Path

from bot.datasets.imports.summary import printable
from bot.errors import ImportRefusedError

# Exports are files called by it, and Discord's autocomplete shows it.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_name(name: str, what: str = "data set") -> str:
    """Return the name; raises ImportRefusedError where it cannot be one of a data set or `what`."""
    if not NAME.fullmatch(name):
        raise ImportRefusedError(
            f"'{printable(name)}' cannot name a {what}: use 1 to 64 letters, digits, '.', '_' and"
            " '-', beginning with a letter or digit"
        )
    return name


def check_folder(directory: Path) -> Path:
    """Return the absolute path of a folder; raises ImportRefusedError where it is none."""
    try:
        if directory.is_dir():
            return directory.resolve()
        if not directory.exists():
            raise ImportRefusedError(f"there is no folder {directory}")
    except (OSError, RuntimeError) as error:
        raise ImportRefusedError(f"{directory} cannot be read: {error}") from error
    raise ImportRefusedError(f"{directory} is not a folder")
