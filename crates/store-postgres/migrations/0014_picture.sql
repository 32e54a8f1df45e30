-- A group's picture: its members may read it, whenever they joined. The conversation keeps it, as a message keeps its files.
ALTER TABLE conversation ADD COLUMN avatar uuid;
CREATE INDEX conversation_by_avatar ON conversation (avatar) WHERE avatar IS NOT NULL;

-- What a person shows of themselves (JSON; none where nothing was ever said), and the picture in it, which those who share a conversation
-- with them may read.
ALTER TABLE account ADD COLUMN face text;
ALTER TABLE account ADD COLUMN avatar uuid;
CREATE INDEX account_by_avatar ON account (avatar) WHERE avatar IS NOT NULL;
