"""The demo from beginning to end; imported only where SimCord is installed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from bot.client import JuryBot
from bot.clock import SystemClock
from bot.demo.channel_pages import ChannelPages
from bot.demo.client_page import ClientPage
from bot.demo.crowd import Crowd
from bot.demo.folder import AFTER_DARK, GALLERY, LEASE, TRANSFERS, claim, set_aside
from bot.demo.gold import mark_gold
from bot.demo.horde.server import PREFIX
from bot.demo.horde_people import VISITOR, HordePeople
from bot.demo.linking import Linking
from bot.demo.outcome import write_outcome
from bot.demo.personas import names, personas
from bot.demo.pictures.folder import write_samples
from bot.demo.run import DEFAULT_PORT, DemoOptions, DemoUnavailableError
from bot.demo.serving import are_free, hang_up, serve
from bot.demo.set_up import (
    admit_people,
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

PAGES = 4
"""Behind the start page: three channels, and the stand-in for the Horde."""
PAYOUTS_SHOWN = 5
PACE_SECONDS = 1.6
"""Seconds between two ratings of the whole crowd, on average."""
HURRY_SECONDS = 2.0
PAYOUT_DRAIN_SECONDS = 10.0
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
        horde = HordePeople(options.folder / TRANSFERS, clock)
        client = await _serve_horde(stack, horde, front)
        settings = demo_settings(options, stage.cast, f"{client}{PREFIX}")
        services = await stack.enter_async_context(open_services(settings))
        await stack.enter_async_context(Lease(services.database, LEASE, clock))
        await import_samples(services, pictures)
        await forget_discord(services)
        await admit_people(services, stage.cast)
        await mark_gold(services, stage.cast)
        bot = await stack.enter_async_context(_on_stage(stage, services))
        await start_channels(services, stage.cast)
        play = _Play(options, stage, services, bot, horde)
        async with play.running():
            if front is not None:
                await play.open_pages(stack, front, client, pictures)
            with suppress(TimeoutError):
                async with asyncio.timeout(options.seconds):
                    await stop.wait()
        say("Stopping ...")
        outcome = await write_outcome(
            services, (GALLERY, AFTER_DARK), options.folder, horde.payments(0)
        )
    for line in outcome:
        say(line)


@dataclass(frozen=True, slots=True)
class _Front:
    """The start page and the ports for what is behind it."""

    page: StartPage
    channel_ports: tuple[int, ...]
    horde_port: int


class _Play:
    """What goes on while the demo runs: the publisher, the crowd, and pages that show both."""

    def __init__(
        self,
        options: DemoOptions,
        stage: Stage,
        services: Services,
        bot: JuryBot,
        horde: HordePeople,
    ) -> None:
        self._stage = stage
        self._horde = horde
        self._services = services
        self._bot = bot
        self._turns = Turns()
        self._pages = ChannelPages(stage, self._turns)
        self._crowd = Crowd(
            stage,
            self._turns,
            services,
            personas(options.raters, services.random),
            linking=Linking(stage, self._turns, horde),
            pace=0.0 if options.headless else PACE_SECONDS * options.raters,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep everything going meanwhile; an error in any of it ends the demo."""
        async with asyncio.TaskGroup() as group:
            going = [
                group.create_task(self._bot.publisher.run(), name="publisher"),
                group.create_task(self._services.alerts.run(), name="alerts"),
                group.create_task(self._services.payouts.run(), name="payouts"),
                group.create_task(self._services.rules.run(), name="rules"),
                group.create_task(self._hurry(), name="hurry"),
                group.create_task(self._refresh(), name="pages"),
                *(group.create_task(self._crowd.live(each)) for each in self._crowd.members),
            ]
            yield
            async with self._turns.person():
                # Nobody is in the middle of an action now, and nothing is left in doubt.
                await self._services.payouts.drain(PAYOUT_DRAIN_SECONDS)
                for task in going:
                    task.cancel()

    async def open_pages(
        self, stack: AsyncExitStack, front: _Front, client: str, pictures: Path
    ) -> None:
        """Serve a page a channel and let the browsers in."""
        cast = self._stage.cast
        await stack.enter_async_context(self._pages)
        channels = (
            ("raters", cast.raters_channel, cast.leads),
            ("restricted", cast.restricted_channel, cast.leads),
            ("moderators", cast.moderators_channel, (cast.moderator, cast.operator)),
        )
        addresses = {}
        for (name, channel, viewers), port in zip(channels, front.channel_ports, strict=True):
            async with self._turns.person():
                addresses[name] = await self._pages.open(channel, viewers, port=port)
        banner = await asyncio.to_thread(draw_banner, pictures)
        front.page.open(Content(addresses, client, banner, self._progress))

    async def _hurry(self) -> None:
        """Have the payouts looked at more often than a bot needs: somebody is watching."""
        while True:
            await self._services.clock.sleep(HURRY_SECONDS)
            self._services.payouts.wake()

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
                payments=self._horde.payments(PAYOUTS_SHOWN),
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
    if options.port is not None and not are_free(options.port, 1 + PAGES):
        last = options.port + PAGES
        raise DemoUnavailableError(f"the demo needs ports {options.port} to {last}; one is taken")
    page = StartPage(Texts.load())
    port = options.port or (DEFAULT_PORT if are_free(DEFAULT_PORT, 1 + PAGES) else 0)
    address = await serve(stack, page.app(), port)
    say(f"Horde Jury demo: {address}/   (Ctrl-C ends it)")
    *channels, horde = (port + index if port else 0 for index in range(1, 1 + PAGES))
    return _Front(page, tuple(channels), horde)


async def _serve_horde(stack: AsyncExitStack, horde: HordePeople, front: _Front | None) -> str:
    """Serve the stand-in for the Horde with the visitor's page; return the page's address."""
    app = horde.stand_in.app()
    app.middlewares.append(hang_up)
    ClientPage(Texts.load(), horde.stand_in.accounts[VISITOR]).add_to(app)
    return await serve(stack, app, front.horde_port if front else 0)
