"""`jury export`: a command a format."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import AsJson, facts_of, progress, refuse_given, summarize, warn
from bot.commands.opening import existing, interruptible
from bot.commands.selection import (
    DataSets,
    Gold,
    LinkedOnly,
    MinimumReliability,
    MinimumVotes,
    RaterOption,
    SafeOption,
    Since,
    SurfaceOption,
    Until,
    Void,
    WithImported,
    selected,
)
from bot.datasets.exports.catalogue import FORMATS, FileType, Offer, PictureForm
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.service import Exported
from bot.demo.folder import DATABASE, DEFAULT_FOLDER, GALLERY, kept_in
from bot.errors import JuryError
from bot.services import Services
from bot.settings import Settings, load_settings
from bot.trust.scoring.service import EXPORT_AGE, ScoringFailedError

app = typer.Typer(no_args_is_help=True, help="Write votes, or what they say, for others to read.")

Out = Annotated[
    Path | None,
    typer.Argument(help="A file or folder; `exports` beside the database if left out."),
]
Type = Annotated[
    FileType | None,
    typer.Option("--as", "--format", help="Where the file's name does not say it."),
]
Pictures = Annotated[
    PictureForm,
    typer.Option("--images", help="How the pictures go with it, where the format knows them."),
]
Demo = Annotated[
    bool, typer.Option("--demo", help="The votes of `jury demo`; its gallery if none is named.")
]
DemoFolder = Annotated[
    Path | None,
    typer.Option(help="With --demo: the demo's folder.", show_default=str(DEFAULT_FOLDER)),
]
Scores = Annotated[
    bool,
    typer.Option(
        "--scores/--no-scores", help="Score votes first that came since the last hour's run."
    ),
]


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be exported, where to, and whether votes are scored first."""

    name: str
    selection: Selection
    wanted: FileType | None
    out: Path | None
    scores: bool
    pictures: PictureForm

    @property
    def offer(self) -> Offer:
        return FORMATS[self.name]


def _command(name: str) -> Callable[..., None]:
    def export(
        out: Out = None,
        *,
        data_sets: DataSets = None,
        wanted: Type = None,
        pictures: Pictures = "none",
        since: Since = None,
        until: Until = None,
        minimum_votes: MinimumVotes = 1,
        raters: RaterOption = "all",
        linked_only: LinkedOnly = False,
        minimum_reliability: MinimumReliability = 0.0,
        surface: SurfaceOption = None,
        safe: SafeOption = None,
        gold: Gold = False,
        void: Void = False,
        imported: WithImported = False,
        demo: Demo = False,
        folder: DemoFolder = None,
        scores: Scores = True,
        as_json: AsJson = False,
    ) -> None:
        selection = selected(
            data_sets or ([GALLERY] if demo else None),
            since=since,
            until=until,
            minimum_votes=minimum_votes,
            raters=raters,
            linked_only=linked_only,
            minimum_reliability=minimum_reliability,
            surface=surface,
            safe=safe,
        )
        selection = replace(selection, gold=gold, void=void, imported=imported)
        settings = _of_demo(folder) if demo else _settings(folder)
        with interruptible("nothing was written; the same command begins anew"):
            exported = asyncio.run(
                _export(settings, _Order(name, selection, wanted, out, scores, pictures))
            )
        summarize(facts_of(exported), as_json=as_json)

    return export


for _name, _offer in FORMATS.items():
    app.command(_name, help=_offer.summary)(_command(_name))


def _of_demo(folder: Path | None) -> Settings:
    return load_settings(None, **kept_in((folder or DEFAULT_FOLDER).absolute()))


def _settings(folder: Path | None) -> Settings:
    """Read the settings; raises JuryError where only a demo has left a database."""
    refuse_given({"--folder": folder}, "is the demo's and needs --demo")
    settings = load_settings()
    if not settings.database_path.exists() and (DEFAULT_FOLDER / DATABASE).exists():
        raise JuryError(
            f"there is no database at {settings.database_path.absolute()}; "
            "for the votes of the demo: jury export horde OUT --demo"
        )
    return settings


async def _export(settings: Settings, order: _Order) -> Exported:
    async with existing(settings) as services:
        selection = await _of_data_sets(services, order)
        if order.scores:
            await _score(services, order.offer)
        named = ", ".join(selection.data_sets) or "every data set"
        with progress(f"exporting {named}") as report:
            return await services.exports.export(
                order.name,
                selection,
                order.wanted,
                report,
                out=order.out,
                pictures=order.pictures,
            )


async def _score(services: Services, offer: Offer) -> None:
    """Score what is not fresh; a failure keeps nobody from the votes as they were given."""
    try:
        if not await services.scores.is_fresh(EXPORT_AGE):
            await services.scores.refresh()
    except ScoringFailedError as error:
        if offer.scored:
            raise
        warn(f"the scores could not be made anew: {error}; this export needs none")


async def _of_data_sets(services: Services, order: _Order) -> Selection:
    """Return the selection with the only data set named, if there is but one."""
    if order.selection.data_sets:
        return order.selection
    names = [granted.data_set.name for granted in await services.data_sets.every()]
    if len(names) == 1:
        return replace(order.selection, data_sets=(names[0],))
    if order.offer.by_key:
        known = ", ".join(names) or "none yet"
        raise JuryError(f"say which data set with --data-set; there is: {known}")
    return order.selection
