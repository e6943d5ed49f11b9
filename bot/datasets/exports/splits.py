"""Which part of a data set an image is in: to train on, to validate with, to test with.

By its set, or its prompt outside sets, alone: so images that belong together are never on both
sides, an image is in the same split in every format and every release, and new images move none
that were there before.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, Literal

Split = Literal["train", "validation", "test"]

PER_MILLE: Final[dict[Split, int]] = {"train": 800, "validation": 100, "test": 100}
"""Of a thousand sets or prompts so many are expected in each split."""

Bond = tuple[Literal["set", "prompt", "key"], str]
"""What images of one data set belong together by: its kind and its name."""


def bond_of(prompt: str | None, key: str, set_key: str | None = None) -> Bond:
    """Return by what an image belongs to others: its set, else its prompt, else nothing but itself.

    The set goes first, since images of one set may have different prompts, or none. White space
    around a prompt makes no other prompt of it.
    """
    if set_key is not None:
        return "set", set_key
    words = (prompt or "").strip()
    return ("prompt", words) if words else ("key", key)


def split_of(prompt: str | None, key: str, set_key: str | None = None) -> Split:
    """Return the split of an image, by its bond.

    The hash has no key: whoever has sets and prompts comes to the same splits.
    """
    text = ":".join(bond_of(prompt, key, set_key))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    left = int.from_bytes(digest) % sum(PER_MILLE.values())
    for split, share in PER_MILLE.items():
        left -= share
        if left < 0:
            return split
    raise AssertionError("the shares make up the whole")
