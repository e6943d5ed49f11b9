"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "failed"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report. A `note` does not keep the bot from running, a `failed` one does.

    `advice` says what to do; every failed check has one.
    """

    name: str
    state: State
    found: str
    advice: str = ""


def ok(name: str, found: str) -> Check:
    """Return a check that found all well."""
    return Check(name, "ok", found)


def note(name: str, found: str, advice: str) -> Check:
    """Return a check that found something to know."""
    return Check(name, "note", found, advice)


def failed(name: str, found: str, advice: str) -> Check:
    """Return a check that found a fault."""
    return Check(name, "failed", found, advice)
