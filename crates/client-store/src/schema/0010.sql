-- Message requests: 0 none or accepted, 1 waiting, 2 refused, with what this device has changed.
ALTER TABLE personal ADD COLUMN request INTEGER NOT NULL DEFAULT 0;
CREATE INDEX personal_requests ON personal (conversation) WHERE request = 1;
