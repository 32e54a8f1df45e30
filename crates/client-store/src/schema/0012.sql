-- The poll that a message of the outbox is.
ALTER TABLE outbox ADD COLUMN poll TEXT;
