"""`jury run`: the bot itself."""

from __future__ import annotations

from bot.app import run_app
from bot.logs import configure_logs
from bot.settings import load_settings


def run() -> None:
    """Run the bot until SIGINT or SIGTERM; then drain, close, and exit with 0."""
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    run_app(settings)
