"""Which actions the code writes into the audit log, read from the code itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
ACTION: Final = re.compile(r"[a-z_]+\.[a-z_]+")
BEGINNING: Final = re.compile(r"[a-z_]+\.")
WRITING: Final = re.compile(r"access\.(log|record)\(")
"""How an act of somebody gets into the log."""

ASKING: Final = re.compile(r"require_\w+|refuse|say|count|has")
"""Calls whose words are rights or texts, not acts."""


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Give every module that may write into the log."""
    for folder in ("bot", "storage", "cogs"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.read_text("utf-8")
            if WRITING.search(source) or (folder != "cogs" and "audit" in source):
                yield path, ast.parse(source)


def literal_acts() -> set[str]:
    """Return the actions that stand in the code as they are."""
    return {word for _, module in modules() for word in _words(module)}


def composed_acts() -> set[str]:
    """Return the beginnings of those that are put together: `hold.` of f"hold.{what}"."""
    return {word for _, module in modules() for word in _beginnings(module)}


def _beginnings(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and ASKING.fullmatch(_name(node.func)):
        return
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        beginning = str(node.values[0].value)
        if BEGINNING.fullmatch(beginning):
            yield beginning
    for child in ast.iter_child_nodes(node):
        yield from _beginnings(child)


def _words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and ASKING.fullmatch(_name(node.func)):
        return
    word = node.value if isinstance(node, ast.Constant) else None
    if isinstance(word, str) and ACTION.fullmatch(word):
        yield word
    for child in ast.iter_child_nodes(node):
        yield from _words(child)


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))
