"""What custom_ids name, checked: anybody can forge one."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import UnknownButtonError
from bot.settings import LARGEST_ID


def user_of(groups: Mapping[str, str]) -> int:
    """Return the Discord id in a custom_id; raises UnknownButtonError for one that is none."""
    user = int(groups["user"])
    if user > LARGEST_ID:
        raise UnknownButtonError
    return user
