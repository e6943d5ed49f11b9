import string
import tomllib
from importlib.resources import files

import pytest

from bot.errors import UserError
from bot.texts import ENGLISH, LANGUAGES, Texts
from storage.personal_queries import QUERIES


def flat(table: dict[str, object], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = str(value)
    return found


def catalogue(language: str) -> dict[str, str]:
    return flat(tomllib.loads(files("bot.texts").joinpath(f"{language}.toml").read_text("utf-8")))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def refusals(base: type[UserError] = UserError) -> list[type[UserError]]:
    return [base, *(kind for child in base.__subclasses__() for kind in refusals(child))]


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != ENGLISH])
def test_every_language_has_the_same_keys(language: str) -> None:
    assert catalogue(language).keys() == catalogue(ENGLISH).keys()


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != ENGLISH])
def test_every_language_has_the_same_placeholders(language: str) -> None:
    english, other = catalogue(ENGLISH), catalogue(language)
    differing = {key for key in english if placeholders(english[key]) != placeholders(other[key])}
    assert differing == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_keys_come_in_pairs(language: str) -> None:
    keys = catalogue(language).keys()
    stems = {key.rpartition(".")[0] for key in keys if key.endswith((".one", ".other"))}
    assert {f"{stem}.{form}" for stem in stems for form in ("one", "other")} <= keys


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_a_text(language: str) -> None:
    assert {kind.key for kind in refusals()} <= catalogue(language).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_is_kept_has_a_name(language: str) -> None:
    assert {f"privacy.kept.{table}" for table in QUERIES} <= catalogue(language).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_fit_where_discord_shows_them(language: str) -> None:
    words = catalogue(language)
    labels = [key for key in words if key.startswith("card.") and key != "card.alt_text"]
    assert all(len(words[key]) <= 38 for key in labels)
    described = [key for key in words if key.startswith("command.") and key.endswith("description")]
    assert all(1 <= len(words[key]) <= 100 for key in described)


def test_a_text_is_said_in_the_language_asked_for() -> None:
    texts = Texts.load()
    assert texts.say("card.report", "de") == "Melden"
    assert texts.say("card.report", "en-GB") == "Report"
    assert "7 s" in texts.say("error.rate_limited", "en-US", seconds=7)


def test_a_language_without_a_catalogue_reads_english() -> None:
    assert Texts.load().say("card.report", "ko") == "Report"


def test_counts_choose_their_plural() -> None:
    texts = Texts.load()
    assert texts.count("result.raters", 1, "en") == "1 rater"
    assert texts.count("result.raters", 0, "en") == "0 raters"
    assert texts.count("session.rated_today", 5, "de") == "Du hast heute **5** Bilder bewertet."


def test_a_stored_choice_comes_before_discords_own_locale() -> None:
    assert Texts.locale_for("de", "en-US") == "de"
    assert Texts.locale_for(None, "de") == "de"
    assert Texts.locale_for("auto", "de") == "de"
    assert Texts.locale_for(None, "fr") == "en"


def test_numbers_carry_the_languages_decimal_mark() -> None:
    texts = Texts.load()
    assert texts.number(6.25, "en") == "6.2"
    assert texts.number(6.25, "de", digits=2) == "6,25"


def test_a_key_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        Texts.load().say("no.such.key", "en")
