-- A pause after failed captchas outlives an erasure, and so does how long the next one is.
ALTER TABLE erased_raters ADD COLUMN captcha_fails INTEGER NOT NULL DEFAULT 0
    CHECK (captcha_fails >= 0);
ALTER TABLE erased_raters ADD COLUMN captcha_not_before INTEGER;
