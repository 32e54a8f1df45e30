-- The key that signs tokens, in one place for every node of a server.
CREATE TABLE server_key (
    one smallint PRIMARY KEY CHECK (one = 1),
    key bytea NOT NULL CHECK (length(key) = 32)
);
