"""The page that the demo opens with: what this is, where to go, what to try."""

from __future__ import annotations

import asyncio
import html
import io
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from aiohttp import web
from PIL import Image, ImageOps

from bot.demo.pictures.folder import SAFE_FOLDER
from bot.texts.catalogue import Texts

TRIES = ("press", "session", "roles", "language")
BANNER = (
    "northern-lights", "rose-window", "evening-peaks", "julia-ember", "cherry-tree", "sunset-sea",
)  # fmt: skip
STRIP = (420, 500)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the demo is: full pictures of how many, and presses of the crowd."""

    full: int
    pictures: int
    presses: int


@dataclass(frozen=True, slots=True)
class Content:
    """What the page shows: addresses by channel, a banner as JPEG, how to ask for progress."""

    channels: Mapping[str, str]
    banner: bytes
    progress: Callable[[], Awaitable[Progress]]


class StartPage:
    """Serves the page in the browser's own language, with live progress.

    It is there before its content: a browser that comes early waits for the demo to be ready.
    """

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._content: asyncio.Future[Content] = asyncio.get_running_loop().create_future()
        self._template = Template(
            files("bot.demo").joinpath("pages", "start.html").read_text("utf-8")
        )

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
        language = self._language(request)
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
            tries="\n".join(f"    <li>{_marked(say(f'try.{name}'))}</li>" for name in TRIES),
            progress=self._said(await content.progress(), language),
        )
        return web.Response(text=page, content_type="text/html")

    async def _picture(self, _request: web.Request) -> web.Response:
        content = await asyncio.shield(self._content)
        return web.Response(body=content.banner, content_type="image/jpeg")

    async def _state(self, request: web.Request) -> web.Response:
        content = await asyncio.shield(self._content)
        progress = await content.progress()
        text = self._said(progress, self._language(request))
        return web.json_response({"text": text, "share": progress.full / progress.pictures})

    def _said(self, progress: Progress, language: str) -> str:
        return self._texts.say(
            "demo.progress",
            language,
            full=progress.full,
            pictures=progress.pictures,
            presses=progress.presses,
        )

    def _language(self, request: web.Request) -> str:
        wanted = request.headers.get("Accept-Language", "")
        return self._texts.locale_for(*(part.split(";")[0].strip() for part in wanted.split(",")))


def draw_banner(folder: Path) -> bytes:
    """Return a strip of sample pictures as a JPEG."""
    strip = Image.new("RGB", (STRIP[0] * len(BANNER), STRIP[1]))
    for index, key in enumerate(BANNER):
        with Image.open(folder / SAFE_FOLDER / f"{key}.png") as picture:
            strip.paste(ImageOps.fit(picture.convert("RGB"), STRIP), (index * STRIP[0], 0))
    data = io.BytesIO()
    strip.save(data, "JPEG", quality=88)
    return data.getvalue()


def _marked(text: str) -> str:
    """Return a catalogue text as HTML, with `code` as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
