-- A flood of refusals is one entry of the audit log a minute; this says how many it stands for.
CREATE TABLE audit_repeats (
    entry INTEGER PRIMARY KEY REFERENCES audit_log (id),
    times INTEGER NOT NULL CHECK (times > 1)
) STRICT;
CREATE TRIGGER audit_repeats_keep_rows BEFORE DELETE ON audit_repeats
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_repeats_only_grow BEFORE UPDATE ON audit_repeats
WHEN NEW.entry <> OLD.entry OR NEW.times <= OLD.times
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
