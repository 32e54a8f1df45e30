-- Small pictures that were shown, for when there is no line. Each goes with what its message said.
CREATE TABLE picture (
    id INTEGER PRIMARY KEY,
    blob BLOB NOT NULL UNIQUE,
    entry INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE INDEX picture_by_entry ON picture (entry);

CREATE TRIGGER picture_erased AFTER UPDATE OF raw ON entry BEGIN
    DELETE FROM picture WHERE entry = new.id;
END;
