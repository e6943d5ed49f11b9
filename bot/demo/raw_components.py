"""Discord's raw components, as they arrive at whoever presses them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def every_component(components: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Walk components, however deep."""
    for component in components:
        yield component
        yield from every_component(component.get("components", []))
        if "component" in component:
            yield from every_component([component["component"]])


def every_custom_id(components: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Walk the custom_ids of components, however deep."""
    for component in every_component(components):
        if "custom_id" in component:
            yield component["custom_id"]
