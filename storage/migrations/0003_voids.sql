-- Votes that are taken out and brought back, rows that leave the published data set, and members
-- barred from one server.

-- Names the vote in the list of removed rows; says nothing of rater, image or time.
ALTER TABLE votes ADD COLUMN row_id BLOB CHECK (row_id IS NULL OR length(row_id) = 16);
UPDATE votes SET row_id = randomblob(16);

-- What takes votes of a rater out: all of them, those of one server, those changed since a moment,
-- or one. cause: ban (with the votes), revert (since a moment), vote (a single one). settled_at:
-- every vote it means is void; once lifted, none is void because of it.
CREATE TABLE void_orders (
    id INTEGER PRIMARY KEY,
    rater INTEGER NOT NULL REFERENCES raters (number),
    cause TEXT NOT NULL CHECK (cause IN ('ban', 'revert', 'vote')),
    guild_id INTEGER,
    since INTEGER,
    image_id INTEGER REFERENCES images (id),
    ordered_at INTEGER NOT NULL,
    lifted_at INTEGER,
    settled_at INTEGER
) STRICT;
CREATE INDEX void_orders_by_rater ON void_orders (rater);
CREATE INDEX void_orders_unsettled ON void_orders (id) WHERE settled_at IS NULL;

-- Why a vote is void: it is as long as it has a row here. undone: what it was before.
CREATE TABLE voids (
    rater INTEGER NOT NULL REFERENCES raters (number),
    image_id INTEGER NOT NULL REFERENCES images (id),
    order_id INTEGER NOT NULL REFERENCES void_orders (id),
    undone INTEGER NOT NULL CHECK (undone IN (0, 1)),
    PRIMARY KEY (rater, image_id, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX voids_by_order ON voids (order_id);

-- Rows that may have been published and are gone, for the next release to tell.
CREATE TABLE removed_rows (
    row_id BLOB NOT NULL PRIMARY KEY CHECK (length(row_id) = 16),
    reason TEXT NOT NULL CHECK (reason IN ('erased', 'voided', 'changed')),
    removed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Until now a ban without an end took votes out by itself.
INSERT INTO void_orders (rater, cause, ordered_at, settled_at)
SELECT number, 'ban', first_seen_at, first_seen_at FROM raters
WHERE status = 'banned' AND status_until IS NULL AND erased_at IS NULL;
INSERT INTO voids (rater, image_id, order_id, undone)
SELECT v.rater, v.image_id, o.id, v.state = 'undone'
FROM votes v JOIN void_orders o ON o.rater = v.rater WHERE v.state <> 'void';
INSERT INTO removed_rows (row_id, reason, removed_at)
SELECT row_id, 'voided', changed_at FROM votes
WHERE rater IN (SELECT rater FROM void_orders) AND state = 'given';
UPDATE votes SET state = 'void', completed_at =
    CASE WHEN aesthetic IS NOT NULL AND artifacts IS NOT NULL
        THEN coalesce(completed_at, changed_at) END
WHERE rater IN (SELECT rater FROM void_orders) AND state <> 'void';

-- Who may not rate in one server's posts: by its managers, or by moderators at home. `until` NULL:
-- until it is lifted.
CREATE TABLE bars (
    guild_id INTEGER NOT NULL,
    rater INTEGER NOT NULL REFERENCES raters (number),
    reason TEXT,
    until INTEGER,
    barred_at INTEGER NOT NULL,
    PRIMARY KEY (guild_id, rater)
) STRICT, WITHOUT ROWID;
CREATE INDEX bars_by_rater ON bars (rater);

-- The bars of erased raters, under the keyed hash of the Discord id: none ends with an erasure.
CREATE TABLE erased_bars (
    discord_hash TEXT NOT NULL,
    guild_id INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (discord_hash, guild_id)
) STRICT, WITHOUT ROWID;
