-- Of which messages of a conversation somebody is notified. 0 of all; 1 of those that name them; 2 of none.
ALTER TABLE personal ADD COLUMN notify INTEGER NOT NULL DEFAULT 0 CHECK (notify IN (0, 1, 2));

-- The key that signs what is pushed, in one place for every node of a server: the secret number of a key of P-256.
CREATE TABLE push_key (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;

-- Where devices are pushed to. It ends when the device is signed out.
CREATE TABLE push_subscription (
    device BLOB NOT NULL PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    user BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    endpoint TEXT NOT NULL UNIQUE,
    key BLOB NOT NULL CHECK (length(key) = 65),
    secret BLOB NOT NULL CHECK (length(secret) = 16),
    silent INTEGER NOT NULL CHECK (silent IN (0, 1)),
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX push_subscription_by_user ON push_subscription (user, device);

-- What is shown there: a conversation, and up to where it was pushed.
CREATE TABLE push_shown (
    user BLOB NOT NULL,
    conversation BLOB NOT NULL,
    device BLOB NOT NULL REFERENCES push_subscription (device) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    PRIMARY KEY (user, conversation, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX push_shown_by_device ON push_shown (device);
