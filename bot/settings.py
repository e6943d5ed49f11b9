"""The program's settings: one class, read from the environment and `.env`, built in main."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError

SQLITE_PREFIX = "sqlite:///"


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


ApiAddress = Annotated[str, AfterValidator(_api_address)]
DatabaseAddress = Annotated[str, AfterValidator(_sqlite_address)]
Share = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseSettings):
    """Every setting, with its unit and default; `.env.example` explains each to an operator."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    discord_token: SecretStr | None = None
    discord_api_url: ApiAddress = "https://discord.com/api/v10"
    home_guild_id: int | None = Field(default=None, gt=0)
    operator_ids: Annotated[frozenset[int], NoDecode] = frozenset()
    moderator_role_id: int | None = Field(default=None, gt=0)
    alert_channel_id: int | None = Field(default=None, gt=0)
    shard_count: int | None = Field(default=None, ge=1)

    horde_api_key: SecretStr | None = None
    horde_api_url: ApiAddress = "https://aihorde.net/api"

    database_url: DatabaseAddress = "sqlite:///data/jury.db"
    media_dir: Path = Path("data/images")
    media_cache_mebibytes: int = Field(default=2048, ge=16)
    upload_limit_mebibytes: int = Field(default=10, ge=1, le=500)
    hash_key_file: Path = Path("data/hash.key")
    dataset_license: str = Field(default="CC-BY-SA-4.0", min_length=1, max_length=64)
    export_exact_signals: bool = False

    votes_per_image: int = Field(default=5, ge=1, le=1000)
    close_delay_seconds: int = Field(default=60, ge=0, le=86_400)
    pool_size: int = Field(default=200, ge=1, le=100_000)
    rate_limit_per_minute: int = Field(default=40, ge=1, le=10_000)
    reports_to_hide: int = Field(default=3, ge=1, le=1000)

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

    @property
    def database_path(self) -> Path:
        """The file that `DATABASE_URL` names."""
        return Path(self.database_url.removeprefix(SQLITE_PREFIX))


def load_settings() -> Settings:
    """Read the settings; raises SettingsError with one line that names each wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise SettingsError("; ".join(lines)) from None
