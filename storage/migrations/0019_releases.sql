-- The releases of the data. Until when a release may have rows is read_at; NULL as long as it has not
-- begun to read. identity: random, and in the folder too. counts: JSON, what the next one compares.
CREATE TABLE releases (
    number INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    folder TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    read_at INTEGER,
    finished_at INTEGER,
    counts TEXT CHECK (counts IS NULL OR json_valid(counts)),
    CHECK (finished_at IS NULL OR (read_at IS NOT NULL AND counts IS NOT NULL))
) STRICT;
-- No more than one is being made.
CREATE UNIQUE INDEX releases_unfinished ON releases (finished_at IS NULL) WHERE finished_at IS NULL;

-- The release that told of the row; NULL: the next one will.
ALTER TABLE removed_rows ADD COLUMN told_in INTEGER REFERENCES releases (number);
DELETE FROM remembered WHERE name = 'rows.released';
