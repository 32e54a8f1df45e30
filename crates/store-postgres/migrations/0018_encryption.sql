-- Conversations that are encrypted end to end: what the server carries for them and cannot read.
ALTER TABLE conversation ADD COLUMN encrypted boolean NOT NULL DEFAULT false;
ALTER TABLE conversation ADD COLUMN epoch bigint NOT NULL DEFAULT 0 CHECK (epoch >= 0); -- how many commits its log has
-- Two people have one that is encrypted and one that is not.
DROP INDEX conversation_by_pair;
CREATE UNIQUE INDEX conversation_by_pair ON conversation (low, high, encrypted) WHERE low IS NOT NULL;

-- The greatest count of sealed things that a device ever sent, refused ones included.
CREATE TABLE sealed_count (
    conversation uuid NOT NULL REFERENCES conversation (id),
    device uuid NOT NULL REFERENCES device (id),
    count bigint NOT NULL,
    PRIMARY KEY (conversation, device)
) WITH (fillfactor = 80);

CREATE TABLE device_key (
    device uuid NOT NULL PRIMARY KEY REFERENCES device (id),
    user_id uuid NOT NULL REFERENCES account (id),
    signature_key bytea NOT NULL CHECK (octet_length(signature_key) = 32),
    publication bigint NOT NULL DEFAULT 0 -- the last one of key packages
);
CREATE INDEX device_key_by_user ON device_key (user_id, device);

CREATE TABLE key_package (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device uuid NOT NULL REFERENCES device_key (device) ON DELETE CASCADE,
    last_resort boolean NOT NULL,
    not_after bigint NOT NULL,
    bytes bytea NOT NULL
);
CREATE INDEX key_package_by_device ON key_package (device, last_resort, not_after);

-- What describes a group to those who come in anew, as of one epoch.
CREATE TABLE group_info (
    conversation uuid NOT NULL PRIMARY KEY REFERENCES conversation (id),
    epoch bigint NOT NULL,
    bytes bytea NOT NULL
);

-- Kept before the commit is appended, and given away once it is in the log.
CREATE TABLE welcome (
    conversation uuid NOT NULL REFERENCES conversation (id),
    commit_id uuid NOT NULL,
    at bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (conversation, commit_id)
);
CREATE INDEX welcome_by_age ON welcome (at);
CREATE TABLE welcome_recipient (
    device uuid NOT NULL REFERENCES device_key (device) ON DELETE CASCADE,
    conversation uuid NOT NULL,
    commit_id uuid NOT NULL,
    PRIMARY KEY (device, conversation, commit_id),
    FOREIGN KEY (conversation, commit_id) REFERENCES welcome (conversation, commit_id) ON DELETE CASCADE
);
CREATE INDEX welcome_recipient_by_welcome ON welcome_recipient (conversation, commit_id);
