-- The messages that somebody has deleted for themselves: places in the log, ascending.
ALTER TABLE personal ADD COLUMN hidden bigint[] NOT NULL DEFAULT '{}';
