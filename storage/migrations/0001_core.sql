-- The main job: images in, posts, votes, and what keeps them honest.
-- Every *_at is whole microseconds since 1970-01-01 UTC. Every flag is 0 or 1. Ids of Discord are
-- its snowflakes. `number` of a rater is ours and is all that audit and history ever name.
-- What presses write is checked with OR: for an IN of more than two, SQLite fills a table of its own
-- in memory each time.

CREATE TABLE data_sets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
    target INTEGER NOT NULL CHECK (target BETWEEN 1 AND 1000),
    begun_images INTEGER NOT NULL DEFAULT 0 CHECK (begun_images >= 0),
    full_images INTEGER NOT NULL DEFAULT 0 CHECK (full_images >= 0),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE grants (
    data_set_id INTEGER NOT NULL REFERENCES data_sets (id),
    guild_id INTEGER NOT NULL,
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (data_set_id, guild_id)
) STRICT;

-- Where bytes are read from: a folder, or a zip that is never unpacked.
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    data_set_id INTEGER NOT NULL REFERENCES data_sets (id),
    kind TEXT NOT NULL CHECK (kind IN ('folder', 'zip')),
    path TEXT NOT NULL,
    UNIQUE (data_set_id, path)
) STRICT;

-- Images made from one prompt.
CREATE TABLE sets (
    id INTEGER PRIMARY KEY,
    data_set_id INTEGER NOT NULL REFERENCES data_sets (id),
    key TEXT NOT NULL,
    prompt TEXT,
    UNIQUE (data_set_id, key)
) STRICT;

-- stage: waiting (nobody was asked yet), begun (open places), full (at its target),
-- hidden (by a moderator or by reports), broken (its bytes cannot be shown).
-- closes_at: until when raters of a full image may change their votes. change_until keeps it while
-- one of them has taken a vote back: one that is given again starts no new time.
-- random_key decides the order in which waiting and begun images are met.
CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    data_set_id INTEGER NOT NULL REFERENCES data_sets (id),
    key TEXT NOT NULL,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    member TEXT NOT NULL,
    sha256 BLOB CHECK (sha256 IS NULL OR length(sha256) = 32),
    set_id INTEGER REFERENCES sets (id),
    prompt TEXT,
    parameters TEXT,
    width INTEGER,
    height INTEGER,
    safe INTEGER NOT NULL CHECK (safe IN (0, 1)),
    stage TEXT NOT NULL DEFAULT 'waiting'
        CHECK (stage = 'waiting' OR stage = 'begun' OR stage = 'full' OR stage = 'hidden'
            OR stage = 'broken'),
    random_key INTEGER NOT NULL,
    complete_votes INTEGER NOT NULL DEFAULT 0 CHECK (complete_votes >= 0),
    closes_at INTEGER,
    change_until INTEGER,
    revealed_at INTEGER,
    imported_at INTEGER NOT NULL,
    UNIQUE (data_set_id, key)
) STRICT;
CREATE INDEX images_by_stage ON images (data_set_id, stage, safe, random_key);
CREATE INDEX images_by_set ON images (set_id) WHERE set_id IS NOT NULL;
CREATE INDEX images_by_closing ON images (closes_at) WHERE closes_at IS NOT NULL;

CREATE TABLE raters (
    number INTEGER PRIMARY KEY,
    discord_id INTEGER UNIQUE,
    status TEXT NOT NULL DEFAULT 'normal' CHECK (status IN ('normal', 'validated', 'banned')),
    status_reason TEXT,
    status_until INTEGER,
    locale TEXT,
    consent_version INTEGER,
    consented_at INTEGER,
    first_seen_at INTEGER NOT NULL,
    erased_at INTEGER
) STRICT;

-- What stays of an erased rater, under a keyed hash of the Discord id; nothing here leads to the
-- number under which log and history go on.
CREATE TABLE erased_raters (
    discord_hash TEXT NOT NULL PRIMARY KEY,
    banned INTEGER NOT NULL CHECK (banned IN (0, 1)),
    erased_at INTEGER NOT NULL
) STRICT;

CREATE TABLE rate_limits (
    rater INTEGER NOT NULL REFERENCES raters (number),
    kind TEXT NOT NULL,
    arrival_at INTEGER NOT NULL,
    PRIMARY KEY (rater, kind)
) STRICT;

CREATE TABLE servers (
    guild_id INTEGER PRIMARY KEY,
    locale TEXT,
    first_seen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE channels (
    channel_id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    data_set_id INTEGER NOT NULL REFERENCES data_sets (id),
    open_posts INTEGER NOT NULL CHECK (open_posts BETWEEN 1 AND 10),
    safe_only INTEGER NOT NULL CHECK (safe_only IN (0, 1)),
    started INTEGER NOT NULL DEFAULT 0 CHECK (started IN (0, 1)),
    problem TEXT,
    problem_at INTEGER,
    set_up_at INTEGER NOT NULL
) STRICT;
CREATE INDEX channels_by_guild ON channels (guild_id);

-- state: pending (row written, message not yet confirmed), open, closing (result decided, edit
-- not yet confirmed), closed, lost (its message is gone or was never confirmed).
-- previous_id: the private post after which this one was shown; each has one successor at most.
-- withdrawn: its message lost picture and result because the image was hidden, or is about to.
CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES images (id),
    surface TEXT NOT NULL CHECK (surface IN ('public', 'private')),
    guild_id INTEGER,
    channel_id INTEGER,
    message_id INTEGER,
    rater INTEGER REFERENCES raters (number),
    previous_id INTEGER UNIQUE REFERENCES posts (id),
    state TEXT NOT NULL
        CHECK (state = 'pending' OR state = 'open' OR state = 'closing' OR state = 'closed'
            OR state = 'lost'),
    shown_at INTEGER NOT NULL,
    closed_at INTEGER,
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
    CHECK ((surface = 'private') = (rater IS NOT NULL)),
    CHECK (surface = 'private' OR channel_id IS NOT NULL),
    CHECK (surface = 'private' OR previous_id IS NULL)
) STRICT;
CREATE INDEX posts_by_image ON posts (image_id);
CREATE INDEX posts_by_rater ON posts (rater, id) WHERE rater IS NOT NULL;
CREATE INDEX posts_by_channel ON posts (channel_id, state) WHERE surface = 'public';
CREATE INDEX posts_alive ON posts (state)
    WHERE surface = 'public' AND state IN ('pending', 'open', 'closing');
CREATE INDEX posts_withdrawn ON posts (image_id) WHERE withdrawn = 1;
CREATE INDEX posts_by_message ON posts (message_id) WHERE message_id IS NOT NULL;

-- A place of an image that is kept for one rater while they look, kept_since the first time.
CREATE TABLE reservations (
    image_id INTEGER NOT NULL REFERENCES images (id),
    rater INTEGER NOT NULL REFERENCES raters (number),
    post_id INTEGER NOT NULL REFERENCES posts (id),
    kept_since INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (image_id, rater)
) STRICT;
CREATE INDEX reservations_by_expiry ON reservations (expires_at);
CREATE INDEX reservations_by_rater ON reservations (rater, expires_at, image_id);

CREATE TABLE client_agents (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- state: given, undone (taken back by the rater; scores kept so that they can be given again),
-- void (taken out by a moderator). completed_at: since when every scale is set; NULL while one is
-- missing or the vote is undone.
CREATE TABLE votes (
    id INTEGER PRIMARY KEY,
    rater INTEGER NOT NULL REFERENCES raters (number),
    image_id INTEGER NOT NULL REFERENCES images (id),
    aesthetic INTEGER CHECK (aesthetic BETWEEN 1 AND 10),
    artifacts INTEGER CHECK (artifacts BETWEEN 0 AND 5),
    aesthetic_at INTEGER,
    artifacts_at INTEGER,
    state TEXT NOT NULL DEFAULT 'given'
        CHECK (state = 'given' OR state = 'undone' OR state = 'void'),
    post_id INTEGER NOT NULL REFERENCES posts (id),
    surface TEXT NOT NULL CHECK (surface IN ('public', 'private')),
    locale TEXT NOT NULL,
    client_agent_id INTEGER NOT NULL REFERENCES client_agents (id),
    shown_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    completed_at INTEGER,
    after_reveal INTEGER NOT NULL DEFAULT 0 CHECK (after_reveal IN (0, 1)),
    UNIQUE (rater, image_id),
    CHECK ((aesthetic IS NULL) = (aesthetic_at IS NULL)),
    CHECK ((artifacts IS NULL) = (artifacts_at IS NULL)),
    CHECK (aesthetic IS NOT NULL OR artifacts IS NOT NULL),
    CHECK ((completed_at IS NOT NULL)
        = (aesthetic IS NOT NULL AND artifacts IS NOT NULL AND state <> 'undone'))
) STRICT;
CREATE INDEX votes_by_image ON votes (image_id);
CREATE INDEX votes_by_rater_time ON votes (rater, completed_at);

-- Every change and undo stays readable; the interaction id makes each of them happen once.
CREATE TABLE vote_history (
    id INTEGER PRIMARY KEY,
    rater INTEGER NOT NULL REFERENCES raters (number),
    image_id INTEGER NOT NULL REFERENCES images (id),
    action TEXT NOT NULL
        CHECK (action = 'given' OR action = 'changed' OR action = 'undone' OR action = 'kept'
            OR action = 'voided' OR action = 'restored' OR action = 'erased'),
    aesthetic INTEGER,
    artifacts INTEGER,
    post_id INTEGER REFERENCES posts (id),
    interaction_id INTEGER UNIQUE,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX vote_history_by_rater ON vote_history (rater, id);

CREATE TABLE skips (
    rater INTEGER NOT NULL REFERENCES raters (number),
    image_id INTEGER NOT NULL REFERENCES images (id),
    reason TEXT NOT NULL CHECK (reason IN ('not_loading', 'cannot_judge', 'not_for_me')),
    skipped_at INTEGER NOT NULL,
    PRIMARY KEY (rater, image_id)
) STRICT;

CREATE TABLE reports (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES images (id),
    rater INTEGER NOT NULL REFERENCES raters (number),
    post_id INTEGER NOT NULL REFERENCES posts (id),
    reason TEXT,
    interaction_id INTEGER NOT NULL UNIQUE,
    reported_at INTEGER NOT NULL,
    settled_at INTEGER,
    UNIQUE (image_id, rater)
) STRICT;

-- What waits for a person. `kind` is data: a new kind needs no migration.
CREATE TABLE review_queue (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    image_id INTEGER REFERENCES images (id),
    rater INTEGER REFERENCES raters (number),
    details TEXT NOT NULL DEFAULT '{}',
    opened_at INTEGER NOT NULL,
    settled_at INTEGER,
    settled_by INTEGER REFERENCES raters (number),
    outcome TEXT
) STRICT;
CREATE INDEX review_queue_open ON review_queue (kind, opened_at) WHERE settled_at IS NULL;

CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL
        CHECK (actor IN ('rater', 'manager', 'moderator', 'operator', 'program')),
    rater INTEGER REFERENCES raters (number),
    action TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '',
    details TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX audit_log_by_time ON audit_log (at);

-- One row a kind of alert: a flood of one kind stays one message with a count. What the message
-- says is shown_count; a difference is still to be delivered.
CREATE TABLE alerts (
    kind TEXT PRIMARY KEY,
    message_id INTEGER,
    count INTEGER NOT NULL,
    shown_count INTEGER NOT NULL DEFAULT 0,
    latest TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT;

CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- Small facts that the program must remember, such as the hash of the commands last registered.
CREATE TABLE remembered (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_log_keeps_rows BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_keeps_values BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER vote_history_keeps_rows BEFORE DELETE ON vote_history
BEGIN SELECT RAISE(ABORT, 'the vote history is append-only'); END;
CREATE TRIGGER vote_history_keeps_values BEFORE UPDATE ON vote_history
BEGIN SELECT RAISE(ABORT, 'the vote history is append-only'); END;
