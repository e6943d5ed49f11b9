"""`jury import votes`: votes of other collections in."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import AsJson, progress, refuse_given, say_list, summarize
from bot.commands.import_options import Name
from bot.commands.importing import open_sink, run_import
from bot.commands.opening import existing, interruptible
from bot.datasets.imports.votes import removing
from bot.datasets.imports.votes.formats import (
    AVA,
    HORDE,
    SAC,
    CsvColumns,
    Format,
    VoteFormat,
    csv_format,
)
from bot.datasets.imports.votes.importing import import_votes
from bot.datasets.imports.votes.summary import VotesSummary
from bot.errors import ImportRefusedError
from storage import imported_collections
from storage.imported_collections import ListedCollection

CSV = "With --format csv"
USUAL = CsvColumns()


def votes(
    file: Annotated[Path, typer.Argument(help="The file as it was published.")],
    *,
    format_: Annotated[
        VoteFormat,
        typer.Option(
            "--format",
            help="horde: AI Horde Ratings of any vintage, as .parquet, or .csv of an export;"
            " sac: the .sqlite of Simulacra Aesthetic Captions; ava: AVA.txt;"
            " csv: a table with a header.",
        ),
    ],
    dataset: Name,
    collection: Annotated[
        str | None,
        typer.Option(
            help="What the votes are kept under, the same for later files of the same collection."
            " The format's name if left out; of csv the file's name without its ending."
        ),
    ] = None,
    low: Annotated[
        float | None, typer.Option(help=f"{CSV}: the lowest score.", show_default=f"{HORDE.low:g}")
    ] = None,
    high: Annotated[
        float | None,
        typer.Option(help=f"{CSV}: the highest score.", show_default=f"{HORDE.high:g}"),
    ] = None,
    rater_column: Annotated[
        str | None, typer.Option(help=f"{CSV}: who voted.", show_default=USUAL.rater)
    ] = None,
    item_column: Annotated[
        str | None, typer.Option(help=f"{CSV}: the image's key.", show_default=USUAL.item)
    ] = None,
    score_column: Annotated[
        str | None, typer.Option(help=f"{CSV}: the score.", show_default=USUAL.score)
    ] = None,
    artifacts_column: Annotated[
        str | None, typer.Option(help=f"{CSV}: flaws, 0 to 5; 'artifacts' if there is such a one.")
    ] = None,
    created_at_column: Annotated[
        str | None,
        typer.Option(help=f"{CSV}: times in ISO 8601; 'created_at' if there is such a one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import the votes of another collection; they stay apart from those of your raters."""
    columns = {
        "rater": rater_column,
        "item": item_column,
        "score": score_column,
        "artifacts": artifacts_column,
        "created_at": created_at_column,
    }
    called = {name: given for name, given in columns.items() if given is not None}
    if format_ == "csv":
        kind = _csv(HORDE.low if low is None else low, HORDE.high if high is None else high, called)
    else:
        refuse_given(
            {"--low": low, "--high": high}
            | {f"--{name.replace('_', '-')}-column": given for name, given in columns.items()},
            f"of --format csv; what {format_} calls its columns and scores is known",
        )
        kind = {"horde": HORDE, "sac": SAC, "ava": AVA}[format_]
    usual = file.stem if format_ == "csv" else format_

    async def work() -> VotesSummary:
        async with open_sink(f"importing {file}", dataset) as (services, sink):
            return await import_votes(
                sink,
                file,
                kind,
                collection=collection or usual,
                keyed_hash=services.hash_key,
            )

    run_import(work(), as_json=as_json)


def _csv(low: float, high: float, called: Mapping[str, str]) -> Format:
    if not -math.inf < low < high < math.inf:
        raise ImportRefusedError(f"--low must be below --high, not {low:g} and {high:g}")
    return csv_format(low, high, CsvColumns(**called))


def list_votes(*, as_json: AsJson = False) -> None:
    """List the collections of imported votes by data set, as remove-votes wants them named."""
    nothing = "no imported votes yet; bring them in with `jury import votes`"
    say_list(asyncio.run(_every()), asdict, _line, nothing=nothing, as_json=as_json)


def remove_votes(
    collection: Annotated[str, typer.Argument(help="The collection as it was imported.")],
    *,
    dataset: Annotated[str, typer.Option(help="The data set that has it.")],
    as_json: AsJson = False,
) -> None:
    """Remove imported votes again, a whole collection; votes of your raters stay."""
    with interruptible("what was removed so far is gone; the same command removes the rest"):
        removed = asyncio.run(_remove(dataset, collection))
    summarize({"data_set": dataset, "collection": collection, "removed": removed}, as_json=as_json)


async def _every() -> list[ListedCollection]:
    async with existing() as services:
        return await services.database.read(imported_collections.every)


def _line(each: ListedCollection) -> str:
    has = f"{each.histograms:,} histograms" if each.histograms else f"{each.votes:,} votes"
    return (
        f"{each.data_set}: {each.name}, {has} from {each.low:g} to {each.high:g},"
        f" as {each.format} files"
    )


async def _remove(data_set: str, collection: str) -> int:
    async with existing() as services:
        with progress(f"removing {collection}") as report:
            return await removing.remove_votes(
                services.database, data_set, collection, services.clock, report
            )
