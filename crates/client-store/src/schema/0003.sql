-- Changes of messages wait in the outbox too: `target` is the message, `change` what happens to it, JSON of wire's type; `text` is
-- empty then. `sent` says that it has left the device at least once; of what is there already that is not known.
ALTER TABLE outbox RENAME COLUMN message TO id;
ALTER TABLE outbox ADD COLUMN sent INTEGER NOT NULL DEFAULT 1;
ALTER TABLE outbox ADD COLUMN target BLOB;
ALTER TABLE outbox ADD COLUMN change TEXT;
