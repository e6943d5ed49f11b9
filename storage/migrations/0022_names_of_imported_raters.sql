-- Under which name exports tell of an imported rater: decided when they come, and kept. Whose key an
-- earlier collection of the data set had has a random one, for a migration has no key to hash with.
CREATE TABLE named_raters (
    id INTEGER PRIMARY KEY,
    collection_id INTEGER NOT NULL REFERENCES imported_collections (id),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (collection_id, key)
) STRICT;
INSERT INTO named_raters (id, collection_id, key, name)
SELECT r.id, r.collection_id, r.key, CASE WHEN EXISTS (
    SELECT 1 FROM imported_collections e JOIN imported_raters o ON o.collection_id = e.id
    WHERE e.data_set_id = c.data_set_id AND e.format = c.format AND e.id < c.id AND o.key = r.key
) THEN lower(hex(randomblob(32))) ELSE r.key END
FROM imported_raters r JOIN imported_collections c ON c.id = r.collection_id;
DROP TABLE imported_raters;
ALTER TABLE named_raters RENAME TO imported_raters;
CREATE INDEX imported_raters_by_name ON imported_raters (name);
