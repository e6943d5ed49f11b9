-- What came before an entry of a vote is one look into an index, however much its rater has rated.
CREATE INDEX vote_history_by_vote ON vote_history (rater, image_id, id);

-- A vote that its rater had taken back stays incomplete when it is taken out: in the rater's figures
-- it never counted. Only the table's text changes, which SQLite allows where no content depends on it
-- (https://sqlite.org/lang_altertable.html, section 7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(
    sql,
    'CHECK ((completed_at IS NOT NULL)
        = (aesthetic IS NOT NULL AND artifacts IS NOT NULL AND state <> ''undone''))',
    'CHECK (completed_at IS NULL
        OR (aesthetic IS NOT NULL AND artifacts IS NOT NULL AND state <> ''undone'')),
    CHECK (completed_at IS NOT NULL
        OR (aesthetic IS NULL OR artifacts IS NULL OR state <> ''given''))'
) WHERE type = 'table' AND name = 'votes';
PRAGMA writable_schema = RESET;
UPDATE votes SET completed_at = NULL WHERE state = 'void' AND EXISTS (
    SELECT 1 FROM voids o WHERE o.rater = votes.rater AND o.image_id = votes.image_id AND o.undone = 1
);

-- Where nothing is found of a rater, the settings say how much gold there is.
UPDATE risks SET gold_percent = 0 WHERE gold_percent = 5;
