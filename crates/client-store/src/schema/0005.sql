-- What a group is set to (JSON; none where that is as every group begins), and how many people wait to be let in.
ALTER TABLE conversation ADD COLUMN settings TEXT;
ALTER TABLE conversation ADD COLUMN join_requests INTEGER NOT NULL DEFAULT 0;
