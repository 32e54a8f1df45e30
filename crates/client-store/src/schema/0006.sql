-- Messages that erase themselves, and their edits: when; none where they stay, or are gone. What is `gone` is not counted.
ALTER TABLE entry ADD COLUMN expires_at INTEGER;
ALTER TABLE entry ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;

CREATE INDEX entry_expiring ON entry (expires_at) WHERE expires_at IS NOT NULL;
DROP INDEX entry_messages;
CREATE INDEX entry_messages ON entry (conversation, seq, sender) WHERE is_message = 1 AND gone = 0;
