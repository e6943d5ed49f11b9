"""What is left of a demo: the export of each data set, and a picture of all its scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from bot.datasets.exports.selection import Selection
from bot.demo.distributions import draw_distributions
from bot.demo.folder import EXPORTS, export_command
from bot.demo.horde_people import Payments
from bot.rating.scales import AESTHETIC, ARTIFACTS, SCALES
from bot.services import Services
from bot.texts.catalogue import ENGLISH

COLUMNS = {AESTHETIC.name: "rating", ARTIFACTS.name: "artifacts"}
"""Where an export keeps the values of each scale (AI Horde Ratings)."""


async def write_outcome(
    services: Services, data_sets: Iterable[str], folder: Path, paid: Payments
) -> list[str]:
    """Export the data sets and draw their scores; return what to tell the person."""
    lines = [f"Database: {services.database.path}"]
    counts: dict[str, Counter[int]] = {name: Counter() for name in SCALES}
    for data_set in data_sets:
        exported = await services.exports.export(
            "horde", Selection((data_set,)), out=folder / EXPORTS
        )
        lines.append(f"Export:   {exported.path} (ratings: {exported.rows})")
        table = pq.read_table(exported.path, columns=list(COLUMNS.values()))
        for name, column in COLUMNS.items():
            counts[name].update(v for v in table[column].to_pylist() if v is not None)
    path = folder / "scores.png"
    titles = {name: services.texts.say(f"scale.{name}.name", ENGLISH) for name in SCALES}
    draw_distributions(counts, titles, path)
    lines.append(f"Scores:   {path}")
    lines.append(f"Kudos:    {paid.kudos} paid (payouts: {paid.payouts})")
    return [*lines, f"Again:    {export_command(folder)}"]
