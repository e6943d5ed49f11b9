"""Images of a prompt, ranked and rated, in the files and columns of ImageRewardDB.

https://huggingface.co/datasets/THUDM/ImageRewardDB, whose loading script newer versions of
`datasets` do not run: the `configs` in the folder's card say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from bot.datasets.exports.imagereward_card import KINDS, card
from bot.datasets.exports.imagereward_ranking import FILES, Add, ranking
from bot.datasets.exports.kinds import Filled, Folder
from bot.datasets.exports.pairing import compare, neighbours, tied
from bot.datasets.exports.pictures import picture_path
from bot.datasets.exports.prompts import by_prompt, groups
from bot.datasets.exports.shards import ORIGINAL, Originals, Shard, opened
from bot.datasets.exports.source import Source
from bot.datasets.exports.splits import PER_MILLE, Split
from bot.datasets.exports.writers import parquet_file
from bot.rating.scales import AESTHETIC, ARTIFACTS, Scale

PROMPTS_A_PART: Final = 250
"""Four parts have a thousand prompts, as the subsets of ImageRewardDB count them."""

LEAST_IMAGES: Final = 2
"""An image that is alone with its prompt has no rank."""

BEST_RATING: Final = 7
"""Ratings are 1 to 7."""

METADATA = pa.schema(
    [
        ("image_path", pa.string()),
        ("prompt_id", pa.string()),
        ("prompt", pa.string()),
        ("classification", pa.string()),
        ("image_amount_in_total", pa.int32()),
        ("rank", pa.int32()),
        ("overall_rating", pa.int8()),
        ("image_text_alignment_rating", pa.int8()),
        ("fidelity_rating", pa.int8()),
    ]
)
OF_PROMPT: Final = ("prompt_id", "prompt", "classification")
LISTED: Final = ("rank", "overall_rating", "image_text_alignment_rating", "fidelity_rating")
GROUPS = pa.schema(
    [
        *((name, pa.string()) for name in OF_PROMPT),
        ("image", pa.list_(pa.string())),
        *((name, pa.list_(METADATA.field(name).type)) for name in LISTED),
    ]
)
PAIRS = pa.schema(
    [
        *((name, pa.string()) for name in OF_PROMPT),
        ("img_better", pa.string()),
        ("img_worse", pa.string()),
    ]
)
Row = dict[str, Any]


def fill(source: Source, folder: Path) -> Filled:
    """Write pictures, tables and the card."""
    originals = Originals()
    with ExitStack() as stack:
        splits = {split: _Split(split, source, folder, originals, stack) for split in PER_MILLE}
        for images in by_prompt(source, *ORIGINAL):
            for group in groups(images):
                splits[group[0]["split"]].add(group)
        for each in splits.values():
            each.end_part()
    parts = {split: each.filled for split, each in splits.items()}
    text = card(parts, with_pictures=source.pictures == "parquet")
    (folder / "README.md").write_text(text, encoding="utf-8")
    images = sum(each.images for each in splits.values())
    return Filled(images, images, originals.left_out)


class _Split:
    """One split, part by part; what is open is closed with `stack`.

    `filled` are the numbers of the parts that have rows, by table.
    """

    def __init__(
        self,
        split: Split,
        source: Source,
        folder: Path,
        originals: Originals,
        stack: ExitStack,
    ) -> None:
        self.images = 0
        self.filled: dict[str, list[int]] = {table: [] for table in KINDS.values()}
        self._parts = 0
        self._split = split
        self._form = source.pictures
        self._folder = folder
        self._originals = originals
        self._prompts: list[list[Row]] = []
        self._part = stack.enter_context(ExitStack())
        self._shard: Shard | None = None
        whole = folder / f"metadata-{split}.parquet"
        self._metadata = stack.enter_context(parquet_file(whole, METADATA))
        self._rank: Add | None = None
        if self._form == "folder":
            self._rank = stack.enter_context(ranking(folder / FILES[split]))

    def add(self, images: list[Row]) -> None:
        """Put in the images of a prompt that have a score and can be read.

        Pictures are read once to know which of them are ranked, and once more when they are
        written: a prompt may have more of them than memory takes. Raises RefusedError.
        """
        found = [
            image for image in images if image[AESTHETIC.name] is not None and self._is_there(image)
        ]
        if len(found) < LEAST_IMAGES:
            return
        shard = self._shard or self._begin_part()
        rows = []
        for image, row in zip(found, ranked(found), strict=True):
            name = picture_path(image["data_set"], image["key"], image["member"]).replace("/", "~")
            row["image_path"] = shard.path(name)
            shard.add(name, self._read(image), _metadata(row))
            rows.append(row)
        self._prompts.append(rows)
        if self._rank:
            self._rank(rows)
        self.images += len(rows)
        if len(self._prompts) == PROMPTS_A_PART:
            self.end_part()

    def end_part(self) -> None:
        """Write the tables of the part that is open, if one is."""
        if self._shard is None:
            return
        rows = [row for prompt in self._prompts for row in prompt]
        tables = {
            "data": pa.RecordBatch.from_pylist(rows, METADATA),
            "group": pa.RecordBatch.from_pylist(list(map(_listed, self._prompts)), GROUPS),
            "pair": pa.RecordBatch.from_pylist(list(_paired(self._prompts)), PAIRS),
        }
        for table, batch in tables.items():
            path = self._folder / table / f"{self._name}.parquet"
            path.parent.mkdir(exist_ok=True)
            with parquet_file(path, batch.schema) as file:
                file.write(batch)
            if len(batch):
                self.filled[table].append(self._parts)
        self._metadata.write(tables["data"])
        self._shard.note(f"{self._name}.json", map(_metadata, rows))
        self._part.close()
        self._shard, self._prompts = None, []

    def _begin_part(self) -> Shard:
        self._parts += 1
        part = f"images/{self._split}/{self._name}"
        self._shard = self._part.enter_context(opened(self._form, self._folder, part, METADATA))
        return self._shard

    @property
    def _name(self) -> str:
        return f"{self._split}_{self._parts}"

    def _is_there(self, image: Row) -> bool:
        return self._form == "none" or self._originals.is_there(image)

    def _read(self, image: Row) -> bytes:
        return b"" if self._form == "none" else self._originals.read_again(image)


def ranked(images: list[Row]) -> list[Row]:
    """Return a row for each scored image of a prompt: its rank from 1 on, which ties share."""
    scores = [score for image in images if (score := tied(image, AESTHETIC)) is not None]
    ranks = sorted(set(scores), reverse=True)
    return [
        {
            **image,
            "prompt_id": image["group"],
            "classification": None,
            "image_amount_in_total": len(images),
            "rank": 1 + ranks.index(score),
            "overall_rating": rating(image, AESTHETIC),
            "image_text_alignment_rating": None,
            "fidelity_rating": rating(image, ARTIFACTS),
        }
        for image, score in zip(images, scores, strict=True)
    ]


def rating(image: Row, scale: Scale) -> int | None:
    """Return a score as a rating from 1 to 7, the best; None where there is no score."""
    score: float | None = image[scale.name]
    if score is None:
        return None
    share = (min(max(score, scale.low), scale.high) - scale.low) / (scale.high - scale.low)
    return round(1 + (BEST_RATING - 1) * (share if scale.higher_is_better else 1 - share))


def _metadata(row: Row) -> Row:
    return {name: row[name] for name in METADATA.names}


def _listed(prompt: list[Row]) -> Row:
    return {
        **{name: prompt[0][name] for name in OF_PROMPT},
        "image": [row["image_path"] for row in prompt],
        **{name: [row[name] for row in prompt] for name in LISTED},
    }


def _paired(prompts: list[list[Row]]) -> Iterator[Row]:
    """Yield pairs of unequal rank: a tie is none, as for the authors."""
    for prompt in prompts:
        for one, other in neighbours(prompt):
            if pair := compare(one, other, AESTHETIC):
                yield {
                    **{name: one[name] for name in OF_PROMPT},
                    "img_better": pair.better["image_path"],
                    "img_worse": pair.worse["image_path"],
                }


FORMAT = Folder(fill)
