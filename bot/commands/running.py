"""`jury run` and `jury demo`: the bot in Discord, and the bot in a simulated one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import structlog
import typer

from bot.app import run_app
from bot.commands.console import say
from bot.demo.run import DemoOptions, run_demo
from bot.logs import configure_logs
from bot.settings import load_settings, unknown_names

DEFAULTS = DemoOptions()

_log = structlog.get_logger()


def run() -> None:
    """Run the bot until SIGINT or SIGTERM; then drain, close, and exit with 0."""
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    for sentence in unknown_names():
        _log.warning("unknown_setting", found=sentence)
    run_app(settings)


def demo(
    *,
    folder: Annotated[
        Path, typer.Option(help="Where all of the demo is kept; new, empty, or a demo's.")
    ] = DEFAULTS.folder,
    raters: Annotated[
        int, typer.Option(help="Simulated raters beside you.", min=0, max=500)
    ] = DEFAULTS.raters,
    port: Annotated[
        int | None, typer.Option(help="Port of the start page.", min=1, max=65_531)
    ] = DEFAULTS.port,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Go on with the last time's votes, which else are set aside."),
    ] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Without pages to look at.")] = False,
    seconds: Annotated[
        float | None, typer.Option("--for", help="End after that many seconds.", min=1)
    ] = DEFAULTS.seconds,
) -> None:
    """Try the bot by hand in a simulated Discord on this machine; needs no account."""
    configure_logs("WARNING")
    run_demo(
        DemoOptions(
            folder=folder, raters=raters, port=port, keep=keep, headless=headless, seconds=seconds
        ),
        say,
    )
