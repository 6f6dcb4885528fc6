-- A job may make do without some of its parents. What it made without them (lacking) gives way when they are tried again; a whole
-- result still never changes.
ALTER TABLE jobs ADD COLUMN quorum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN lacking INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER succeeded_is_final;
CREATE TRIGGER succeeded_is_final BEFORE UPDATE ON jobs WHEN OLD.state = 6 AND OLD.lacking = 0
BEGIN
  SELECT RAISE(ABORT, 'a job that succeeded never changes');
END;
