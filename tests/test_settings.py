"""What an operator may write into `.env`, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import LARGEST_ID, load_settings, unknown_names


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("HOME_GUILD_ID", "OPERATOR_IDS", "DATASET_LICENSE", "LOG_LEVEL")
    for name in (*names, "HORDE_API_URL", "DISCORD_API_URL"):
        monkeypatch.delenv(name, raising=False)


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "env"
    path.write_text(text, encoding)
    return path


@pytest.mark.parametrize(
    "line",
    [
        "HOME_GUILD_ID=99999999999999999999",
        "HOME_GUILD_ID=0",
        "OPERATOR_IDS=-3",
        f"OPERATOR_IDS=1,{LARGEST_ID + 1}",
        "DATASET_LICENSE=[free](https://example.org)",
        "DATASET_LICENSE=**CC0**",
        'DATASET_LICENSE="CC0\\nor not"',
        "DATASET_LICENSE=CC0\u202e1.0",
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=f"^{line.partition('=')[0]}"):
        load_settings(written(tmp_path, line))


def test_good_values_are_taken(tmp_path: Path) -> None:
    text = f"HOME_GUILD_ID={LARGEST_ID}\nOPERATOR_IDS=3, 4\nDATASET_LICENSE=ODC-By 1.0 (data)\n"
    settings = load_settings(written(tmp_path, f"# mine\n{text}LOG_LEVEL=debug\n"))
    assert settings.home_guild_id == LARGEST_ID
    assert settings.operator_ids == {3, 4}
    assert settings.dataset_license == "ODC-By 1.0 (data)"
    assert settings.log_level == "DEBUG"


@pytest.mark.parametrize("broken", ["VOTES_PER_IMAGE", 'DATASET_LICENSE="CC0', "VOTES PER=3", "="])
def test_a_line_that_is_no_setting_is_refused_by_its_number(tmp_path: Path, broken: str) -> None:
    with pytest.raises(SettingsError, match="line 2 is not NAME=value"):
        load_settings(written(tmp_path, f"LOG_LEVEL=INFO\n{broken}\n"))


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(written(tmp_path, "LOG_LEVEL=INFO\n", "utf-16"))


def test_misspelled_names_are_found_with_what_was_meant(tmp_path: Path) -> None:
    path = written(tmp_path, "VOTES_PER_IMAGES=3\nlog_level=INFO\nCOLOUR=red\n")
    assert unknown_names(path) == [
        f"VOTES_PER_IMAGES in {path} is no setting; VOTES_PER_IMAGE is",
        f"COLOUR in {path} is no setting",
    ]


def test_no_file_has_no_unknown_names(tmp_path: Path) -> None:
    assert unknown_names(tmp_path / "absent") == []


LOOPBACK = ("http://127.0.0.1:8080/api", "http://[::1]:7001/api", "http://localhost/api")
ELSEWHERE = (
    "http://aihorde.net/api",
    "http://10.0.0.7/api",
    "http://127.0.0.1.example.org/api",
    "http://localhost.example.org/api",
    "http://127.0.0.1@example.org/api",
    "ftp://127.0.0.1/api",
    "aihorde.net/api",
    "https:///api",
)


@pytest.mark.parametrize("name", ["HORDE_API_URL", "DISCORD_API_URL"])
@pytest.mark.parametrize("address", ["https://aihorde.net/api", *LOOPBACK])
def test_an_api_is_reached_by_https_or_on_this_machine(
    tmp_path: Path, name: str, address: str
) -> None:
    settings = load_settings(written(tmp_path, f"{name}={address}/"))
    assert getattr(settings, name.lower()) == address


@pytest.mark.parametrize("name", ["HORDE_API_URL", "DISCORD_API_URL"])
@pytest.mark.parametrize("address", ELSEWHERE)
def test_an_api_that_others_could_listen_to_is_refused(
    tmp_path: Path, name: str, address: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: must be"):
        load_settings(written(tmp_path, f"{name}={address}"))
