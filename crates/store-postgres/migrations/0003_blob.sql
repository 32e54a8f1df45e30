-- Files. "details" is JSON: name, type, objects. "attachments" counts the messages that have it; one without any is given up some time after
-- "touched_at".
CREATE TABLE blob (
    id uuid NOT NULL PRIMARY KEY,
    owner uuid NOT NULL REFERENCES account (id),
    size bigint NOT NULL CHECK (size >= 0),
    received bigint NOT NULL CHECK (received BETWEEN 0 AND size),
    finished boolean NOT NULL,
    touched_at bigint NOT NULL,
    attachments bigint NOT NULL CHECK (attachments >= 0),
    details text NOT NULL
);
CREATE INDEX blob_by_owner ON blob (owner, finished, size);
CREATE INDEX blob_unattached ON blob (touched_at) WHERE attachments = 0;

-- Which messages have which files: who may read the one may read the other.
CREATE TABLE attachment (
    blob uuid NOT NULL REFERENCES blob (id),
    conversation uuid NOT NULL REFERENCES conversation (id),
    message uuid NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (blob, conversation, message)
);
CREATE INDEX attachment_by_message ON attachment (conversation, message);
