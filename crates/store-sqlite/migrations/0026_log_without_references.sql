-- An entry's conversation and sender are there: whoever appends has read both in the same transaction. Looking them up once more for every message cost two searches
-- of the five that a message took; on PostgreSQL the log never had references. Only the text of the table changes, in the way that SQLite has for it:
-- https://www.sqlite.org/lang_altertable.html#otheralter
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(replace(sql, ' REFERENCES conversation (id)', ''), ' REFERENCES user (id)', '')
WHERE type = 'table' AND name = 'event';
PRAGMA writable_schema = RESET;
