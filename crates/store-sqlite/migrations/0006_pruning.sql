-- When a refresh token was spent: some time later it is forgotten. What is spent already was, at the latest, when its device was there last.
ALTER TABLE refresh_token ADD COLUMN spent_at INTEGER;
UPDATE refresh_token SET spent_at = (SELECT last_seen_at FROM device WHERE device.id = refresh_token.device) WHERE state = 2;
CREATE INDEX refresh_token_spent ON refresh_token (spent_at) WHERE state = 2;
CREATE INDEX invite_by_end ON invite (expires_at);
