"""What a command prints: summaries on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Protocol, TextIO, TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

from bot.datasets.exports.service import Exported
from bot.datasets.imports.summary import Progress
from bot.datasets.releases.service import Released

T = TypeVar("T")

PLAIN_LINE_SECONDS = 5.0

AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")]


class Sayable(Protocol):
    """What a long command did."""

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""

    def lines(self) -> list[str]:
        """Return it for people, a line a fact."""


@contextmanager
def progress(
    title: str, stream: TextIO | None = None, *, every: float = PLAIN_LINE_SECONDS
) -> Iterator[Progress]:
    """Show a bar on a terminal; elsewhere a plain line every so many seconds."""
    target = stream or sys.stderr
    if not target.isatty():
        yield _plain_lines(title, target, every)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(file=target), transient=True) as bars:
        bar = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def _plain_lines(title: str, target: TextIO, every: float) -> Progress:
    last = time.monotonic()

    def report(done: int, total: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= every:
            last = now
            share = f"{done:,} of {total:,}" if total else f"{done:,}"
            print(f"{title}: {share}", file=target, flush=True)

    return report


def say(text: str) -> None:
    """Print a line of result on stdout."""
    typer.echo(text)


def warn(text: str) -> None:
    """Print a line on stderr about something that keeps nothing from being done."""
    typer.echo(f"jury: {text}", err=True)


def refuse_given(options: Mapping[str, object], why: str) -> None:
    """Raise typer.BadParameter where options are given, not None, that would change nothing."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise typer.BadParameter(f"{', '.join(given)}: {why}")


def facts_of(done: Exported | Released) -> dict[str, object]:
    """Return what a summary says; how many pictures are left out stands beside the rest."""
    facts: dict[str, object] = asdict(done)
    del facts["left_out"]
    return facts | asdict(done.left_out)


def summarize(facts: Mapping[str, object], *, as_json: bool) -> None:
    """Print a summary: one JSON object, or a line a fact."""
    if as_json:
        say(json.dumps(facts, default=str))
        return
    for name, value in facts.items():
        shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
        say(f"{name.replace('_', ' ')}: {shown}")


def say_summary(summary: Sayable, *, as_json: bool) -> None:
    """Print what an import did."""
    if as_json:
        say(json.dumps(summary.as_dict()))
    else:
        say("\n".join(summary.lines()))


def say_list(
    found: Sequence[T],
    facts: Callable[[T], Mapping[str, object]],
    line: Callable[[T], str],
    *,
    nothing: str,
    as_json: bool,
) -> None:
    """Print what was found: one JSON list of its facts, or a line each; `nothing` if it is none."""
    if as_json:
        say(json.dumps([facts(each) for each in found]))
        return
    for each in found:
        say(line(each))
    if not found:
        say(nothing)
