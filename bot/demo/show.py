"""The demo from beginning to end; imported only where SimCord is installed."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from aiohttp import web

from bot.client import JuryBot
from bot.clock import SystemClock
from bot.demo.channel_pages import ChannelPages
from bot.demo.crowd import Crowd
from bot.demo.folder import AFTER_DARK, GALLERY, LEASE, claim, set_aside
from bot.demo.horde.accounts import Account
from bot.demo.horde.server import HordeStandIn
from bot.demo.outcome import write_outcome
from bot.demo.personas import names, personas
from bot.demo.pictures.folder import write_samples
from bot.demo.run import DEFAULT_PORT, DemoOptions, DemoUnavailableError
from bot.demo.set_up import (
    HORDE_KEY,
    demo_settings,
    forget_discord,
    import_samples,
    start_channels,
)
from bot.demo.stage import Stage
from bot.demo.start_page import Content, Progress, StartPage, draw_banner
from bot.demo.turns import Turns
from bot.services import Services, open_services
from bot.texts.catalogue import Texts
from storage import data_sets, images
from storage.leases import Lease

HOST = "127.0.0.1"
PAGES = 3
PACE_SECONDS = 1.6
"""Seconds between two ratings of the whole crowd, on average."""
LOOK_SECONDS = 0.4
"""How often the pages are brought up to date."""

Say = Callable[[str], None]


async def show(options: DemoOptions, say: Say) -> None:
    """Run the demo until it is told to end, then write down what came of it.

    Raises DemoUnavailableError, FolderTakenError, StorageError.
    """
    clock = SystemClock()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    claim(options.folder)
    async with AsyncExitStack() as stack:
        front = await _open_front(stack, options, say)
        if not options.keep and (kept := set_aside(options.folder, clock.now())):
            say(f"Votes of the last time: now in {kept}; --keep would go on with them.")
        pictures = options.folder / "pictures"
        await asyncio.to_thread(write_samples, pictures)
        stage = Stage(clock, names(options.raters))
        settings = demo_settings(options, stage.cast, await _serve_horde(stack))
        services = await stack.enter_async_context(open_services(settings))
        await stack.enter_async_context(Lease(services.database, LEASE, clock))
        await import_samples(services, pictures)
        await forget_discord(services)
        bot = await stack.enter_async_context(_on_stage(stage, services))
        await start_channels(services, stage.cast)
        play = _Play(options, stage, services, bot)
        async with play.running():
            if front is not None:
                await play.open_pages(stack, front, pictures)
            with suppress(TimeoutError):
                async with asyncio.timeout(options.seconds):
                    await stop.wait()
        say("Stopping ...")
        outcome = await write_outcome(services, (GALLERY, AFTER_DARK), options.folder)
    for line in outcome:
        say(line)


@dataclass(frozen=True, slots=True)
class _Front:
    """The start page and the ports for the channels behind it."""

    page: StartPage
    ports: tuple[int, ...]


class _Play:
    """What goes on while the demo runs: the publisher, the crowd, and pages that show both."""

    def __init__(
        self, options: DemoOptions, stage: Stage, services: Services, bot: JuryBot
    ) -> None:
        self._stage = stage
        self._services = services
        self._bot = bot
        self._turns = Turns()
        self._pages = ChannelPages(stage, self._turns)
        self._crowd = Crowd(
            stage,
            self._turns,
            services,
            personas(options.raters, services.random),
            pace=0.0 if options.headless else PACE_SECONDS * options.raters,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep everything going meanwhile; an error in any of it ends the demo."""
        async with asyncio.TaskGroup() as group:
            going = [
                group.create_task(self._bot.publisher.run(), name="publisher"),
                group.create_task(self._services.alerts.run(), name="alerts"),
                group.create_task(self._refresh(), name="pages"),
                *(group.create_task(self._crowd.live(each)) for each in self._crowd.members),
            ]
            yield
            async with self._turns.person():
                # Nobody is in the middle of an action now.
                for task in going:
                    task.cancel()

    async def open_pages(self, stack: AsyncExitStack, front: _Front, pictures: Path) -> None:
        """Serve a page a channel and let the browsers in."""
        cast = self._stage.cast
        await stack.enter_async_context(self._pages)
        channels = (
            ("raters", cast.raters_channel, cast.leads),
            ("restricted", cast.restricted_channel, cast.leads),
            ("moderators", cast.moderators_channel, (cast.moderator, cast.operator)),
        )
        addresses = {}
        for (name, channel, viewers), port in zip(channels, front.ports, strict=True):
            async with self._turns.person():
                addresses[name] = await self._pages.open(channel, viewers, port=port)
        banner = await asyncio.to_thread(draw_banner, pictures)
        front.page.open(Content(addresses, banner, self._progress))

    async def _refresh(self) -> None:
        while True:
            await self._services.clock.sleep(LOOK_SECONDS)
            await self._pages.refresh()

    async def _progress(self) -> Progress:
        def query(connection: Connection) -> Progress:
            found = data_sets.every(connection)
            return Progress(
                full=sum(data_set.full_images for data_set in found),
                pictures=sum(images.count(connection, data_set.id) for data_set in found),
                presses=self._crowd.presses,
            )

        return await self._services.database.read(query)


@asynccontextmanager
async def _on_stage(stage: Stage, services: Services) -> AsyncIterator[JuryBot]:
    bot = JuryBot(services)
    await stage.enter(bot)
    try:
        yield bot
    finally:
        await stage.leave()


async def _open_front(stack: AsyncExitStack, options: DemoOptions, say: Say) -> _Front | None:
    """Serve the start page at once and say where; None without pages."""
    if options.headless:
        say("Horde Jury demo without pages; Ctrl-C ends it.")
        return None
    if options.port is not None and not _are_free(options.port):
        last = options.port + PAGES
        raise DemoUnavailableError(f"the demo needs ports {options.port} to {last}; one is taken")
    page = StartPage(Texts.load())
    port = options.port or (DEFAULT_PORT if _are_free(DEFAULT_PORT) else 0)
    address = await _serve(stack, page.app(), port)
    say(f"Horde Jury demo: {address}/   (Ctrl-C ends it)")
    return _Front(page, tuple(port + index if port else 0 for index in range(1, PAGES + 1)))


def _are_free(first: int) -> bool:
    """Tell whether the start page and the channels find their usual ports free."""
    for port in range(first, first + PAGES + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                return False
    return True


async def _serve_horde(stack: AsyncExitStack) -> str:
    """Serve the stand-in for the Horde; return the address of its API."""
    bot = Account(1, "horde-jury", HORDE_KEY, kudos=10_000)
    rater = Account(2, "robin", "demo-key-of-robin-0000", kudos=250, account_age=90 * 86_400)
    return f"{await _serve(stack, HordeStandIn([bot, rater]).app(), 0)}/api"


async def _serve(stack: AsyncExitStack, app: web.Application, port: int) -> str:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, port).start()
    return f"http://{HOST}:{runner.addresses[0][1]}"
