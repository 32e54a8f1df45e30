-- The messages that somebody has deleted for themselves: a JSON array of places in the log, ascending.
ALTER TABLE personal ADD COLUMN hidden TEXT NOT NULL DEFAULT '[]';
