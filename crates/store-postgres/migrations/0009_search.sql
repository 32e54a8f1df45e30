-- Search: see docs/adr/0023-search.md. How far each log has been indexed.
CREATE TABLE search_position (
    conversation uuid PRIMARY KEY,
    seq bigint NOT NULL
) WITH (fillfactor = 80);

-- The messages that can be found. `source` is the entry that has the text: the message itself, or its last edit. `words` is split and
-- folded, with tags for conversation, sender and attributes.
CREATE TABLE search_entry (
    conversation uuid NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    source bigint NOT NULL,
    words tsvector NOT NULL,
    PRIMARY KEY (conversation, seq)
) WITH (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX search_entry_by_time ON search_entry (at, conversation, seq);
-- A megabyte waits unsorted and is read through by every search.
CREATE INDEX search_entry_words ON search_entry USING gin (words) WITH (fastupdate = on, gin_pending_list_limit = 1024);
