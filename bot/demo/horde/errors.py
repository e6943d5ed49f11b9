"""How the Horde refuses: with a status, and where its own code refuses also a return code."""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818 - the Horde's answer, no fault of ours
    """An answer of the Horde that is not 200, with its JSON body."""

    def __init__(
        self, status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def refusal(status: int, rc: str, message: str) -> Refusal:
    """Return a refusal by the Horde's own code, which names a return code."""
    return Refusal(status, {"message": message, "rc": rc})


def misshapen(**fields: str) -> Refusal:
    """Return a refusal by the check of the request's shape, which names no return code."""
    return Refusal(400, {"errors": fields, "message": "Input payload validation failed"})
