"""Tables and archives with any bytes changed: either they can be used or a clear error says not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.datasets.fetching.faults import FetchFault
from bot.datasets.imports.metadata import Metadata
from bot.datasets.imports.parts import Part, list_part
from bot.datasets.imports.summary import SENTENCES, Reason, is_printable, printable
from bot.errors import ImageUnreadableError, ImportRefusedError, SourceUnavailableError
from bot.images.decoding import Fault
from bot.images.originals import read_original
from storage.sources import Source
from tests.datasets.imports.importing import row, write_metadata, write_zip

Damage = Iterable[tuple[int, int]]
DAMAGE = st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), min_size=1, max_size=6)
ENDLESSLY = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def damaged(data: bytes, damage: Damage, cut: int) -> bytes:
    changed = bytearray(data)
    for position, value in damage:
        changed[position % len(changed)] = value
    return bytes(changed[: len(changed) - cut])


@ENDLESSLY
@given(DAMAGE, st.sampled_from([0, 0, 0, 1, 9, 300]))
def test_damaged_metadata_is_read_or_refused(tmp_path: Path, damage: Damage, cut: int) -> None:
    whole, path = tmp_path / "whole.parquet", tmp_path / "metadata.parquet"
    if not whole.exists():
        write_metadata(whole, [row(f"{n}.png") for n in range(50)])
    path.write_bytes(damaged(whole.read_bytes(), damage, cut))
    with contextlib.suppress(ImportRefusedError), contextlib.closing(Metadata(path)) as metadata:
        for rows in metadata.batches(20):
            assert len(rows) <= 20


@ENDLESSLY
@given(DAMAGE, st.sampled_from([0, 0, 0, 1, 9, 60]))
def test_a_damaged_archive_is_read_or_refused(tmp_path: Path, damage: Damage, cut: int) -> None:
    whole, path = tmp_path / "whole.zip", tmp_path / "part-000001.zip"
    if not whole.exists():
        write_zip(whole, ["a.png", "b.png"])
    path.write_bytes(damaged(whole.read_bytes(), damage, cut))
    with contextlib.suppress(SourceUnavailableError):
        for member in list_part(Part(1, "zip", path)).values():
            if not isinstance(member, Reason):
                with contextlib.suppress(ImageUnreadableError):
                    read_original(Source(1, 1, "zip", str(path)), member)


def test_every_reason_has_a_sentence_and_every_fault_a_reason() -> None:
    assert set(SENTENCES) == set(Reason)
    assert {Reason(fault) for faults in (Fault, FetchFault) for fault in faults} <= set(Reason)


@given(st.text())
def test_names_shown_are_printable_and_short(name: str) -> None:
    shown = printable(name)
    assert shown.isprintable()
    assert len(shown) < 2100
    if name.isprintable() and len(name) <= 200:
        assert shown == name


@pytest.mark.parametrize("name", ["a", "\u00e4", "\u05d0", "\u3042", "a b", "\U0001f408"])
def test_letters_of_any_script_are_welcome(name: str) -> None:
    assert is_printable(name)


@pytest.mark.parametrize("name", ["\n", "a\x00", "\u202e", "\u200b", "\u2028", "\udcff", "\x1b["])
def test_invisible_characters_are_not(name: str) -> None:
    assert not is_printable(name)
