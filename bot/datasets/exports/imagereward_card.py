"""The card of an exported ImageRewardDB: `datasets.load_dataset(folder, "1k")` reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.datasets.exports.splits import Split

SUBSETS: Final[Mapping[str, int | None]] = {"1k": 4, "2k": 8, "4k": 16, "8k": 32, "full": None}
"""Parts of the training split in each subset of ImageRewardDB; other splits are whole in all.
`full`, which has all, is our own."""

KINDS: Final = {"": "data", "_group": "group", "_pair": "pair"}
"""What a config is called, and the folder of its tables: images, prompts, pairs."""

PICTURES: Final = "images"
"""The folder that has the rows of `data` with the picture in each."""


Parts = Mapping[Split, Mapping[str, Sequence[int]]]
"""The numbers of a split's parts that have rows in a table, which its folder names."""


def card(parts: Parts, *, with_pictures: bool) -> str:
    """Return README.md for splits of these parts; `with_pictures` where they are in tables.

    `full` has what is more than 8,000 prompts. Parts that have no row in a table are not named with
    it, since `datasets` cannot load them, nor is a config that would have no part at all.
    """
    configs = list(_configs(parts, with_pictures=with_pictures))
    head = ["---", "configs:", *configs, "---"] if configs else []
    return "\n".join([*head, TEXT])


def _configs(parts: Parts, *, with_pictures: bool) -> Iterator[str]:
    for name, most in SUBSETS.items():
        for ending, folder in KINDS.items():
            lines = list(_data_files(parts, folder, most, with_pictures=with_pictures))
            if lines:
                yield from (f"- config_name: {name}{ending}", "  data_files:", *lines)


def _data_files(
    parts: Parts, folder: str, most: int | None, *, with_pictures: bool
) -> Iterator[str]:
    for split, tables in parts.items():
        limit = most if split == "train" else None
        wanted = [number for number in tables[folder] if limit is None or number <= limit]
        if wanted:
            yield from (f"  - split: {split}", "    path:")
        for number in wanted:
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
- `image` of `_group`, `img_better` and `img_worse` of `_pair` are each an `image_path`, by which to
  find the row in `1k` ..., with the picture where the tables have pictures.

No prompt is in two splits, whatever data sets have it. The same file may be in two where it is
there under two prompts, with a prompt and without one, or without one in two sets.

Nobody was shown two images and asked: ranks and pairs are derived from scores.
"""
