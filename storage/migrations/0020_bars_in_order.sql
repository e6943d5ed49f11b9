-- SQLite's quick_check calls a table damaged whose rows are kept by a key that is not its first columns.
CREATE TABLE bars_in_order (
    guild_id INTEGER NOT NULL,
    rater INTEGER NOT NULL REFERENCES raters (number),
    placed_by TEXT NOT NULL DEFAULT 'manager' CHECK (placed_by IN ('manager', 'moderator')),
    reason TEXT,
    until INTEGER,
    barred_at INTEGER NOT NULL,
    PRIMARY KEY (guild_id, rater, placed_by)
) STRICT, WITHOUT ROWID;
INSERT INTO bars_in_order (guild_id, rater, placed_by, reason, until, barred_at)
SELECT guild_id, rater, placed_by, reason, until, barred_at FROM bars;
DROP TABLE bars;
ALTER TABLE bars_in_order RENAME TO bars;
CREATE INDEX bars_by_rater ON bars (rater);
