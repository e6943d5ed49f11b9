from __future__ import annotations

import pytest

from bot.errors import NotAgeRestrictedError, NotAllowedError, UnknownDataSetError
from bot.rating.channels import Place
from storage import channels
from tests.rating.world import HOME
from tests.trust.home import STRANGE_SERVER, Home, caller, elsewhere

PLACE = Place(1, HOME, age_restricted=False, missing=())


async def set_up(home: Home, place: Place = PLACE, *, safe_only: bool = True) -> None:
    await home.services.channels.set_up(
        home.manager, place, "set", open_posts=2, safe_only=safe_only
    )


async def test_a_channel_of_another_server_cannot_be_set_up(home: Home) -> None:
    await home.world.data_set(1)
    with pytest.raises(NotAllowedError):
        await set_up(home, Place(1, STRANGE_SERVER, age_restricted=False, missing=()))
    with pytest.raises(NotAgeRestrictedError):
        await set_up(home, safe_only=False)
    with pytest.raises(UnknownDataSetError):
        await home.services.channels.set_up(
            elsewhere(home.manager),
            Place(1, STRANGE_SERVER, age_restricted=True, missing=()),
            "set",
            open_posts=1,
            safe_only=True,
        )
    assert await home.world.database.read(channels.every) == []


async def test_a_new_setup_keeps_a_channel_started_and_forgets_its_problem(home: Home) -> None:
    await home.world.data_set(1)
    await set_up(home)
    await home.services.channels.start(home.manager)
    now = home.world.clock.now()
    write = home.world.database.write
    assert await write(lambda c: channels.set_problem(c, 1, "no_permission", now))
    assert not await write(lambda c: channels.set_problem(c, 1, "no_permission", now))
    await set_up(home)
    (channel,) = await home.world.database.read(channels.started)
    assert (channel.open_posts, channel.problem) == (2, None)


async def test_settings_are_in_the_log_where_they_change(home: Home) -> None:
    await home.world.data_set(1)
    service = home.services.channels
    for _ in range(2):
        await set_up(home)
        await service.start(home.manager)
        await service.start(home.manager, PLACE.channel_id)
    await service.set_up(home.manager, PLACE, "set", open_posts=3, safe_only=True)
    for _ in range(2):
        await service.stop(home.manager)
    entries = [(entry.action, entry.times) for entry in reversed(await home.log())]
    assert entries == [("jury.setup", 2), ("jury.start", 1), ("jury.stop", 1)]
    assert {entry.subject for entry in await home.log()} == {f"channel:{PLACE.channel_id}"}


async def test_a_problem_that_discord_no_longer_shows_is_still_told(home: Home) -> None:
    await home.world.data_set(1)
    await set_up(home)
    now = home.world.clock.now()
    await home.world.database.write(lambda c: channels.set_problem(c, 1, "discord_error", now))
    (status,) = (await home.services.channels.status(home.manager, {1: PLACE})).channels
    assert status.problem == "discord_error"
    (status,) = (await home.services.channels.status(home.manager, {})).channels
    assert status.problem == "no_channel"

    await home.world.database.write(lambda c: channels.set_problem(c, 1, "no_channel", now))
    (status,) = (await home.services.channels.status(home.manager, {1: PLACE})).channels
    assert status.problem is None


async def test_nobody_else_sees_the_status(home: Home) -> None:
    with pytest.raises(NotAllowedError):
        await home.services.channels.status(caller(5), {})
    status = await home.services.channels.status(elsewhere(home.manager), {1: PLACE})
    assert status.channels == ()
