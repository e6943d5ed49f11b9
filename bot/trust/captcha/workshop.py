"""Makes captchas in threads and within a time limit, so that no press waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Final

from bot.errors import BusyError, JuryError
from bot.texts import Texts
from bot.trust.captcha.challenges import Made, Maker
from bot.trust.captcha.pictures import PictureMaker
from bot.trust.captcha.questions import QuestionMaker
from bot.trust.captcha.sounds import SoundMaker
from storage.captchas import CaptchaKind

SECONDS: Final = 2.0
"""Until a captcha counts as unavailable: Discord waits 3 s for the whole answer."""

MOST_WAITING: Final[Mapping[CaptchaKind, int]] = {"picture": 50, "audio": 3, "question": 50}
"""Captchas in work at once: what a kind makes in half that time (a picture takes 6 ms, a sound
0.3 s), so that a crowd hears "busy" before it looks like an outage."""


class CaptchaUnavailableError(JuryError):
    """A captcha cannot be made; the text says why in a few words, and never what it asked."""


def makers_of(texts: Texts, random: Random) -> Mapping[CaptchaKind, Maker]:
    """Return a maker for each kind."""
    return {
        "picture": PictureMaker(random),
        "audio": SoundMaker(random),
        "question": QuestionMaker(texts, random),
    }


class Workshop:
    """One thread a kind: whoever has many sounds made keeps nobody's pictures waiting."""

    def __init__(self, makers: Mapping[CaptchaKind, Maker], seconds: float = SECONDS) -> None:
        self._makers = makers
        self._seconds = seconds
        self._threads = {
            kind: ThreadPoolExecutor(1, thread_name_prefix=f"captcha-{kind}") for kind in makers
        }
        self._waiting = dict.fromkeys(makers, 0)

    async def make(self, kind: CaptchaKind, language: str) -> Made:
        """Make a captcha; raises CaptchaUnavailableError, BusyError where many wait for theirs."""
        if self._waiting[kind] >= MOST_WAITING[kind]:
            raise BusyError
        self._waiting[kind] += 1
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.get_running_loop().run_in_executor(
                    self._threads[kind], self._makers[kind].make, language
                )
        except TimeoutError as error:
            raise CaptchaUnavailableError(f"{kind}: not made in {self._seconds:g} s") from error
        except Exception as error:  # noqa: BLE001 - an outage, whatever the library raises
            # Its own text could name what it was about to ask.
            raise CaptchaUnavailableError(f"{kind}: {type(error).__name__}") from None
        finally:
            self._waiting[kind] -= 1

    def close(self) -> None:
        """Start nothing more."""
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)
