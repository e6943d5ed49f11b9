-- by_moderator: its rater was one then, so that it counts whatever else is known of them.
-- upheld: a moderator hid the image, or kept it hidden. Of what was settled before it is not known.
ALTER TABLE reports ADD COLUMN by_moderator INTEGER NOT NULL DEFAULT 0
    CHECK (by_moderator IN (0, 1));
ALTER TABLE reports ADD COLUMN upheld INTEGER NOT NULL DEFAULT 0
    CHECK (upheld = 0 OR settled_at IS NOT NULL);
CREATE INDEX reports_by_rater ON reports (rater, settled_at);
