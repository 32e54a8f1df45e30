-- The same tables as in the embedded storage; ids are UUIDs, times are milliseconds since the epoch, a kind or a role is a
-- small number, listed in row.rs. What is called `user` there is `account` and `user_id` here: USER is a word of SQL.
--
-- Text that is compared or sorted has the collation "C": by code point, whatever the database's own collation is, so that a
-- prefix is a stretch of an index and both storages give the same order.
--
-- fillfactor: rows that change often leave room on their page, so that a new version of one needs no index entry (HOT).

CREATE TABLE server (
    one smallint PRIMARY KEY CHECK (one = 1),
    name text NOT NULL,
    generation uuid NOT NULL,
    set_up_at bigint NOT NULL
);

CREATE TABLE account (
    id uuid PRIMARY KEY,
    handle text COLLATE "C" NOT NULL,
    name text NOT NULL,
    password text NOT NULL,
    admin boolean NOT NULL,
    suspended_at bigint,
    created_at bigint NOT NULL
);
CREATE UNIQUE INDEX account_by_handle ON account (handle);

-- What a search for people looks up: the lowered name from each of its words on ("ada lovelace", "lovelace").
CREATE TABLE account_word (
    word text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (word, user_id)
);
CREATE INDEX account_word_by_user ON account_word (user_id);

CREATE TABLE device (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES account (id),
    name text NOT NULL,
    client_name text NOT NULL,
    client_version text NOT NULL,
    signed_in_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    revoked_at bigint
) WITH (fillfactor = 80);
CREATE INDEX device_by_user ON device (user_id, signed_in_at);

-- Every refresh token that a device which is signed in has ever had; the old ones tell reuse.
CREATE TABLE refresh_token (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    device uuid NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    state smallint NOT NULL CHECK (state IN (0, 1, 2)) -- current, its predecessor, spent
);
CREATE INDEX refresh_token_by_device ON refresh_token (device, state);

CREATE TABLE invite (
    id uuid PRIMARY KEY,
    token bytea NOT NULL UNIQUE CHECK (length(token) = 32),
    made_by uuid NOT NULL REFERENCES account (id),
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    uses_left bigint NOT NULL CHECK (uses_left >= 0),
    revoked_at bigint
);
CREATE INDEX invite_open ON invite (created_at, id) WHERE uses_left > 0 AND revoked_at IS NULL;

CREATE TABLE block (
    user_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    other uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    at bigint NOT NULL,
    PRIMARY KEY (user_id, other)
);
CREATE INDEX block_by_other ON block (other);

CREATE TABLE setting (
    user_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (user_id, key)
);

CREATE TABLE conversation (
    id uuid PRIMARY KEY,
    kind smallint NOT NULL CHECK (kind IN (0, 1)),
    title text,
    low uuid REFERENCES account (id), -- the two people of a direct conversation, the lower id first
    high uuid REFERENCES account (id),
    last_seq bigint NOT NULL,
    last_at bigint NOT NULL,
    last_message_seq bigint NOT NULL, -- zero where nobody has said anything
    member_count bigint NOT NULL CHECK (member_count >= 0),
    owner_count bigint NOT NULL CHECK (owner_count >= 0),
    CHECK ((kind = 0) = (low IS NOT NULL) AND (low IS NULL) = (high IS NULL) AND (low < high) IS NOT FALSE)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX conversation_by_pair ON conversation (low, high) WHERE low IS NOT NULL;
CREATE INDEX conversation_by_high ON conversation (high) WHERE high IS NOT NULL;

CREATE TABLE member (
    conversation uuid NOT NULL REFERENCES conversation (id),
    user_id uuid NOT NULL REFERENCES account (id),
    role smallint NOT NULL CHECK (role BETWEEN 0 AND 3),
    first_seq bigint NOT NULL CHECK (first_seq > 0),
    delivered_seq bigint NOT NULL,
    read_seq bigint NOT NULL,
    PRIMARY KEY (conversation, user_id),
    CHECK (first_seq - 1 <= read_seq AND read_seq <= delivered_seq)
) WITH (fillfactor = 80);
CREATE INDEX member_by_user ON member (user_id, conversation);
CREATE INDEX member_by_age ON member (conversation, first_seq, user_id);

-- The logs, in 16 partitions by conversation: see docs/adr/0004-postgresql-driver.md for why not by time. A page of history is
-- one stretch of one partition's primary key.
--
-- No foreign keys: an entry is inserted while its conversation's row is locked, and never deleted before its conversation; the
-- check of a key costs more than the insertion of the row.
CREATE TABLE event (
    conversation uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    id uuid NOT NULL,
    kind smallint NOT NULL,
    sender uuid NOT NULL,
    device uuid,
    at bigint NOT NULL,
    body text NOT NULL, -- JSON of wire::EventBody
    PRIMARY KEY (conversation, seq)
) PARTITION BY HASH (conversation);
CREATE UNIQUE INDEX event_by_id ON event (conversation, id);
CREATE INDEX event_unread ON event (conversation, seq, sender) WHERE kind = 1; -- messages

DO $$
BEGIN
    FOR part IN 0..15 LOOP
        EXECUTE format(
            -- Logs only grow: the defaults would look at a table of millions after a tenth of it is new.
            'CREATE TABLE event_%s PARTITION OF event FOR VALUES WITH (MODULUS 16, REMAINDER %s) WITH ('
            || 'autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05)',
            lpad(part::text, 2, '0'), part);
    END LOOP;
END $$;
