-- Links that gave a data set no picture when they were tried, so that they are not asked for again.
-- reason: in one word, of what imports call their reasons.
CREATE TABLE dead_links (
    data_set_id INTEGER NOT NULL REFERENCES data_sets (id),
    url TEXT NOT NULL,
    reason TEXT NOT NULL,
    tried_at INTEGER NOT NULL,
    PRIMARY KEY (data_set_id, url)
) STRICT, WITHOUT ROWID;
