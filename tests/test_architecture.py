"""The rules of the layout that no linter knows: arrows, sizes, and what must be documented."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    path for package in ("bot", "cogs", "storage") for path in (ROOT / package).rglob("*.py")
)

LAYERS = (
    ("storage",),
    ("bot",),  # the features, and what has no package of its own
    ("bot.services",),
    ("cogs",),
    ("bot.client", "bot.doctor", "bot.demo"),
    ("bot.app",),
    ("bot.commands", "bot.cli", "bot.entry"),
)
KNOW_DISCORD = (
    "cogs",
    "bot.client",
    "bot.app",
    "bot.demo",
    "bot.discord_internals",
    "bot.doctor.discord_side",
)
MOST_LINES = 400
MEDIAN_LINES = 250
SQL = re.compile(
    r"\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bDELETE FROM\b|\bUPDATE \w+ SET\b|\bCREATE TABLE\b",
    re.DOTALL,
)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def layer_of(module: str) -> int:
    """Return the layer of the longest package that holds the module."""
    matches = [
        (len(package), number)
        for number, packages in enumerate(LAYERS)
        for package in packages
        if is_in(module, package)
    ]
    return max(matches)[1]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> Iterator[str]:
    """Give what a module imports when it runs; what only the type checker reads does not count."""
    waiting: list[ast.AST] = [tree_of(path)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, "relative imports are not used"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            waiting += ast.iter_child_nodes(node)


def modules(*, below: str | None = None) -> list[Path]:
    return [path for path in MODULES if below is None or is_in(name_of(path), below)]


def test_there_is_something_to_look_at() -> None:
    assert len(MODULES) > 50


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_arrows_point_down(path: Path) -> None:
    module = name_of(path)
    ours = [each for each in imports_of(path) if each.split(".")[0] in {"bot", "cogs", "storage"}]
    assert [each for each in ours if layer_of(each) > layer_of(module)] == []


@pytest.mark.parametrize("path", modules(below="storage"), ids=name_of)
def test_storage_imports_nothing_of_ours(path: Path) -> None:
    assert [each for each in imports_of(path) if each.split(".")[0] in {"bot", "cogs"}] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_discord_side_knows_discord(path: Path) -> None:
    if not any(is_in(name_of(path), package) for package in KNOW_DISCORD):
        assert [each for each in imports_of(path) if is_in(each, "discord")] == []


@pytest.mark.parametrize(
    "path", [path for path in MODULES if not is_in(name_of(path), "storage")], ids=name_of
)
def test_only_storage_writes_sql(path: Path) -> None:
    texts = [
        node.value
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert [text for text in texts if SQL.search(text)] == []


def test_modules_are_small() -> None:
    lines = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
    assert statistics.median(lines.values()) < MEDIAN_LINES


def test_no_module_has_a_name_that_says_nothing() -> None:
    said = {"utils", "util", "helper", "helpers", "manager", "misc", "common"}
    assert [name_of(path) for path in MODULES if said & set(name_of(path).split("."))] == []


def documented_settings() -> dict[str, str]:
    text = (ROOT / ".env.example").read_text("utf-8")
    return dict(re.findall(r"^#?([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE))


def test_every_setting_is_documented_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    documented = documented_settings()
    assert set(documented) == {name.upper() for name in Settings.model_fields}
    defaults = Settings(_env_file=None)
    for name, value in documented.items():
        monkeypatch.setenv(name, value)
    if documented["SHARD_COUNT"]:
        monkeypatch.delenv("SHARD_COUNT")  # an example: the default is Discord's advice
    assert Settings(_env_file=None) == defaults
