-- captcha_asked_at: the number of votes at which a rule asked for a captcha last, whichever it was; that
-- must outlive the finding for which it did.
ALTER TABLE risks ADD COLUMN captcha_asked_at INTEGER;
UPDATE risks SET captcha_asked_at = (
    SELECT max(f.asked_at) FROM findings f WHERE f.rater = risks.rater
);
ALTER TABLE findings DROP COLUMN asked_at;
