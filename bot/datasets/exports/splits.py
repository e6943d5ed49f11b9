"""Which part of a data set an image is in: to train on, to validate with, to test with.

By its prompt alone, whatever its data set; without one by its set, else by its bytes: so no prompt
is on two sides, an image is in the same split in every format and every release, and new images
move none that were there before.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, Literal

Split = Literal["train", "validation", "test"]

PER_MILLE: Final[dict[Split, int]] = {"train": 800, "validation": 100, "test": 100}
"""Of a thousand prompts so many are expected in each split."""

Bond = tuple[Literal["prompt", "set", "sha256", "key"], str]
"""What images are on one side by: its kind and its name."""


def bond_of(
    prompt: str | None, key: str, set_key: str | None = None, sha256: str | None = None
) -> Bond:
    """Return by what an image goes with others: its prompt, else its set, else its bytes.

    Prompts go first, since one may be in several sets and data sets. White space around a prompt
    makes no other prompt of it. `sha256`, in hex, is of the picture; the key stands for it where
    it is not known.
    """
    if words := (prompt or "").strip():
        return "prompt", words
    if set_key is not None:
        return "set", set_key
    return ("key", key) if sha256 is None else ("sha256", sha256)


def split_of(
    prompt: str | None, key: str, set_key: str | None = None, sha256: str | None = None
) -> Split:
    """Return the split of an image, by its bond.

    The hash has no key: whoever has prompts, sets and pictures comes to the same splits.
    """
    text = ":".join(bond_of(prompt, key, set_key, sha256))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    left = int.from_bytes(digest) % sum(PER_MILLE.values())
    for split, share in PER_MILLE.items():
        left -= share
        if left < 0:
            return split
    raise AssertionError("the shares make up the whole")
