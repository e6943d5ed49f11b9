-- Votes that are taken out and brought back, rows that leave the published data set, and members
-- barred from one server.

-- Names the vote in the list of removed rows; says nothing of rater, image or time.
ALTER TABLE votes ADD COLUMN row_id BLOB CHECK (row_id IS NULL OR length(row_id) = 16);
UPDATE votes SET row_id = randomblob(16);

-- What takes votes of a rater out: of those up to last_vote_id all, those of one server, those
-- changed since a moment, or one. cause: ban (with the votes), revert (since a moment), vote (a
-- single one). settled_at: every vote it means is void; once lifted, none is void because of it.
-- reached: up to this image that is done. reason: what a moderator typed.
CREATE TABLE void_orders (
    id INTEGER PRIMARY KEY,
    rater INTEGER NOT NULL REFERENCES raters (number),
    cause TEXT NOT NULL CHECK (cause IN ('ban', 'revert', 'vote')),
    guild_id INTEGER,
    since INTEGER,
    image_id INTEGER REFERENCES images (id),
    last_vote_id INTEGER NOT NULL,
    reason TEXT,
    ordered_at INTEGER NOT NULL,
    reached INTEGER NOT NULL DEFAULT 0,
    lifted_at INTEGER,
    settled_at INTEGER,
    CHECK ((cause = 'revert') = (since IS NOT NULL)),
    CHECK ((cause = 'vote') = (image_id IS NOT NULL)),
    CHECK (guild_id IS NULL OR cause = 'ban')
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

-- Until now a ban without an end took votes out by itself; the log says since when. And a vote that
-- somebody made void by hand needs a cause.
INSERT INTO void_orders (rater, cause, last_vote_id, ordered_at, settled_at)
SELECT r.number, 'ban', v.last, coalesce(l.at, r.first_seen_at), coalesce(l.at, r.first_seen_at)
FROM raters r
JOIN (SELECT rater, max(id) AS last FROM votes GROUP BY rater) v ON v.rater = r.number
LEFT JOIN (
    SELECT subject, max(at) AS at FROM audit_log WHERE action = 'rater.ban' GROUP BY subject
) l ON l.subject = 'rater:' || r.number
WHERE r.status = 'banned' AND r.status_until IS NULL;
INSERT INTO void_orders (rater, cause, image_id, last_vote_id, ordered_at, settled_at)
SELECT rater, 'vote', image_id, id, changed_at, changed_at FROM votes WHERE state = 'void';
INSERT INTO voids (rater, image_id, order_id, undone)
SELECT v.rater, v.image_id, o.id, v.state = 'undone'
FROM void_orders o JOIN votes v ON v.rater = o.rater AND v.image_id = coalesce(o.image_id, v.image_id);
INSERT INTO removed_rows (row_id, reason, removed_at)
SELECT v.row_id, 'voided', min(o.ordered_at)
FROM void_orders o JOIN votes v ON v.rater = o.rater AND v.image_id = coalesce(o.image_id, v.image_id)
WHERE v.state <> 'undone' GROUP BY v.row_id;
INSERT INTO vote_history (rater, image_id, action, aesthetic, artifacts, post_id, at)
SELECT v.rater, v.image_id, 'voided', v.aesthetic, v.artifacts, v.post_id, o.ordered_at
FROM void_orders o JOIN votes v ON v.rater = o.rater
WHERE o.cause = 'ban' AND v.state <> 'void' ORDER BY v.id;
UPDATE awards SET standing = 'void'
WHERE standing IN ('stands', 'undone') AND EXISTS (
    SELECT 1 FROM voids o WHERE o.rater = awards.rater AND o.image_id = awards.image_id
);
UPDATE votes SET state = 'void', completed_at =
    CASE WHEN aesthetic IS NOT NULL AND artifacts IS NOT NULL
        THEN coalesce(completed_at, changed_at) END
WHERE state <> 'void' AND rater IN (SELECT rater FROM void_orders WHERE cause = 'ban');

-- Who may not rate in one server's posts. placed_by: its managers, or moderators at home. `until`
-- NULL: until it is lifted.
CREATE TABLE bars (
    guild_id INTEGER NOT NULL,
    rater INTEGER NOT NULL REFERENCES raters (number),
    reason TEXT,
    until INTEGER,
    barred_at INTEGER NOT NULL,
    placed_by TEXT NOT NULL DEFAULT 'manager' CHECK (placed_by IN ('manager', 'moderator')),
    PRIMARY KEY (guild_id, rater)
) STRICT, WITHOUT ROWID;
CREATE INDEX bars_by_rater ON bars (rater);

-- The bars of erased raters, under the keyed hash of the Discord id: none ends with an erasure.
CREATE TABLE erased_bars (
    discord_hash TEXT NOT NULL,
    guild_id INTEGER NOT NULL,
    placed_by TEXT NOT NULL CHECK (placed_by IN ('manager', 'moderator')),
    until INTEGER,
    PRIMARY KEY (discord_hash, guild_id)
) STRICT, WITHOUT ROWID;

-- When a ban ends that an erased rater had; NULL: a moderator ends it.
ALTER TABLE erased_raters ADD COLUMN banned_until INTEGER;
