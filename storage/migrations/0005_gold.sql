-- Gold images, whose right scores are known; lessons before the first votes; and images shown again.

-- purpose: vote (an image to be judged), gold (its scores are known), repeat (the rater has judged
-- it before), lesson (gold with an explanation, before the first votes). Nothing outside shows it.
ALTER TABLE posts ADD COLUMN purpose TEXT NOT NULL DEFAULT 'vote'
    CHECK (purpose = 'vote' OR purpose = 'gold' OR purpose = 'repeat' OR purpose = 'lesson');

-- gold: given on a gold showing; kept and paid like others, in no counter, score or export.
ALTER TABLE votes ADD COLUMN gold INTEGER NOT NULL DEFAULT 0 CHECK (gold IN (0, 1));

-- gold: earned on a gold showing. Such an award waits for no image: when it may be paid would show.
ALTER TABLE awards ADD COLUMN gold INTEGER NOT NULL DEFAULT 0 CHECK (gold IN (0, 1));

-- purpose: of the post. Only for a vote a place of the image is taken; what else is shown is kept
-- for its rater all the same, so that it comes back as everything comes back.
ALTER TABLE reservations ADD COLUMN purpose TEXT NOT NULL DEFAULT 'vote'
    CHECK (purpose = 'vote' OR purpose = 'gold' OR purpose = 'repeat');

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

-- What raters said of gold images, lessons included: as of the newest press. asked: scales that
-- have a range, wrong: those outside of it; both 0 while a lesson lacks a score.
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
CREATE INDEX gold_answers_by_image ON gold_answers (image_id);

-- lessons: how many there are to be.
CREATE TABLE onboardings (
    rater INTEGER PRIMARY KEY REFERENCES raters (number),
    lessons INTEGER NOT NULL CHECK (lessons > 0),
    begun_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT CHECK (outcome IN ('finished', 'skipped')),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

-- A second answer on an image that the rater has judged: in no vote, counter, score or export.
-- state: as of a vote. answered_at: since when it is whole; NULL while a score is missing or it is
-- taken back. post_id and shown_at are those of the first press.
CREATE TABLE repeat_answers (
    id INTEGER PRIMARY KEY,
    rater INTEGER NOT NULL REFERENCES raters (number),
    image_id INTEGER NOT NULL REFERENCES images (id),
    post_id INTEGER NOT NULL REFERENCES posts (id),
    aesthetic INTEGER,
    artifacts INTEGER,
    state TEXT NOT NULL DEFAULT 'given' CHECK (state IN ('given', 'undone')),
    first_aesthetic INTEGER,
    first_artifacts INTEGER,
    shown_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    answered_at INTEGER,
    UNIQUE (rater, image_id),
    CHECK ((answered_at IS NOT NULL)
        = (aesthetic IS NOT NULL AND artifacts IS NOT NULL AND state = 'given'))
) STRICT;
CREATE INDEX repeat_answers_by_time ON repeat_answers (rater, answered_at);

-- Presses on repeats and lessons, which are in no history of votes: each of them happens once. The
-- scores are as they stood after it.
CREATE TABLE check_presses (
    interaction_id INTEGER PRIMARY KEY,
    rater INTEGER NOT NULL REFERENCES raters (number),
    post_id INTEGER NOT NULL REFERENCES posts (id),
    aesthetic INTEGER,
    artifacts INTEGER,
    state TEXT NOT NULL CHECK (state IN ('given', 'undone')),
    changed INTEGER NOT NULL CHECK (changed IN (0, 1)),
    completed INTEGER NOT NULL CHECK (completed IN (0, 1)),
    pressed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX check_presses_by_rater ON check_presses (rater);
