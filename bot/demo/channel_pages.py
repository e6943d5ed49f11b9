"""One browser page a channel: SimCord's Preview, several at once, beside an acting crowd.

SimCord serves one Preview an environment and refuses a press made a moment after the channel
changed. Here three previews share one environment, a press counts for what is shown now, and a
script of ours brings into sight what matters. All private touches of SimCord are in this module;
`tests/demo` fails when one of them moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import simcord
from aiohttp import web
from simcord.preview import Preview
from simcord.preview._server import PreviewServer

from bot.demo.pictures.avatar import draw_avatar
from bot.demo.stage import Stage
from bot.demo.turns import Turns

SCRIPT = "/channel.js"


class ChannelServer(PreviewServer):
    """Serves SimCord's page with our script at its end."""

    _STATIC_FILES: ClassVar[dict[str, str]] = {
        **PreviewServer._STATIC_FILES,  # noqa: SLF001 - SimCord has no other way to add a file
        SCRIPT: str(Path(__file__).with_name("pages") / "channel.js"),
    }

    async def _index(self, request: web.Request) -> web.Response:
        page: web.Response = await super()._index(request)
        ours = f'<script type="module" src="{SCRIPT}"></script>\n  </body>'
        page.text = (page.text or "").replace("</body>", ours)
        return page


class ChannelPage(Preview):
    """A Preview whose visitor waits for a turn instead of being refused."""

    turns: Turns
    stage: Stage

    async def _action(self, context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        async with self.turns.person():
            await self.stage.catch_up()
            # Or "a minute ago" were reckoned from when the channel was last refreshed.
            self._advance_presentation_time()
            page = self._get_page(context_id)
            # The crowd may have changed the channel since the browser last looked.
            if body.get("sequence") == page.last_sequence + 1:
                body = {**body, "published_revision": page.revision}
            return await super()._action(context_id, body)


class ChannelPages:
    """Serves the pages and shows on them what the bot does by itself."""

    def __init__(self, stage: Stage, turns: Turns) -> None:
        self._stage = stage
        self._turns = turns
        self._avatar = draw_avatar()
        self._pages: list[ChannelPage] = []
        self._stack = AsyncExitStack()
        self._seen = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def open(
        self,
        channel: simcord.ChannelHandle,
        viewers: Sequence[simcord.MemberActor],
        *,
        port: int = 0,
        locale: str = "en-US",
    ) -> str:
        """Serve a page of `channel` and return its address; port 0 takes any free one."""
        env = self._stage.env
        page = ChannelPage(
            env,
            channel,
            tuple(viewers),
            layout="channel",
            display="responsive",
            width=960,
            height=720,
            locale=locale,
            timezone="UTC",
            presentation_time=None,
            assets={self._stage.cast.avatar_url: ("jury.png", self._avatar)},
            port=port,
        )
        page.turns, page.stage = self._turns, self._stage
        page._server = ChannelServer(page, port)  # noqa: SLF001 - or there were no script of ours
        env._preview = None  # noqa: SLF001 - or the second preview would be refused
        await self._stack.enter_async_context(page)
        self._pages.append(page)
        return page.url

    async def refresh(self) -> bool:
        """Show what the bot posted or edited since the last call; False if there was nothing."""
        requests = self._stage.env.http_requests
        fresh, self._seen = requests[self._seen :], len(requests)
        if not any(request.path.startswith("/channels/") for request in fresh):
            return False
        async with self._turns.crowd():
            await self._stage.catch_up()
            for page in self._pages:
                await page.refresh()
        return True
