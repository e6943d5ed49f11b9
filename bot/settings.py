"""The program's settings: one class, read from the environment and `.env`, built in main."""

from __future__ import annotations

import re
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError

SQLITE_PREFIX = "sqlite:///"
ENV_FILE = Path(".env")

LARGEST_ID = 2**63 - 1
"""Discord's ids are snowflakes of 64 bits; more than 63 neither Discord nor the database has."""

ANONYMOUS_KEY = "0000000000"
HORDE_KEY = re.compile(r"[A-Za-z0-9_-]{22}")

LICENSE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,:;/+()'&-]*")
"""What a licence's name may hold: raters read it in Discord, where more would be markup."""


def _api_address(address: str) -> str:
    """Accept https addresses, and http on the loopback interface for tests."""
    parts = urlsplit(address)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ValueError("must be an address such as https://discord.com/api/v10")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("must be https, or http on the loopback interface")
    return address.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _sqlite_address(address: str) -> str:
    if not address.startswith(SQLITE_PREFIX) or address == SQLITE_PREFIX:
        raise ValueError("must look like sqlite:///data/jury.db")
    return address


def _license_name(name: str) -> str:
    if not LICENSE_NAME.fullmatch(name):
        raise ValueError("must be one line of plain letters, such as CC-BY-SA-4.0")
    return name


def _horde_key(key: SecretStr) -> SecretStr:
    """Accept a registered account's own key: only that may send kudos.

    AI Horde, `horde/utils.py`: `secrets.token_urlsafe(16)`, 22 characters. Shared keys are UUIDs.
    """
    if key.get_secret_value() == ANONYMOUS_KEY:
        raise ValueError("the anonymous account cannot send kudos; use a registered account's key")
    if not HORDE_KEY.fullmatch(key.get_secret_value()):
        raise ValueError("must be the 22 characters of an account's own key, no shared key")
    return key


Snowflake = Annotated[int, Field(ge=1, le=LARGEST_ID)]
LicenseName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_license_name)]
HordeKey = Annotated[SecretStr, AfterValidator(_horde_key)]
ApiAddress = Annotated[str, AfterValidator(_api_address)]
DatabaseAddress = Annotated[str, AfterValidator(_sqlite_address)]
Share = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseSettings):
    """Every setting, with its unit and default; `.env.example` explains each to an operator."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    discord_token: SecretStr | None = None
    discord_api_url: ApiAddress = "https://discord.com/api/v10"
    home_guild_id: Snowflake | None = None
    operator_ids: Annotated[frozenset[Snowflake], NoDecode] = frozenset()
    moderator_role_id: Snowflake | None = None
    alert_channel_id: Snowflake | None = None
    moderator_channel_id: Snowflake | None = None
    shard_count: int | None = Field(default=None, ge=1)

    horde_api_key: HordeKey | None = None
    horde_api_url: ApiAddress = "https://aihorde.net/api"

    database_url: DatabaseAddress = "sqlite:///data/jury.db"
    media_dir: Path = Path("data/images")
    media_cache_mebibytes: int = Field(default=2048, ge=16)
    originals_dir: Path = Path("data/originals")
    upload_limit_mebibytes: int = Field(default=10, ge=1, le=500)
    hash_key_file: Path = Path("data/hash.key")
    dataset_license: LicenseName = "CC-BY-SA-4.0"
    export_exact_signals: bool = False

    votes_per_image: int = Field(default=5, ge=1, le=1000)
    close_delay_seconds: int = Field(default=60, ge=0, le=86_400)
    pool_size: int = Field(default=200, ge=1, le=100_000)
    rate_limit_per_minute: int = Field(default=40, ge=1, le=10_000)
    captcha_every: int = Field(default=50, ge=0, le=100_000)
    reports_to_hide: int = Field(default=3, ge=1, le=1000)
    report_votes: int = Field(default=5, ge=0, le=10_000)
    reports_open: int = Field(default=20, ge=1, le=100_000)
    scores_every_minutes: int = Field(default=60, ge=0, le=10_080)

    gold_percent: int = Field(default=5, ge=0, le=100)
    gold_percent_risk: int = Field(default=20, ge=0, le=100)
    repeat_percent: int = Field(default=2, ge=0, le=100)
    lessons: int = Field(default=5, ge=0, le=20)

    kudos_per_aesthetic: int = Field(default=5, ge=0, le=1000)
    kudos_per_artifacts: int = Field(default=5, ge=0, le=1000)
    kudos_percent_validated: int = Field(default=100, ge=0, le=1000)
    kudos_percent_trusted: int = Field(default=100, ge=0, le=1000)
    kudos_daily_cap: int = Field(default=1000, ge=1, le=1_000_000)
    kudos_daily_budget: int = Field(default=10_000, ge=1, le=1_000_000_000)
    hold_hours: int = Field(default=48, ge=0, le=8_760)
    payout_minimum: int = Field(default=50, ge=1, le=1_000_000)
    payout_period_hours: int = Field(default=24, ge=0, le=8_760)

    diffusiondb_image_nsfw_max: Share = 0.1
    diffusiondb_prompt_nsfw_max: Share = 0.1

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    @field_validator("operator_ids", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        """Take `1, 2` as the environment writes lists."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @property
    def rewards_on(self) -> bool:
        """Whether raters earn kudos: only with an account to pay them from."""
        return self.horde_api_key is not None

    @property
    def database_path(self) -> Path:
        """The file that `DATABASE_URL` names."""
        return Path(self.database_url.removeprefix(SQLITE_PREFIX))


def load_settings(
    env_file: Path | None = ENV_FILE,
    **given: Any,  # noqa: ANN401 - each setting has a type of its own
) -> Settings:
    """Read the settings; what is `given` wins over the environment, and that over `env_file`.

    Raises SettingsError with one line that names each wrong variable, or the line of the file.
    """
    _names_in(env_file)
    try:
        return Settings(_env_file=env_file, **given)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise SettingsError("; ".join(lines)) from None


def unknown_names(env_file: Path = ENV_FILE) -> list[str]:
    """Return a sentence for each name in the file that is no setting; raises SettingsError."""
    known = [name.upper() for name in Settings.model_fields]
    sentences = []
    for name in _names_in(env_file):
        if name.upper() not in known:
            alike = get_close_matches(name.upper(), known, 1, cutoff=0.75)
            meant = f"; {alike[0]} is" if alike else ""
            sentences.append(f"{name} in {env_file} is no setting{meant}")
    return sentences


def _names_in(env_file: Path | None) -> list[str]:
    """Return the names that the file sets; the library drops a line that it cannot read."""
    if env_file is None or not env_file.is_file():
        return []
    names = []
    try:
        with env_file.open(encoding="utf-8") as file:
            for binding in parse_stream(file):
                if binding.error or (binding.key is not None and binding.value is None):
                    line = binding.original.line
                    raise SettingsError(f"{env_file}: line {line} is not NAME=value")
                if binding.key is not None:
                    names.append(binding.key)
    except UnicodeDecodeError:
        raise SettingsError(f"{env_file}: is not text in UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{env_file}: {error.strerror}") from None
    return names
