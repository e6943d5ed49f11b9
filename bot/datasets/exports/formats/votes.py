"""Votes with everything that is kept of them and may be known: one row a vote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Self

import numpy as np
import pyarrow as pa

from bot.datasets.exports.coarsening import published, to_minutes, to_two_digits, to_weeks
from bot.datasets.exports.kinds import Table
from bot.datasets.exports.published import BONDS, CLIENT_AGENTS, Judged, Raters, judged, splits
from bot.datasets.exports.reading import Batches, fetch, filled, find
from bot.datasets.exports.source import Source
from bot.rating.scales import SCALES
from storage import exporting

TIMES: Final = (
    "shown_at", "created_at", *(f"{scale}_at" for scale in SCALES), "changed_at", "completed_at",
)  # fmt: skip
MOMENT: Final = pa.timestamp("us")

TABLE = pa.schema(
    [
        pa.field("row_id", pa.string()),
        pa.field("data_set", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("user_id", pa.string(), nullable=False),
        *(pa.field(scale, pa.int64()) for scale in SCALES),
        pa.field("state", pa.string(), nullable=False),
        pa.field("surface", pa.string(), nullable=False),
        pa.field("gold", pa.bool_(), nullable=False),
        pa.field("after_reveal", pa.bool_(), nullable=False),
        *(
            pa.field(name, MOMENT, nullable=name not in {"shown_at", "created_at", "changed_at"})
            for name in TIMES
        ),
        pa.field("client_agent", pa.string(), nullable=False),
        pa.field("kudos", pa.int64()),
        pa.field("account_age", pa.int64()),
        pa.field("usage_requests", pa.int64()),
        pa.field("trusted", pa.bool_()),
        pa.field("captchas_failed", pa.int64()),
        pa.field("validated", pa.bool_(), nullable=False),
        *(
            pa.field(f"{scale}_{figure}", pa.float64())
            for scale in SCALES
            for figure in ("reliability", "weight")
        ),
    ]
)
"""docs/exports.md says what they mean. Times are naive UTC."""

IMAGES = pa.schema(
    [
        ("image_id", pa.int64()),
        ("data_set_id", pa.int64()),
        *BONDS,
    ]
)
VOTES = pa.schema(
    [
        *((name, pa.int64()) for name in ("image_id", "rater", *SCALES, *TIMES)),
        ("row_id", pa.string()),
        *(
            (name, pa.int64())
            for name in (
                "is_void", "is_public", "gold", "after_reveal", "client_agent_id", "horde_kudos",
                "horde_account_age", "horde_usage_requests", "horde_trusted", "captchas_failed",
            )
        ),
    ]
)  # fmt: skip


def read(source: Source) -> Batches:
    """Yield the selected votes in the columns of `TABLE`, whole images at a time."""
    rows = Rows.load(source)
    for some in judged(source, rows.raters, VOTES, IMAGES):
        yield rows.of(some)


@dataclass(frozen=True, slots=True)
class Rows:
    """Makes rows of votes; holds what does not grow with them, figures at the raters' places."""

    source: Source
    raters: Raters
    client_agents: pa.RecordBatch
    figures: Mapping[str, pa.DoubleArray]

    @classmethod
    def load(cls, source: Source) -> Self:
        """Read raters, with what the estimator's last run found of them, and client agents."""
        raters = Raters.load(source)
        figures = {
            f"{scale}_{name}": pa.array(values, mask=np.isnan(values))
            for scale in SCALES
            for name, values in raters.scored(
                source, scale, reliability=np.nan, weight=np.nan
            ).items()
        }
        agents = fetch(source.connection, exporting.CLIENT_AGENTS, CLIENT_AGENTS)
        return cls(source, raters, agents, figures)

    def of(self, some: Judged) -> pa.RecordBatch:
        """Return a row a vote."""
        columns = self._of_image(some) | self._of_vote(some.votes) | self._of_rater(some.votes)
        return pa.record_batch([columns[name] for name in TABLE.names], schema=TABLE)

    def _of_image(self, some: Judged) -> dict[str, pa.Array]:
        names = self.source.data_set_names(some.images["data_set_id"])
        return {
            "data_set": some.of_votes(names),
            "id": some.of_votes(some.images["key"]),
            "split": some.of_votes(splits(some.images)),
        }

    def _of_vote(self, votes: pa.RecordBatch) -> dict[str, pa.Array]:
        exact = self.source.exact_signals
        weeks = partial(to_weeks, moments=votes["created_at"].to_numpy())
        _, agents = find(votes["client_agent_id"].to_numpy(), self.client_agents["id"].to_numpy())
        return {
            "row_id": filled(votes["row_id"]),
            **{scale: votes[scale] for scale in SCALES},
            "state": _one_of(("given", "void"), votes["is_void"]),
            "surface": _one_of(("private", "public"), votes["is_public"]),
            "gold": votes["gold"].cast(pa.bool_()),
            "after_reveal": votes["after_reveal"].cast(pa.bool_()),
            **{
                name: published(votes[name], to_minutes, exact=exact).cast(MOMENT) for name in TIMES
            },
            "client_agent": self.client_agents["name"].take(pa.array(agents)),
            "kudos": published(votes["horde_kudos"], to_two_digits, exact=exact),
            "account_age": published(votes["horde_account_age"], weeks, exact=exact),
            "usage_requests": published(votes["horde_usage_requests"], to_two_digits, exact=exact),
            "trusted": votes["horde_trusted"].cast(pa.bool_()),
            "captchas_failed": votes["captchas_failed"],
        }

    def _of_rater(self, votes: pa.RecordBatch) -> dict[str, pa.Array]:
        places = votes["rater"]
        return {
            "user_id": self.raters.pseudonyms.take(places),
            "validated": self.raters.validated.take(places),
            **{name: values.take(places) for name, values in self.figures.items()},
        }


def _one_of(words: tuple[str, str], numbers: pa.Int64Array) -> pa.StringArray:
    return pa.array(words).take(numbers)


FORMAT = Table(TABLE, read, image=("data_set", "id"))
