"""`jury ...`: the commands, and what becomes of their errors."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from bot import __version__
from bot.commands import (
    data_sets,
    doctor,
    exports,
    imports,
    payouts,
    releases,
    running,
    scores,
    statistics,
    upkeep,
)
from bot.commands.opening import InterruptedCommandError
from bot.entry import INTERRUPTED
from bot.errors import JuryError, SettingsError, UserError
from bot.logs import configure_logs
from bot.texts.catalogue import ENGLISH, Texts
from storage.errors import StorageError

EXIT_ERROR = 1
EXIT_SETTINGS = 2


def build_app() -> typer.Typer:
    """Return the command line with every command."""
    app = typer.Typer(
        name="jury",
        help="A Discord bot with which a community rates AI-generated images.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    app.command()(running.run)
    app.command()(running.demo)
    app.command()(doctor.doctor)
    app.command()(releases.release)
    app.command()(scores.scores)
    app.command()(statistics.stats)
    app.command("backup")(upkeep.back_up)
    app.command()(upkeep.erase)
    app.add_typer(imports.app, name="import")
    app.add_typer(exports.app, name="export")
    app.add_typer(data_sets.app, name="dataset")
    app.add_typer(payouts.app, name="payouts")
    app.add_typer(upkeep.database_app, name="db")
    return app


def main() -> None:
    """Run the command line; what is refused is one line on stderr.

    Wrong settings and wrong use exit with 2, Ctrl-C with 130, other refusals with 1.
    """
    try:
        build_app()()
    except InterruptedCommandError as error:
        _fail(str(error), INTERRUPTED)
    except SettingsError as error:
        _fail(str(error), EXIT_SETTINGS)
    except UserError as error:
        _fail(Texts.load().say(error.key, ENGLISH, **error.values), EXIT_ERROR)
    except (JuryError, StorageError) as error:
        _fail(str(error), EXIT_ERROR)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"horde-jury {__version__}")
        raise typer.Exit


def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    del version
    configure_logs("WARNING")


def _fail(text: str, code: int) -> NoReturn:
    print(f"jury: {' '.join(text.split())}", file=sys.stderr)  # noqa: T201 - the command's output
    sys.exit(code)
