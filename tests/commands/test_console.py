"""What commands print, and what is said of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from bot.cli import build_app
from bot.commands.console import progress, summarize

README = Path(__file__).parent.parent.parent / "README.md"


def commands(command: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Give every command that can be called, by what one types."""
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
    else:
        for name, each in below.items():
            yield from commands(each, f"{path} {name}".strip())


COMMANDS = dict(commands(get_command(build_app())))


def test_the_commands_are_there() -> None:
    assert {"run", "demo", "doctor", "backup", "erase", "db upgrade", "export horde"} < set(
        COMMANDS
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_is_in_the_readme(name: str) -> None:
    assert getattr(COMMANDS[name], "help", None)
    first, *rest = name.split()
    lines = [line for line in README.read_text("utf-8").splitlines() if f"`jury {first}" in line]
    assert any(all(part in line for part in rest) for line in lines)


def test_progress_elsewhere_than_on_a_terminal_is_plain_lines() -> None:
    stream = io.StringIO()
    with progress("importing", stream, every=0) as report:
        report(1000, 2000)
        report(3000, None)
    assert stream.getvalue().splitlines() == ["importing: 1,000 of 2,000", "importing: 3,000"]


def test_progress_does_not_flood_a_log() -> None:
    stream = io.StringIO()
    with progress("importing", stream) as report:
        for done in range(100_000):
            report(done, None)
    assert stream.getvalue() == ""


def test_a_summary_is_lines_for_people_and_one_object_for_machines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    summarize({"votes_kept": 12345, "path": Path("out")}, as_json=False)
    summarize({"votes_kept": 12345, "path": Path("out")}, as_json=True)
    assert capsys.readouterr().out.splitlines() == [
        "votes kept: 12,345",
        "path: out",
        '{"votes_kept": 12345, "path": "out"}',
    ]
