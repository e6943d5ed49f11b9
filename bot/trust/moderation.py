"""What moderators do to images by command."""

from __future__ import annotations

import re
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.errors import UnknownImageError
from bot.trust.access import AccessService
from bot.trust.decisions import Decision, Decisions
from storage import image_lookup, images
from storage.database import Database
from storage.images import Image

SUGGESTIONS: Final = 25
"""What Discord shows of an autocomplete."""

_LINK: Final = re.compile(r"https?://\S+/channels/(?:\d+|@me)/\d+/(\d{1,19})")
_MESSAGE: Final = re.compile(r"\d{15,19}")
_OURS: Final = re.compile(r"#(\d{1,18})")
_LARGEST: Final = 2**63 - 1


class ModerationService:
    """Hides and restores images; every act is checked, logged and counted at once."""

    def __init__(
        self,
        database: Database,
        access: AccessService,
        decisions: Decisions,
    ) -> None:
        self._database = database
        self._access = access
        self._decisions = decisions

    async def hide(self, caller: Caller, image_id: int) -> bool:
        """Take an image out of sight; False where it was. Raises NotAllowedError."""
        return await self._decide(caller, image_id, "hide")

    async def restore(self, caller: Caller, image_id: int) -> bool:
        """Bring a hidden image back; False where it was not hidden. Raises NotAllowedError."""
        return await self._decide(caller, image_id, "restore")

    async def find_image(self, caller: Caller, reference: str) -> Image:
        """Return the image that a key, a message's link or id, or `#<id>` names.

        Raises NotAllowedError; UnknownImageError also where several data sets have the key.
        """
        await self._access.require_moderator(caller, "image.find")
        image = await self._database.read(lambda c: find_image(c, reference))
        if image is None:
            raise UnknownImageError
        return image

    async def suggest_images(self, caller: Caller, beginning: str) -> list[Image]:
        """Return images whose key begins so; none for anybody but a moderator."""
        if not self._access.is_moderator(caller):
            return []
        return await self._database.read(
            lambda c: image_lookup.beginning_with(c, beginning.strip(), SUGGESTIONS)
        )

    async def _decide(self, caller: Caller, image_id: int, decision: Decision) -> bool:
        await self._access.require_moderator(caller, f"image.{decision}")
        return await self._database.write(
            lambda c: self._decisions.carry_out(c, caller, image_id, decision)
        )


def find_image(connection: Connection, reference: str) -> Image | None:
    """Return the image that a key, a message's link or id, or `#<id>` names."""
    reference = reference.strip()
    ours = _OURS.fullmatch(reference)
    if ours is not None:
        return images.by_id(connection, int(ours[1]))
    link = _LINK.fullmatch(reference)
    message = link[1] if link else reference if _MESSAGE.fullmatch(reference) else None
    if message is not None and int(message) <= _LARGEST:
        image = image_lookup.by_message(connection, int(message))
        if image is not None:
            return image
    found = image_lookup.by_key(connection, reference)
    return found[0] if len(found) == 1 else None
