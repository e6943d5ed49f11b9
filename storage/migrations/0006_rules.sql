-- The online rules. Their queue is the history of votes; `remembered` says how far they are.

-- Images that closed and whose raters were not compared with each other yet.
CREATE TABLE closed_images (
    image_id INTEGER PRIMARY KEY REFERENCES images (id),
    closed_at INTEGER NOT NULL
) STRICT;
INSERT INTO closed_images (image_id, closed_at)
SELECT id, coalesce(revealed_at, imported_at) FROM images
WHERE stage = 'full' AND closes_at IS NULL;

-- compared: with the others on its image, which happens to a vote once, whatever becomes of it.
ALTER TABLE votes ADD COLUMN compared INTEGER NOT NULL DEFAULT 0 CHECK (compared IN (0, 1));

-- What the rules keep of a rater, as JSON of constant size: `states` of what was pressed and how,
-- `agreement` of how it goes with what others said.
CREATE TABLE rule_records (
    rater INTEGER PRIMARY KEY REFERENCES raters (number),
    votes INTEGER NOT NULL CHECK (votes >= 0),
    states TEXT NOT NULL,
    agreement TEXT NOT NULL
) STRICT;

-- What a rule finds now; a row leaves when it finds nothing any more. figure is what it measured.
-- asked_at: the number of votes at which it asked for a captcha last. held: the program placed the
-- hold of this name. queued_at: the same, of when a person was asked to look last.
CREATE TABLE findings (
    rater INTEGER NOT NULL REFERENCES raters (number),
    rule TEXT NOT NULL CHECK (length(rule) BETWEEN 1 AND 40),
    figure REAL NOT NULL,
    votes INTEGER NOT NULL CHECK (votes >= 0),
    since INTEGER NOT NULL,
    asked_at INTEGER,
    held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)),
    queued_at INTEGER,
    PRIMARY KEY (rater, rule)
) STRICT, WITHOUT ROWID;
CREATE INDEX findings_by_rule ON findings (rule);

-- What follows from the findings, as the path of a vote reads it. gold_percent: showings of gold
-- in a hundred. captcha_because: the rule that asks for a captcha now.
CREATE TABLE risks (
    rater INTEGER PRIMARY KEY REFERENCES raters (number),
    gold_percent INTEGER NOT NULL CHECK (gold_percent BETWEEN 0 AND 100),
    captcha_because TEXT,
    changed_at INTEGER NOT NULL
) STRICT;

-- Two raters who deviate from everybody else in the same way; `rater` has the lower number.
CREATE TABLE rater_pairs (
    rater INTEGER NOT NULL REFERENCES raters (number),
    other INTEGER NOT NULL REFERENCES raters (number),
    score REAL NOT NULL,
    shared INTEGER NOT NULL CHECK (shared > 0),
    found_at INTEGER NOT NULL,
    PRIMARY KEY (rater, other),
    CHECK (rater < other)
) STRICT, WITHOUT ROWID;

-- Who came when, for many who come together; and the cases of one rater.
CREATE INDEX raters_by_first_seen ON raters (first_seen_at);
CREATE INDEX review_queue_by_rater ON review_queue (rater, id) WHERE rater IS NOT NULL;
