-- What a group is set to: its topic, whether only admins write, and what newcomers may read (0: from their joining on, 1: everything).
ALTER TABLE conversation ADD COLUMN topic TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN announcements INTEGER NOT NULL DEFAULT 0 CHECK (announcements IN (0, 1));
ALTER TABLE conversation ADD COLUMN history INTEGER NOT NULL DEFAULT 0 CHECK (history IN (0, 1));

-- Who is kept out of a group: never a member of it.
CREATE TABLE ban (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    user BLOB NOT NULL REFERENCES user (id),
    made_by BLOB NOT NULL REFERENCES user (id),
    at INTEGER NOT NULL,
    PRIMARY KEY (conversation, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_invite (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    token BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    conversation BLOB NOT NULL REFERENCES conversation (id),
    made_by BLOB NOT NULL REFERENCES user (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    uses_left INTEGER NOT NULL CHECK (uses_left >= 0),
    approval INTEGER NOT NULL CHECK (approval IN (0, 1)),
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX group_invite_open ON group_invite (conversation, created_at, id) WHERE uses_left > 0 AND revoked_at IS NULL;
CREATE INDEX group_invite_by_end ON group_invite (expires_at);

-- Who waits to be let into a group: never a member of it.
CREATE TABLE join_request (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    user BLOB NOT NULL REFERENCES user (id),
    at INTEGER NOT NULL,
    PRIMARY KEY (conversation, user)
) STRICT, WITHOUT ROWID;
