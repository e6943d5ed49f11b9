"""A page of a Horde client, where the visitor makes a shared key by hand to prove an account.

It belongs to no bot: it knows the visitor's own key and talks to the stand-in alone, from the same
origin, by the calls that clients use.
"""

from __future__ import annotations

import json

from aiohttp import web

from bot.demo.horde.accounts import Account
from bot.demo.web_pages import language_of, load_page, marked
from bot.texts.catalogue import Texts

WORDS = ("title", "account", "name", "make", "made", "copy", "keys", "none", "delete")


class ClientPage:
    """Serves the settings of `owner` in the browser's language."""

    def __init__(self, texts: Texts, owner: Account) -> None:
        self._texts = texts
        self._owner = owner
        self._template = load_page("client.html")

    def add_to(self, app: web.Application) -> None:
        """Serve the page at the root of the stand-in's application."""
        app.router.add_get("/", self._page)

    async def _page(self, request: web.Request) -> web.Response:
        language = language_of(request)

        def say(key: str) -> str:
            return self._texts.say(f"demo.client.{key}", language)

        page = self._template.substitute(
            {word: say(word) for word in WORDS},
            language=language,
            lead=marked(self._texts.say("demo.client.lead", language, name=self._owner.name)),
            hint=marked(say("hint")),
            known=json.dumps({"number": self._owner.number, "key": self._owner.key}),
        )
        return web.Response(text=page, content_type="text/html")
