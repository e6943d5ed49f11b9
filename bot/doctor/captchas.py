"""Checks that captchas can be made: where they cannot, everybody rates without one."""

from __future__ import annotations

import time
from collections.abc import Mapping

from bot.doctor.checks import Check, failed, note, ok
from bot.texts.catalogue import ENGLISH
from bot.trust.captcha.challenges import Maker
from bot.trust.captcha.workshop import SECONDS
from storage.captchas import CaptchaKind

NAME = "captchas"


def check_captchas(every: int, makers: Mapping[CaptchaKind, Maker]) -> Check:
    """Make one of each kind; `every` is `CAPTCHA_EVERY`."""
    if not every:
        return note(NAME, "are off: CAPTCHA_EVERY is 0", "nobody asks whether a rater is a program")
    took = {}
    for kind, maker in makers.items():
        began = time.perf_counter()
        try:
            maker.make(ENGLISH)
        except Exception as error:  # noqa: BLE001 - whatever the library raises is the finding
            found = f"no {kind} can be made: {type(error).__name__}: {error}"
            return failed(NAME, found, "install the program again: its library lacks a file")
        took[kind] = time.perf_counter() - began
    slowest = max(took, key=lambda kind: took[kind])
    if took[slowest] > SECONDS / 2:
        return note(
            NAME,
            f"making a {slowest} takes {took[slowest]:.1f} s",
            f"above {SECONDS:g} s raters go on without: this machine is slow or busy",
        )
    made = ", ".join(f"{kind} {seconds * 1000:.0f} ms" for kind, seconds in took.items())
    return ok(NAME, f"one of each kind was made: {made}")
