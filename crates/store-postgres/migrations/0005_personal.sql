-- What a person keeps of a conversation for themselves; no row where that is nothing. It ends with the membership.
CREATE TABLE personal (
    conversation uuid NOT NULL,
    user_id uuid NOT NULL,
    changed_at bigint NOT NULL,
    archived_seq bigint NOT NULL,
    pin bigint NOT NULL,
    muted_until bigint NOT NULL,
    marked_unread boolean NOT NULL,
    draft text NOT NULL,
    PRIMARY KEY (conversation, user_id),
    FOREIGN KEY (conversation, user_id) REFERENCES member (conversation, user_id) ON DELETE CASCADE
) WITH (fillfactor = 80);
