"""The columns of what is exported, by name, order and type. Imported in child processes only."""

from __future__ import annotations

import pyarrow as pa

ANONYMOUS_KUDOS = -50
"""The AI Horde's own mark of a rater without an account."""

HORDE = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("ratings_count", pa.int64(), nullable=False),
        pa.field("rating", pa.int64(), nullable=False),
        pa.field("kudos", pa.int64(), nullable=False),
        pa.field("account_age", pa.int64(), nullable=False),
        pa.field("usage_requests", pa.int64(), nullable=False),
        pa.field("created_at", pa.timestamp("ns"), nullable=False),
        pa.field("client_agent", pa.string(), nullable=False),
        pa.field("artifacts", pa.float64()),
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("trusted", pa.bool_(), nullable=False),
        pa.field("validated", pa.bool_(), nullable=False),
        pa.field("captchas_failed", pa.int64(), nullable=False),
        pa.field("country", pa.string()),
    ]
)
"""AI Horde Ratings, as its notebooks show the published file.

account_age is in seconds. created_at is naive UTC; it has whole microseconds but is stored in
nanoseconds, because pandas shows a column in the unit of the file and the published one is
datetime64[ns]. artifacts is a float because pandas 1 had no other number that can be missing.
"""
