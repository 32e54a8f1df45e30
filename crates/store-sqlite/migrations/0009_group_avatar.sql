-- A group's picture: its members may read it, whenever they joined. The entry that set it keeps it, as a message keeps its files.
ALTER TABLE conversation ADD COLUMN avatar BLOB CHECK (length(avatar) = 16);
CREATE INDEX conversation_by_avatar ON conversation (avatar) WHERE avatar IS NOT NULL;
