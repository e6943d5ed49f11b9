"""The check of this machine's clock, by what Discord says without a token."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import aiohttp

from bot.clock import Clock
from bot.doctor.checks import Check, failed, note, ok

TIMEOUT = aiohttp.ClientTimeout(total=10)
MOST_SECONDS_OFF = 10.0
"""Discord's answers carry whole seconds and take a while; a clock without NTP is off by more."""


async def check_clock(session: aiohttp.ClientSession, api_url: str, clock: Clock) -> Check:
    """Compare this machine's clock with the Date of Discord's answer."""
    try:
        async with session.get(f"{api_url}/gateway", timeout=TIMEOUT) as response:
            date = response.headers.get("Date", "")
    except (aiohttp.ClientError, TimeoutError) as error:
        advice = "see DISCORD_API_URL and this machine's network"
        return failed("clock", f"Discord cannot be reached: {_words(error)}", advice)
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return note("clock", "Discord's answer has no date", "compare the clock by hand")
    return _compare(clock.now(), theirs)


def _compare(ours: datetime, theirs: datetime) -> Check:
    seconds = (ours - theirs).total_seconds()
    if abs(seconds) > MOST_SECONDS_OFF:
        how = "ahead of" if seconds > 0 else "behind"
        found = f"{abs(seconds):,.0f} s {how} Discord's"
        return failed("clock", found, "let this machine set its clock by NTP")
    return ok("clock", "agrees with Discord's")


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
