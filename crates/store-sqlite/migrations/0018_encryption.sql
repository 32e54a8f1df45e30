-- Conversations that are encrypted end to end: what the server carries for them and cannot read.
ALTER TABLE conversation ADD COLUMN encrypted INTEGER NOT NULL DEFAULT 0 CHECK (encrypted IN (0, 1));
ALTER TABLE conversation ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0); -- how many commits its log has
-- Two people have one that is encrypted and one that is not.
DROP INDEX conversation_by_pair;
CREATE UNIQUE INDEX conversation_by_pair ON conversation (low, high, encrypted) WHERE low IS NOT NULL;

-- The greatest count of sealed things that a device ever sent, refused ones included.
CREATE TABLE sealed_count (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    device BLOB NOT NULL REFERENCES device (id),
    count INTEGER NOT NULL,
    PRIMARY KEY (conversation, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE device_key (
    device BLOB NOT NULL PRIMARY KEY REFERENCES device (id),
    user BLOB NOT NULL REFERENCES user (id),
    signature_key BLOB NOT NULL CHECK (length(signature_key) = 32),
    publication INTEGER NOT NULL DEFAULT 0 -- the last one of key packages
) STRICT, WITHOUT ROWID;
CREATE INDEX device_key_by_user ON device_key (user, device);

CREATE TABLE key_package (
    id INTEGER NOT NULL PRIMARY KEY,
    device BLOB NOT NULL REFERENCES device_key (device) ON DELETE CASCADE,
    last_resort INTEGER NOT NULL CHECK (last_resort IN (0, 1)),
    not_after INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE INDEX key_package_by_device ON key_package (device, last_resort, not_after);

-- What describes a group to those who come in anew, as of one epoch.
CREATE TABLE group_info (
    conversation BLOB NOT NULL PRIMARY KEY REFERENCES conversation (id),
    epoch INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Kept before the commit is appended, and given away once it is in the log.
CREATE TABLE welcome (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    commit_id BLOB NOT NULL CHECK (length(commit_id) = 16),
    at INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (conversation, commit_id)
) STRICT;
CREATE INDEX welcome_by_age ON welcome (at);
CREATE TABLE welcome_recipient (
    device BLOB NOT NULL REFERENCES device_key (device) ON DELETE CASCADE,
    conversation BLOB NOT NULL,
    commit_id BLOB NOT NULL,
    PRIMARY KEY (device, conversation, commit_id),
    FOREIGN KEY (conversation, commit_id) REFERENCES welcome (conversation, commit_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX welcome_recipient_by_welcome ON welcome_recipient (conversation, commit_id);
