-- The messages that somebody has scheduled in a conversation: an object by message.
ALTER TABLE personal ADD COLUMN scheduled jsonb NOT NULL DEFAULT '{}';

-- When they are due, and which ones are over. It ends with the membership.
CREATE TABLE scheduled (
    conversation uuid NOT NULL,
    user_id uuid NOT NULL,
    message uuid NOT NULL,
    due_at bigint, -- none where it was refused, or is over
    over_at bigint, -- when it was sent or taken back
    PRIMARY KEY (conversation, user_id, message),
    FOREIGN KEY (conversation, user_id) REFERENCES personal (conversation, user_id) ON DELETE CASCADE
);
CREATE INDEX scheduled_due ON scheduled (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX scheduled_waiting ON scheduled (user_id) WHERE over_at IS NULL;
CREATE INDEX scheduled_over ON scheduled (over_at) WHERE over_at IS NOT NULL;
