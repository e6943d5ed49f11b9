"""What raters type to name an account or a shared key, and what they type by mistake."""

from __future__ import annotations

import re

from bot.horde.payee import Alias, find_uuids, is_uuid, parse_alias
from bot.rewards import refusals
from bot.settings import HORDE_KEY

_ZERO = re.compile(r".*#0+", re.DOTALL)


def read_alias(text: str) -> Alias:
    """Read what was typed as NAME#NUMBER; raises one of `refusals`."""
    typed = text.strip()
    if HORDE_KEY.fullmatch(typed):
        raise refusals.ApiKeyGivenError
    if is_uuid(typed):
        raise refusals.SharedKeyNamedError
    if _ZERO.fullmatch(typed):
        raise refusals.AnonymousAccountError
    if typed.lstrip("#").isdecimal():
        raise refusals.BareNumberError
    if typed and "#" not in typed:
        raise refusals.BareNameError
    try:
        return parse_alias(typed)
    except ValueError:
        raise refusals.MisshapenAliasError from None


def read_shared_key(text: str) -> str:
    """Read the id of a shared key, which may stand in a link; raises one of `refusals`."""
    typed = text.strip()
    if HORDE_KEY.fullmatch(typed):
        raise refusals.ApiKeyGivenError
    found = find_uuids(typed)
    if len(found) != 1:
        raise refusals.NotSharedKeyError
    return found.pop()
