from __future__ import annotations

from pathlib import Path

import pytest

from bot.caller import Caller
from bot.errors import NotAllowedError, UnknownDataSetError
from storage import data_sets
from tests.trust.home import (
    MODERATOR,
    MODERATORS,
    OPERATOR,
    STRANGE_SERVER,
    Home,
    caller,
    elsewhere,
    in_direct_messages,
    open_home,
)

OPERATOR_HERE = caller(OPERATOR)
MODERATOR_HERE = caller(MODERATOR, roles=(MODERATORS,))


@pytest.mark.parametrize(
    "nobody",
    [
        caller(OPERATOR + 1),
        elsewhere(OPERATOR_HERE),
        in_direct_messages(OPERATOR_HERE),
        MODERATOR_HERE,
        caller(5, manages_server=True),
    ],
)
async def test_only_a_listed_person_in_the_home_server_is_operator(
    home: Home, nobody: Caller
) -> None:
    access = home.services.access
    assert access.is_operator(OPERATOR_HERE)
    assert not access.is_operator(nobody)
    with pytest.raises(NotAllowedError):
        await access.require_operator(nobody, "export")


@pytest.mark.parametrize(
    "nobody",
    [
        caller(MODERATOR),
        caller(MODERATOR, roles=(MODERATORS + 1,)),
        elsewhere(MODERATOR_HERE),
        in_direct_messages(MODERATOR_HERE),
        OPERATOR_HERE,
        caller(5, manages_server=True),
    ],
)
async def test_only_the_role_in_the_home_server_makes_a_moderator(
    home: Home, nobody: Caller
) -> None:
    access = home.services.access
    await access.require_moderator(MODERATOR_HERE, "rater.ban")
    assert not access.is_moderator(nobody)
    with pytest.raises(NotAllowedError):
        await access.require_moderator(nobody, "rater.ban")


async def test_a_manager_manages_the_server_of_the_interaction_alone(home: Home) -> None:
    access = home.services.access
    assert await access.require_manager(elsewhere(caller(5)), "jury.setup") == STRANGE_SERVER
    for nobody in (caller(5), in_direct_messages(caller(5, manages_server=True))):
        with pytest.raises(NotAllowedError):
            await access.require_manager(nobody, "jury.setup")


async def test_without_a_home_server_nobody_has_a_role(tmp_path: Path) -> None:
    async with open_home(tmp_path, home_guild_id=None) as home:
        for nobody in (OPERATOR_HERE, MODERATOR_HERE, in_direct_messages(OPERATOR_HERE)):
            assert not home.services.access.is_operator(nobody)
            assert not home.services.access.is_moderator(nobody)


async def test_a_refusal_is_logged_by_number_and_a_flood_is_counted(home: Home) -> None:
    for _ in range(3):
        with pytest.raises(NotAllowedError):
            await home.services.access.require_operator(caller(77), "export")
    (entry,) = await home.log()
    assert entry.action == "refused:export"
    assert entry.rater == await home.world.number(77)
    assert "77" not in f"{entry.subject}{entry.details}"
    assert entry.times == 3

    for who, action in ((77, "kudos"), (78, "export")):
        with pytest.raises(NotAllowedError):
            await home.services.access.require_operator(caller(who), action)
    home.world.clock.turn(61)
    with pytest.raises(NotAllowedError):
        await home.services.access.require_operator(caller(77), "export")
    assert [each.times for each in await home.log()] == [1, 1, 1, 3]
    home.world.clock.turn(-86_400)
    for _ in range(2):
        with pytest.raises(NotAllowedError):
            await home.services.access.require_operator(caller(77), "export")
    latest, *earlier = await home.log()
    assert [each.times for each in (latest, *earlier)] == [2, 1, 1, 1, 3], "the clock was ahead"
    assert latest.at == home.world.clock.now()


async def test_a_stranger_sees_no_data_set_until_one_is_granted(home: Home) -> None:
    stranger = elsewhere(caller(5))
    data_set = await home.world.data_set(1, name="secret")
    access = home.services.access
    assert [each.name for each in await access.usable_data_sets(caller(5))] == ["secret"]
    assert await access.usable_data_sets(stranger) == []
    with pytest.raises(UnknownDataSetError):
        await access.data_set(stranger, "secret")

    now = home.world.clock.now()
    await home.world.database.write(lambda c: data_sets.grant(c, data_set.id, STRANGE_SERVER, now))
    assert (await access.data_set(stranger, "secret")).id == data_set.id
