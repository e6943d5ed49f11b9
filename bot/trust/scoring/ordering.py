"""The order of many whole numbers."""

from __future__ import annotations

from typing import Final

import numpy as np

from bot.trust.scoring.votes import Index

DIGIT_BITS: Final = 16
"""numpy sorts numbers of two bytes by counting (radix sort), in a third of the time of longer
ones."""


def ascending(numbers: Index) -> Index:
    """Return the places of numbers, none below 0, in their order; equal ones keep theirs."""
    bits = max(int(numbers.max(initial=0)).bit_length(), 1)
    digits = [(numbers >> low).astype(np.uint16) for low in range(0, bits, DIGIT_BITS)]
    return np.lexsort(digits)
