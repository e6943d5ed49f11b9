"""What a full disk does to the SQLite file of an export."""

import errno
from pathlib import Path

import pytest

from storage.sac_file import SacImage, writing

PAGES = 20


def test_a_full_disk_is_told_as_of_any_other_file(tmp_path: Path) -> None:
    images = [SacImage(number, None, "a", "a fox", f"a/{number}.png") for number in range(10_000)]
    with pytest.raises(OSError, match="No space left on device") as caught:  # noqa: PT012, SIM117
        with writing(tmp_path / "sac.sqlite") as file:
            connection = file._connection  # noqa: SLF001 - SQLite's own "database is full"
            connection.execute(f"PRAGMA max_page_count = {PAGES}")
            file.add_images(images)
    assert caught.value.errno == errno.ENOSPC


def test_what_is_no_fault_of_the_disk_stays_what_it_is(tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        writing(tmp_path / "sac.sqlite") as file,
    ):
        file.add_ratings((str(1 // number), 1, 1, True) for number in (1, 0))
