-- The files of scheduled messages: each is kept for one as for a message of a log, and let go with it, whatever takes it away.
CREATE TABLE scheduled_file (
    conversation BLOB NOT NULL,
    user BLOB NOT NULL,
    message BLOB NOT NULL,
    blob BLOB NOT NULL REFERENCES blob (id),
    PRIMARY KEY (conversation, user, message, blob),
    FOREIGN KEY (conversation, user, message) REFERENCES scheduled (conversation, user, message) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX scheduled_file_by_blob ON scheduled_file (blob);

CREATE TRIGGER scheduled_file_kept AFTER INSERT ON scheduled_file BEGIN
    UPDATE blob SET attachments = attachments + 1 WHERE id = NEW.blob;
END;
CREATE TRIGGER scheduled_file_let_go AFTER DELETE ON scheduled_file BEGIN
    UPDATE blob SET touched_at = CASE attachments WHEN 1 THEN 0 ELSE touched_at END, attachments = attachments - 1
    WHERE id = OLD.blob;
END;
