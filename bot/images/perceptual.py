"""What a picture looks like, in 64 bits: pictures that look alike have almost the same."""

from __future__ import annotations

import imagehash
import numpy as np
from PIL import Image, ImageStat

SIDE = 32
"""Pixels to which `imagehash.phash` reduces a picture before it looks at its waves."""
LEAST_CONTRAST = 2.0
"""Standard deviation of the greys (0-255) below which a picture counts as one colour.

What is left of the waves then is noise of the encoder, and all such pictures would look alike.
"""


def perceptual_hash(picture: Image.Image) -> int | None:
    """Return the hash of an RGB picture as a signed number of 64 bits; None for one of one colour.

    By the library's phash, which keeps its value where a picture is made smaller or encoded anew:
    https://www.hackerfactor.com/blog/index.php?/archives/432-Looks-Like-It.html
    """
    small = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    if ImageStat.Stat(small).stddev[0] < LEAST_CONTRAST:
        return None
    bits = np.packbits(imagehash.phash(small).hash)
    return int.from_bytes(bits.tobytes(), "big", signed=True)
