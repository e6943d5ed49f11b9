"""What a press earned, in words; nothing of it while rewards are off."""

from __future__ import annotations

from bot.rewards.earning import Earned
from bot.texts import Texts


def gain(texts: Texts, language: str, earned: Earned | None) -> str | None:
    """Say what was added, such as `+5 kudos`; None where nothing was."""
    if earned is None or earned.why is not None or not earned.amount:
        return None
    return f"**{texts.say('earned.plus', language, n=earned.amount)}**"


def reason(texts: Texts, language: str, earned: Earned | None) -> str | None:
    """Say why nothing was added, what was taken back, or where a day's first kudos could go."""
    if earned is None:
        return None
    if earned.why is None:
        first = 0 < earned.amount == earned.today
        hint = "earned.displaced" if earned.displaced else "earned.link"
        return texts.say(hint, language) if first and not earned.linked else None
    return texts.say(f"earned.{earned.why}", language, n=earned.amount, cap=earned.cap)


def today(texts: Texts, language: str, earned: Earned | None) -> str | None:
    """Say what was earned today; None where nothing was."""
    if earned is None or not earned.today:
        return None
    return texts.say("earned.today", language, n=earned.today)
