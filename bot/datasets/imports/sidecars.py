"""The prompt beside a picture: `name.json` or `name.txt`."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

from bot.datasets.imports.candidates import Facts
from bot.errors import ImageUnreadableError, JuryError
from bot.images.decoding import Fault
from bot.images.originals import read_file

SUFFIXES = (".json", ".txt")
MAX_BYTES = 2**20
"""Far above any prompt with its parameters."""


class SidecarError(JuryError):
    """The sidecar is there and cannot be used."""


def read_sidecar(folder: Path, member: str) -> Facts:
    """Return what the sidecar of a picture says; the JSON goes before the text.

    Raises SidecarError.
    """
    for suffix in SUFFIXES:
        text = _text(folder, str(PurePosixPath(member).with_suffix(suffix)))
        if text is not None:
            return _parse(text, suffix)
    return Facts()


def _text(folder: Path, name: str) -> str | None:
    try:
        data = read_file(folder, name)
        if len(data) > MAX_BYTES:
            raise SidecarError(f"{name} has more than {MAX_BYTES // 2**20} MiB")
        return data.decode("utf-8-sig")
    except ImageUnreadableError as error:
        if error.fault == Fault.MISSING:
            return None
        raise SidecarError(str(error)) from error
    except UnicodeDecodeError as error:
        raise SidecarError(f"{name} is not UTF-8") from error


def _parse(text: str, suffix: str) -> Facts:
    if suffix == ".txt":
        return Facts(prompt=clean(text.strip()) or None)
    try:
        # RecursionError is how deep nesting ends; NaN and Infinity are no JSON.
        fields = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise SidecarError(f"not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise SidecarError("not a JSON object")
    prompt, set_key = fields.pop("prompt", None), fields.pop("set", None)
    if not isinstance(prompt, str | None) or not isinstance(set_key, str | int | None):
        raise SidecarError("prompt and set must be texts")
    return Facts(
        prompt=clean(prompt.strip()) or None if prompt else None,
        parameters=clean(json.dumps(fields, ensure_ascii=False)) if fields else None,
        set_key=clean(str(set_key)) if set_key not in {None, ""} else None,
    )


def clean(text: str) -> str:
    """Return the text as a database can keep it: halves of characters become '?'."""
    return text.encode("utf-8", "replace").decode("utf-8")
