-- What people tell those who run the server of somebody. What was said stays with the report when the message is deleted.
CREATE TABLE report (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    reporter BLOB NOT NULL REFERENCES user (id),
    user BLOB NOT NULL REFERENCES user (id),
    reason INTEGER NOT NULL,
    note TEXT NOT NULL,
    conversation BLOB REFERENCES conversation (id),
    evidence TEXT NOT NULL, -- JSON
    closed_at INTEGER,
    closed_by BLOB REFERENCES user (id),
    outcome TEXT NOT NULL DEFAULT '',
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
) STRICT;
CREATE INDEX report_open ON report (at, id) WHERE closed_at IS NULL;
CREATE INDEX report_open_by_reporter ON report (reporter) WHERE closed_at IS NULL;
CREATE INDEX report_closed ON report (closed_at, id) WHERE closed_at IS NOT NULL;
