"""The subsets of ImageRewardDB in a release, as the card of the export alone names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from bot.datasets.exports.imagereward_card import KINDS, PICTURES, SUBSETS
from bot.datasets.exports.splits import PER_MILLE
from bot.datasets.releases.contents import TableFile

Splits = dict[str, list[TableFile]]

_IMAGES: Final = KINDS[""]
_PART: Final = re.compile(
    rf"imagereward/(?P<kind>{'|'.join(KINDS.values())}|{PICTURES}/\w+)"
    rf"/(?P<split>{'|'.join(PER_MILLE)})_(?P<number>\d+)\.parquet"
)


def subsets(tables: Iterable[TableFile]) -> Iterator[tuple[str, Splits]]:
    """Yield `1k`, `1k_group`, `1k_pair` ... with their tables by split, if they have rows.

    Where the pictures are in tables, `1k` ... are those tables.
    """
    parts: dict[tuple[str, str], list[tuple[int, TableFile]]] = {}
    for table in tables:
        if table.rows and (part := _PART.fullmatch(table.path)):
            kind, _, _ = part["kind"].partition("/")
            parts.setdefault((kind, part["split"]), []).append((int(part["number"]), table))
    with_pictures = any(kind == PICTURES for kind, _ in parts)
    for name, most in SUBSETS.items():
        for ending, kind in KINDS.items():
            wanted = PICTURES if with_pictures and kind == _IMAGES else kind
            splits: Splits = {}
            for split in PER_MILLE:
                limit = most if split == "train" else None
                numbered = sorted(parts.get((wanted, split), ()), key=lambda each: each[0])
                found = [table for n, table in numbered if limit is None or n <= limit]
                if found:
                    splits[split] = found
            if splits:
                yield f"{name}{ending}", splits
