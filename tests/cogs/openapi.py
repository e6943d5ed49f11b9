"""Checks request bodies against Discord's own API description, where that is at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from simcord import HttpLogEntry

DESCRIPTION = Path(__file__).parents[3] / "shared" / "discord" / "openapi.json"
ROOT = "urn:discord"


@dataclass(frozen=True)
class ApiDescription:
    """Discord's API description, and what it says of a request."""

    document: dict[str, Any]

    @classmethod
    def load(cls) -> ApiDescription | None:
        if not DESCRIPTION.exists():
            return None
        return cls(json.loads(DESCRIPTION.read_text("utf-8")))

    def faults(self, requests: Iterable[HttpLogEntry]) -> list[str]:
        """Say what is wrong with any of the requests; a request without a body has no fault."""
        return [
            f"{request.method} {request.path}: {fault}"
            for request in requests
            if request.json is not None and (fault := self.fault(request)) is not None
        ]

    def fault(self, request: HttpLogEntry) -> str | None:
        path = self._path(request.path)
        if path is None:
            return "no such path"
        operation = self.document["paths"][path].get(request.method.lower())
        if operation is None or "requestBody" not in operation:
            return "takes no body"
        pointer = "/".join(
            part.replace("~", "~0").replace("/", "~1")
            for part in ("paths", path, request.method.lower(), "requestBody", "content")
        )
        schema = {"$ref": f"{ROOT}#/{pointer}/application~1json/schema"}
        validator = Draft202012Validator(schema, registry=self._registry)
        error = best_match(validator.iter_errors(request.json))
        return None if error is None else f"{error.json_path}: {error.message[:500]}"

    @cached_property
    def _registry(self) -> Registry[Any]:
        resource = Resource.from_contents(self.document, default_specification=DRAFT202012)
        registry: Registry[Any] = Registry().with_resource(ROOT, resource)
        return registry

    @cached_property
    def _paths(self) -> list[tuple[str, re.Pattern[str]]]:
        """Every path as a pattern, those with the fewest parameters first."""
        paths = sorted(self.document["paths"], key=lambda path: path.count("{"))
        return [(path, re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))) for path in paths]

    def _path(self, requested: str) -> str | None:
        return next((path for path, found in self._paths if found.fullmatch(requested)), None)
