"""The bot itself: commands, unknown presses, errors, and how it stops."""

from __future__ import annotations

import asyncio
import re
from importlib.resources import files
from typing import Any

import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route
from simcord import Env
from structlog.testing import capture_logs

from bot import discord_internals
from bot.discord_internals import IncompatibleLibraryError
from bot.errors import NotAllowedError
from bot.texts import LANGUAGES
from cogs.publishing.recovery import posts_on
from cogs.ui.edge import Edge, Exchange
from cogs.ui.items import JuryItem
from tests.cogs.stage import HOME, Stage, answer, score, text


class Failing(JuryItem, template=r"failing"):
    async def press(self, exchange: Exchange) -> None:
        raise RuntimeError("a slip")


class FailingLate(JuryItem, template=r"failing:late"):
    async def press(self, exchange: Exchange) -> None:
        await exchange.answer("done")
        raise NotAllowedError


class Slow(JuryItem, template=r"slow"):
    begun: asyncio.Event
    going_on: asyncio.Event

    @classmethod
    def prepare(cls) -> None:
        cls.begun, cls.going_on = asyncio.Event(), asyncio.Event()

    async def press(self, exchange: Exchange) -> None:
        self.begun.set()
        await self.going_on.wait()
        await exchange.answer("done")


class Counting(JuryItem, template=r"counting"):
    async def press(self, exchange: Exchange) -> None:
        message = exchange.interaction.message
        assert message is not None
        before = list(message.components)
        assert discord_internals.pressed_message(exchange.interaction) is message
        await exchange.answer(f"{len(before)} {posts_on(message)}")


def registrations(env: Env) -> list[Any]:
    return [r.json for r in env.http_requests if r.method == "PUT" and "commands" in r.path]


def described(command: dict[str, Any]) -> list[str]:
    below = [text for option in command.get("options", []) for text in described(option)]
    return [command["description"], *below]


async def test_commands_are_registered_once(stage: Stage) -> None:
    before = len(registrations(stage.env))
    assert before == 2
    await stage.restart()
    assert len(registrations(stage.env)) == before


async def test_every_command_is_described_and_speaks_german(env: Env) -> None:
    commands = [command for body in registrations(env) for command in body]
    rate = next(command for command in commands if command["name"] == "rate")
    # What our texts tell people to type is what they find, in every language.
    assert not rate.get("name_localizations")
    assert not rate["options"][0].get("name_localizations")
    assert "Rate pictures" in rate["description"]
    assert rate["description_localizations"]["de"].startswith("Bilder in einer")
    texts = [text for command in commands if command["type"] == 1 for text in described(command)]
    assert "…" not in texts


async def test_context_menus_are_named_in_every_language(env: Env) -> None:
    commands = [command for body in registrations(env) for command in body]
    menus = {each["name"]: each["name_localizations"] for each in commands if each["type"] == 2}
    assert menus["Rater: info"] == {"de": "Person: Info"}
    assert all(set(names) == {"de"} for names in menus.values())


async def test_the_bot_asks_for_no_privileged_intent(stage: Stage) -> None:
    assert stage.bot.intents == discord.Intents(guilds=True)
    assert list(stage.bot.cached_messages) == []


async def test_an_error_is_logged_under_the_id_that_the_person_sees(stage: Stage) -> None:
    stage.bot.answer(Failing)
    message = await stage.offer("failing")
    with capture_logs() as logs:
        said = answer(await stage.member("ada").click(message, label="press me")).content
    found = re.search(r"`(\w{8})`", said)
    assert found is not None
    (entry,) = [entry for entry in logs if entry["event"] == "incident"]
    assert entry["incident"] == found[1]
    assert isinstance(entry["exc_info"], RuntimeError)


async def test_a_refusal_after_the_answer_is_a_further_message(stage: Stage) -> None:
    stage.bot.answer(FailingLate)
    message = await stage.offer("failing:late")
    result = await stage.member("ada").click(message, label="press me")
    (followup,) = result.followups
    assert followup.content == "You cannot do that here."
    assert followup.ephemeral


async def test_what_is_on_a_pressed_message_is_read_when_it_is_asked_for(stage: Stage) -> None:
    stage.bot.answer(Counting)
    post = await stage.open_post()
    assert post.components
    pressed = await stage.press_absent(stage.member("ada"), post, "counting")
    assert answer(pressed).content == "0 {1}"


async def test_beyond_the_limit_presses_are_told_to_wait(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    stage.bot.edge = Edge(stage.services.texts, stage.bot.languages, most=0)
    assert "Very many people" in answer(await score(ada, post, "aesthetic", 5)).content


async def test_a_stop_waits_for_presses_in_flight_and_refuses_new_ones(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    Slow.prepare()
    stage.bot.answer(Slow)
    message = await stage.offer("slow")
    press = asyncio.ensure_future(ada.click(message, label="press me"))
    await Slow.begun.wait()
    stop = asyncio.ensure_future(stage.bot.edge.drain(3))
    await asyncio.sleep(0)
    assert not stop.done()
    Slow.going_on.set()
    await stop
    assert answer(await press).content == "done"
    assert "restarting" in answer(await score(ada, post, "aesthetic", 5)).content


async def test_closing_the_bot_waits_for_presses_in_flight(stage: Stage) -> None:
    Slow.prepare()
    stage.bot.answer(Slow)
    message = await stage.offer("slow")
    press = asyncio.ensure_future(stage.member("ada").click(message, label="press me"))
    await Slow.begun.wait()
    closing = asyncio.ensure_future(stage.bot.close())
    await asyncio.sleep(0)
    assert not stage.bot.is_closed()
    Slow.going_on.set()
    assert answer(await press).content == "done"
    await closing
    assert stage.bot.is_closed()


async def test_a_stop_does_not_wait_for_ever(stage: Stage) -> None:
    Slow.prepare()
    stage.bot.answer(Slow)
    message = await stage.offer("slow")
    press = asyncio.ensure_future(stage.member("ada").click(message, label="press me"))
    await Slow.begun.wait()
    await stage.bot.edge.drain(0.01)
    assert stage.bot.edge.in_flight == 1
    Slow.going_on.set()
    await press


async def test_a_button_that_is_not_on_its_message_is_answered(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    unknown = await stage.press_absent(ada, post, "vote:aesthetic:5:99")
    assert "I do not know this picture" in text(answer(unknown))
    other = await stage.offer("more:1")
    elsewhere = await stage.press_absent(ada, other, "vote:aesthetic:5:1")
    assert "I do not know this picture" in text(answer(elsewhere))


async def test_nothing_is_kept_of_what_was_sent(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 5)
    await ada.click(post, custom_id="report:1")
    assert stage.bot.persistent_views == []
    store = stage.bot._connection._view_store  # noqa: SLF001 - no public view of open modals
    assert store._modals == {}  # noqa: SLF001 - as above


def test_the_library_has_what_is_touched_of_it() -> None:
    discord_internals.check()


def test_another_library_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(DiscordWebSocket, "DEFAULT_GATEWAY")
    with pytest.raises(IncompatibleLibraryError, match=r"DiscordWebSocket\.DEFAULT_GATEWAY"):
        discord_internals.check()


def test_the_api_address_is_used_by_every_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    discord_internals.use_api("http://127.0.0.1:8000/api/v10")
    assert Route("GET", "/gateway/bot").url == "http://127.0.0.1:8000/api/v10/gateway/bot"


async def test_home_commands_are_registered_at_home_alone(env: Env) -> None:
    paths = [r.path for r in env.http_requests if r.method == "PUT" and "commands" in r.path]
    assert [path for path in paths if f"/guilds/{HOME}/" in path] == paths[1:]


def names_below(command: dict[str, Any]) -> list[str]:
    """Return a command's name, and those of what is below it with a blank in between."""
    below = [n for o in command.get("options", []) if o["type"] in {1, 2} for n in names_below(o)]
    return [command["name"], *(f"{command['name']} {name}" for name in below)]


async def test_every_command_that_people_are_told_of_exists(env: Env) -> None:
    known = {n for body in registrations(env) for command in body for n in names_below(command)}
    told = [files("bot.demo").joinpath("stage.py").read_text("utf-8")]
    told += [files("bot.texts").joinpath(f"{code}.toml").read_text("utf-8") for code in LANGUAGES]
    named = {n for text in told for n in re.findall(r"(?<![\w/<.}])/([a-z]+(?: [a-z]+)?)", text)}
    assert {"rate", "rater review", "privacy erase"} <= named
    groups = {name.split()[0] for name in known if " " in name}
    wanted = {n if n.split()[0] in groups else n.split()[0] for n in named}
    assert wanted - known == set()
