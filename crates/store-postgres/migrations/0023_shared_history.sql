-- An archive may also be what newcomers to an encrypted group are shown of what was said before they came: its members read it.
ALTER TABLE archive ADD COLUMN conversation uuid REFERENCES conversation (id);
DROP INDEX archive_handover;
CREATE UNIQUE INDEX archive_handover ON archive (device) WHERE NOT is_backup AND conversation IS NULL;
CREATE INDEX archive_by_conversation ON archive (conversation, user_id) WHERE conversation IS NOT NULL;
