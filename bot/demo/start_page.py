"""The page that the demo opens with: what this is, where to go, what to try."""

from __future__ import annotations

import asyncio
import html
import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from PIL import Image, ImageOps

from bot.demo.horde_people import Payments
from bot.demo.pictures.folder import SAFE_FOLDER
from bot.demo.web_pages import language_of, load_page, marked
from bot.texts.catalogue import Texts

TRIES = ("press", "session", "captcha", "roles", "language")
BANNER = (
    "northern-lights", "rose-window", "evening-peaks", "julia-ember", "cherry-tree", "sunset-sea",
)  # fmt: skip
STRIP = (420, 500)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the demo is: full pictures of how many, presses of the crowd, and what was paid."""

    full: int
    pictures: int
    presses: int
    payments: Payments


@dataclass(frozen=True, slots=True)
class Content:
    """What the page shows.

    `channels` are addresses by channel, `client` is that of the Horde client's page, and the banner
    is a JPEG.
    """

    channels: Mapping[str, str]
    client: str
    banner: bytes
    progress: Callable[[], Awaitable[Progress]]


class StartPage:
    """Serves the page in the browser's own language, with live progress.

    It is there before its content: a browser that comes early waits for the demo to be ready.
    """

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._content: asyncio.Future[Content] = asyncio.get_running_loop().create_future()
        self._template = load_page("start.html")

    def open(self, content: Content) -> None:
        """Let the browsers in."""
        self._content.set_result(content)

    def app(self) -> web.Application:
        """Return the aiohttp application."""
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_get("/banner.jpg", self._picture)
        app.router.add_get("/progress", self._state)
        return app

    async def _page(self, request: web.Request) -> web.Response:
        language = language_of(request)
        content = await asyncio.shield(self._content)

        def say(key: str) -> str:
            return self._texts.say(f"demo.{key}", language)

        channels = "\n".join(
            f'    <li><a href="{html.escape(address)}"><strong>{say(f"channel.{name}")}</strong>'
            f"<span>{say(f'channel.{name}_hint')}</span></a></li>"
            for name, address in content.channels.items()
        )
        page = self._template.substitute(
            language=language,
            title=say("title"),
            lead=say("lead"),
            channels=channels,
            try_title=say("try_title"),
            tries="\n".join(f"    <li>{marked(say(f'try.{name}'))}</li>" for name in TRIES),
            kudos_title=say("kudos.title"),
            kudos_link=marked(say("kudos.link")),
            kudos_prove=marked(say("kudos.prove")),
            client=html.escape(content.client),
            client_title=say("client.title"),
            progress=self._said(await content.progress(), language),
        )
        return web.Response(text=page, content_type="text/html")

    async def _picture(self, _request: web.Request) -> web.Response:
        content = await asyncio.shield(self._content)
        return web.Response(body=content.banner, content_type="image/jpeg")

    async def _state(self, request: web.Request) -> web.Response:
        content = await asyncio.shield(self._content)
        progress = await content.progress()
        language = language_of(request)
        paid = progress.payments
        return web.json_response(
            {
                "text": self._said(progress, language),
                "share": progress.full / progress.pictures,
                "paid": self._paid(paid, language),
                "last": [
                    self._texts.say("demo.kudos.payout", language, kudos=each.amount, name=name)
                    for name, each in paid.last
                ],
            }
        )

    def _paid(self, paid: Payments, language: str) -> str:
        if not paid.payouts:
            return self._texts.say("demo.kudos.none", language)
        return self._texts.count("demo.kudos.paid", paid.payouts, language, kudos=paid.kudos)

    def _said(self, progress: Progress, language: str) -> str:
        return self._texts.say(
            "demo.progress",
            language,
            full=progress.full,
            pictures=progress.pictures,
            presses=progress.presses,
        )


def draw_banner(folder: Path) -> bytes:
    """Return a strip of sample pictures as a JPEG."""
    strip = Image.new("RGB", (STRIP[0] * len(BANNER), STRIP[1]))
    for index, key in enumerate(BANNER):
        with Image.open(folder / SAFE_FOLDER / f"{key}.png") as picture:
            strip.paste(ImageOps.fit(picture.convert("RGB"), STRIP), (index * STRIP[0], 0))
    data = io.BytesIO()
    strip.save(data, "JPEG", quality=88)
    return data.getvalue()
