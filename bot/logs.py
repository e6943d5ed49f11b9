"""Logging: structlog and the standard library's loggers in one format on stderr."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog

QUIET = ("discord", "aiohttp", "asyncio", "aiosqlite", "PIL")
"""Libraries whose debug lines carry tokens of interactions, or nothing that helps an operator."""


def configure_logs(
    level: str = "INFO",
    form: Literal["console", "json"] = "console",
    stream: TextIO | None = None,
) -> None:
    """Send every log line of the process to `stream` (stderr), as coloured text or JSON lines."""
    target = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_last_steps(form, coloured=target.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))


def _last_steps(
    form: Literal["console", "json"], *, coloured: bool
) -> list[structlog.typing.Processor]:
    # Plain tracebacks: the richer ones print local variables, and those hold tokens.
    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=coloured, exception_formatter=plain)]
