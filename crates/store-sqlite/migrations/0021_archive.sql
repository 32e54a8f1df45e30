-- Archives of encrypted conversations: sealed by the account's devices, for a device that asks (a hand-over) or for when all are lost (the backup).
CREATE TABLE archive (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user BLOB NOT NULL REFERENCES user (id),
    device BLOB NOT NULL REFERENCES device (id),
    is_backup INTEGER NOT NULL CHECK (is_backup IN (0, 1)),
    proof BLOB NOT NULL CHECK (length(proof) = 32),
    made_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    expires_at INTEGER,
    giver BLOB REFERENCES device (id),
    salt BLOB CHECK (length(salt) = 32),
    complete INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1)),
    numbered INTEGER NOT NULL DEFAULT 0, -- the number of the last part that was added
    CHECK ((giver IS NULL) = (salt IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX archive_by_user ON archive (user, made_at);
CREATE UNIQUE INDEX archive_backup ON archive (user) WHERE is_backup = 1;
CREATE UNIQUE INDEX archive_handover ON archive (device) WHERE is_backup = 0;
CREATE INDEX archive_by_giver ON archive (giver) WHERE giver IS NOT NULL;
CREATE INDEX archive_by_end ON archive (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE archive_part (
    archive BLOB NOT NULL REFERENCES archive (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    owner BLOB NOT NULL REFERENCES user (id),
    size INTEGER NOT NULL CHECK (size >= 0),
    at INTEGER NOT NULL,
    object TEXT NOT NULL,
    PRIMARY KEY (archive, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX archive_part_by_id ON archive_part (archive, id);
CREATE INDEX archive_part_by_owner ON archive_part (owner, size);
