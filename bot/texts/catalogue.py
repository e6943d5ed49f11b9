"""The catalogues: one TOML file a language, read once, asked by dotted key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files

ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {ENGLISH: "English", "de": "Deutsch"}
"""Code and own name of every language that has a catalogue."""

DECIMAL_MARKS: Mapping[str, str] = {ENGLISH: ".", "de": ","}


class Texts:
    """Says keys in a language; falls back to English for languages without a catalogue.

    A locale may be one of ours ("de") or one of Discord's ("en-GB"). A key that no catalogue has
    raises KeyError: a test compares the catalogues, so that can only be a slip in a caller.
    """

    def __init__(self, catalogues: Mapping[str, Mapping[str, str]]) -> None:
        self._catalogues = catalogues

    @classmethod
    def load(cls) -> Texts:
        """Read every catalogue that ships with the program."""
        folder = files("bot.texts")
        return cls(
            {
                language: dict(
                    _flat(tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8")))
                )
                for language in LANGUAGES
            }
        )

    def say(self, key: str, locale: str, /, **values: object) -> str:
        """Return the text of `key` with its placeholders filled."""
        text = self._catalogues[self.locale_for(locale)][key]
        return text.format(**values) if values else text

    def count(self, key: str, number: int, locale: str, /, **values: object) -> str:
        """Return the text for that many: `<key>.one` or `<key>.other`, with `{n}` filled."""
        form = "one" if number == 1 else "other"
        return self.say(f"{key}.{form}", locale, n=number, **values)

    def has(self, key: str) -> bool:
        """Tell whether the catalogues know `key`."""
        return key in self._catalogues[ENGLISH]

    def number(self, value: float, locale: str, *, digits: int = 1) -> str:
        """Return `value` with that many decimals and the language's decimal mark."""
        return f"{value:.{digits}f}".replace(".", self.decimal_mark(locale))

    def decimal_mark(self, locale: str) -> str:
        """Return what parts whole numbers from decimals."""
        return DECIMAL_MARKS[self.locale_for(locale)]

    @staticmethod
    def locale_for(*choices: str | None) -> str:
        """Return the language of the first choice that has a catalogue, else English.

        Choices come in order of weight: a stored choice before Discord's own locale.
        """
        for choice in choices:
            language = (choice or "").partition("-")[0]
            if language in LANGUAGES:
                return language
        return ENGLISH


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Walk a TOML table as dotted keys."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
