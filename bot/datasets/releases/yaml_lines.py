"""YAML of plain values, as the head of a data card has it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_STRANGE: Final = re.compile(r"[^ -~]")


def yaml_lines(value: Mapping[str, Any] | Sequence[Any], indent: str = "") -> Iterator[str]:
    """Yield the lines of a mapping or a list, in blocks; texts in ASCII and quotes.

    Keys stand as they are: plain words that mean nothing else in YAML, as `no` does.
    """
    if isinstance(value, Mapping):
        for key, each in value.items():
            if _is_block(each):
                yield f"{indent}{key}:"
                yield from yaml_lines(each, f"{indent}  ")
            else:
                yield f"{indent}{key}: {_scalar(each)}"
        return
    for each in value:
        if _is_block(each):
            first, *others = yaml_lines(each, f"{indent}  ")
            yield f"{indent}- {first.strip()}"
            yield from others
        else:
            yield f"{indent}- {_scalar(each)}"


def _scalar(value: object) -> str:
    # YAML knows no pairs of surrogates, which JSON writes of characters above 16 bits.
    return _STRANGE.sub(_escape, json.dumps(value, ensure_ascii=False))


def _escape(strange: re.Match[str]) -> str:
    code = ord(strange[0])
    return f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"


def _is_block(value: object) -> bool:
    return bool(value) and isinstance(value, (Mapping, list, tuple))
