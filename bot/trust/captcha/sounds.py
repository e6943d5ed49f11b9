"""Captchas to hear: digits spoken in English over noise, by the library `captcha`."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

from bot.trust.captcha.answers import DIGITS
from bot.trust.captcha.challenges import Made

LENGTH: Final = 5
"""Digits: some 12 seconds."""


class SoundMaker:
    """Speaks captchas; the digits come from `random`, voice and noise do not."""

    def __init__(self, random: Random, voices: Path | None = None) -> None:
        self._random = random
        self._voices = None if voices is None else str(voices)

    def make(self, language: str) -> Made:
        """Speak one as WAV, about a third of a second of work; raises OSError without its voices.

        The library has English voices alone.
        """
        # The library reads a file when it is imported: without it pictures still work.
        from captcha.audio import AudioCaptcha  # noqa: PLC0415

        del language
        digits = "".join(self._random.choice(DIGITS) for _ in range(LENGTH))
        return Made(digits, data=bytes(AudioCaptcha(self._voices).generate(digits)))
