"""How the Hugging Face library `datasets` finds the tables of a release.

The head of README.md: https://huggingface.co/docs/hub/datasets-manual-configuration and
`datasets.DatasetInfo`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bot.datasets.releases.contents import Column, Contents, TableFile
from bot.datasets.releases.subsets import Splits, subsets

DEFAULT: Final = "votes"
"""What is loaded where no configuration is named."""

KINDS: Final[Mapping[str, str]] = {
    "string": "string",
    "bool": "bool",
    "float": "float32",
    "double": "float64",
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "struct<bytes: binary, path: string>": "image",
    **{f"timestamp[{unit}]": f"timestamp[{unit}]" for unit in ("s", "ms", "us", "ns")},
}
"""The library's names of Arrow's types."""

_LIST: Final = re.compile(r"list<\w+: ([^<>]+?)(?: not null)?>")

TAGS: Final = ("aesthetics", "image-quality", "human-feedback", "ai-generated", "ratings")

UNSAFE: Final = "not-for-all-audiences"
"""How the Hub marks pictures that nobody vouches for."""

SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)
LARGEST: Final = "100M<n<1B"

Configs = dict[str, Splits]


def head(contents: Contents, folder: Path) -> dict[str, Any]:
    """Return the head of the card of a release. Raises OSError."""
    configs = loaded(contents.tables)
    return {
        "pretty_name": f"Horde Jury votes, release {contents.number}",
        "license": contents.licence.lower(),
        "size_categories": [_size(int(contents.counts["votes"]))],
        "task_categories": ["image-classification"],
        "tags": [
            *TAGS,
            *([UNSAFE] if contents.pictures and not contents.pictures.all_safe else []),
        ],
        "configs": [
            {
                "config_name": name,
                **({"default": True} if name == DEFAULT else {}),
                "data_files": [
                    {"split": split, "path": [table.path for table in tables]}
                    for split, tables in splits.items()
                ],
            }
            for name, splits in configs.items()
        ],
        "dataset_info": [_info(name, splits, folder) for name, splits in configs.items()],
    }


def loaded(tables: Sequence[TableFile]) -> Configs:
    """Return the tables by configuration and split; those without a row make it stumble.

    The subsets of ImageRewardDB come last.
    """
    configs: Configs = {}
    for table in tables:
        if table.config and table.rows:
            configs.setdefault(table.config, {}).setdefault(table.split, []).append(table)
    return configs | dict(subsets(tables))


def feature(column: Column) -> dict[str, str] | None:
    """Return what the library calls a column, or None where it has no short name for its type."""
    match = _LIST.fullmatch(column.type)
    key, kind = ("sequence", match[1]) if match else ("dtype", column.type)
    return {"name": column.name, key: KINDS[kind]} if kind in KINDS else None


def _info(name: str, splits: Mapping[str, list[TableFile]], folder: Path) -> dict[str, Any]:
    tables = [table for each in splits.values() for table in each]
    features = [feature(column) for column in tables[0].columns]
    return {
        "config_name": name,
        # The library finds all of them by itself where one has no short name.
        **({"features": features} if None not in features else {}),
        "splits": [
            {
                "name": split,
                "num_bytes": sum(table.unpacked_bytes for table in each),
                "num_examples": sum(table.rows for table in each),
            }
            for split, each in splits.items()
        ],
        "download_size": sum((folder / table.path).stat().st_size for table in tables),
        "dataset_size": sum(table.unpacked_bytes for table in tables),
    }


def _size(rows: int) -> str:
    return next((name for most, name in SIZES if rows < most), LARGEST)
