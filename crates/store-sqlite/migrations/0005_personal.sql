-- What a person keeps of a conversation for themselves; no row where that is nothing. It ends with the membership.
CREATE TABLE personal (
    user BLOB NOT NULL,
    conversation BLOB NOT NULL,
    changed_at INTEGER NOT NULL,
    archived_seq INTEGER NOT NULL,
    pin INTEGER NOT NULL,
    muted_until INTEGER NOT NULL,
    marked_unread INTEGER NOT NULL CHECK (marked_unread IN (0, 1)),
    draft TEXT NOT NULL,
    PRIMARY KEY (conversation, user),
    FOREIGN KEY (conversation, user) REFERENCES member (conversation, user) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
