-- Scores of images and reliability of raters, as the last run of the estimator left them.

CREATE TABLE score_runs (
    id INTEGER PRIMARY KEY,
    data_set_id INTEGER REFERENCES data_sets (id),
    scale TEXT NOT NULL,
    finished_at INTEGER NOT NULL,
    votes INTEGER NOT NULL,
    images INTEGER NOT NULL,
    raters INTEGER NOT NULL,
    centre REAL NOT NULL,
    spread REAL NOT NULL,
    seconds REAL NOT NULL
) STRICT;
CREATE INDEX score_runs_by_scale ON score_runs (scale, finished_at);

CREATE TABLE image_scores (
    image_id INTEGER NOT NULL REFERENCES images (id),
    scale TEXT NOT NULL,
    score REAL NOT NULL,
    standard_error REAL NOT NULL,
    votes INTEGER NOT NULL CHECK (votes > 0),
    plain_mean REAL NOT NULL,
    difficulty REAL NOT NULL,
    scored_at INTEGER NOT NULL,
    PRIMARY KEY (image_id, scale)
) STRICT, WITHOUT ROWID;

-- weight: of one vote, 1 / points squared. NULL where a detector has nothing to go by.
CREATE TABLE rater_scores (
    rater INTEGER NOT NULL REFERENCES raters (number),
    scale TEXT NOT NULL,
    votes INTEGER NOT NULL CHECK (votes > 0),
    bias REAL NOT NULL,
    inconsistency REAL NOT NULL,
    reliability REAL NOT NULL CHECK (reliability BETWEEN 0 AND 1),
    weight REAL NOT NULL,
    llr REAL,
    correlation_z REAL,
    mode_share REAL,
    residual_sd REAL,
    pair_score REAL,
    held INTEGER NOT NULL CHECK (held IN (0, 1)),
    scored_at INTEGER NOT NULL,
    PRIMARY KEY (rater, scale)
) STRICT, WITHOUT ROWID;

-- The last figure of each day since 1970-01-01 UTC.
CREATE TABLE reliability_history (
    rater INTEGER NOT NULL REFERENCES raters (number),
    scale TEXT NOT NULL,
    day INTEGER NOT NULL,
    votes INTEGER NOT NULL,
    reliability REAL NOT NULL,
    PRIMARY KEY (rater, scale, day)
) STRICT, WITHOUT ROWID;
