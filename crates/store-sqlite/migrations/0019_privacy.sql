-- What an account lets others see of it and do to it. One that never changed it has no row.
-- `found_by`, `written_by`, `added_by`: 0 everyone; 1 those who know them; 2 nobody.
CREATE TABLE privacy (
    user BLOB NOT NULL PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
    receipts INTEGER NOT NULL CHECK (receipts IN (0, 1)),
    typing INTEGER NOT NULL CHECK (typing IN (0, 1)),
    presence INTEGER NOT NULL CHECK (presence IN (0, 1)),
    found_by INTEGER NOT NULL CHECK (found_by IN (0, 1, 2)),
    written_by INTEGER NOT NULL CHECK (written_by IN (0, 1, 2)),
    added_by INTEGER NOT NULL CHECK (added_by IN (0, 1, 2)),
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
