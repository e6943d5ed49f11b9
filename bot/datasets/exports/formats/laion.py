"""Images with their scores in the columns of LAION-Aesthetics, for whoever trains on links.

Columns and types are those of version 2 (improved_aesthetics_5plus and its kin), and `aesthetic`,
which version 1 calls the same number. A link shows its picture, so that what moderators have hidden
has no row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot.datasets.exports.figures import Described, described
from bot.datasets.exports.kinds import Rows, Table
from bot.datasets.exports.reading import Flags
from bot.datasets.exports.request import LeftOut
from bot.datasets.exports.source import Source
from bot.rating.scales import AESTHETIC

LAION = pa.schema(
    [
        ("URL", pa.string()),
        ("TEXT", pa.string()),
        ("WIDTH", pa.float64()),
        ("HEIGHT", pa.float64()),
        ("similarity", pa.float64()),
        ("punsafe", pa.float64()),
        ("pwatermark", pa.float64()),
        pa.field("AESTHETIC_SCORE", pa.float64(), nullable=False),
        ("hash", pa.int64()),
        pa.field("aesthetic", pa.float32(), nullable=False),
    ]
)
KEPT: Final = ("similarity", "punsafe", "pwatermark")
ASKED: Final = (
    ("parameters", pa.string()),
    ("width", pa.int64()),
    ("height", pa.int64()),
    ("stage", pa.string()),
)
INT64: Final = range(-(2**63), 2**63)


def read(source: Source) -> Rows:
    """Yield a row for each selected image that has an aesthetic score and is not hidden."""
    hidden = 0
    for some in described(source, *ASKED):
        scored = some.figures[AESTHETIC.name].enough
        shown = pc.not_equal(some.images["stage"], "hidden").to_numpy(zero_copy_only=False)
        yield _rows(some, scored & shown)
        hidden += int(np.count_nonzero(scored & ~shown))
    return LeftOut(hidden=hidden)


def _rows(some: Described, wanted: Flags) -> pa.RecordBatch:
    images, figures = some.images, some.figures[AESTHETIC.name]
    known = [_known(text) for text in images["parameters"].to_pylist()]
    columns = {
        "URL": [_text(each.get("url")) for each in known],
        "TEXT": images["prompt"],
        "WIDTH": images["width"].cast(pa.float64()),
        "HEIGHT": images["height"].cast(pa.float64()),
        **{name: [_number(each.get(name)) for each in known] for name in KEPT},
        "AESTHETIC_SCORE": figures.score,
        "hash": [_hash(each.get("hash")) for each in known],
        "aesthetic": figures.score.astype("float32"),
    }
    arrays = [pa.array(columns[field.name], field.type) for field in LAION]
    return pa.record_batch(arrays, schema=LAION).filter(pa.array(wanted))


def _known(parameters: str | None) -> Mapping[str, object]:
    """Return what the import kept of an image; any JSON may come from a folder's sidecars."""
    known = json.loads(parameters) if parameters else {}
    return known if isinstance(known, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def _hash(value: object) -> int | None:
    return value if type(value) is int and value in INT64 else None


FORMAT = Table(LAION, read, image=len)
