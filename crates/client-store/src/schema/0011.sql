-- What people show of themselves (JSON; none where that was never told), and what was set on this device and the server is not known to have:
-- a group's picture (the target is the conversation), or what oneself shows (the target is empty).
ALTER TABLE profile ADD COLUMN face TEXT;
CREATE TABLE wish (
    target BLOB PRIMARY KEY,
    wish TEXT NOT NULL
) STRICT, WITHOUT ROWID;
