-- After how long messages of a conversation are erased, in milliseconds (0: never), and the messages that are still to be.
ALTER TABLE conversation ADD COLUMN expire_after_ms INTEGER NOT NULL DEFAULT 0 CHECK (expire_after_ms >= 0);
CREATE TABLE expiring (
    expires_at INTEGER NOT NULL,
    conversation BLOB NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (expires_at, conversation, seq)
) STRICT, WITHOUT ROWID;
