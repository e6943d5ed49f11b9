"""Every alert has words that lead whoever has to act to a command, or to the log."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from bot.texts import LANGUAGES, Texts
from bot.trust.alerts import MODERATORS

ROOT = Path(__file__).parents[2]
TEXTS = Texts.load()
INFORMING = {"exported", "folded", "payouts_resumed", "payouts_lost", "payout_contradicted"}
"""What nobody has to do anything about."""


def kinds() -> Iterator[str]:
    """Give every kind of alert that the code names as it is."""
    for folder in ("bot", "cogs", "storage"):
        for path in (ROOT / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                    yield from _kind(call, call.func)


def _kind(call: ast.Call, function: ast.Attribute) -> Iterator[str]:
    place = {"notice": 0}.get(function.attr)
    if function.attr == "add" and getattr(function.value, "id", "") == "alerts":
        place = 1
    if place is not None and len(call.args) > place:
        word = call.args[place]
        if isinstance(word, ast.Constant):
            yield str(word.value)


def told() -> set[str]:
    """Return every kind that the catalogues have."""
    text = files("bot.texts").joinpath("en.toml").read_text("utf-8")
    return set(tomllib.loads(text)["alert"])


def test_every_alert_of_the_code_has_a_text() -> None:
    found = set(kinds())
    assert "incident" in found
    assert found <= told()


@pytest.mark.parametrize("language", LANGUAGES)
def test_moderators_are_led_to_a_command(language: str) -> None:
    assert told() >= MODERATORS
    for kind in MODERATORS:
        assert "`/rater review`" in TEXTS.say(f"alert.{kind}", language), kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_has_to_act_is_told_where(language: str) -> None:
    log = {"en": "log", "de": "Log"}[language]
    for kind in told() - INFORMING:
        text = TEXTS.say(f"alert.{kind}", language)
        assert "`/" in text or "`jury " in text or log in text, kind
