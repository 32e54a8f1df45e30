CREATE TRIGGER scheduled_file_kept AFTER INSERT ON scheduled_file BEGIN
    UPDATE blob SET attachments = attachments + 1 WHERE id = NEW.blob;
END;

CREATE TRIGGER scheduled_file_let_go AFTER DELETE ON scheduled_file BEGIN
    UPDATE blob SET touched_at = CASE attachments WHEN 1 THEN 0 ELSE touched_at END, attachments = attachments - 1
    WHERE id = OLD.blob;
END;

CREATE TABLE archive (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user BLOB NOT NULL REFERENCES user (id),
    device BLOB NOT NULL REFERENCES device (id),
    is_backup INTEGER NOT NULL CHECK (is_backup IN (0, 1)),
    proof BLOB NOT NULL CHECK (length(proof) = 32),
    made_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    expires_at INTEGER,
    giver BLOB REFERENCES device (id),
    salt BLOB CHECK (length(salt) = 32),
    complete INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1)),
    numbered INTEGER NOT NULL DEFAULT 0, conversation BLOB REFERENCES conversation (id), -- the number of the last part that was added
    CHECK ((giver IS NULL) = (salt IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE archive_part (
    archive BLOB NOT NULL REFERENCES archive (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    owner BLOB NOT NULL REFERENCES user (id),
    size INTEGER NOT NULL CHECK (size >= 0),
    at INTEGER NOT NULL,
    object TEXT NOT NULL,
    PRIMARY KEY (archive, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment (
    blob BLOB NOT NULL REFERENCES blob (id),
    conversation BLOB NOT NULL REFERENCES conversation (id),
    message BLOB NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (blob, conversation, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE ban (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    user BLOB NOT NULL REFERENCES user (id),
    made_by BLOB NOT NULL REFERENCES user (id),
    at INTEGER NOT NULL,
    PRIMARY KEY (conversation, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    owner BLOB NOT NULL REFERENCES user (id),
    size INTEGER NOT NULL CHECK (size >= 0),
    received INTEGER NOT NULL CHECK (received BETWEEN 0 AND size),
    finished INTEGER NOT NULL CHECK (finished IN (0, 1)),
    touched_at INTEGER NOT NULL,
    attachments INTEGER NOT NULL CHECK (attachments >= 0),
    details TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE block (
    user BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    other BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;

CREATE TABLE "conversation" (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind INTEGER NOT NULL CHECK (kind IN (0, 1)),
    title TEXT,
    low BLOB REFERENCES user (id), -- the two people of a direct conversation, the lower id first; twice the same one's for notes
    high BLOB REFERENCES user (id),
    last_seq INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    last_message_seq INTEGER NOT NULL, -- zero where nobody has said anything
    member_count INTEGER NOT NULL CHECK (member_count >= 0),
    owner_count INTEGER NOT NULL CHECK (owner_count >= 0),
    topic TEXT NOT NULL DEFAULT '',
    announcements INTEGER NOT NULL DEFAULT 0 CHECK (announcements IN (0, 1)),
    history INTEGER NOT NULL DEFAULT 0 CHECK (history IN (0, 1)),
    expire_after_ms INTEGER NOT NULL DEFAULT 0 CHECK (expire_after_ms >= 0), avatar BLOB CHECK (length(avatar) = 16), encrypted INTEGER NOT NULL DEFAULT 0 CHECK (encrypted IN (0, 1)), epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    CHECK ((kind = 0) = (low IS NOT NULL) AND (low IS NULL) = (high IS NULL) AND low <= high IS NOT FALSE)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user BLOB NOT NULL REFERENCES user (id),
    name TEXT NOT NULL,
    client_name TEXT NOT NULL,
    client_version TEXT NOT NULL,
    signed_in_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE device_key (
    device BLOB NOT NULL PRIMARY KEY REFERENCES device (id),
    user BLOB NOT NULL REFERENCES user (id),
    signature_key BLOB NOT NULL CHECK (length(signature_key) = 32),
    publication INTEGER NOT NULL DEFAULT 0 -- the last one of key packages
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    conversation BLOB NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    id BLOB NOT NULL CHECK (length(id) = 16),
    kind INTEGER NOT NULL,
    sender BLOB NOT NULL,
    device BLOB CHECK (length(device) = 16), -- no reference: the log outlives devices
    at INTEGER NOT NULL,
    body TEXT NOT NULL, -- JSON of wire::EventBody
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE expiring (
    expires_at INTEGER NOT NULL,
    conversation BLOB NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (expires_at, conversation, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_info (
    conversation BLOB NOT NULL PRIMARY KEY REFERENCES conversation (id),
    epoch INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE group_invite (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    token BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    conversation BLOB NOT NULL REFERENCES conversation (id),
    made_by BLOB NOT NULL REFERENCES user (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    uses_left INTEGER NOT NULL CHECK (uses_left >= 0),
    approval INTEGER NOT NULL CHECK (approval IN (0, 1)),
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE invite (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    token BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    made_by BLOB NOT NULL REFERENCES user (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    uses_left INTEGER NOT NULL CHECK (uses_left >= 0),
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE join_request (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    user BLOB NOT NULL REFERENCES user (id),
    at INTEGER NOT NULL,
    PRIMARY KEY (conversation, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_log (
    user BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number > 0),
    step INTEGER NOT NULL CHECK (step IN (1, 2, 3)),
    holder INTEGER NOT NULL CHECK (holder IN (1, 2)),
    device BLOB NOT NULL CHECK (length(device) = 16),
    signature_key BLOB NOT NULL CHECK (length(signature_key) = 32),
    at INTEGER NOT NULL,
    voucher BLOB CHECK (length(voucher) = 16),
    signature BLOB CHECK (length(signature) = 64),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (user, number),
    CHECK ((voucher IS NULL) = (signature IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE key_package (
    id INTEGER NOT NULL PRIMARY KEY,
    device BLOB NOT NULL REFERENCES device_key (device) ON DELETE CASCADE,
    last_resort INTEGER NOT NULL CHECK (last_resort IN (0, 1)),
    not_after INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE member (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    user BLOB NOT NULL REFERENCES user (id),
    role INTEGER NOT NULL CHECK (role BETWEEN 0 AND 3),
    first_seq INTEGER NOT NULL CHECK (first_seq > 0),
    delivered_seq INTEGER NOT NULL,
    read_seq INTEGER NOT NULL,
    PRIMARY KEY (conversation, user),
    CHECK (first_seq - 1 <= read_seq AND read_seq <= delivered_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE message_edit (
    conversation BLOB NOT NULL,
    message_seq INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (conversation, message_seq, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE message_state (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    message_seq INTEGER NOT NULL,
    message BLOB NOT NULL CHECK (length(message) = 16),
    edit_seq INTEGER NOT NULL, -- the edit that counts
    edit_count INTEGER NOT NULL,
    deleted_seq INTEGER NOT NULL,
    pinned_seq INTEGER NOT NULL, vote_seq INTEGER NOT NULL DEFAULT 0, closed_seq INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation, message_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE personal (
    user BLOB NOT NULL,
    conversation BLOB NOT NULL,
    changed_at INTEGER NOT NULL,
    archived_seq INTEGER NOT NULL,
    pin INTEGER NOT NULL,
    muted_until INTEGER NOT NULL,
    marked_unread INTEGER NOT NULL CHECK (marked_unread IN (0, 1)),
    draft TEXT NOT NULL, hidden TEXT NOT NULL DEFAULT '[]', request INTEGER NOT NULL DEFAULT 0 CHECK (request IN (0, 1, 2)), asked_by BLOB, scheduled TEXT NOT NULL DEFAULT '{}', notify INTEGER NOT NULL DEFAULT 0 CHECK (notify IN (0, 1, 2)),
    PRIMARY KEY (conversation, user),
    FOREIGN KEY (conversation, user) REFERENCES member (conversation, user) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE poll_vote (
    conversation BLOB NOT NULL,
    message_seq INTEGER NOT NULL,
    user BLOB NOT NULL REFERENCES user (id),
    seq INTEGER NOT NULL, -- the entry that says so
    places INTEGER NOT NULL, -- a bit for each option that is chosen
    PRIMARY KEY (conversation, message_seq, user, seq)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE push_key (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;

CREATE TABLE push_shown (
    user BLOB NOT NULL,
    conversation BLOB NOT NULL,
    device BLOB NOT NULL REFERENCES push_subscription (device) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    PRIMARY KEY (user, conversation, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE push_subscription (
    device BLOB NOT NULL PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    user BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    endpoint TEXT NOT NULL UNIQUE,
    key BLOB NOT NULL CHECK (length(key) = 65),
    secret BLOB NOT NULL CHECK (length(secret) = 16),
    silent INTEGER NOT NULL CHECK (silent IN (0, 1)),
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reaction (
    conversation BLOB NOT NULL,
    message_seq INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    user BLOB NOT NULL REFERENCES user (id),
    seq INTEGER NOT NULL, -- the entry that says so
    PRIMARY KEY (conversation, message_seq, emoji, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE reaction_count (
    conversation BLOB NOT NULL,
    message_seq INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    first_seq INTEGER NOT NULL, -- where it first came, or came again after it was gone
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (conversation, message_seq, emoji)
) STRICT, WITHOUT ROWID;

CREATE TABLE refresh_token (
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    device BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    state INTEGER NOT NULL CHECK (state IN (0, 1, 2)) -- current, its predecessor, spent
, spent_at INTEGER) STRICT, WITHOUT ROWID;

CREATE TABLE report (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    reporter BLOB NOT NULL REFERENCES user (id),
    user BLOB NOT NULL REFERENCES user (id),
    reason INTEGER NOT NULL,
    note TEXT NOT NULL,
    conversation BLOB REFERENCES conversation (id),
    evidence TEXT NOT NULL, -- JSON
    closed_at INTEGER,
    closed_by BLOB REFERENCES user (id),
    outcome TEXT NOT NULL DEFAULT '',
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
) STRICT;

CREATE TABLE scheduled (
    conversation BLOB NOT NULL,
    user BLOB NOT NULL,
    message BLOB NOT NULL CHECK (length(message) = 16),
    due_at INTEGER, -- none where it was refused, or is over
    over_at INTEGER, -- when it was sent or taken back
    PRIMARY KEY (conversation, user, message),
    FOREIGN KEY (conversation, user) REFERENCES personal (conversation, user) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE scheduled_file (
    conversation BLOB NOT NULL,
    user BLOB NOT NULL,
    message BLOB NOT NULL,
    blob BLOB NOT NULL REFERENCES blob (id),
    PRIMARY KEY (conversation, user, message, blob),
    FOREIGN KEY (conversation, user, message) REFERENCES scheduled (conversation, user, message) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE sealed_count (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    device BLOB NOT NULL REFERENCES device (id),
    count INTEGER NOT NULL,
    PRIMARY KEY (conversation, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE search_entry (
    id INTEGER NOT NULL PRIMARY KEY,
    conversation BLOB NOT NULL,
    seq INTEGER NOT NULL,
    source INTEGER NOT NULL,
    words TEXT NOT NULL
) STRICT;

CREATE TABLE search_position (
    conversation BLOB NOT NULL PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE search_text USING fts5 (
    words,
    content = 'search_entry',
    content_rowid = 'id',
    columnsize = 0,
    tokenize = "ascii tokenchars ':'"
);

CREATE TABLE server (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    name TEXT NOT NULL,
    generation BLOB NOT NULL CHECK (length(generation) = 16),
    set_up_at INTEGER NOT NULL
) STRICT;

CREATE TABLE server_key (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;

CREATE TABLE setting (
    user BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE user (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    handle TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password TEXT NOT NULL,
    admin INTEGER NOT NULL CHECK (admin IN (0, 1)),
    suspended_at INTEGER,
    created_at INTEGER NOT NULL
, invited_by BLOB, face TEXT, avatar BLOB CHECK (length(avatar) = 16)) STRICT, WITHOUT ROWID;

CREATE TABLE user_word (
    word TEXT NOT NULL,
    user BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    PRIMARY KEY (word, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE welcome (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    commit_id BLOB NOT NULL CHECK (length(commit_id) = 16),
    at INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (conversation, commit_id)
) STRICT;

CREATE TABLE welcome_recipient (
    device BLOB NOT NULL REFERENCES device_key (device) ON DELETE CASCADE,
    conversation BLOB NOT NULL,
    commit_id BLOB NOT NULL,
    PRIMARY KEY (device, conversation, commit_id),
    FOREIGN KEY (conversation, commit_id) REFERENCES welcome (conversation, commit_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX archive_backup ON archive (user) WHERE is_backup = 1;

CREATE INDEX archive_by_conversation ON archive (conversation, user) WHERE conversation IS NOT NULL;

CREATE INDEX archive_by_end ON archive (expires_at) WHERE expires_at IS NOT NULL;

CREATE INDEX archive_by_giver ON archive (giver) WHERE giver IS NOT NULL;

CREATE INDEX archive_by_user ON archive (user, made_at);

CREATE UNIQUE INDEX archive_handover ON archive (device) WHERE is_backup = 0 AND conversation IS NULL;

CREATE UNIQUE INDEX archive_part_by_id ON archive_part (archive, id);

CREATE INDEX archive_part_by_owner ON archive_part (owner, size);

CREATE INDEX attachment_by_message ON attachment (conversation, message);

CREATE INDEX blob_by_owner ON blob (owner, finished, size);

CREATE INDEX blob_unattached ON blob (touched_at) WHERE attachments = 0;

CREATE INDEX conversation_by_avatar ON conversation (avatar) WHERE avatar IS NOT NULL;

CREATE UNIQUE INDEX conversation_by_pair ON conversation (low, high, encrypted) WHERE low IS NOT NULL;

CREATE INDEX device_by_user ON device (user, signed_in_at);

CREATE INDEX device_key_by_user ON device_key (user, device);

CREATE UNIQUE INDEX event_by_id ON event (id, conversation);

CREATE INDEX event_removal ON event (conversation, json_extract(body, '$.user'), seq) WHERE kind = 3;

CREATE INDEX group_invite_by_end ON group_invite (expires_at);

CREATE INDEX group_invite_open ON group_invite (conversation, created_at, id) WHERE uses_left > 0 AND revoked_at IS NULL;

CREATE INDEX invite_by_end ON invite (expires_at);

CREATE INDEX invite_open ON invite (created_at, id) WHERE uses_left > 0 AND revoked_at IS NULL;

CREATE INDEX key_package_by_device ON key_package (device, last_resort, not_after);

CREATE INDEX member_by_age ON member (conversation, first_seq, user);

CREATE INDEX member_by_user ON member (user, conversation);

CREATE INDEX message_state_pinned ON message_state (conversation, pinned_seq) WHERE pinned_seq > 0;

CREATE INDEX push_shown_by_device ON push_shown (device);

CREATE INDEX push_subscription_by_user ON push_subscription (user, device);

CREATE INDEX reaction_by_age ON reaction (conversation, message_seq, emoji, seq);

CREATE INDEX refresh_token_by_device ON refresh_token (device, state);

CREATE INDEX refresh_token_spent ON refresh_token (spent_at) WHERE state = 2;

CREATE INDEX report_closed ON report (closed_at, id) WHERE closed_at IS NOT NULL;

CREATE INDEX report_open ON report (at, id) WHERE closed_at IS NULL;

CREATE INDEX report_open_by_reporter ON report (reporter) WHERE closed_at IS NULL;

CREATE INDEX scheduled_due ON scheduled (due_at) WHERE due_at IS NOT NULL;

CREATE INDEX scheduled_file_by_blob ON scheduled_file (blob);

CREATE INDEX scheduled_over ON scheduled (over_at) WHERE over_at IS NOT NULL;

CREATE INDEX scheduled_waiting ON scheduled (user) WHERE over_at IS NULL;

CREATE UNIQUE INDEX search_entry_by_seq ON search_entry (conversation, seq);

CREATE INDEX user_by_avatar ON user (avatar) WHERE avatar IS NOT NULL;

CREATE INDEX user_word_by_user ON user_word (user);

CREATE INDEX welcome_by_age ON welcome (at);

CREATE INDEX welcome_recipient_by_welcome ON welcome_recipient (conversation, commit_id);

