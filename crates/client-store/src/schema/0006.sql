-- Search by the tokens that the server has too: `search_words` (search.rs) splits and folds a text, and the names and captions of the entry's
-- files. Nothing of the words is kept beside the index, which is told them again when a text goes.
DROP TRIGGER entry_text_insert;
DROP TRIGGER entry_text_delete;
DROP TRIGGER entry_text_update;
DROP TABLE entry_text;

CREATE VIRTUAL TABLE entry_words USING fts5 (words, content = '', columnsize = 0, tokenize = "ascii tokenchars ':'");
-- Deleted words leave the index's pages, not only its answers.
INSERT INTO entry_words (entry_words, rank) VALUES ('secure-delete', 1);
INSERT INTO entry_words (rowid, words) SELECT id, search_words(text, raw) FROM entry WHERE text IS NOT NULL;

CREATE TRIGGER entry_words_insert AFTER INSERT ON entry WHEN new.text IS NOT NULL BEGIN
    INSERT INTO entry_words (rowid, words) VALUES (new.id, search_words(new.text, new.raw));
END;
CREATE TRIGGER entry_words_delete AFTER DELETE ON entry WHEN old.text IS NOT NULL BEGIN
    INSERT INTO entry_words (entry_words, rowid, words) VALUES ('delete', old.id, search_words(old.text, old.raw));
END;
CREATE TRIGGER entry_words_update AFTER UPDATE OF text ON entry WHEN old.text IS NOT new.text BEGIN
    INSERT INTO entry_words (entry_words, rowid, words)
        SELECT 'delete', old.id, search_words(old.text, old.raw) WHERE old.text IS NOT NULL;
    INSERT INTO entry_words (rowid, words) SELECT new.id, search_words(new.text, new.raw) WHERE new.text IS NOT NULL;
END;
CREATE INDEX entry_by_time ON entry (at, conversation, seq) WHERE text IS NOT NULL;
