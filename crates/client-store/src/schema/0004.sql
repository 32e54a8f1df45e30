-- What has become of messages. Of an entry that changes a message, `target` is that message; no such entry was ever stored before
-- this step. Of a message, `base` is what a page of the server said of it as of the entry `as_of`, `folded` what has become of it
-- with the entries after that, up to `folded_seq`: JSON of wire's and the engine's types. `text` is what it says now.
ALTER TABLE entry ADD COLUMN target BLOB;
ALTER TABLE entry ADD COLUMN as_of INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN base TEXT;
ALTER TABLE entry ADD COLUMN folded TEXT;
ALTER TABLE entry ADD COLUMN folded_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN pinned_seq INTEGER NOT NULL DEFAULT 0;

CREATE INDEX entry_by_target ON entry (conversation, target, seq) WHERE target IS NOT NULL;
CREATE INDEX entry_folded ON entry (conversation, seq) WHERE folded IS NOT NULL;
CREATE INDEX entry_pinned ON entry (conversation, pinned_seq) WHERE pinned_seq > 0;

CREATE TRIGGER entry_text_update AFTER UPDATE OF text ON entry WHEN old.text IS NOT new.text BEGIN
    INSERT INTO entry_text (entry_text, rowid, text) SELECT 'delete', old.id, old.text WHERE old.text IS NOT NULL;
    INSERT INTO entry_text (rowid, text) SELECT new.id, new.text WHERE new.text IS NOT NULL;
END;
