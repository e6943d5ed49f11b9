-- What managers and what moderators decide of one server are two bars: neither ends the other.
CREATE TABLE bars_of_both (
    guild_id INTEGER NOT NULL,
    rater INTEGER NOT NULL REFERENCES raters (number),
    reason TEXT,
    until INTEGER,
    barred_at INTEGER NOT NULL,
    placed_by TEXT NOT NULL DEFAULT 'manager' CHECK (placed_by IN ('manager', 'moderator')),
    PRIMARY KEY (guild_id, rater, placed_by)
) STRICT, WITHOUT ROWID;
INSERT INTO bars_of_both (guild_id, rater, reason, until, barred_at, placed_by)
SELECT guild_id, rater, reason, until, barred_at, placed_by FROM bars;
DROP TABLE bars;
ALTER TABLE bars_of_both RENAME TO bars;
CREATE INDEX bars_by_rater ON bars (rater);

CREATE TABLE erased_bars_of_both (
    discord_hash TEXT NOT NULL,
    guild_id INTEGER NOT NULL,
    placed_by TEXT NOT NULL CHECK (placed_by IN ('manager', 'moderator')),
    until INTEGER,
    PRIMARY KEY (discord_hash, guild_id, placed_by)
) STRICT, WITHOUT ROWID;
INSERT INTO erased_bars_of_both (discord_hash, guild_id, placed_by, until)
SELECT discord_hash, guild_id, placed_by, until FROM erased_bars;
DROP TABLE erased_bars;
ALTER TABLE erased_bars_of_both RENAME TO erased_bars;
