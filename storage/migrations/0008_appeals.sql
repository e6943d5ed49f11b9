-- Appeals of limited or banned raters, and who has a case of the review queue in hand.

-- One open appeal a rater. outcome: granted, refused. delivered_at: the answer reached the rater.
-- tried_at: Discord takes no direct message to them; they are told when they next use the bot.
CREATE TABLE appeals (
    id INTEGER PRIMARY KEY,
    rater INTEGER NOT NULL REFERENCES raters (number),
    words TEXT,
    locale TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    answered_at INTEGER,
    answered_by INTEGER REFERENCES raters (number),
    outcome TEXT CHECK (outcome IN ('granted', 'refused')),
    answer TEXT,
    tried_at INTEGER,
    delivered_at INTEGER,
    interaction_id INTEGER NOT NULL UNIQUE,
    CHECK ((answered_at IS NULL) = (outcome IS NULL))
) STRICT;
CREATE UNIQUE INDEX appeals_one_open_a_rater ON appeals (rater) WHERE answered_at IS NULL;
CREATE INDEX appeals_by_rater ON appeals (rater, opened_at);

-- claimed_until: a claim ends by itself, so that nobody keeps a case from others.
ALTER TABLE review_queue ADD COLUMN claimed_by INTEGER REFERENCES raters (number);
ALTER TABLE review_queue ADD COLUMN claimed_until INTEGER;
