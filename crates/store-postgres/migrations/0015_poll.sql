-- The entry of the last vote in a poll, which says how it stands, and the entry that closed it; zero where there is none.
ALTER TABLE message_state ADD COLUMN vote_seq bigint NOT NULL DEFAULT 0, ADD COLUMN closed_seq bigint NOT NULL DEFAULT 0;

-- Every vote in a poll; the last one of a person counts. Those before are here so that their entries can be erased with the poll.
CREATE TABLE poll_vote (
    conversation uuid NOT NULL,
    message_seq bigint NOT NULL,
    user_id uuid NOT NULL,
    seq bigint NOT NULL, -- the entry that says so
    places bigint NOT NULL, -- a bit for each option that is chosen
    PRIMARY KEY (conversation, message_seq, user_id, seq)
);
