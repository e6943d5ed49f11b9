"""The card of an exported ImageRewardDB: `datasets.load_dataset(folder, "1k")` reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from bot.datasets.exports.splits import Split

SUBSETS: Final = {"1k": 4, "2k": 8, "4k": 16, "8k": 32}
"""Parts of the training split in each subset of ImageRewardDB; other splits are whole in all."""

KINDS: Final = {"": "data", "_group": "group", "_pair": "pair"}
"""What a config is called, and the folder of its tables: images, prompts, pairs."""

PICTURES: Final = "images"
"""The folder that has the rows of `data` with the picture in each."""


def card(parts: Mapping[Split, int], *, with_pictures: bool) -> str:
    """Return README.md for splits of so many parts; `with_pictures` where they are in tables.

    `full` has what is more than 8,000 prompts. A config without any part is not named.
    """
    lines = ["---", "configs:", *_configs(parts, with_pictures=with_pictures), "---"]
    if not any(parts.values()):
        lines = []
    return "\n".join([*lines, TEXT])


def _configs(parts: Mapping[Split, int], *, with_pictures: bool) -> Iterator[str]:
    for name, most in {**SUBSETS, "full": parts["train"]}.items():
        for ending, folder in KINDS.items():
            yield f"- config_name: {name}{ending}"
            yield "  data_files:"
            for split, there in parts.items():
                wanted = min(there, most) if split == "train" else there
                if wanted:
                    yield f"  - split: {split}"
                    yield "    path:"
                for number in range(1, wanted + 1):
                    yield f"    - {_path(folder, split, number, with_pictures=with_pictures)}"


def _path(folder: str, split: str, number: int, *, with_pictures: bool) -> str:
    file = f"{split}_{number}.parquet"
    if with_pictures and folder == KINDS[""]:
        return f"{PICTURES}/{split}/{file}"
    return f"{folder}/{file}"


TEXT: Final = """
# Images of a prompt, ranked and rated

The files and columns of [ImageRewardDB](https://huggingface.co/datasets/THUDM/ImageRewardDB).
`1k`, `2k`, `4k` and `8k` have up to so many thousand prompts to train on, `full` has all; with
`_group` a row is a prompt, with `_pair` a pair. `metadata-*.parquet` has all rows of a split; those
of a prompt stand together.

- `rank`: by the aesthetic score of the image, 1 is the best; scores that are equal to two decimals
  share a rank, and are no pair.
- `overall_rating`: the aesthetic score from 1 to 10, moved to 1 to 7.
- `fidelity_rating`: the artifacts score from 0 (flawless) to 5 (ruined), moved to 7 to 1; missing
  where there is none.
- `image_text_alignment_rating`, `classification`: missing, since nobody was asked.
- `prompt_id`: a hash that is the same in each export.

Nobody was shown two images and asked: ranks and pairs are derived from scores.
"""
