-- Archives of encrypted conversations: sealed by the account's devices, for a device that asks (a hand-over) or for when all are lost (the backup).
CREATE TABLE archive (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES account (id),
    device uuid NOT NULL REFERENCES device (id),
    is_backup boolean NOT NULL,
    proof bytea NOT NULL CHECK (length(proof) = 32),
    made_at bigint NOT NULL,
    changed_at bigint NOT NULL,
    expires_at bigint,
    giver uuid REFERENCES device (id),
    salt bytea CHECK (length(salt) = 32),
    complete boolean NOT NULL DEFAULT false,
    numbered bigint NOT NULL DEFAULT 0, -- the number of the last part that was added
    CHECK ((giver IS NULL) = (salt IS NULL))
);
CREATE INDEX archive_by_user ON archive (user_id, made_at);
CREATE UNIQUE INDEX archive_backup ON archive (user_id) WHERE is_backup;
CREATE UNIQUE INDEX archive_handover ON archive (device) WHERE NOT is_backup;
CREATE INDEX archive_by_giver ON archive (giver) WHERE giver IS NOT NULL;
CREATE INDEX archive_by_end ON archive (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE archive_part (
    archive uuid NOT NULL REFERENCES archive (id) ON DELETE CASCADE,
    number bigint NOT NULL,
    id uuid NOT NULL,
    owner uuid NOT NULL REFERENCES account (id),
    size bigint NOT NULL CHECK (size >= 0),
    at bigint NOT NULL,
    object text NOT NULL,
    PRIMARY KEY (archive, number)
);
CREATE UNIQUE INDEX archive_part_by_id ON archive_part (archive, id);
CREATE INDEX archive_part_by_owner ON archive_part (owner, size);
