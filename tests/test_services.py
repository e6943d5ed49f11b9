"""What happens before any service is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.services import open_services
from storage.errors import DatabaseBusyError
from storage.leases import Lease
from tests.rating.world import make_settings


async def test_a_newer_program_waits_until_the_bot_has_stopped(tmp_path: Path) -> None:
    settings = make_settings(
        database_url=f"sqlite:///{tmp_path / 'jury.db'}", hash_key_file=tmp_path / "hash.key"
    )
    async with open_services(settings) as running, Lease(running.database, "run", running.clock):
        async with open_services(settings, create=False):
            pass
        await running.database.write(lambda c: c.execute("DELETE FROM migrations").rowcount)
        with pytest.raises(DatabaseBusyError, match="another `jury run`"):
            async with open_services(settings):
                pass
