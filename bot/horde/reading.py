"""The Horde's JSON, read into records.

Fields that are null are left out by the Horde (`skip_none`); those count as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.horde.errors import NotKnownError
from bot.horde.headers import read_date
from bot.horde.payee import Alias, parse_alias
from bot.horde.records import Account, Heartbeat, SharedKey, Version

Fields = Mapping[str, object]

LARGEST: Final = 2**53
"""Beyond it JSON's numbers are no longer exact."""
WORKING: Final = ("OK", "OVERLOADED")
"""What a heartbeat says of a server that takes transfers; overloaded are its workers."""


def heartbeat(fields: Fields) -> Heartbeat:
    """Read a heartbeat: it comes with status 200 even when the database is down."""
    works = fields.get("message") in WORKING and fields.get("db_connection") in (None, True)
    return Heartbeat(works, Version.parse(_text(fields, "version")))


def account(fields: Fields) -> Account:
    """Read a registered account. Raises NotKnownError."""
    owner = _alias(fields, "username")
    if _whole(fields, "id") != owner.number:
        raise NotKnownError("an account whose name and number differ")
    request = _part(_part(fields, "records"), "request")
    return Account(
        id=owner.number,
        name=owner.name,
        kudos=_whole(fields, "kudos"),
        account_age=max(0, _whole(fields, "account_age")),
        usage_requests=max(0, _whole(request, "image")),
        trusted=_flag(fields, "trusted"),
        flagged=_flag(fields, "flagged"),
        deleted=_flag(fields, "deleted"),
        pseudonymous=_flag(fields, "pseudonymous"),
        education=_flag(fields, "education"),
    )


def shared_key(fields: Fields, uuid: str) -> SharedKey:
    """Read the shared key that was asked for. Raises NotKnownError."""
    if _text(fields, "id").lower() != uuid:
        raise NotKnownError("another shared key than was asked for")
    owner = _alias(fields, "username")
    kudos, expires_at = _whole(fields, "kudos"), _moment(fields, "expiry")
    return SharedKey(uuid, _text(fields, "name"), owner, kudos, expires_at)


def _alias(fields: Fields, name: str) -> Alias:
    try:
        return parse_alias(_text(fields, name))
    except ValueError:
        raise NotKnownError(f"{name} names no registered account") from None


def _part(fields: Fields, name: str) -> Fields:
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise NotKnownError(f"{name} is no object")
    return value


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NotKnownError(f"{name} is no text")
    return value


def _whole(fields: Fields, name: str) -> int:
    """Return a number, rounded; a missing one is 0."""
    value = fields.get(name)
    if value is None:
        return 0
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise NotKnownError(f"{name} is no number")
    if not abs(value) <= LARGEST:  # and not so is NaN, which Python's reader of JSON lets pass
        raise NotKnownError(f"{name} is out of range")
    return round(value)


def _moment(fields: Fields, name: str) -> datetime | None:
    text = _text(fields, name)
    if not text:
        return None
    moment = read_date(text)
    if moment is None:
        raise NotKnownError(f"{name} is no date")
    return moment


def _flag(fields: Fields, name: str) -> bool:
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise NotKnownError(f"{name} is neither true nor false")
    return value is True
