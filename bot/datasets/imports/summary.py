"""What an import says at its end."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from bot.datasets.fetching.faults import FetchFault
from bot.errors import ImportRefusedError, SourceUnavailableError
from bot.images.decoding import Fault
from storage.errors import DiskError

Progress = Callable[[int, int | None], None]
"""Takes how many are done, and of how many where that is known."""

NAMES_SHOWN = 20
NAME_LENGTH_SHOWN = 200

# Invisible characters, line breaks and what turns the direction of the text around it: names with
# them could not be told apart, or would forge lines of a log. Letters of any script are welcome.
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Reason(StrEnum):
    """Why something was left out, or what an operator should know of what was added.

    Has every `Fault` and every `FetchFault` under its own value.
    """

    MISSING = Fault.MISSING
    NOT_ALLOWED = Fault.NOT_ALLOWED
    OUTSIDE = Fault.OUTSIDE
    TOO_MANY_BYTES = Fault.TOO_MANY_BYTES
    TOO_MANY_PIXELS = Fault.TOO_MANY_PIXELS
    NOT_A_PICTURE = Fault.NOT_A_PICTURE
    BROKEN = Fault.BROKEN
    CHANGED = Fault.CHANGED
    LINKED_FOLDER = "linked_folder"
    UNREADABLE_FOLDER = "unreadable_folder"
    UNPRINTABLE_NAME = "unprintable_name"
    KEY_TAKEN = "key_taken"
    NEAR_DUPLICATE = "near_duplicate"
    TWICE = "twice"
    PACKED = "packed"
    PART_ABSENT = "part_absent"
    PART_BROKEN = "part_broken"
    BLURRED = "blurred"
    WRONG_ROW = "wrong_row"
    NOT_UTF8 = "not_utf8"
    NO_PICTURE = "no_picture"
    NO_PICTURES = "no_pictures"
    ANIMATED = "animated"
    SIDECAR_UNREADABLE = "sidecar_unreadable"
    UNSAFE = "unsafe"
    WATERMARK = "watermark"
    NO_LINK = "no_link"
    KNOWN_DEAD = "known_dead"
    WRONG_LINK = FetchFault.WRONG_LINK
    REFUSED_ADDRESS = FetchFault.REFUSED_ADDRESS
    UNKNOWN_HOST = FetchFault.UNKNOWN_HOST
    UNREACHABLE = FetchFault.UNREACHABLE
    TOO_SLOW = FetchFault.TOO_SLOW
    BAD_ANSWER = FetchFault.BAD_ANSWER
    NOT_FOUND = FetchFault.NOT_FOUND
    SERVER_FAULT = FetchFault.SERVER_FAULT
    TOO_MANY_REDIRECTS = FetchFault.TOO_MANY_REDIRECTS
    WRONG_TYPE = FetchFault.WRONG_TYPE
    OPTED_OUT = FetchFault.OPTED_OUT
    DISALLOWED = FetchFault.DISALLOWED
    RULES_UNKNOWN = FetchFault.RULES_UNKNOWN
    BUSY = FetchFault.BUSY
    GIVEN_UP = FetchFault.GIVEN_UP
    NO_IMAGE_NAMED = "no_image_named"
    NO_RATER_NAMED = "no_rater_named"
    NO_SCORE = "no_score"
    OUT_OF_RANGE = "out_of_range"
    WRONG_VALUE = "wrong_value"
    OWN_RATER = "own_rater"
    OTHER_COUNTS = "other_counts"


SENTENCES = {
    Reason.MISSING: "the file is not there",
    Reason.NOT_ALLOWED: "the file may not be read",
    Reason.OUTSIDE: "the name or link leads out of its folder or archive",
    Reason.TOO_MANY_BYTES: "the file is too large",
    Reason.TOO_MANY_PIXELS: "the picture has too many pixels",
    Reason.NOT_A_PICTURE: "not a PNG, WebP, JPEG or GIF picture",
    Reason.BROKEN: "the picture is broken or cut off",
    Reason.CHANGED: "the file changed since its import",
    Reason.LINKED_FOLDER: "a link to a folder is not followed",
    Reason.UNREADABLE_FOLDER: "the folder may not be read",
    Reason.UNPRINTABLE_NAME: "the name has invisible characters",
    Reason.KEY_TAKEN: "the data set has other bytes under the same key",
    Reason.NEAR_DUPLICATE: "looks almost like another picture of the data set",
    Reason.TWICE: "the archive has the name twice",
    Reason.PACKED: "it is packed in a way that is not read, or twice: unpack it first",
    Reason.PART_ABSENT: "the part of the row is not in the folder",
    Reason.PART_BROKEN: "the archive of the part cannot be read",
    Reason.BLURRED: "the picture was blurred by its publisher",
    Reason.WRONG_ROW: "the row has another shape, or no usable name or part",
    Reason.NOT_UTF8: "the row is not UTF-8: save the table as UTF-8 and import it again",
    Reason.NO_PICTURES: "the parquet file has no column with pictures",
    Reason.NO_PICTURE: "the row has neither a picture nor a path",
    Reason.ANIMATED: "animated; its first frame is used",
    Reason.SIDECAR_UNREADABLE: "the file with the prompt cannot be read; imported without it",
    Reason.UNSAFE: "above --max-unsafe",
    Reason.WATERMARK: "above --max-watermark",
    Reason.NO_LINK: "the row has no link",
    Reason.KNOWN_DEAD: "the link gave no new picture before; --retry-dead tries it again",
    Reason.WRONG_LINK: "only http and https links without password, to port 80 or 443, are fetched",
    Reason.REFUSED_ADDRESS: "the link leads to an address that is not public",
    Reason.UNKNOWN_HOST: "the server's name does not exist",
    Reason.UNREACHABLE: "the server cannot be reached",
    Reason.TOO_SLOW: "the server took too long",
    Reason.BAD_ANSWER: "the answer is broken or cut off",
    Reason.NOT_FOUND: "the server has no picture there, or not for us",
    Reason.SERVER_FAULT: "the server failed",
    Reason.TOO_MANY_REDIRECTS: "the link leads on and on",
    Reason.WRONG_TYPE: "the server says that it is no picture",
    Reason.OPTED_OUT: "the site wants no part in the training of models (X-Robots-Tag)",
    Reason.DISALLOWED: "the site does not let robots fetch it (robots.txt)",
    Reason.RULES_UNKNOWN: "the server failed to say what robots may fetch (robots.txt); the next"
    " import tries again",
    Reason.GIVEN_UP: "the server failed time after time; the next import tries again",
    Reason.BUSY: "the server wants to be left alone for now; the next import tries again",
    Reason.NO_IMAGE_NAMED: "the row names no image",
    Reason.NO_RATER_NAMED: "the row names no rater",
    Reason.NO_SCORE: "the row has no score",
    Reason.OUT_OF_RANGE: "the score is not one of the scale",
    Reason.WRONG_VALUE: "the column cannot have this value",
    Reason.OWN_RATER: "the rater is one of ours, so the vote is here already or was erased",
    Reason.OTHER_COUNTS: "the collection has other counts of the image's votes",
}


@dataclass(frozen=True, slots=True)
class Noted:
    """How often one reason applied, and the first NAMES_SHOWN names; the names are printable."""

    reason: Reason
    count: int
    names: tuple[str, ...]


def noted_lines(title: str, entries: Iterable[Noted]) -> list[str]:
    """Return reasons with their counts and names for people."""
    lines = []
    for entry in entries:
        lines.append(f"{title}: {entry.count:,}: {SENTENCES[entry.reason]}")
        lines += [f"  {name}" for name in entry.names]
        if entry.count > len(entry.names) > 0:
            lines.append("  ...")
    return lines


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import did.

    `read` = `added` + `already_there` + the counts of `left_out`. `safe` are those of `added`
    that may be shown everywhere; `now_safe` and `now_unsafe` those of `already_there` for which
    that changed. `notes` tell of images that were added all the same.
    """

    data_set: str
    read: int
    added: int
    safe: int
    already_there: int
    now_safe: int
    now_unsafe: int
    left_out: tuple[Noted, ...]
    notes: tuple[Noted, ...]

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return it for people, a line a fact."""
        lines = [
            f"data set: {self.data_set}",
            f"read: {self.read:,}",
            f"added: {self.added:,} ({self.safe:,} safe, {self.added - self.safe:,} not)",
            f"already there: {self.already_there:,}",
        ]
        turned = {"now safe": self.now_safe, "no longer safe": self.now_unsafe}
        lines += [f"  {title}: {count:,}" for title, count in turned.items() if count]
        return lines + noted_lines("left out", self.left_out) + noted_lines("note", self.notes)


@dataclass(slots=True)
class Tally:
    """Counts while an import runs."""

    data_set: str
    added: int = 0
    safe: int = 0
    already_there: int = 0
    now_safe: int = 0
    now_unsafe: int = 0
    _left_out: dict[Reason, tuple[int, list[str]]] = field(default_factory=dict)
    _notes: dict[Reason, tuple[int, list[str]]] = field(default_factory=dict)

    def leave_out(self, reason: Reason, names: Iterable[str], count: int = 1) -> None:
        """Count what was left out; of the names the first few are kept."""
        _count(self._left_out, reason, names, count)

    def note(self, reason: Reason, name: str) -> None:
        """Count something odd about an image that was added."""
        _count(self._notes, reason, [name], 1)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Note on an error that ends the import what it did until then, if it did anything."""
        try:
            yield
        except (ImportRefusedError, SourceUnavailableError, DiskError) as error:
            if self.read:
                error.add_note("\n".join(self.summary().lines()))
            raise

    @property
    def read(self) -> int:
        """How many were looked at: each was added, there already, or left out."""
        left_out = sum(count for count, _ in self._left_out.values())
        return self.added + self.already_there + left_out

    def summary(self) -> Summary:
        """Return what was counted."""
        return Summary(
            self.data_set,
            self.read,
            self.added,
            self.safe,
            self.already_there,
            self.now_safe,
            self.now_unsafe,
            _noted(self._left_out),
            _noted(self._notes),
        )


def is_printable(name: str) -> bool:
    """Tell whether a name can become a key: none of its characters is invisible."""
    # `isprintable` is stricter, as it refuses rare spaces too, and much faster.
    return name.isprintable() or not any(
        unicodedata.category(character) in UNPRINTABLE for character in name
    )


def printable(name: str) -> str:
    """Return a name for a terminal: what cannot be seen is escaped, what is long is cut."""
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in name[:NAME_LENGTH_SHOWN]
    )
    return shown if len(name) <= NAME_LENGTH_SHOWN else f"{shown}..."


def no_progress(done: int, total: int | None) -> None:
    """Report to nobody."""


def _count(
    counts: dict[Reason, tuple[int, list[str]]], reason: Reason, names: Iterable[str], count: int
) -> None:
    before, kept = counts.setdefault(reason, (0, []))
    for name in names:
        if len(kept) >= NAMES_SHOWN:
            break
        if (shown := printable(name)) not in kept:
            kept.append(shown)
    counts[reason] = before + count, kept


def _noted(counts: dict[Reason, tuple[int, list[str]]]) -> tuple[Noted, ...]:
    ordered = sorted(counts.items(), key=lambda item: -item[1][0])
    return tuple(Noted(reason, count, tuple(names)) for reason, (count, names) in ordered)
