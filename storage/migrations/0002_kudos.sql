-- Kudos: what raters earn, to whom and how it is paid. Amounts are whole kudos.

-- Prices belong to the data set; NULL: what the settings say.
ALTER TABLE data_sets ADD COLUMN kudos_aesthetic INTEGER
    CHECK (kudos_aesthetic BETWEEN 0 AND 1000);
ALTER TABLE data_sets ADD COLUMN kudos_artifacts INTEGER
    CHECK (kudos_artifacts BETWEEN 0 AND 1000);

-- What a rater's verified Horde account said when the vote began; NULL without one. account_age is
-- in seconds, usage_requests counts pictures made.
ALTER TABLE votes ADD COLUMN horde_kudos INTEGER;
ALTER TABLE votes ADD COLUMN horde_account_age INTEGER CHECK (horde_account_age >= 0);
ALTER TABLE votes ADD COLUMN horde_usage_requests INTEGER CHECK (horde_usage_requests >= 0);
ALTER TABLE votes ADD COLUMN horde_trusted INTEGER CHECK (horde_trusted IN (0, 1));

-- With the state, a rater's votes of today are counted without a look at the votes themselves.
DROP INDEX votes_by_rater_time;
CREATE INDEX votes_by_rater_time ON votes (rater, completed_at, state);

-- erased_before: this person was erased once and came back; what they earned is in earned_before.
ALTER TABLE raters ADD COLUMN erased_before INTEGER NOT NULL DEFAULT 0
    CHECK (erased_before IN (0, 1));

-- horde_hash: keyed hash of the verified Horde account, so that a ban stays with it. held: an
-- operator held their kudos, so that a hold is no more ended by an erasure than a ban.
ALTER TABLE erased_raters ADD COLUMN horde_hash TEXT;
ALTER TABLE erased_raters ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));

-- Keyed hashes of Discord id, image and scale for which an erased rater had an award: nobody earns
-- for the same twice. In the order of the hashes themselves, for that in which they came would show
-- which ones are of the same number.
CREATE TABLE earned_before (
    digest TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The Horde account that a rater is paid to. verified_at: when ownership was proved; without it the
-- account is only named. The signals are read from a verified account alone. refused_answer: why
-- the Horde would not pay it; until not_before nothing is sent there.
CREATE TABLE horde_links (
    rater INTEGER PRIMARY KEY REFERENCES raters (number),
    horde_id INTEGER NOT NULL CHECK (horde_id > 0),
    name TEXT NOT NULL,
    linked_at INTEGER NOT NULL,
    verified_at INTEGER,
    kudos INTEGER,
    account_age INTEGER CHECK (account_age >= 0),
    usage_requests INTEGER CHECK (usage_requests >= 0),
    trusted INTEGER CHECK (trusted IN (0, 1)),
    read_at INTEGER,
    refused_answer TEXT,
    not_before INTEGER,
    CHECK (verified_at IS NOT NULL OR read_at IS NULL),
    CHECK ((read_at IS NULL) = (kudos IS NULL)),
    CHECK ((read_at IS NULL) = (account_age IS NULL)),
    CHECK ((read_at IS NULL) = (usage_requests IS NULL)),
    CHECK ((read_at IS NULL) = (trusted IS NULL))
) STRICT;
CREATE UNIQUE INDEX horde_links_verified ON horde_links (horde_id) WHERE verified_at IS NOT NULL;
CREATE INDEX horde_links_by_account ON horde_links (horde_id);

-- The account that a rater had named until its owner proved it; told until they link another.
CREATE TABLE horde_displaced (
    rater INTEGER PRIMARY KEY REFERENCES raters (number),
    horde_id INTEGER NOT NULL CHECK (horde_id > 0),
    name TEXT NOT NULL,
    displaced_at INTEGER NOT NULL
) STRICT;

-- One attempt a rater to prove an account: a shared key that has the nonce as its name.
CREATE TABLE horde_proofs (
    rater INTEGER PRIMARY KEY REFERENCES raters (number),
    nonce TEXT NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0)
) STRICT;

-- Why a rater's awards wait although their images are done; reasons are data.
CREATE TABLE holds (
    rater INTEGER NOT NULL REFERENCES raters (number),
    reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 40),
    since INTEGER NOT NULL,
    PRIMARY KEY (rater, reason)
) STRICT;

-- One transfer to one account that settles many awards. state: planned (never sent, or refused
-- before anything could happen), sending (a request may be on its way), in_doubt (the answer was
-- lost or proves nothing), paid, refused (certainly not paid; its awards are owed again), cancelled
-- (never sent; its awards are owed again). key is the Idempotency-Key of every attempt. server,
-- sender_id and resendable are of the first attempt: the same key protects only at the same
-- server, from the same account, where keys are honoured.
CREATE TABLE payouts (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE CHECK (length(key) = 36),
    rater INTEGER NOT NULL REFERENCES raters (number),
    horde_id INTEGER NOT NULL CHECK (horde_id > 0),
    verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
    amount INTEGER NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL
        CHECK (state IN ('planned', 'sending', 'in_doubt', 'paid', 'refused', 'cancelled')),
    server TEXT,
    sender_id INTEGER CHECK (sender_id > 0),
    resendable INTEGER CHECK (resendable IN (0, 1)),
    answer TEXT,
    planned_at INTEGER NOT NULL,
    first_sent_at INTEGER,
    next_try_at INTEGER,
    settled_at INTEGER,
    CHECK ((settled_at IS NOT NULL) = (state IN ('paid', 'refused', 'cancelled'))),
    CHECK (state NOT IN ('sending', 'in_doubt', 'paid') OR first_sent_at IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX payouts_one_open_a_rater ON payouts (rater)
    WHERE state IN ('planned', 'sending', 'in_doubt');
CREATE INDEX payouts_by_rater ON payouts (rater, planned_at);
CREATE INDEX payouts_by_account ON payouts (horde_id, first_sent_at);
CREATE INDEX payouts_by_time ON payouts (first_sent_at) WHERE first_sent_at IS NOT NULL;

-- Every request that was sent, for the limits of the next hour and for whoever asks what happened.
-- outcome is NULL while the answer is awaited, and stays so where the program stopped.
CREATE TABLE payout_attempts (
    id INTEGER PRIMARY KEY,
    payout_id INTEGER NOT NULL REFERENCES payouts (id),
    sent_at INTEGER NOT NULL,
    outcome TEXT
) STRICT;
CREATE INDEX payout_attempts_by_payout ON payout_attempts (payout_id);
CREATE INDEX payout_attempts_by_time ON payout_attempts (sent_at);

-- At most one award ever for a rater, image and scale. standing: stands, undone (the vote was taken
-- back), void (the vote was taken out), forfeited (the rater was erased before it was paid).
-- payout_id: what pays it, unless that was refused or cancelled. An award that is paid and does not
-- stand is written off. Those of banned raters do not count as owed.
CREATE TABLE awards (
    rater INTEGER NOT NULL REFERENCES raters (number),
    image_id INTEGER NOT NULL REFERENCES images (id),
    scale TEXT NOT NULL CHECK (length(scale) BETWEEN 1 AND 20),
    amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1000000),
    standing TEXT NOT NULL DEFAULT 'stands'
        CHECK (standing = 'stands' OR standing = 'undone' OR standing = 'void'
            OR standing = 'forfeited'),
    payout_id INTEGER REFERENCES payouts (id),
    earned_at INTEGER NOT NULL,
    PRIMARY KEY (rater, image_id, scale)
) STRICT, WITHOUT ROWID;
CREATE INDEX awards_by_time ON awards (rater, earned_at, amount, standing);
CREATE INDEX awards_unpaid ON awards (rater, earned_at, amount)
    WHERE payout_id IS NULL AND standing = 'stands';
CREATE INDEX awards_by_payout ON awards (payout_id) WHERE payout_id IS NOT NULL;
CREATE INDEX awards_written_off ON awards (payout_id, amount)
    WHERE payout_id IS NOT NULL AND standing <> 'stands';

-- What the bot awarded on each day since 1970-01-01 UTC; what is taken back later still counts.
CREATE TABLE award_days (
    day INTEGER PRIMARY KEY,
    amount INTEGER NOT NULL CHECK (amount >= 0)
) STRICT;

-- Why nothing is sent: an operator's word, a list of payouts that is not the one that was written,
-- or an answer of the Horde that concerns our own account.
CREATE TABLE payout_pauses (
    cause TEXT PRIMARY KEY CHECK (cause IN ('operator', 'list', 'horde')),
    answer TEXT NOT NULL,
    since INTEGER NOT NULL,
    try_at INTEGER
) STRICT;

ALTER TABLE review_queue ADD COLUMN payout_id INTEGER REFERENCES payouts (id);
