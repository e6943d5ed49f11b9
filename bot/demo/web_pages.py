"""What the demo's own pages share: templates, the browser's language, and words with code."""

from __future__ import annotations

import html
import re
from importlib.resources import files
from string import Template

from aiohttp import web

from bot.texts.catalogue import Texts


def load_page(name: str) -> Template:
    """Return a page's template."""
    return Template(files("bot.demo").joinpath("pages", name).read_text("utf-8"))


def language_of(request: web.Request) -> str:
    """Return the first of the browser's languages that there is a catalogue for."""
    wanted = request.headers.get("Accept-Language", "")
    return Texts.locale_for(*(part.split(";")[0].strip() for part in wanted.split(",")))


def marked(text: str) -> str:
    """Return a catalogue text as HTML, with `code` as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
