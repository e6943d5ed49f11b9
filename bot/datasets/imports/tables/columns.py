"""Which columns of somebody's table say what, and reading a row by them."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.datasets.imports.candidates import Facts
from bot.datasets.imports.sidecars import MAX_BYTES, clean
from bot.datasets.imports.summary import is_printable
from bot.errors import ImportRefusedError, JuryError

PROMPTS: Final = ("prompt", "text", "caption")
"""Columns of which the first that is there has the prompt, where none is named."""
KEY_LENGTH: Final = 255
SAFE_UP_TO: Final = 0.1
NAMES_SHOWN: Final = 20
_TRUE: Final = frozenset({"true", "1", "yes"})
_FALSE: Final = frozenset({"false", "0", "no"})


class WrongValueError(JuryError):
    """A row has something in a column that cannot be there; the text names the column."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns, None where there is none for it.

    `safe` has whether a picture may be shown to everybody, `unsafe` the probability (0-1) that it
    may not; it may up to `safe_up_to`. What neither says is not safe. `parameters` are columns
    that are kept as they are.
    """

    image: str | None = None
    prompt: str | None = None
    key: str | None = None
    set_: str | None = None
    safe: str | None = None
    unsafe: str | None = None
    safe_up_to: float = SAFE_UP_TO
    parameters: tuple[str, ...] = ()

    def find(self, file: str, there: Collection[str]) -> Found:
        """Return which columns are read beside the picture's own.

        Raises ImportRefusedError where one lacks.
        """
        named = [self.prompt, self.key, self.set_, self.safe, self.unsafe]
        wanted = [name for name in (*named, *self.parameters) if name is not None]
        for name in wanted:
            if name not in there:
                raise ImportRefusedError(f"{file} has no column {name}; it has {listed(there)}")
        prompt = self.prompt or next((name for name in PROMPTS if name in there), None)
        facts = (prompt, self.key, self.set_, self.safe, self.unsafe, *self.parameters)
        return Found(self, prompt, tuple(dict.fromkeys(name for name in facts if name)))


@dataclass(frozen=True, slots=True)
class Found:
    """The columns of one file; `names` are all that are read."""

    columns: Columns
    prompt: str | None
    names: tuple[str, ...]

    def key(self, row: Mapping[str, object]) -> str | None:
        """Return the key that the row names; None where no column is for it.

        Raises WrongValueError.
        """
        if self.columns.key is None:
            return None
        key = _label(row, self.columns.key)
        if key is None:
            raise WrongValueError(f"column {self.columns.key} is empty")
        return key

    def is_safe(self, row: Mapping[str, object]) -> bool | None:
        """Return whether the picture is safe; None where no column says so.

        Raises WrongValueError.
        """
        safe, unsafe = self.columns.safe, self.columns.unsafe
        if safe is None and unsafe is None:
            return None
        if safe is not None and not _flag(row, safe):
            return False
        if unsafe is None:
            return True
        probability = _probability(row, unsafe)
        return probability is not None and probability <= self.columns.safe_up_to

    def facts(self, row: Mapping[str, object]) -> Facts:
        """Return what the row says about its picture. Raises WrongValueError."""
        prompt = _text(row, self.prompt) if self.prompt else None
        set_key = _label(row, self.columns.set_) if self.columns.set_ else None
        kept = {name: row.get(name) for name in self.columns.parameters}
        return Facts(prompt, _json(kept), set_key)


def only_one(found: Sequence[str], shown: str) -> str:
    """Return the one column with pictures of those found, at least one, in what is `shown` so.

    Raises ImportRefusedError.
    """
    if len(found) > 1:
        raise ImportRefusedError(
            f"{shown} has pictures in several columns: choose one of {listed(found)}"
            " with --image-column"
        )
    return found[0]


def listed(names: Collection[str]) -> str:
    """Return names of columns for people; of very many the first few."""
    shown = ", ".join(sorted(names)[:NAMES_SHOWN]) or "none"
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def _text(row: Mapping[str, object], column: str) -> str | None:
    value = row.get(column)
    if value is None or _is_nan(value):
        return None
    if not isinstance(value, str):
        raise WrongValueError(f"column {column} is not text")
    if len(value) > MAX_BYTES:
        raise WrongValueError(f"column {column} has more than {MAX_BYTES:,} characters")
    return clean(value.strip()) or None


def _label(row: Mapping[str, object], column: str) -> str | None:
    value = row.get(column)
    if value is None or _is_nan(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise WrongValueError(f"column {column} is neither text nor a whole number")
    label = clean(str(value).strip())
    if len(label) > KEY_LENGTH or not is_printable(label):
        raise WrongValueError(f"column {column} is no name of at most {KEY_LENGTH} characters")
    return label or None


def _flag(row: Mapping[str, object], column: str) -> bool:
    value = row.get(column)
    if value is None or _is_nan(value):
        return False
    shown = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
    if shown in _TRUE:
        return True
    if shown in _FALSE or (shown == "" and value == ""):
        return False
    raise WrongValueError(f"column {column} is neither true nor false")


def _probability(row: Mapping[str, object], column: str) -> float | None:
    value = row.get(column)
    if value is None or value == "" or _is_nan(value):
        return None
    try:
        number = float(value) if isinstance(value, bool | int | float | str) else math.nan
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise WrongValueError(f"column {column} is no probability from 0 to 1")
    return number


def _json(values: Mapping[str, object]) -> str | None:
    told = {
        name: value
        for name, value in values.items()
        if isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
    }
    text = clean(json.dumps(told, ensure_ascii=False))
    if len(text) > MAX_BYTES:
        raise WrongValueError(f"columns {listed(values)} have more than {MAX_BYTES:,} characters")
    return text if told else None


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
