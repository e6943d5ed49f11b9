"""Messages as Discord keeps them: uploads become attachments, components get their ids."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.loopback.world import Json, World


def create_message(
    world: World, channel_id: int, body: Json, uploads: dict[int, bytes], *, address: str
) -> Json:
    """Keep a new message by the bot and return it as Discord would."""
    message_id = world.snowflakes.next()
    message: Json = {
        "id": str(message_id),
        "channel_id": str(channel_id),
        "author": world.bot_user(),
        "application_id": str(world.application_id),
        "content": body.get("content") or "",
        "timestamp": datetime.now(UTC).isoformat(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "type": 0,
        "flags": body.get("flags") or 0,
    }
    _apply(world, message, body, uploads, address)
    world.messages[message_id] = message
    return message


def edit_message(
    world: World, message: Json, body: Json, uploads: dict[int, bytes], *, address: str
) -> Json:
    """Change a kept message in place and return it."""
    message["edited_timestamp"] = datetime.now(UTC).isoformat()
    if body.get("flags") is not None:
        message["flags"] |= body["flags"]
    if "content" in body:
        message["content"] = body["content"] or ""
    _apply(world, message, body, uploads, address)
    return message


def _apply(
    world: World, message: Json, body: Json, uploads: dict[int, bytes], address: str
) -> None:
    if "attachments" in body or uploads:
        kept = {attachment["id"]: attachment for attachment in message["attachments"]}
        message["attachments"] = [
            kept.get(str(described["id"])) or _attachment(world, described, uploads, address)
            for described in body.get("attachments") or ()
        ]
    if "components" in body:
        message["components"] = copy.deepcopy(body["components"] or [])
        urls = {f"attachment://{a['filename']}": a for a in message["attachments"]}
        for number, component in enumerate(walk(message["components"]), start=1):
            component.setdefault("id", number)
            _resolve(component, urls)


def _attachment(world: World, described: Json, uploads: dict[int, bytes], address: str) -> Json:
    content = uploads[int(described["id"])]
    attachment_id = world.snowflakes.next()
    url = f"{address}/attachments/{attachment_id}/{described['filename']}"
    return {
        "id": str(attachment_id),
        "filename": described["filename"],
        "description": described.get("description"),
        "size": len(content),
        "url": url,
        "proxy_url": url,
        "content_type": "image/webp",
    }


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield every component of a message, nested ones included."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        if accessory := component.get("accessory"):
            yield from walk([accessory])


def button_ids(message: Json) -> list[str]:
    """Return the custom_ids on a message, in order."""
    return [c["custom_id"] for c in walk(message["components"]) if "custom_id" in c]


def texts_of(message: Json) -> str:
    """Return what a person reads in a message, joined by newlines."""
    return "\n".join(c["content"] for c in walk(message["components"]) if c["type"] == 10)


def _resolve(component: Json, urls: dict[str, Json]) -> None:
    items = [*component.get("items", ()), component] if component["type"] in {11, 12} else []
    for item in items:
        attachment = urls.get(item.get("media", {}).get("url", ""))
        if attachment is not None:
            item["media"] = {
                "url": attachment["url"],
                "proxy_url": attachment["url"],
                "attachment_id": attachment["id"],
                "content_type": attachment["content_type"],
                "width": 512,
                "height": 512,
                "loading_state": 2,
            }
