-- Search: see docs/adr/0023-search.md. How far each log has been indexed.
CREATE TABLE search_position (
    conversation BLOB NOT NULL PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The messages that can be found. `id` is the time in milliseconds, shifted by 16 bits, and a number that tells those of one
-- millisecond apart: what the index lists by id is listed by time. `source` is the entry that has the text: the message itself, or its last
-- edit. `words` is split and folded, with tags for conversation, sender and attributes.
CREATE TABLE search_entry (
    id INTEGER NOT NULL PRIMARY KEY,
    conversation BLOB NOT NULL,
    seq INTEGER NOT NULL,
    source INTEGER NOT NULL,
    words TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX search_entry_by_seq ON search_entry (conversation, seq);

-- Words come ready-made, so that every byte but the space belongs to one. Nothing is ranked: sizes are not kept.
CREATE VIRTUAL TABLE search_text USING fts5 (
    words,
    content = 'search_entry',
    content_rowid = 'id',
    columnsize = 0,
    tokenize = "ascii tokenchars ':'"
);
-- Deleted words leave the index's pages, not only its answers.
INSERT INTO search_text (search_text, rank) VALUES ('secure-delete', 1);
