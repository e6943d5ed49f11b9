"""`jury demo`: what can be chosen, and the way in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bot.demo.folder import DEFAULT_FOLDER
from bot.errors import JuryError

DEFAULT_PORT = 8420


class DemoUnavailableError(JuryError):
    """The demo's own libraries are not installed, or its ports are taken."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What `jury demo` was asked for.

    `folder` keeps the pictures, the database and what comes out; it is the demo's alone. `port` is
    the start page's; the channels and the stand-in for the AI Horde take the four behind it (None:
    8420, or any free ones). `keep`
    goes on with the votes of the last time, which else are set aside. `seconds` ends the demo by
    itself, headless at the latest when every picture is full.
    """

    folder: Path = DEFAULT_FOLDER
    raters: int = 12
    port: int | None = None
    keep: bool = False
    headless: bool = False
    seconds: float | None = None


def run_demo(options: DemoOptions, say: Callable[[str], None]) -> None:
    """Run the demo until SIGINT, SIGTERM or its time is over; `say` gets each line of output.

    Raises DemoUnavailableError without simcord, and where the ports that were asked for are taken,
    FolderTakenError where the folder is not the demo's, StorageError while it is in use.
    """
    # SimCord's self-check and a bot without voice warn of nothing that matters here.
    logging.getLogger("discord").setLevel(logging.ERROR)
    try:
        from bot.demo.show import show  # noqa: PLC0415 - an extra of its own
    except ModuleNotFoundError as error:
        if error.name != "simcord":
            raise
        text = "the demo needs SimCord: install it with `pip install 'horde-jury[demo]'`"
        raise DemoUnavailableError(text) from error
    # The simulation replaces methods of the event loop, which only asyncio's own allows.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(show(replace(options, folder=options.folder.absolute()), say))
