"""Which part of a data set an image is in: to train on, to validate with, to test with.

By the prompt alone, so that images of one prompt are never on both sides, an image is in the same
split in every format and every release, and new images move none that were there before.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, Literal

Split = Literal["train", "validation", "test"]

PER_MILLE: Final[dict[Split, int]] = {"train": 800, "validation": 100, "test": 100}
"""Of a thousand prompts so many are expected in each split."""


def split_of(prompt: str | None, key: str) -> Split:
    """Return the split of an image: by its prompt, or its key where there is none.

    White space around a prompt makes no other prompt of it. The hash has no key: whoever has the
    prompts comes to the same splits.
    """
    words = (prompt or "").strip()
    text = f"prompt:{words}" if words else f"key:{key}"
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    left = int.from_bytes(digest) % sum(PER_MILLE.values())
    for split, share in PER_MILLE.items():
        left -= share
        if left < 0:
            return split
    raise AssertionError("the shares make up the whole")
