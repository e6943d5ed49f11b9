"""One picture that may be new: what an import knows of it, and what a look at its bytes tells."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from bot.datasets.imports.summary import Reason
from bot.errors import ImageUnreadableError
from bot.images.decoding import Measured, measure
from storage.images import KnownImage
from storage.sources import Kind


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said about a picture: `parameters` is a JSON object, `set_key` names its set."""

    prompt: str | None = None
    parameters: str | None = None
    set_key: str | None = None


class Origin(NamedTuple):
    """The folder or archive that a picture's bytes are read from."""

    kind: Kind
    path: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that may be new.

    `place` is what people call it, `known_as` are the keys under which the data set may have it,
    `new_keys` those of which it gets the first that is free. `safe` None: new pictures are not,
    and for what is there nothing changes, nor does it without `turns`. `read` returns the bytes,
    `describe` what is said about them, or None where that cannot be read. `keep` puts them where
    `member` says, where they do not lie there yet; `held` is how many bytes it has in memory until
    then.
    """

    place: str
    known_as: tuple[str, ...]
    new_keys: tuple[str, ...]
    origin: Origin
    member: str
    safe: bool | None
    read: Callable[[], bytes]
    describe: Callable[[], Facts | None]
    keep: Callable[[], None] | None = None
    held: int = 0
    turns: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """What the data set has under the keys of some candidates, and the ids of their sources."""

    images: Mapping[str, KnownImage]
    sources: Mapping[Origin, int]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A picture that is not imported."""

    candidate: Candidate
    reason: Reason


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """A picture that the data set has, perhaps from elsewhere.

    `perceptual_hash` is what the image lacks, from an import that did not make any.
    """

    candidate: Candidate
    known: KnownImage
    perceptual_hash: int | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is new; `facts` is None where they cannot be read."""

    candidate: Candidate
    sha256: bytes
    measured: Measured
    facts: Facts | None


Looked = LeftOut | AlreadyThere | Picture


def look(candidate: Candidate, known: Known) -> Looked:
    """Read one picture as the enemy may have made it; for a thread."""
    try:
        data = candidate.read()
        sha256 = hashlib.sha256(data).digest()
        before = _compare(candidate, sha256, known)
        if isinstance(before, LeftOut):
            return before
        if before is not None and before.known.perceptual_hash is not None:
            return before
        measured = measure(data)
    except ImageUnreadableError as error:
        return LeftOut(candidate, Reason(error.fault))
    if before is not None:
        return replace(before, perceptual_hash=measured.perceptual_hash)
    return Picture(candidate, sha256, measured, candidate.describe())


def _compare(candidate: Candidate, sha256: bytes, known: Known) -> LeftOut | AlreadyThere | None:
    """Find the picture among what the data set has; None where it is new."""
    source_id = known.sources.get(candidate.origin)
    images = [known.images[key] for key in candidate.known_as if key in known.images]
    for image in images:
        if (image.source_id, image.member) == (source_id, candidate.member):
            # An import that read no pictures knows nothing of their bytes.
            if image.sha256 in {None, sha256}:
                return AlreadyThere(candidate, image)
            return LeftOut(candidate, Reason.KEY_TAKEN)
    for image in images:
        if image.sha256 == sha256:
            return AlreadyThere(candidate, image)
    if all(key in known.images for key in candidate.new_keys):
        return LeftOut(candidate, Reason.KEY_TAKEN)
    return None
