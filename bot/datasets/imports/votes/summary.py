"""What an import of votes says at its end."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bot.datasets.imports.summary import Noted, noted_lines


@dataclass(frozen=True, slots=True)
class VotesSummary:
    """What an import of votes did.

    `read` = `added` + `already_there` + the counts of `left_out`. `completed` are those of
    `already_there` of which an earlier file had told less. `images` are the keys that imports into
    the data set have named so far, `images_here` those that are images of the data set, `raters`
    those of the collection.
    """

    data_set: str
    collection: str
    read: int
    added: int
    already_there: int
    completed: int
    images: int
    images_here: int
    raters: int
    left_out: tuple[Noted, ...]

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return it for people, a line a fact."""
        lines = [
            f"data set: {self.data_set}",
            f"collection: {self.collection}",
            f"read: {self.read:,}",
            f"new: {self.added:,}",
            f"already there: {self.already_there:,}",
        ]
        if self.completed:
            lines.append(f"  of which an earlier file told less: {self.completed:,}")
        lines += [
            f"images with imported votes: {self.images:,} ({self.images_here:,} of them here)",
            f"raters of the collection: {self.raters:,}",
        ]
        return lines + noted_lines("left out", self.left_out)
