"""DiffusionDB's metadata: a parquet table with a row an image."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from bot.datasets.imports.parquet import (
    is_number,
    is_text,
    numbers,
    open_parquet,
    read_batches,
    texts,
)
from bot.errors import ImportRefusedError

NAMES = ("metadata.parquet", "metadata-large.parquet")
# What the publisher has blurred carries this instead of a probability; see the set's data card.
BLURRED = 2.0
# https://huggingface.co/datasets/poloclub/diffusiondb, "Data Fields".
SAMPLERS = (
    "",
    "ddim",
    "plms",
    "k_euler",
    "k_euler_ancestral",
    "k_heun",
    "k_dpm_2",
    "k_dpm_2_ancestral",
    "k_lms",
    "others",
)


def _is_sampler(kind: Any) -> bool:  # noqa: ANN401 - pyarrow publishes no types
    return bool(pa.types.is_integer(kind)) or is_text(kind)


# The columns read and what they must be. Names and times of the authors are left where they are.
COLUMNS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "image_name": ("text", is_text),
    "prompt": ("text", is_text),
    "part_id": ("whole numbers", pa.types.is_integer),
    "seed": ("whole numbers", pa.types.is_integer),
    "step": ("whole numbers", pa.types.is_integer),
    "cfg": ("numbers", is_number),
    "sampler": ("whole numbers or text", _is_sampler),
    "width": ("whole numbers", pa.types.is_integer),
    "height": ("whole numbers", pa.types.is_integer),
    "image_nsfw": ("numbers", is_number),
    "prompt_nsfw": ("numbers", is_number),
}


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of the table, a list a column; NaN where a probability is missing."""

    image_name: list[str | None]
    prompt: list[str | None]
    part_id: list[int | None]
    seed: list[int | None]
    step: list[int | None]
    cfg: list[float | None]
    sampler: list[int | str | None]
    width: list[int | None]
    height: list[int | None]
    image_nsfw: list[float]
    prompt_nsfw: list[float]

    def __len__(self) -> int:
        return len(self.image_name)


class Metadata:
    """One metadata file, read a batch at a time with little memory. Close it after use."""

    def __init__(self, path: Path) -> None:
        """Open the file and check its columns; raises ImportRefusedError."""
        self.path = path
        self._file = open_parquet(path, path.name)
        try:
            _check(path.name, self._file.schema_arrow)
        except ImportRefusedError:
            self._file.close()
            raise
        self.count: int = self._file.metadata.num_rows

    def batches(self, size: int) -> Iterator[Rows]:
        """Yield the rows in the file's order, at most `size` at a time.

        Raises ImportRefusedError where the file turns out to be damaged.
        """
        for batch in read_batches(self._file, self.path.name, list(COLUMNS), size):
            yield _rows(batch)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def parameters_json(rows: Rows, at: int, part: int) -> str:
    """Return how an image was generated, as a JSON object in DiffusionDB's own words."""
    # Some two times faster than a call of json.dumps, for millions of rows.
    cfg = rows.cfg[at]
    shown_cfg = f"{cfg:.6g}" if cfg is not None and math.isfinite(cfg) else "null"
    return (
        f'{{"part_id": {part}, "seed": {_shown(rows.seed[at])}, "step": {_shown(rows.step[at])},'
        f' "cfg": {shown_cfg}, "sampler": {_sampler(rows.sampler[at])}}}'
    )


def _shown(number: int | None) -> str:
    return "null" if number is None else str(number)


def _sampler(sampler: int | str | None) -> str:
    if isinstance(sampler, str):
        return f'"{sampler}"' if sampler in SAMPLERS else '"others"'
    if sampler is not None and 0 < sampler < len(SAMPLERS):
        return f'"{SAMPLERS[sampler]}"'
    return "null"


def _check(name: str, schema: Any) -> None:  # noqa: ANN401 - pyarrow publishes no types
    for column, (wanted, is_right) in COLUMNS.items():
        if schema.names.count(column) != 1:
            raise ImportRefusedError(f"{name} has no column {column}, or has it twice")
        kind = schema.field(column).type
        if not is_right(kind):
            raise ImportRefusedError(f"{name}: the column {column} has {kind}, not {wanted}")


def _rows(batch: Any) -> Rows:  # noqa: ANN401 - pyarrow publishes no types
    values = {}
    for name in COLUMNS:
        column = batch.column(batch.schema.get_field_index(name))
        if name.endswith("_nsfw"):
            values[name] = numbers(column.cast(pa.float64()).fill_null(math.nan))
        else:
            values[name] = texts(column) if is_text(column.type) else numbers(column)
    return Rows(**values)
