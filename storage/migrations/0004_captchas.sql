-- Captchas: whether somebody is there who reads.

-- Fails minus passes of the rater when the vote began, as the published table defines it.
ALTER TABLE votes ADD COLUMN captchas_failed INTEGER;

-- What came of a rater's captchas. Only `failed` counts against them. votes_left: new votes until
-- the next one is due, 0: now. fails_in_a_row and not_before: growing pauses. kind: the one that
-- was passed last, offered first the next time.
CREATE TABLE captcha_records (
    rater INTEGER PRIMARY KEY REFERENCES raters (number),
    failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
    passed INTEGER NOT NULL DEFAULT 0 CHECK (passed >= 0),
    expired INTEGER NOT NULL DEFAULT 0 CHECK (expired >= 0),
    unavailable INTEGER NOT NULL DEFAULT 0 CHECK (unavailable >= 0),
    votes_left INTEGER NOT NULL DEFAULT 0 CHECK (votes_left >= 0),
    fails_in_a_row INTEGER NOT NULL DEFAULT 0 CHECK (fails_in_a_row >= 0),
    not_before INTEGER,
    kind TEXT NOT NULL DEFAULT 'picture' CHECK (kind IN ('picture', 'audio', 'question'))
) STRICT;

-- One captcha, and the press that waits for its answer. answer_hash: keyed, of this captcha alone.
-- replaced: the rater was given another one in its place. No id is ever used again, for buttons with
-- it stay in messages.
CREATE TABLE captchas (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rater INTEGER NOT NULL REFERENCES raters (number),
    kind TEXT NOT NULL CHECK (kind IN ('picture', 'audio', 'question')),
    answer_hash TEXT NOT NULL,
    tries_left INTEGER NOT NULL CHECK (tries_left >= 0),
    state TEXT NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'passed', 'failed', 'expired', 'unavailable', 'replaced')),
    post_id INTEGER NOT NULL REFERENCES posts (id),
    scale TEXT NOT NULL,
    value INTEGER NOT NULL,
    interaction_id INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    settled_at INTEGER,
    CHECK ((state = 'open') = (settled_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX captchas_one_open_a_rater ON captchas (rater) WHERE state = 'open';
CREATE INDEX captchas_by_rater ON captchas (rater);
