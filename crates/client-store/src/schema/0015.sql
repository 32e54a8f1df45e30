-- What the keys of encrypted conversations are kept in: a map of bytes to bytes, of which the store knows nothing.
CREATE TABLE secret (
    key BLOB PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What was sealed for the log of something that waits: the same bytes are sent as often as it takes.
ALTER TABLE outbox ADD COLUMN sealed TEXT;

-- Which conversations are encrypted is asked with each line that stands and with each search.
CREATE INDEX conversation_encrypted ON conversation (id) WHERE encrypted;
