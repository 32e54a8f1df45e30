-- Message requests: where a conversation that a stranger has begun, or has added somebody to, stands with whom it asks. 0 accepted, or none; 1 waiting;
-- 2 refused.
ALTER TABLE personal ADD COLUMN request smallint NOT NULL DEFAULT 0 CHECK (request IN (0, 1, 2));
-- Who asks.
ALTER TABLE personal ADD COLUMN asked_by uuid;
-- By whose invite the account was made.
ALTER TABLE account ADD COLUMN invited_by uuid;
