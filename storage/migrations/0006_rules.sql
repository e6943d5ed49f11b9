-- The online rules. Their queue is the history of votes; `remembered` says how far they are.

-- Images that closed and whose raters were not compared with each other yet.
CREATE TABLE closed_images (
    image_id INTEGER PRIMARY KEY REFERENCES images (id),
    closed_at INTEGER NOT NULL
) STRICT;

-- What the rules keep of a rater: one small state a rule, JSON, of constant size.
CREATE TABLE rule_records (
    rater INTEGER PRIMARY KEY REFERENCES raters (number),
    votes INTEGER NOT NULL CHECK (votes >= 0),
    states TEXT NOT NULL
) STRICT;

-- What a rule finds now; a row leaves when it finds nothing any more. figure is what it measured.
CREATE TABLE findings (
    rater INTEGER NOT NULL REFERENCES raters (number),
    rule TEXT NOT NULL CHECK (length(rule) BETWEEN 1 AND 40),
    figure REAL NOT NULL,
    votes INTEGER NOT NULL CHECK (votes >= 0),
    since INTEGER NOT NULL,
    PRIMARY KEY (rater, rule)
) STRICT, WITHOUT ROWID;

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
