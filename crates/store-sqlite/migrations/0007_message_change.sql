-- What has become of messages: no row where nothing has. A place in the log is zero where there is none.
CREATE TABLE message_state (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    message_seq INTEGER NOT NULL,
    message BLOB NOT NULL CHECK (length(message) = 16),
    edit_seq INTEGER NOT NULL, -- the edit that counts
    edit_count INTEGER NOT NULL,
    deleted_seq INTEGER NOT NULL,
    pinned_seq INTEGER NOT NULL,
    PRIMARY KEY (conversation, message_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_state_pinned ON message_state (conversation, pinned_seq) WHERE pinned_seq > 0;

-- Where the edits of a message are in the log, so that they can be erased with it.
CREATE TABLE message_edit (
    conversation BLOB NOT NULL,
    message_seq INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (conversation, message_seq, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE reaction (
    conversation BLOB NOT NULL,
    message_seq INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    user BLOB NOT NULL REFERENCES user (id),
    seq INTEGER NOT NULL, -- the entry that says so
    PRIMARY KEY (conversation, message_seq, emoji, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX reaction_by_age ON reaction (conversation, message_seq, emoji, seq);

-- How often each emoji is under a message, so that a page need not count.
CREATE TABLE reaction_count (
    conversation BLOB NOT NULL,
    message_seq INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    first_seq INTEGER NOT NULL, -- where it first came, or came again after it was gone
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (conversation, message_seq, emoji)
) STRICT, WITHOUT ROWID;
