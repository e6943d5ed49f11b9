"""The picture beside prepared files: how often each rating is in the whole and in both parts.

As aesthetics-scorer draws it (dataset-process/dataset_stats.png), but with a bar for flaws of 0 as
for every other answer. matplotlib loads slowly: for child processes only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from bot.children.plotting import matplotlib_beside
from bot.datasets.exports.reading import Integers
from bot.rating.scales import Scale

INCHES: Final = (10, 10)
DOTS: Final = 100
"""Pixels an inch."""


class Histograms:
    """Counts the whole numbers of columns, each by its scale, in each of the named parts."""

    def __init__(self, parts: Sequence[str], columns: Mapping[str, Scale]) -> None:
        self._columns = columns
        self.counts: dict[str, dict[str, Integers]] = {
            part: {name: np.zeros(len(scale.values), np.int64) for name, scale in columns.items()}
            for part in parts
        }

    def add(self, part: str, rows: pa.RecordBatch) -> None:
        """Count rows; a value that is missing is none."""
        for name, scale in self._columns.items():
            answers = rows[name].drop_null().to_numpy().astype(np.int64) - scale.low
            self.counts[part][name] += np.bincount(answers, minlength=len(scale.values))

    def write(self, path: Path) -> None:
        """Draw a row a part and a column a scale. Raises OSError."""
        with matplotlib_beside(path):
            # matplotlib looks for its folder as it loads
            from matplotlib.figure import Figure  # noqa: PLC0415
            from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

            figure = Figure(INCHES, layout="constrained")
            axes = figure.subplots(len(self.counts), len(self._columns), squeeze=False)
            for line, (part, found) in zip(axes, self.counts.items(), strict=True):
                for place, (name, scale) in zip(line, self._columns.items(), strict=True):
                    place.bar(scale.values, found[name], 0.9)
                    place.set_title(f"{part}: {name}")
                    place.set_xticks(scale.values)
                    place.yaxis.set_major_locator(MaxNLocator(5, integer=True))
            figure.savefig(path, format="png", dpi=DOTS, metadata={"Software": None})
