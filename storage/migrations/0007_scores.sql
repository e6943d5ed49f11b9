-- Scores of images and reliability of raters, as the estimator's last run left them and single votes
-- that left or came back since have changed them.

-- The last run on each scale, and with what it scored. seen_at: the moment whose votes it saw, up to
-- `position` in vote_history; NULL until one is done. spread, centre: of the images, in points; what
-- is taken for a rater without figures: crowd_bias, crowd_weight; low, high: the scale's ends.
CREATE TABLE score_runs (
    scale TEXT PRIMARY KEY,
    low REAL NOT NULL,
    high REAL NOT NULL,
    centre REAL NOT NULL,
    spread REAL NOT NULL CHECK (spread > 0),
    crowd_bias REAL NOT NULL,
    crowd_weight REAL NOT NULL CHECK (crowd_weight > 0),
    seen_at INTEGER,
    position INTEGER,
    votes INTEGER,
    images INTEGER,
    raters INTEGER,
    seconds REAL
) STRICT, WITHOUT ROWID;

-- The centre of each data set that has votes; another one has that of its scale.
CREATE TABLE score_centres (
    data_set_id INTEGER NOT NULL REFERENCES data_sets (id),
    scale TEXT NOT NULL,
    centre REAL NOT NULL,
    PRIMARY KEY (data_set_id, scale)
) STRICT, WITHOUT ROWID;

-- difficulty: how much more than usual raters disagree on the image.
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

-- The last figure of each day since 1970-01-01 UTC on which it changed.
CREATE TABLE reliability_history (
    rater INTEGER NOT NULL REFERENCES raters (number),
    scale TEXT NOT NULL,
    day INTEGER NOT NULL,
    votes INTEGER NOT NULL,
    reliability REAL NOT NULL,
    PRIMARY KEY (rater, scale, day)
) STRICT, WITHOUT ROWID;
