"""Arguments and options that several imports have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.datasets.imports.near_duplicates import NearDuplicates

Folder = Annotated[Path, typer.Argument(help="The folder to read; it must stay where it is.")]
Name = Annotated[str, typer.Option("--dataset", help="The data set; made where there is none.")]
Safe = Annotated[
    bool | None,
    typer.Option(
        "--safe/--unsafe",
        help="Whether every picture may be shown to everybody, also those that are there"
        " already. Without either, new ones may not.",
        show_default=False,
    ),
]
Near = Annotated[
    NearDuplicates,
    typer.Option(
        "--near-duplicates",
        help="New pictures that look like one of the data set: count (added, and named in the"
        " summary), keep (added without looking for them) or skip.",
    ),
]
