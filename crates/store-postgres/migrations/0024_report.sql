-- What people tell those who run the server of somebody. What was said stays with the report when the message is deleted.
CREATE TABLE report (
    id uuid PRIMARY KEY,
    at bigint NOT NULL,
    reporter uuid NOT NULL REFERENCES account (id),
    user_id uuid NOT NULL REFERENCES account (id),
    reason smallint NOT NULL,
    note text NOT NULL,
    conversation uuid REFERENCES conversation (id),
    evidence text NOT NULL, -- JSON, as it was written
    closed_at bigint,
    closed_by uuid REFERENCES account (id),
    outcome text NOT NULL DEFAULT '',
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE INDEX report_open ON report (at, id) WHERE closed_at IS NULL;
CREATE INDEX report_open_by_reporter ON report (reporter) WHERE closed_at IS NULL;
CREATE INDEX report_closed ON report (closed_at, id) WHERE closed_at IS NOT NULL;
