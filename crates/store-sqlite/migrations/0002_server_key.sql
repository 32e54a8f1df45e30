-- The key that signs tokens, in one place for every node of a server.
CREATE TABLE server_key (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;
