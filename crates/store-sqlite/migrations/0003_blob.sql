-- Files. `details` is JSON: name, type, objects. `attachments` counts the messages that have it; one without any is given up some time after
-- `touched_at`.
CREATE TABLE blob (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    owner BLOB NOT NULL REFERENCES user (id),
    size INTEGER NOT NULL CHECK (size >= 0),
    received INTEGER NOT NULL CHECK (received BETWEEN 0 AND size),
    finished INTEGER NOT NULL CHECK (finished IN (0, 1)),
    touched_at INTEGER NOT NULL,
    attachments INTEGER NOT NULL CHECK (attachments >= 0),
    details TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_by_owner ON blob (owner, finished, size);
CREATE INDEX blob_unattached ON blob (touched_at) WHERE attachments = 0;

-- Which messages have which files: who may read the one may read the other.
CREATE TABLE attachment (
    blob BLOB NOT NULL REFERENCES blob (id),
    conversation BLOB NOT NULL REFERENCES conversation (id),
    message BLOB NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (blob, conversation, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_by_message ON attachment (conversation, message);
