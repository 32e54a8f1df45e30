-- What the page says that a message in the outbox links to: JSON of wire's `LinkPreview`, NULL where there is none.
ALTER TABLE outbox ADD COLUMN preview TEXT;
