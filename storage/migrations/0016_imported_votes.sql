-- Votes of other collections, as they came: never among `votes` and `raters`. An image of theirs is one
-- of ours where the data set has its key; which those are is looked up, as images may come later.

-- A collection, in however many files it came. format is data: a new one needs no migration. low, high:
-- the ends of its score.
CREATE TABLE imported_collections (
    id INTEGER PRIMARY KEY,
    data_set_id INTEGER NOT NULL REFERENCES data_sets (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    format TEXT NOT NULL,
    low REAL NOT NULL,
    high REAL NOT NULL CHECK (low < high),
    UNIQUE (data_set_id, name)
) STRICT;

-- columns: which of ours the file had, as a JSON list. finished_at: since when all of it is here.
CREATE TABLE imported_files (
    id INTEGER PRIMARY KEY,
    collection_id INTEGER NOT NULL REFERENCES imported_collections (id),
    name TEXT NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    columns TEXT NOT NULL,
    imported_at INTEGER NOT NULL,
    finished_at INTEGER,
    UNIQUE (collection_id, sha256)
) STRICT;

CREATE TABLE imported_images (
    id INTEGER PRIMARY KEY,
    data_set_id INTEGER NOT NULL REFERENCES data_sets (id),
    key TEXT NOT NULL,
    UNIQUE (data_set_id, key)
) STRICT;

CREATE TABLE imported_raters (
    id INTEGER PRIMARY KEY,
    collection_id INTEGER NOT NULL REFERENCES imported_collections (id),
    key TEXT NOT NULL,
    UNIQUE (collection_id, key)
) STRICT;

CREATE TABLE imported_client_agents (
    id INTEGER PRIMARY KEY,
    collection_id INTEGER NOT NULL REFERENCES imported_collections (id),
    name TEXT NOT NULL,
    UNIQUE (collection_id, name)
) STRICT;

-- NULL is what the file did not say. rater_id and client_agent_id have no foreign key: removing a
-- collection would look through all votes for each of its raters.
CREATE TABLE imported_votes (
    id INTEGER PRIMARY KEY,
    collection_id INTEGER NOT NULL REFERENCES imported_collections (id),
    file_id INTEGER NOT NULL REFERENCES imported_files (id),
    image_id INTEGER NOT NULL REFERENCES imported_images (id),
    rater_id INTEGER,
    client_agent_id INTEGER,
    created_at INTEGER,
    rating REAL NOT NULL,
    artifacts REAL,
    ratings_count INTEGER,
    kudos INTEGER,
    account_age INTEGER,
    usage_requests INTEGER,
    trusted INTEGER CHECK (trusted IN (0, 1)),
    validated INTEGER CHECK (validated IN (0, 1)),
    captchas_failed INTEGER,
    country TEXT
) STRICT;
CREATE INDEX imported_votes_by_image ON imported_votes (image_id, rater_id, created_at);
