-- A group's picture: its members may read it, whenever they joined. The conversation keeps it, as a message keeps its files.
ALTER TABLE conversation ADD COLUMN avatar BLOB CHECK (length(avatar) = 16);
CREATE INDEX conversation_by_avatar ON conversation (avatar) WHERE avatar IS NOT NULL;

-- What a person shows of themselves (JSON; none where nothing was ever said), and the picture in it, which those who share a conversation
-- with them may read.
ALTER TABLE user ADD COLUMN face TEXT;
ALTER TABLE user ADD COLUMN avatar BLOB CHECK (length(avatar) = 16);
CREATE INDEX user_by_avatar ON user (avatar) WHERE avatar IS NOT NULL;
