-- What keys the devices of each account have had: entries are added and never changed, each hashed with the one before.
-- `step`: 1 added; 2 removed; 3 vouched for later. `holder`: 1 a device; 2 a recovery key.
CREATE TABLE key_log (
    user BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number > 0),
    step INTEGER NOT NULL CHECK (step IN (1, 2, 3)),
    holder INTEGER NOT NULL CHECK (holder IN (1, 2)),
    device BLOB NOT NULL CHECK (length(device) = 16),
    signature_key BLOB NOT NULL CHECK (length(signature_key) = 32),
    at INTEGER NOT NULL,
    voucher BLOB CHECK (length(voucher) = 16),
    signature BLOB CHECK (length(signature) = 64),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (user, number),
    CHECK ((voucher IS NULL) = (signature IS NULL))
) STRICT, WITHOUT ROWID;
