-- The entry of the last vote in a poll, which says how it stands, and the entry that closed it; zero where there is none.
ALTER TABLE message_state ADD COLUMN vote_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message_state ADD COLUMN closed_seq INTEGER NOT NULL DEFAULT 0;

-- Every vote in a poll; the last one of a person counts. Those before are here so that their entries can be erased with the poll.
CREATE TABLE poll_vote (
    conversation BLOB NOT NULL,
    message_seq INTEGER NOT NULL,
    user BLOB NOT NULL REFERENCES user (id),
    seq INTEGER NOT NULL, -- the entry that says so
    places INTEGER NOT NULL, -- a bit for each option that is chosen
    PRIMARY KEY (conversation, message_seq, user, seq)
) STRICT, WITHOUT ROWID;
