-- What managers of other servers did is looked at apart: the newest of home among however many.
ALTER TABLE audit_log ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0 CHECK (elsewhere IN (0, 1));
CREATE INDEX audit_log_by_place ON audit_log (elsewhere);
DROP INDEX audit_log_by_actor;
CREATE INDEX audit_log_by_actor ON audit_log (actor, elsewhere);
DROP INDEX audit_log_by_action;
CREATE INDEX audit_log_by_action ON audit_log (action, elsewhere);
