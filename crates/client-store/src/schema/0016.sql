-- What came in archives and waits for its place in the log: the entry that it belongs to is not here yet. `target` is the message that it changes.
CREATE TABLE shelf (
    conversation BLOB NOT NULL,
    seq INTEGER NOT NULL,
    event BLOB NOT NULL,
    sender BLOB NOT NULL,
    target BLOB,
    body TEXT NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
