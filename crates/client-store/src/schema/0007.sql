-- Files of a message in the outbox that the server had before: a JSON list of wire's `Attachment`, NULL where there are none.
ALTER TABLE outbox ADD COLUMN files TEXT;
