-- What an account lets others see of it and do to it. One that never changed it has no row.
-- `found_by`, `written_by`, `added_by`: 0 everyone; 1 those who know them; 2 nobody.
CREATE TABLE privacy (
    user_id uuid PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    receipts boolean NOT NULL,
    typing boolean NOT NULL,
    presence boolean NOT NULL,
    found_by smallint NOT NULL CHECK (found_by IN (0, 1, 2)),
    written_by smallint NOT NULL CHECK (written_by IN (0, 1, 2)),
    added_by smallint NOT NULL CHECK (added_by IN (0, 1, 2)),
    changed_at bigint NOT NULL
);
