-- What keys the devices of each account have had: entries are added and never changed, each hashed with the one before.
-- `step`: 1 added; 2 removed; 3 vouched for later. `holder`: 1 a device; 2 a recovery key.
CREATE TABLE key_log (
    user_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    number bigint NOT NULL CHECK (number > 0),
    step smallint NOT NULL CHECK (step IN (1, 2, 3)),
    holder smallint NOT NULL CHECK (holder IN (1, 2)),
    device uuid NOT NULL,
    signature_key bytea NOT NULL CHECK (length(signature_key) = 32),
    at bigint NOT NULL,
    voucher uuid,
    signature bytea CHECK (length(signature) = 64),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (user_id, number),
    CHECK ((voucher IS NULL) = (signature IS NULL))
);
