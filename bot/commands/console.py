"""What a command prints: summaries on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

PLAIN_LINE_SECONDS = 5.0

Report = Callable[[int, int | None], None]
"""Takes how much is done, and of how much where that is known."""

AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")]


@contextmanager
def progress(title: str, stream: TextIO | None = None) -> Iterator[Report]:
    """Show a bar on a terminal; elsewhere a plain line every 5 seconds."""
    target = stream or sys.stderr
    if not target.isatty():
        yield _plain_lines(title, target)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=target), transient=True) as bars:
        bar = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def _plain_lines(title: str, target: TextIO) -> Report:
    last = time.monotonic()

    def report(done: int, total: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PLAIN_LINE_SECONDS:
            last = now
            share = f"{done:,} of {total:,}" if total else f"{done:,}"
            print(f"{title}: {share}", file=target, flush=True)

    return report


def say(text: str) -> None:
    """Print a line of result on stdout."""
    typer.echo(text)


def summarize(facts: Mapping[str, object], *, as_json: bool) -> None:
    """Print a summary: one JSON object, or a line a fact."""
    if as_json:
        say(json.dumps(facts, default=str))
        return
    for name, value in facts.items():
        shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
        say(f"{name.replace('_', ' ')}: {shown}")
