"""Somebody who reads the questions of captchas and answers them."""

from __future__ import annotations

import re

from bot.texts import Texts

NAMES = ("sum", "difference", "largest", "placed", "of_category")
CATEGORIES = ("animal", "colour", "fruit", "day")


def solve(texts: Texts, question: str, language: str) -> str:
    """Return the answer, in digits or in a word, from nothing but the question."""
    numbers = _words(texts, "words.numbers", language)
    for name in NAMES:
        template = re.escape(texts.say(f"captcha.question.{name}", language))
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", template)
        match = re.fullmatch(pattern, question)
        if match is None:
            continue
        found = match.groupdict()
        if name in {"sum", "difference"}:
            first, second = (numbers.index(found[each]) for each in ("first", "second"))
            return str(first + second if name == "sum" else first - second)
        if name == "largest":
            return str(max(numbers.index(word) for word in found["numbers"].split(", ")))
        listed = found["words"].split(", ")
        if name == "placed":
            places = _words(texts, "words.places", language)
            return listed[places.index(found["place"])]
        names = {texts.say(f"captcha.category.{each}.name", language): each for each in CATEGORIES}
        members = _words(texts, f"category.{names[found['category']]}.words", language)
        (answer,) = set(members) & set(listed)
        return answer
    raise AssertionError(f"no question of ours: {question}")


def _words(texts: Texts, key: str, language: str) -> list[str]:
    return texts.say(f"captcha.{key}", language).split(", ")
