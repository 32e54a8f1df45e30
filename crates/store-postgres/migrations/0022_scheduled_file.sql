-- The files of scheduled messages: each is kept for one as for a message of a log, and let go with it, whatever takes it away.
CREATE TABLE scheduled_file (
    conversation uuid NOT NULL,
    user_id uuid NOT NULL,
    message uuid NOT NULL,
    blob uuid NOT NULL REFERENCES blob (id),
    PRIMARY KEY (conversation, user_id, message, blob),
    FOREIGN KEY (conversation, user_id, message) REFERENCES scheduled (conversation, user_id, message) ON DELETE CASCADE
);
CREATE INDEX scheduled_file_by_blob ON scheduled_file (blob);

CREATE FUNCTION count_scheduled_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE blob SET attachments = attachments + 1 WHERE id = NEW.blob;
    ELSE
        UPDATE blob SET touched_at = CASE attachments WHEN 1 THEN 0 ELSE touched_at END, attachments = attachments - 1
        WHERE id = OLD.blob;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER scheduled_file_counted AFTER INSERT OR DELETE ON scheduled_file
    FOR EACH ROW EXECUTE FUNCTION count_scheduled_file();
