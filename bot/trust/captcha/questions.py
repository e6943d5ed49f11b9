"""Captchas to read in plain text: small questions that a screen reader can say."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final

from bot.texts import Texts
from bot.texts.catalogue import LANGUAGES
from bot.trust.captcha.answers import fold
from bot.trust.captcha.challenges import Made

LISTED: Final = 6
"""Words in a list."""
COMPARED: Final = 4
"""Numbers of which one is the largest."""
MOST_ADDED: Final = 10
CATEGORIES: Final = ("animal", "colour", "fruit", "day")


def number_words(texts: Texts) -> Mapping[str, str]:
    """Return the digits of every folded number word, of all languages."""
    return {
        fold(word): str(value)
        for language in LANGUAGES
        for value, word in enumerate(_words(texts, "captcha.words.numbers", language))
    }


class QuestionMaker:
    """Asks for a sum, a difference, the largest of some numbers, or a word out of a list."""

    def __init__(self, texts: Texts, random: Random) -> None:
        self._texts = texts
        self._random = random

    def make(self, language: str) -> Made:
        """Ask one question in a language."""
        ask = self._random.choice(
            (self._sum, self._difference, self._largest, self._placed, self._of_category)
        )
        return ask(language)

    def _sum(self, language: str) -> Made:
        first, second = (self._random.randint(2, MOST_ADDED) for _ in range(2))
        return self._calculation("sum", language, first, second, first + second)

    def _difference(self, language: str) -> Made:
        left, second = self._random.randint(1, MOST_ADDED), self._random.randint(2, MOST_ADDED)
        return self._calculation("difference", language, left + second, second, left)

    def _calculation(self, name: str, language: str, first: int, second: int, result: int) -> Made:
        numbers = self._words("numbers", language)
        question = self._say(name, language, first=numbers[first], second=numbers[second])
        return Made(str(result), question=question)

    def _largest(self, language: str) -> Made:
        numbers = self._words("numbers", language)
        values = self._random.sample(range(1, len(numbers)), COMPARED)
        listed = ", ".join(numbers[value] for value in values)
        return Made(str(max(values)), question=self._say("largest", language, numbers=listed))

    def _placed(self, language: str) -> Made:
        words = self._random.sample(self._words("things", language), LISTED)
        place = self._random.randrange(LISTED)
        name = self._words("places", language)[place]
        question = self._say("placed", language, place=name, words=", ".join(words))
        return Made(words[place], question=question)

    def _of_category(self, language: str) -> Made:
        category = self._random.choice(CATEGORIES)
        name = self._texts.say(f"captcha.category.{category}.name", language)
        members = _words(self._texts, f"captcha.category.{category}.words", language)
        answer = self._random.choice(members)
        words = [answer, *self._random.sample(self._words("things", language), LISTED - 1)]
        self._random.shuffle(words)
        question = self._say("of_category", language, category=name, words=", ".join(words))
        return Made(answer, question=question)

    def _say(self, name: str, language: str, **values: str) -> str:
        return self._texts.say(f"captcha.question.{name}", language, **values)

    def _words(self, name: str, language: str) -> list[str]:
        return _words(self._texts, f"captcha.words.{name}", language)


def _words(texts: Texts, key: str, language: str) -> list[str]:
    return texts.say(key, language).split(", ")
