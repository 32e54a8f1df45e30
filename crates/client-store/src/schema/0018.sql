-- What was written to conversations that one is not in any more, until a person has seen it.
CREATE TABLE unsent (
    place INTEGER PRIMARY KEY,
    message BLOB NOT NULL UNIQUE,
    conversation BLOB NOT NULL,
    name TEXT NOT NULL,
    removed INTEGER NOT NULL,
    encrypted INTEGER NOT NULL,
    text TEXT NOT NULL,
    files INTEGER NOT NULL
) STRICT;

-- Pictures of people and groups are kept too: those are of no entry, and go when their person or group has another one.
ALTER TABLE picture RENAME TO picture_of_entry;
CREATE TABLE picture (
    id INTEGER PRIMARY KEY,
    blob BLOB NOT NULL UNIQUE,
    entry INTEGER REFERENCES entry (id) ON DELETE CASCADE,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
INSERT INTO picture SELECT id, blob, entry, media_type, size, bytes FROM picture_of_entry;
DROP TRIGGER picture_erased;
DROP TABLE picture_of_entry;
CREATE INDEX picture_by_entry ON picture (entry);

CREATE TRIGGER picture_erased AFTER UPDATE OF raw ON entry BEGIN
    DELETE FROM picture WHERE entry = new.id;
END;

CREATE TRIGGER picture_of_person AFTER UPDATE OF face ON profile
WHEN old.face ->> '$.avatar' IS NOT new.face ->> '$.avatar' BEGIN
    DELETE FROM picture WHERE entry IS NULL AND blob = unhex(old.face ->> '$.avatar', '-');
END;

CREATE TRIGGER picture_of_group AFTER UPDATE OF settings ON conversation
WHEN old.settings ->> '$.avatar' IS NOT new.settings ->> '$.avatar' BEGIN
    DELETE FROM picture WHERE entry IS NULL AND blob = unhex(old.settings ->> '$.avatar', '-');
END;

CREATE TRIGGER picture_of_gone AFTER DELETE ON conversation BEGIN
    DELETE FROM picture WHERE entry IS NULL AND blob = unhex(old.settings ->> '$.avatar', '-');
END;
