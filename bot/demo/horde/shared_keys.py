"""Shared keys: what an account's owner makes for others, and proves ownership by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import formatdate
from uuid import UUID, uuid4

from bot.clock import Clock
from bot.demo.horde.accounts import Account
from bot.demo.horde.errors import misshapen, refusal

KUDOS = range(-1, 50_000_001)
NAME_LENGTH = range(3, 256)
DEFAULT_KUDOS = 5000
UNLIMITED = -1
MOST = 3
MOST_OF_TRUSTED = 10
MOST_OF_EDUCATION = 1000


@dataclass(slots=True)
class SharedKey:
    """A key with which others may spend `kudos` of its owner's (-1: any number) until `expires`."""

    id: str
    owner: Account
    name: str | None
    kudos: int
    expires: datetime | None

    def details(self) -> dict[str, object]:
        """Return what whoever knows the id may know; what is not set is left out."""
        details = {
            "id": self.id,
            "username": self.owner.alias,
            "name": self.name,
            "kudos": self.kudos,
            "expiry": None if self.expires is None else formatdate(self.expires.timestamp()),
            "utilized": 0,
            "max_image_pixels": UNLIMITED,
            "max_image_steps": UNLIMITED,
            "max_text_tokens": UNLIMITED,
        }
        return {name: value for name, value in details.items() if value is not None}


class SharedKeys:
    """All shared keys. An expired one is still shown, and still finds its owner."""

    def __init__(self, clock: Clock, make_id: Callable[[], UUID] = uuid4) -> None:
        self._clock = clock
        self._make_id = make_id
        self._by_id: dict[str, SharedKey] = {}

    def find(self, text: str) -> SharedKey | None:
        """Return the key with that UUID, in any spelling of it."""
        try:
            return self._by_id.get(str(UUID(text)))
        except ValueError:
            return None

    def get(self, text: str) -> SharedKey:
        """Return the key with that UUID; of an unknown one the Horde says 401, not 404."""
        key = self.find(text)
        if key is None:
            raise refusal(401, "InvalidAPIKey", "No user matching sent Shared Key.")
        return key

    def of(self, owner: Account) -> list[SharedKey]:
        """Return an account's keys."""
        return [key for key in self._by_id.values() if key.owner is owner]

    def is_expired(self, key: SharedKey) -> bool:
        """Tell whether the key's time is over."""
        return key.expires is not None and key.expires < self._clock.now()

    def make(self, owner: Account, wanted: Mapping[str, object]) -> SharedKey:
        """Make a key as a PUT asks for it; raises Refusal."""
        if owner.number == 0:
            text = "Anonymous user is forbidden from performing this operation"
            raise refusal(403, "AnonForbidden", text)
        if len(self.of(owner)) >= _most(owner):
            text = f"You cannot have more than {_most(owner)} shared keys."
            raise refusal(403, "Forbidden", text)
        key = SharedKey(str(self._make_id()), owner, None, DEFAULT_KUDOS, None)
        self._change(key, wanted)
        self._by_id[key.id] = key
        return key

    def change(self, key: SharedKey, owner: Account, wanted: Mapping[str, object]) -> None:
        """Change a key as a PATCH asks for it; raises Refusal."""
        _check_owner(key, owner)
        if not wanted.keys() & {"name", "kudos", "expiry"}:
            text = "No shared key modification selected!"
            raise refusal(400, "NoSharedKeyModSelected", text)
        self._change(key, wanted)

    def delete(self, key: SharedKey, owner: Account) -> None:
        """Delete a key; raises Refusal."""
        _check_owner(key, owner)
        del self._by_id[key.id]

    def _change(self, key: SharedKey, wanted: Mapping[str, object]) -> None:
        name, kudos = wanted.get("name", key.name), _whole(wanted, "kudos", key.kudos)
        days = _whole(wanted, "expiry", 0)
        if name is not None and len(str(name)) not in NAME_LENGTH:
            raise misshapen(name=f"'{name}' is too short or too long")
        if kudos not in KUDOS:
            raise misshapen(kudos=f"{kudos} is too little or too much")
        key.name = None if name is None else str(name)
        key.kudos = kudos
        if days:
            expires = self._clock.now() + timedelta(days=days)
            key.expires = None if days == UNLIMITED else expires


def _most(owner: Account) -> int:
    if "trusted" in owner.marks:
        return MOST_OF_TRUSTED
    return MOST_OF_EDUCATION if "education" in owner.marks else MOST


def _check_owner(key: SharedKey, owner: Account) -> None:
    if key.owner is not owner:
        text = f"Shared Key {key.id} belongs to {key.owner.alias} and not to {owner.alias}."
        raise refusal(403, "Forbidden", text)


def _whole(wanted: Mapping[str, object], name: str, default: int) -> int:
    try:
        return int(str(wanted.get(name, default)))
    except ValueError as error:
        raise misshapen(**{name: str(error)}) from error
