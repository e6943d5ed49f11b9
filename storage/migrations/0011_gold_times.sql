-- How long answers on gold stay open: as long as an ordinary vote did, their twin.

-- Of a gold showing whose image was full already. twin_image_id, twin_completed_at: the image of the
-- twin, and when that vote was complete. answered_at: when the answer that began here was complete
-- first.
ALTER TABLE posts ADD COLUMN twin_image_id INTEGER REFERENCES images (id);
ALTER TABLE posts ADD COLUMN twin_completed_at INTEGER;
ALTER TABLE posts ADD COLUMN answered_at INTEGER;
