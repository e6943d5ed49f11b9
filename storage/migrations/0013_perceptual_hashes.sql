-- Near-duplicates are found by what a picture looks like: 64 bits, of which alike pictures differ in
-- three at most. Of four quarters one is then the same in both, and each has its index; what is asked
-- for lies in it whole. NULL where the import did not read the picture, or where it shows too little.
ALTER TABLE images ADD COLUMN perceptual_hash INTEGER;
CREATE INDEX images_by_hash_quarter_0
    ON images (data_set_id, (perceptual_hash >> 0) & 65535, perceptual_hash)
    WHERE perceptual_hash IS NOT NULL;
CREATE INDEX images_by_hash_quarter_1
    ON images (data_set_id, (perceptual_hash >> 16) & 65535, perceptual_hash)
    WHERE perceptual_hash IS NOT NULL;
CREATE INDEX images_by_hash_quarter_2
    ON images (data_set_id, (perceptual_hash >> 32) & 65535, perceptual_hash)
    WHERE perceptual_hash IS NOT NULL;
CREATE INDEX images_by_hash_quarter_3
    ON images (data_set_id, (perceptual_hash >> 48) & 65535, perceptual_hash)
    WHERE perceptual_hash IS NOT NULL;
