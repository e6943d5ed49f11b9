-- Votes of other collections of which only their numbers are known. counts: of each score from the
-- collection's low to its high, as a JSON list. The last four are what AVA tells besides.
CREATE TABLE imported_histograms (
    id INTEGER PRIMARY KEY,
    collection_id INTEGER NOT NULL REFERENCES imported_collections (id),
    file_id INTEGER NOT NULL REFERENCES imported_files (id),
    image_id INTEGER NOT NULL REFERENCES imported_images (id),
    counts TEXT NOT NULL,
    number INTEGER,
    first_tag INTEGER,
    second_tag INTEGER,
    challenge INTEGER,
    UNIQUE (image_id, collection_id)
) STRICT;
