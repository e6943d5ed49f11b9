-- Gold images, whose right scores are known; lessons before the first votes; and images shown again.

-- purpose: vote (an image to be judged), gold (its scores are known), repeat (the rater has judged
-- it before), lesson (gold with an explanation, before the first votes). Nothing outside shows it.
ALTER TABLE posts ADD COLUMN purpose TEXT NOT NULL DEFAULT 'vote'
    CHECK (purpose IN ('vote', 'gold', 'repeat', 'lesson'));

-- gold: given on a gold showing; kept and paid like others, in no counter, score or export.
ALTER TABLE votes ADD COLUMN gold INTEGER NOT NULL DEFAULT 0 CHECK (gold IN (0, 1));

-- state: proposed (by the program, from closed images), accepted, refused, retired. The right
-- scores of a scale are a range, both ends included; NULL: nothing is known on that scale.
CREATE TABLE gold_images (
    image_id INTEGER PRIMARY KEY REFERENCES images (id),
    state TEXT NOT NULL CHECK (state IN ('proposed', 'accepted', 'refused', 'retired')),
    aesthetic_low INTEGER,
    aesthetic_high INTEGER,
    artifacts_low INTEGER,
    artifacts_high INTEGER,
    explanation TEXT,
    proposed_at INTEGER NOT NULL,
    decided_at INTEGER,
    decided_by INTEGER REFERENCES raters (number),
    CHECK ((aesthetic_low IS NULL) = (aesthetic_high IS NULL)),
    CHECK ((artifacts_low IS NULL) = (artifacts_high IS NULL)),
    CHECK (aesthetic_low <= aesthetic_high AND artifacts_low <= artifacts_high),
    CHECK (aesthetic_low IS NOT NULL OR artifacts_low IS NOT NULL)
) STRICT;
CREATE INDEX gold_images_by_state ON gold_images (state);

-- What raters said of gold images, lessons included. wrong: scales outside of their range, `asked`:
-- scales that have one.
CREATE TABLE gold_answers (
    rater INTEGER NOT NULL REFERENCES raters (number),
    image_id INTEGER NOT NULL REFERENCES images (id),
    lesson INTEGER NOT NULL CHECK (lesson IN (0, 1)),
    aesthetic INTEGER,
    artifacts INTEGER,
    asked INTEGER NOT NULL CHECK (asked >= 0),
    wrong INTEGER NOT NULL CHECK (wrong BETWEEN 0 AND asked),
    answered_at INTEGER NOT NULL,
    PRIMARY KEY (rater, image_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE onboardings (
    rater INTEGER PRIMARY KEY REFERENCES raters (number),
    begun_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT CHECK (outcome IN ('finished', 'skipped')),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

-- A second answer on an image that the rater has judged: in no vote, counter, score or export.
CREATE TABLE repeat_answers (
    id INTEGER PRIMARY KEY,
    rater INTEGER NOT NULL REFERENCES raters (number),
    image_id INTEGER NOT NULL REFERENCES images (id),
    post_id INTEGER NOT NULL UNIQUE REFERENCES posts (id),
    aesthetic INTEGER,
    artifacts INTEGER,
    first_aesthetic INTEGER,
    first_artifacts INTEGER,
    answered_at INTEGER NOT NULL
) STRICT;
CREATE INDEX repeat_answers_by_rater ON repeat_answers (rater);
