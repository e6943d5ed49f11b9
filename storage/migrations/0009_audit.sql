-- The audit log is looked through by whom, what and about whom: the newest of millions.
CREATE INDEX audit_log_by_rater ON audit_log (rater);
CREATE INDEX audit_log_by_action ON audit_log (action);
CREATE INDEX audit_log_by_subject ON audit_log (subject);
CREATE INDEX audit_log_by_actor ON audit_log (actor);
