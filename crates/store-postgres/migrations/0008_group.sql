-- What a group is set to: its topic, whether only admins write, and what newcomers may read (0: from their joining on, 1: everything).
ALTER TABLE conversation ADD COLUMN topic text NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN announcements boolean NOT NULL DEFAULT false;
ALTER TABLE conversation ADD COLUMN history smallint NOT NULL DEFAULT 0 CHECK (history IN (0, 1));

-- Who is kept out of a group: never a member of it.
CREATE TABLE ban (
    conversation uuid NOT NULL REFERENCES conversation (id),
    user_id uuid NOT NULL REFERENCES account (id),
    made_by uuid NOT NULL REFERENCES account (id),
    at bigint NOT NULL,
    PRIMARY KEY (conversation, user_id)
);

CREATE TABLE group_invite (
    id uuid PRIMARY KEY,
    token bytea NOT NULL UNIQUE CHECK (length(token) = 32),
    conversation uuid NOT NULL REFERENCES conversation (id),
    made_by uuid NOT NULL REFERENCES account (id),
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    uses_left bigint NOT NULL CHECK (uses_left >= 0),
    approval boolean NOT NULL,
    revoked_at bigint
);
CREATE INDEX group_invite_open ON group_invite (conversation, created_at, id) WHERE uses_left > 0 AND revoked_at IS NULL;
CREATE INDEX group_invite_by_end ON group_invite (expires_at);

-- Who waits to be let into a group: never a member of it.
CREATE TABLE join_request (
    conversation uuid NOT NULL REFERENCES conversation (id),
    user_id uuid NOT NULL REFERENCES account (id),
    at bigint NOT NULL,
    PRIMARY KEY (conversation, user_id)
);
