"""Every method of a service that takes a Caller: who may call it, and that nobody else can.

What there is comes from the services themselves. A new method fails the first test until it stands
in METHODS: `own` for what is about the caller alone, else `manager`, `moderator` or `operator` with
arguments for a try. A refusal comes before any look at the arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal

import pytest

from bot.caller import Caller
from bot.errors import NotAllowedError, UserError
from bot.rating.channels import Place
from bot.services import Services
from bot.trust.auditing import Question
from bot.trust.refusals import OwnMatterError
from storage.audit import Filter
from storage.rater_listing import Sieve
from tests.rating.world import HOME
from tests.trust.home import (
    MODERATOR,
    MODERATORS,
    OPERATOR,
    STRANGE_SERVER,
    Home,
    caller,
    elsewhere,
    in_direct_messages,
)
from tests.trust.rows import dump, news

Rank = Literal["own", "manager", "moderator", "operator"]
VICTIM: Final = 77


@dataclass(frozen=True, slots=True)
class Method:
    """Who may call it, with which arguments it is tried, and what nobody else gets."""

    rank: Rank
    arguments: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    silent: bool = False
    """An autocomplete: offers nothing instead of refusing."""


def own() -> Method:
    return Method("own")


def manager(*arguments: object, **named: object) -> Method:
    return Method("manager", arguments, named)


def moderator(*arguments: object, **named: object) -> Method:
    return Method("moderator", arguments, named)


def operator(*arguments: object, **named: object) -> Method:
    return Method("operator", arguments, named)


def offering(*arguments: object, rank: Rank = "moderator") -> Method:
    return Method(rank, arguments, silent=True)


PLACE: Final = Place(2000, HOME, age_restricted=False, missing=())

METHODS: Final[Mapping[str, Method]] = {
    "voting.agree": own(),
    "voting.take": own(),
    "voting.undo": own(),
    "voting.keep": own(),
    "captchas.ask": own(),
    "captchas.another": own(),
    "captchas.open": own(),
    "captchas.answer": own(),
    "captchas.not_shown": own(),
    "sessions.start": own(),
    "sessions.advance": own(),
    "sessions.skip": own(),
    "sessions.next_lesson": own(),
    "sessions.leave_lessons": own(),
    "sessions.keep": own(),
    "sessions.go_back": own(),
    "sessions.upcoming": own(),
    "reports.report": own(),
    "appeals.standing": own(),
    "appeals.require_cause": own(),
    "appeals.open": own(),
    "personal_data.past": own(),
    "personal_data.overview": own(),
    "personal_data.download": own(),
    "erasure.at_stake": own(),
    "erasure.erase": own(),
    "linking.link": own(),
    "linking.begin_proof": own(),
    "linking.finish_proof": own(),
    "linking.unlink": own(),
    "status.of": own(),
    "channels.set_up": manager(PLACE, "set", open_posts=1, safe_only=True),
    "channels.start": manager(),
    "channels.stop": manager(),
    "channels.status": manager({}),
    "bans.ban": moderator(VICTIM, "no"),
    "bans.unban": moderator(VICTIM),
    "voiding.revert": moderator(VICTIM, "1d"),
    "voiding.reverts": offering(VICTIM),
    "voiding.restore": moderator(VICTIM),
    "voiding.void_vote": moderator(VICTIM, 1),
    "voiding.restore_vote": moderator(VICTIM, 1),
    "bars.bar": manager(VICTIM),
    "bars.unbar": manager(VICTIM),
    "moderation.hide": moderator(1),
    "moderation.restore": moderator(1),
    "moderation.find_image": moderator("#1"),
    "moderation.suggest_images": offering(""),
    "review.next_case": moderator(),
    "review.hold": moderator(1, "hide"),
    "review.decide": moderator(1, "hide"),
    "gold.mark": moderator(1, {}),
    "gold.retire": moderator(1),
    "gold.look": moderator(1),
    "gold.accepted": moderator(),
    "dossiers.of": moderator(VICTIM),
    "ratings.of": moderator(VICTIM, Sieve()),
    "ratings.page": moderator(1, Sieve()),
    "ratings.check": moderator(VICTIM, 60, 3),
    "validation.validate": moderator(VICTIM),
    "validation.unvalidate": moderator(VICTIM),
    "auditing.search": moderator(Question()),
    "auditing.page": moderator(Filter()),
    "image_records.of": moderator("#1"),
    "overview.of": operator(),
    "overview.pause": operator(),
    "overview.resume": operator(),
    "cases.next": operator(),
    "cases.settle": operator(1, paid=True),
}
PRIVILEGED: Final = [name for name, method in METHODS.items() if method.rank != "own"]

LOOKS: Final = frozenset({"dossiers.of", "ratings.of", "ratings.check", "voiding.reverts"})
"""What moderators may know of themselves."""

DECISIONS: Final = [
    name
    for name, method in METHODS.items()
    if method.rank in {"moderator", "manager"} and VICTIM in method.arguments and name not in LOOKS
]

ITSELF: Final = "access"
"""The service that decides; tests/trust/test_access.py is about it."""


def methods(services: Services) -> Iterator[str]:
    """Give every public method of a service that is told who calls it."""
    for service in fields(services):
        if service.name == ITSELF:
            continue
        kind = type(getattr(services, service.name))
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_") and _takes_caller(method):
                yield f"{service.name}.{name}"


def _takes_caller(method: Callable[..., object]) -> bool:
    parameters = inspect.signature(method).parameters.values()
    return any(parameter.annotation == "Caller" for parameter in parameters)


def rightful(rank: Rank) -> Caller:
    if rank == "manager":
        return caller(51, manages_server=True)
    if rank == "moderator":
        return caller(MODERATOR, roles=(MODERATORS,))
    return caller(OPERATOR)


def wrongful(rank: Rank) -> Iterator[Caller]:
    """Give everybody who may not, and who may, where they may not."""
    yield caller(5)
    yield replace(caller(6), guild_id=None, guild_ids=frozenset())
    yield replace(rightful(rank), role_ids=frozenset(), manages_server=False, discord_id=8)
    yield in_direct_messages(rightful(rank))
    if rank != "manager":
        yield elsewhere(caller(7))
        yield elsewhere(rightful(rank))
        yield caller(52, manages_server=True)
    if rank != "moderator":
        yield caller(32, roles=(MODERATORS,))
    if rank != "operator":
        yield caller(OPERATOR)


async def call(home: Home, name: str, who: Caller) -> object:
    service, method = name.split(".")
    tried = METHODS[name]
    bound = getattr(getattr(home.services, service), method)
    return await bound(who, *tried.arguments, **tried.named)


def test_every_method_is_classified(home: Home) -> None:
    assert sorted(METHODS) == sorted(methods(home.services)), (
        "METHODS in tests/trust/test_authority.py has to say who may call what; see there"
    )


@pytest.mark.parametrize("name", PRIVILEGED)
async def test_nobody_else_can_call_it(home: Home, name: str) -> None:
    await home.post()
    await home.raters(VICTIM)
    rank, silent = METHODS[name].rank, METHODS[name].silent
    for who in wrongful(rank):
        home.world.clock.turn(61)
        await home.raters(who.discord_id)
        number = await home.world.number(who.discord_id)
        before = await dump(home.world.database)
        if silent:
            assert await call(home, name, who) == []
        else:
            with pytest.raises(NotAllowedError):
                await call(home, name, who)
        changed = news(before, await dump(home.world.database))
        logged = changed.pop("audit_log", [])
        assert changed == {}
        assert [row["rater"] for row in logged] == ([] if silent else [number])
        assert all(row["action"].startswith("refused:") for row in logged)


@pytest.mark.parametrize("name", PRIVILEGED)
async def test_whoever_may_is_not_refused(home: Home, name: str) -> None:
    await home.post()
    await home.raters(VICTIM)
    try:
        await call(home, name, rightful(METHODS[name].rank))
    except NotAllowedError:
        pytest.fail("refused")
    except UserError:
        pass  # there is nothing there to decide or to show, which it finds out itself


@pytest.mark.parametrize("name", DECISIONS)
async def test_nobody_decides_about_themselves(home: Home, name: str) -> None:
    """Not even the only moderator or manager, whatever else they are."""
    who = replace(caller(VICTIM, roles=(MODERATORS,)), manages_server=True)
    await home.post()
    await home.raters(VICTIM)
    number = await home.world.number(VICTIM)
    before = await dump(home.world.database)
    with pytest.raises(OwnMatterError):
        await call(home, name, who)
    changed = news(before, await dump(home.world.database))
    (logged,) = changed.pop("audit_log")
    assert changed == {}
    assert (logged["rater"], logged["action"][:8]) == (number, "refused:")


async def test_a_manager_reaches_no_channel_of_another_server(home: Home) -> None:
    await home.post()
    foreign = elsewhere(caller(7))
    before = await dump(home.world.database)
    channels = home.services.channels
    with pytest.raises(NotAllowedError):
        await channels.set_up(foreign, PLACE, "set", open_posts=9, safe_only=False)
    for act in (channels.start, channels.stop):
        with pytest.raises(UserError):
            await act(foreign, PLACE.channel_id)
    status = await channels.status(foreign, {PLACE.channel_id: PLACE})
    assert (status.channels, status.barred) == ((), ())
    changed = news(before, await dump(home.world.database))
    assert [row["action"] for row in changed.pop("audit_log")] == ["refused:jury.setup"]
    assert set(changed) == {"raters"}
    assert STRANGE_SERVER != HOME
