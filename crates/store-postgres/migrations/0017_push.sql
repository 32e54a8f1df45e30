-- Of which messages of a conversation somebody is notified. 0 of all; 1 of those that name them; 2 of none.
ALTER TABLE personal ADD COLUMN notify smallint NOT NULL DEFAULT 0 CHECK (notify IN (0, 1, 2));

-- The key that signs what is pushed, in one place for every node of a server: the secret number of a key of P-256.
CREATE TABLE push_key (
    one smallint PRIMARY KEY CHECK (one = 1),
    key bytea NOT NULL CHECK (length(key) = 32)
);

-- Where devices are pushed to. It ends when the device is signed out.
CREATE TABLE push_subscription (
    device uuid PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    endpoint text NOT NULL UNIQUE,
    key bytea NOT NULL CHECK (length(key) = 65),
    secret bytea NOT NULL CHECK (length(secret) = 16),
    silent boolean NOT NULL,
    made_at bigint NOT NULL
);
CREATE INDEX push_subscription_by_user ON push_subscription (user_id, device);

-- What is shown there: a conversation, and up to where it was pushed.
CREATE TABLE push_shown (
    user_id uuid NOT NULL,
    conversation uuid NOT NULL,
    device uuid NOT NULL REFERENCES push_subscription (device) ON DELETE CASCADE,
    seq bigint NOT NULL,
    PRIMARY KEY (user_id, conversation, device)
);
CREATE INDEX push_shown_by_device ON push_shown (device);
