-- What has become of messages: no row where nothing has. A place in the log is zero where there is none. No foreign keys, for the reason that
-- the log has none: rows are written while the conversation's row is locked.
CREATE TABLE message_state (
    conversation uuid NOT NULL,
    message_seq bigint NOT NULL,
    message uuid NOT NULL,
    edit_seq bigint NOT NULL, -- the edit that counts
    edit_count bigint NOT NULL,
    deleted_seq bigint NOT NULL,
    pinned_seq bigint NOT NULL,
    PRIMARY KEY (conversation, message_seq)
) WITH (fillfactor = 80);
CREATE INDEX message_state_pinned ON message_state (conversation, pinned_seq) WHERE pinned_seq > 0;

-- Where the edits of a message are in the log, so that they can be erased with it.
CREATE TABLE message_edit (
    conversation uuid NOT NULL,
    message_seq bigint NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (conversation, message_seq, seq)
);

CREATE TABLE reaction (
    conversation uuid NOT NULL,
    message_seq bigint NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL,
    seq bigint NOT NULL, -- the entry that says so
    PRIMARY KEY (conversation, message_seq, emoji, user_id)
);
CREATE INDEX reaction_by_age ON reaction (conversation, message_seq, emoji, seq);

-- How often each emoji is under a message, so that a page need not count.
CREATE TABLE reaction_count (
    conversation uuid NOT NULL,
    message_seq bigint NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    first_seq bigint NOT NULL, -- where it first came, or came again after it was gone
    count bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (conversation, message_seq, emoji)
) WITH (fillfactor = 80);
