-- The messages that somebody has scheduled in a conversation: a JSON object by message.
ALTER TABLE personal ADD COLUMN scheduled TEXT NOT NULL DEFAULT '{}';

-- When they are due, and which ones are over. It ends with the membership.
CREATE TABLE scheduled (
    conversation BLOB NOT NULL,
    user BLOB NOT NULL,
    message BLOB NOT NULL CHECK (length(message) = 16),
    due_at INTEGER, -- none where it was refused, or is over
    over_at INTEGER, -- when it was sent or taken back
    PRIMARY KEY (conversation, user, message),
    FOREIGN KEY (conversation, user) REFERENCES personal (conversation, user) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX scheduled_due ON scheduled (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX scheduled_waiting ON scheduled (user) WHERE over_at IS NULL;
CREATE INDEX scheduled_over ON scheduled (over_at) WHERE over_at IS NOT NULL;
