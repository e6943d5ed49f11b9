"""Captchas as they are made, and what people type."""

from __future__ import annotations

import asyncio
import io
import threading
import wave
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageStat

from bot.errors import BusyError
from bot.texts import LANGUAGES, Texts
from bot.trust.captcha.answers import LOOKALIKES, PICTURE_ALPHABET, fold, meaning
from bot.trust.captcha.challenges import Made, Maker
from bot.trust.captcha.pictures import HEIGHT, LENGTH, WIDTH, PictureMaker
from bot.trust.captcha.questions import CATEGORIES, QuestionMaker, number_words
from bot.trust.captcha.sounds import SoundMaker
from bot.trust.captcha.workshop import (
    MOST_WAITING,
    CaptchaUnavailableError,
    Workshop,
    makers_of,
)
from storage.captchas import CaptchaKind
from tests.trust.captcha_solver import solve

TEXTS = Texts.load()
NUMBERS = number_words(TEXTS)


def words(key: str, language: str) -> list[str]:
    return TEXTS.say(f"captcha.{key}", language).split(", ")


def test_a_picture_shows_characters_that_stay_apart() -> None:
    maker = PictureMaker(Random(1))
    made = [maker.make("en") for _ in range(100)]
    answers = [each.answer for each in made]
    assert len(set(answers)) > 95
    assert {len(answer) for answer in answers} == {LENGTH}
    assert set("".join(answers)) == set(PICTURE_ALPHABET)
    assert all(a != b for answer in answers for a, b in pairwise(answer))


def test_a_picture_is_dark_on_light_and_holds_no_words() -> None:
    maker = PictureMaker(Random(2))
    for _ in range(20):
        made = maker.make("de")
        assert made.data is not None
        with Image.open(io.BytesIO(made.data)) as picture:
            assert picture.size == (WIDTH, HEIGHT)
            assert picture.info == {}
            grey = picture.convert("L")
            shades = grey.histogram()
            assert sum(shades[:128]) > 1500
            assert ImageStat.Stat(grey).median[0] > 230
        assert made.answer.encode() not in made.data


def test_a_sound_is_a_short_file_of_spoken_digits() -> None:
    made = SoundMaker(Random(3)).make("de")
    assert made.data is not None
    with wave.open(io.BytesIO(made.data)) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    assert 5 < seconds < 25
    assert len(made.answer) == 5
    assert made.answer.isdecimal()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_is_answered_by_whoever_reads_it(language: str) -> None:
    maker = QuestionMaker(TEXTS, Random(4))
    questions = set()
    for _ in range(500):
        made = maker.make(language)
        assert made.question is not None
        answer = solve(TEXTS, made.question, language)
        assert meaning("question", answer, NUMBERS) == meaning("question", made.answer, NUMBERS)
        questions.add(made.question)
    assert len(questions) > 400


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_words_of_a_question_mean_the_same(language: str) -> None:
    things = words("words.things", language)
    for category in CATEGORIES:
        listed = things + words(f"category.{category}.words", language)
        folded = {meaning("question", word, NUMBERS) for word in listed}
        assert len(folded) == len(listed)
        assert "" not in folded
    assert len(words("words.numbers", language)) == 21
    assert len(words("words.places", language)) == 6


@pytest.mark.parametrize(
    ("kind", "typed", "meant"),
    [
        ("picture", "ac3kp", "AC3KP"),
        ("picture", " A c-3 K.p ", "AC3KP"),
        ("picture", "6V18Z", "CY737"),
        ("picture", "\uff21\uff23\uff13", "AC3"),
        ("picture", "", ""),
        ("picture", "  \u200b ...", ""),
        ("audio", "1 2 3 4 5", "12345"),
        ("audio", "one two, THREE vier fünf", "12345"),
        ("audio", "1-2-3-4-5", "12345"),
        ("audio", "what?", ""),
        ("question", "Zwölf", "12"),
        ("question", "zwoelf!", "12"),
        ("question", " 12 ", "12"),
        ("question", "the Lamp", "lamp"),
        ("question", "eine Brücke", "brucke"),
        ("question", "BRUECKE", "brucke"),
        ("question", "Weiß", "weiss"),
        ("question", "a", ""),
        ("question", "x" * 5000, "x" * 200),
    ],
)
def test_people_type_in_their_own_way(kind: CaptchaKind, typed: str, meant: str) -> None:
    assert meaning(kind, typed, NUMBERS) == meant


def test_what_no_picture_shows_is_taken_for_what_it_looks_like() -> None:
    assert not set(LOOKALIKES) & set(PICTURE_ALPHABET)
    assert set(LOOKALIKES.values()) <= set(PICTURE_ALPHABET)


@given(st.text(max_size=300), st.sampled_from(get_args(CaptchaKind)))
def test_a_meaning_means_itself(typed: str, kind: CaptchaKind) -> None:
    meant = meaning(kind, typed, NUMBERS)
    assert len(meant) <= 600
    if kind != "question":
        assert meaning(kind, meant, NUMBERS) == meant


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(word: str) -> None:
    once = fold(word)
    assert fold(once).casefold() == fold(once)


class Breaking:
    def make(self, language: str) -> Made:
        raise ValueError(f"the answer would have been XKCD7 in {language}")


class Waiting:
    """Stands still until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def make(self, language: str) -> Made:
        self.go.wait(30)
        return Made(language)


def workshop(kind: CaptchaKind, maker: Maker, seconds: float = 2.0) -> Workshop:
    return Workshop({**makers_of(TEXTS, Random(5)), kind: maker}, seconds)


@pytest.mark.parametrize("kind", get_args(CaptchaKind))
async def test_each_kind_is_made_and_nothing_prints_its_answer(kind: CaptchaKind) -> None:
    made = await Workshop(makers_of(TEXTS, Random(6))).make(kind, "en")
    assert made.answer
    assert (made.data is None) == (kind == "question")
    assert (made.question is None) == (kind != "question")
    assert repr(made) == "Made()"


@pytest.mark.parametrize(
    ("kind", "maker", "reason"),
    [
        ("picture", PictureMaker(Random(1), [Path("/nowhere/font.ttf")]), "picture: OSError"),
        ("audio", SoundMaker(Random(1), Path("/nowhere")), "audio: FileNotFoundError"),
        ("question", Breaking(), "question: ValueError"),
    ],
)
async def test_what_cannot_be_made_is_unavailable_and_says_no_more(
    kind: CaptchaKind, maker: Maker, reason: str
) -> None:
    with pytest.raises(CaptchaUnavailableError) as caught:
        await workshop(kind, maker).make(kind, "en")
    assert str(caught.value) == reason
    assert caught.value.__cause__ is None


async def test_what_takes_too_long_is_unavailable() -> None:
    slow = Waiting()
    shop = workshop("audio", slow, 0.05)
    try:
        with pytest.raises(CaptchaUnavailableError, match=r"audio: not made in 0\.05 s"):
            await shop.make("audio", "en")
    finally:
        slow.go.set()
        shop.close()


async def test_a_crowd_at_one_kind_hears_busy_before_it_looks_like_an_outage() -> None:
    slow = Waiting()
    shop = workshop("audio", slow, 30)
    try:
        waiting = [
            asyncio.create_task(shop.make("audio", "en")) for _ in range(MOST_WAITING["audio"])
        ]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await shop.make("audio", "en")
        assert (await shop.make("picture", "en")).data
        slow.go.set()
        assert len(await asyncio.gather(*waiting)) == MOST_WAITING["audio"]
        assert (await shop.make("audio", "en")).answer
    finally:
        slow.go.set()
        shop.close()
