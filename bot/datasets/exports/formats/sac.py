"""Votes as the SQLite file of Simulacra Aesthetic Captions, for the scripts that train on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from bot.datasets.exports.pictures import picture_path
from bot.datasets.exports.published import Judged, Raters, judged
from bot.datasets.exports.request import ExportCounts, ExportRequest
from bot.datasets.exports.source import Source
from bot.datasets.exports.target import replacing
from storage.sac_file import SacImage, is_ours, writing

IMAGES = pa.schema(
    [
        ("image_id", pa.int64()),
        ("set_id", pa.int64()),
        ("data_set_id", pa.int64()),
        ("prompt", pa.string()),
        ("key", pa.string()),
        ("member", pa.string()),
    ]
)
VOTES = pa.schema([("image_id", pa.int64()), ("rater", pa.int64()), ("aesthetic", pa.int64())])


class Sac:
    """The whole release in one file: images by their data set as `method`, raters by pseudonym."""

    def may_replace(self, target: Path, request: ExportRequest) -> bool:
        """Tell whether what is there is an earlier export of this format. Raises OSError."""
        return target.is_file() and is_ours(target)

    def write(self, source: Source, target: Path, request: ExportRequest) -> ExportCounts:
        """Write the file."""
        rows = images = 0
        raters = Raters.load(source)
        with replacing(target) as file:
            with writing(Path(file.name)) as release:
                for some in judged(source, raters, VOTES, IMAGES, rated="aesthetic"):
                    release.add_images(_images(some.images, source))
                    release.add_ratings(_ratings(some, raters))
                    rows += len(some.votes)
                    images += len(some)
            return ExportCounts(rows, images, Path(file.name).stat().st_size)


def _images(images: pa.RecordBatch, source: Source) -> Iterator[SacImage]:
    columns = (images[name].to_pylist() for name in IMAGES.names)
    for image, images_set, data_set, prompt, key, member in zip(*columns, strict=True):
        method = source.data_sets[data_set]
        yield SacImage(image, images_set, method, prompt, picture_path(method, key, member))


def _ratings(some: Judged, raters: Raters) -> Iterator[tuple[str, int, int, bool]]:
    places = some.votes["rater"]
    return zip(
        raters.pseudonyms.take(places).to_pylist(),
        some.votes["image_id"].to_pylist(),
        some.votes["aesthetic"].to_pylist(),
        raters.validated.take(places).to_pylist(),
        strict=True,
    )


FORMAT = Sac()
