"""Prompts as the trainer of ImageReward opens them: train.json, valid.json and test.json.

https://github.com/THUDM/ImageReward (train/src/rank_dataset.py, rank_pair_dataset.py): a list of
prompts, each with paths of pictures and their ranks, of which equal ones are no pair.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bot.datasets.exports.splits import Split

FILES: Final[Mapping[Split, str]] = {
    "train": "train.json",
    "validation": "valid.json",
    "test": "test.json",
}

Add = Callable[[Sequence[Mapping[str, Any]]], None]
"""Takes the rows of a prompt, best or not."""


@contextmanager
def ranking(path: Path) -> Iterator[Add]:
    """Open such a file, which is complete at the end; prompts are written as they come.

    Images without a prompt are left out: the trainer cannot make words of nothing. Letters are
    escaped, since it reads in the encoding of its system. Raises OSError.
    """
    with path.open("w", encoding="ascii") as file:
        before = "[\n"

        def add(rows: Sequence[Mapping[str, Any]]) -> None:
            nonlocal before
            if rows[0]["prompt"] is not None:
                file.write(before + json.dumps(_item(rows)))
                before = ",\n"

        yield add
        file.write("[]\n" if before == "[\n" else "\n]\n")


def _item(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "id": rows[0]["prompt_id"],
        "prompt": rows[0]["prompt"],
        "generations": [row["image_path"] for row in rows],
        "ranking": [row["rank"] for row in rows],
    }
