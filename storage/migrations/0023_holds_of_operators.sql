-- A hold of operators comes back after an erasure as one that only they lift; held is from now on
-- what the program held, and what was held in earlier versions, which did not keep by whom.
ALTER TABLE erased_raters ADD COLUMN held_by_operators INTEGER NOT NULL DEFAULT 0
    CHECK (held_by_operators IN (0, 1));
