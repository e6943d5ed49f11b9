"""README.md of a release: its data card, in English as those of other data sets."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from bot.datasets.releases.contents import Contents, Pictures, TableFile
from bot.datasets.releases.figures import Figures
from bot.datasets.releases.loading import DEFAULT, head, loaded
from bot.datasets.releases.yaml_lines import yaml_lines
from storage.times import from_microseconds

CARD: Final = "README.md"

TEXT: Final = "card.md"
"""Beside this module; what it leaves open is filled in."""


def write_card(folder: Path, contents: Contents, figures: Figures) -> None:
    """Write the card. Raises OSError."""
    text = (
        files("bot.datasets.releases")
        .joinpath(TEXT)
        .read_text("utf-8")
        .format(
            number=contents.number,
            date=contents.released_at[:10],
            licence=contents.licence,
            first=from_microseconds(figures.first).date(),
            last=from_microseconds(figures.last).date(),
            votes=_counted(figures.votes, "vote", "votes"),
            images=_counted(figures.images, "picture", "pictures"),
            raters=_counted(figures.raters, "person", "people"),
            private=figures.votes - figures.public,
            halves=figures.votes - figures.complete,
            each=figures.votes / figures.images,
            default=DEFAULT,
            other=_another(contents),
            pictures=_pictures(contents.pictures),
            hidden=contents.hidden,
            tables="\n".join(map(_row, contents.tables)),
            f=figures,
        )
    )
    lines = ["---", *yaml_lines(head(contents, folder)), "---", "", text]
    (folder / CARD).write_text("\n".join(lines), encoding="utf-8")


def _counted(number: int, one: str, other: str) -> str:
    return f"{number:,} {one if number == 1 else other}"


def _pictures(pictures: Pictures | None) -> str:
    if pictures is None:
        return "Tables have no pictures: they name them by data set and key."
    left_out = pictures.left_out
    safe = "All" if pictures.all_safe else "**Not** all"
    return (
        "The configuration `imagereward_images` has pictures in its rows: those of prompts with two"
        " or more that are scored. The other tables name them by data set and key."
        f" {safe} are known to be safe. Left out, since they cannot be read any more:"
        f" {left_out.unreadable:,}; since they are not what was imported: {left_out.changed:,};"
        f" since moderators have hidden them: {left_out.hidden:,}."
    )


def _another(contents: Contents) -> str:
    return next((name for name in loaded(contents.tables) if name != DEFAULT), DEFAULT)


def _row(table: TableFile) -> str:
    told = f"`{table.config}`, {table.split}" if table.config and table.rows else ""
    return f"| `{table.path}` | {table.rows:,} | {told} |"
