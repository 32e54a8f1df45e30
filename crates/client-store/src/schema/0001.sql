-- Who is signed in: one row or none.
CREATE TABLE session (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    me TEXT NOT NULL,
    device BLOB NOT NULL,
    limits TEXT NOT NULL,
    server_name TEXT NOT NULL,
    access_token TEXT NOT NULL,
    access_until INTEGER NOT NULL,
    refresh_token TEXT NOT NULL,
    clock_offset_ms INTEGER NOT NULL,
    list_loaded INTEGER NOT NULL,
    list_complete INTEGER NOT NULL
) STRICT;

CREATE TABLE profile (
    user BLOB PRIMARY KEY,
    handle TEXT NOT NULL,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation (
    id BLOB PRIMARY KEY,
    kind INTEGER NOT NULL,
    title TEXT,
    peer BLOB,
    role INTEGER NOT NULL,
    member_count INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    activity_at INTEGER NOT NULL,
    state_seq INTEGER NOT NULL,
    last_message TEXT,
    delivered_seq INTEGER NOT NULL,
    read_seq INTEGER NOT NULL,
    delivered_confirmed INTEGER NOT NULL,
    read_confirmed INTEGER NOT NULL,
    counted_unread INTEGER NOT NULL,
    counted_last_seq INTEGER NOT NULL,
    counted_read_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX conversation_by_activity ON conversation (activity_at DESC, id DESC);
CREATE INDEX conversation_unconfirmed ON conversation (activity_at DESC)
    WHERE delivered_seq > delivered_confirmed OR read_seq > read_confirmed;

CREATE TABLE member (
    conversation BLOB NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    user BLOB NOT NULL,
    place INTEGER NOT NULL,
    role INTEGER NOT NULL,
    delivered_seq INTEGER NOT NULL,
    read_seq INTEGER NOT NULL,
    PRIMARY KEY (conversation, user)
) STRICT, WITHOUT ROWID;

-- Which parts of a log are held: the entries with after_seq < seq <= through_seq.
CREATE TABLE log_range (
    conversation BLOB NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    after_seq INTEGER NOT NULL,
    through_seq INTEGER NOT NULL,
    PRIMARY KEY (conversation, after_seq)
) STRICT, WITHOUT ROWID;

-- The log's entries. `raw` is the JSON that came; `text` is what a message says, readable and searchable here even where the
-- entry itself is sealed.
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    conversation BLOB NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    event BLOB NOT NULL,
    at INTEGER NOT NULL,
    sender BLOB NOT NULL,
    is_message INTEGER NOT NULL,
    text TEXT,
    raw TEXT NOT NULL,
    UNIQUE (conversation, seq)
) STRICT;

CREATE INDEX entry_by_event ON entry (conversation, event);
CREATE INDEX entry_messages ON entry (conversation, seq, sender) WHERE is_message = 1;

CREATE VIRTUAL TABLE entry_text USING fts5 (
    text,
    content = 'entry',
    content_rowid = 'id',
    tokenize = "unicode61 remove_diacritics 2"
);
-- Deleted words leave the index's pages, not only its answers.
INSERT INTO entry_text (entry_text, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER entry_text_insert AFTER INSERT ON entry WHEN new.text IS NOT NULL BEGIN
    INSERT INTO entry_text (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER entry_text_delete AFTER DELETE ON entry WHEN old.text IS NOT NULL BEGIN
    INSERT INTO entry_text (entry_text, rowid, text) VALUES ('delete', old.id, old.text);
END;

-- What was written here and is not in this copy of the log yet, in the order of `place`.
CREATE TABLE outbox (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    message BLOB NOT NULL UNIQUE,
    conversation BLOB NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    written_at INTEGER NOT NULL,
    text TEXT NOT NULL,
    reply_to BLOB,
    state INTEGER NOT NULL,
    failed_code TEXT,
    seq INTEGER,
    at INTEGER
) STRICT;

CREATE INDEX outbox_by_conversation ON outbox (conversation, place);

CREATE TABLE draft (
    conversation BLOB PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
