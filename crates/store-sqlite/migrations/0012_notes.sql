-- Notes to oneself: a direct conversation whose two people are the same one. A constraint cannot be changed: the table is made anew.
CREATE TABLE conversation_new (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind INTEGER NOT NULL CHECK (kind IN (0, 1)),
    title TEXT,
    low BLOB REFERENCES user (id), -- the two people of a direct conversation, the lower id first; twice the same one's for notes
    high BLOB REFERENCES user (id),
    last_seq INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    last_message_seq INTEGER NOT NULL, -- zero where nobody has said anything
    member_count INTEGER NOT NULL CHECK (member_count >= 0),
    owner_count INTEGER NOT NULL CHECK (owner_count >= 0),
    topic TEXT NOT NULL DEFAULT '',
    announcements INTEGER NOT NULL DEFAULT 0 CHECK (announcements IN (0, 1)),
    history INTEGER NOT NULL DEFAULT 0 CHECK (history IN (0, 1)),
    expire_after_ms INTEGER NOT NULL DEFAULT 0 CHECK (expire_after_ms >= 0),
    CHECK ((kind = 0) = (low IS NOT NULL) AND (low IS NULL) = (high IS NULL) AND low <= high IS NOT FALSE)
) STRICT, WITHOUT ROWID;
INSERT INTO conversation_new
SELECT id, kind, title, low, high, last_seq, last_at, last_message_seq, member_count, owner_count, topic, announcements, history,
    expire_after_ms
FROM conversation;
DROP TABLE conversation;
ALTER TABLE conversation_new RENAME TO conversation;
CREATE UNIQUE INDEX conversation_by_pair ON conversation (low, high) WHERE low IS NOT NULL;
