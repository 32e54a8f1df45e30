-- What oneself keeps of a conversation: as the server had it last, and what was changed here since; JSON of wire's types.
CREATE TABLE personal (
    conversation BLOB PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
    pin INTEGER NOT NULL,
    state TEXT NOT NULL,
    pending TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX personal_pinned ON personal (pin, conversation) WHERE pin > 0;
CREATE INDEX personal_pending ON personal (conversation) WHERE pending IS NOT NULL;
