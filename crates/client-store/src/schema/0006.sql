-- Files of messages in the outbox: `file` is what is known of each, JSON of wire's `Attachment`. Their bytes are with the driver.
-- `sent` is NULL until the server has made room.
CREATE TABLE upload (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    blob BLOB NOT NULL UNIQUE,
    message BLOB NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    file TEXT NOT NULL,
    stage INTEGER NOT NULL,
    failed_code TEXT,
    sent INTEGER
) STRICT;

CREATE INDEX upload_by_message ON upload (message, place);
