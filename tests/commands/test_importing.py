"""What is said where an import ends early."""

from __future__ import annotations

import pytest

from bot.commands.console import Sayable
from bot.commands.importing import KEPT, MENDED, run_import
from bot.commands.opening import InterruptedCommandError
from bot.datasets.imports.summary import Tally
from bot.errors import ImportRefusedError, SourceUnavailableError
from storage.errors import DatabaseBusyError, DiskError


async def failing(error: BaseException, done: int = 0) -> Sayable:
    tally = Tally("drawn")
    with tally.told():
        tally.already_there = done
        raise error


@pytest.mark.parametrize("kind", [SourceUnavailableError, DiskError])
def test_a_disk_that_ends_an_import_leaves_what_was_imported(kind: type[Exception]) -> None:
    with pytest.raises(kind) as raised:
        run_import(failing(kind("the disk is full")), as_json=False)
    assert str(raised.value) == f"the disk is full; {KEPT}"


@pytest.mark.parametrize(
    ("kind", "then"),
    [(ImportRefusedError, MENDED), (SourceUnavailableError, KEPT), (DiskError, KEPT)],
)
def test_what_was_done_before_a_refusal_is_told(
    kind: type[Exception], then: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(kind) as raised:
        run_import(failing(kind("a.csv is cut off"), 3), as_json=True)
    assert str(raised.value) == f"a.csv is cut off; {then}"
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[:2] == ["data set: drawn", "read: 3"]


def test_an_interrupted_import_leaves_what_was_imported() -> None:
    with pytest.raises(InterruptedCommandError) as raised:
        run_import(failing(KeyboardInterrupt()), as_json=False, kept="all is well")
    assert str(raised.value) == "interrupted; all is well"


@pytest.mark.parametrize("kind", [ImportRefusedError, DatabaseBusyError])
def test_what_is_refused_is_said_as_it_is(kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"^no$"):
        run_import(failing(kind("no")), as_json=False)
