"""The formats that there are, as far as they are known without being loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

FileType = Literal["parquet", "csv", "jsonl", "sqlite"]

PictureForm = Literal["none", "folder", "zip", "webdataset", "parquet"]

TABLE: Final[tuple[FileType, ...]] = ("parquet", "csv", "jsonl")


@dataclass(frozen=True, slots=True)
class Offer:
    """One format, which `bot.datasets.exports.formats` has a module for.

    `file_types`: as what it is written, the usual one first; a format without is a folder. `label`
    is what it is called in the names of its files. `by_key`: its rows name images by their keys
    alone, so that the data set is to be said where there are several. `scored`: it tells scores, or
    what they say of raters, which are to be made first. `pictures`: how it may have the
    pictures with it, the usual way first. `imported`: imported votes of AI Horde Ratings fit in.
    `loaded`: what a folder's parquet files are in the data set of a release, as configuration and
    split by their paths, in which `*` stands for anything.
    """

    summary: str
    file_types: tuple[FileType, ...]
    label: str
    by_key: bool = False
    scored: bool = False
    pictures: tuple[PictureForm, ...] = ("none",)
    imported: bool = False
    loaded: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def is_folder(self) -> bool:
        """Tell whether an export is a folder of files."""
        return not self.file_types


FORMATS: Final[Mapping[str, Offer]] = {
    "horde": Offer(
        "One row a vote in the 14 columns of AI Horde Ratings.",
        TABLE,
        "export",
        by_key=True,
        imported=True,
    ),
    "votes": Offer(
        "One row a vote with everything that is kept of it and may be known.",
        TABLE,
        "votes",
        scored=True,
    ),
    "scores": Offer(
        "One row an image and scale: its score, how sure that is, and the plain figures.",
        TABLE,
        "scores",
        scored=True,
        imported=True,
    ),
    "prepared": Offer(
        "A folder with what trainers of aesthetics-scorer read, in two splits.",
        (),
        "prepared",
        by_key=True,
        loaded={
            "train_split.parquet": ("prepared", "train"),
            "validate_split.parquet": ("prepared", "validation"),
        },
        imported=True,
    ),
    "pairs": Offer(
        "One row a pair of images of one prompt: the better, the worse, and how sure that is.",
        TABLE,
        "pairs",
        scored=True,
        imported=True,
    ),
    "imagereward": Offer(
        "A folder as ImageRewardDB is: images of a prompt, ranked and rated.",
        (),
        "imagereward",
        scored=True,
        pictures=("none", "folder", "zip", "webdataset", "parquet"),
        loaded={
            f"metadata-{split}.parquet": ("imagereward", split)
            for split in ("train", "validation", "test")
        }
        | {
            f"{kind}/{split}_*.parquet": (f"imagereward_{kind}", split)
            for kind in ("group", "pair")
            for split in ("train", "validation", "test")
        }
        | {
            f"images/{split}/*.parquet": ("imagereward_images", split)
            for split in ("train", "validation", "test")
        },
        imported=True,
    ),
    "trainingdata": Offer(
        "A folder with paths of images and their plain means, for predictors of aesthetics.",
        (),
        "trainingdata",
        pictures=("none", "folder"),
        loaded={"trainingdata.parquet": ("trainingdata", "train")},
        imported=True,
    ),
    "laion": Offer(
        "One row an image in the columns of LAION-Aesthetics, with our score.",
        TABLE,
        "laion",
        scored=True,
        imported=True,
    ),
    "ava": Offer(
        "How often each score was given, as AVA.txt, with a table of the images.",
        (),
        "ava",
        pictures=("none", "folder"),
        imported=True,
    ),
    "sac": Offer(
        "One row a vote in the tables of Simulacra Aesthetic Captions.", ("sqlite",), "sac"
    ),
}
