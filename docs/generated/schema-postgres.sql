TABLE account (
    id uuid NOT NULL,
    handle text COLLATE "C" NOT NULL,
    name text NOT NULL,
    password text NOT NULL,
    admin boolean NOT NULL,
    suspended_at bigint,
    created_at bigint NOT NULL,
    invited_by uuid,
    face text,
    avatar uuid,
    PRIMARY KEY (id)
);

TABLE account_word (
    word text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL,
    PRIMARY KEY (word, user_id),
    FOREIGN KEY (user_id) REFERENCES account(id) ON DELETE CASCADE
);

TABLE archive (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    device uuid NOT NULL,
    is_backup boolean NOT NULL,
    proof bytea NOT NULL,
    made_at bigint NOT NULL,
    changed_at bigint NOT NULL,
    expires_at bigint,
    giver uuid,
    salt bytea,
    complete boolean NOT NULL,
    numbered bigint NOT NULL,
    conversation uuid,
    PRIMARY KEY (id),
    CHECK (((giver IS NULL) = (salt IS NULL))),
    FOREIGN KEY (conversation) REFERENCES conversation(id),
    FOREIGN KEY (device) REFERENCES device(id),
    FOREIGN KEY (giver) REFERENCES device(id),
    CHECK ((length(proof) = 32)),
    CHECK ((length(salt) = 32)),
    FOREIGN KEY (user_id) REFERENCES account(id)
);

TABLE archive_part (
    archive uuid NOT NULL,
    number bigint NOT NULL,
    id uuid NOT NULL,
    owner uuid NOT NULL,
    size bigint NOT NULL,
    at bigint NOT NULL,
    object text NOT NULL,
    PRIMARY KEY (archive, number),
    FOREIGN KEY (archive) REFERENCES archive(id) ON DELETE CASCADE,
    FOREIGN KEY (owner) REFERENCES account(id),
    CHECK ((size >= 0))
);

TABLE attachment (
    blob uuid NOT NULL,
    conversation uuid NOT NULL,
    message uuid NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (blob, conversation, message),
    FOREIGN KEY (blob) REFERENCES blob(id),
    FOREIGN KEY (conversation) REFERENCES conversation(id)
);

TABLE ban (
    conversation uuid NOT NULL,
    user_id uuid NOT NULL,
    made_by uuid NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (conversation, user_id),
    FOREIGN KEY (conversation) REFERENCES conversation(id),
    FOREIGN KEY (made_by) REFERENCES account(id),
    FOREIGN KEY (user_id) REFERENCES account(id)
);

TABLE blob (
    id uuid NOT NULL,
    owner uuid NOT NULL,
    size bigint NOT NULL,
    received bigint NOT NULL,
    finished boolean NOT NULL,
    touched_at bigint NOT NULL,
    attachments bigint NOT NULL,
    details text NOT NULL,
    PRIMARY KEY (id),
    CHECK ((attachments >= 0)),
    CHECK (((received >= 0) AND (received <= size))),
    FOREIGN KEY (owner) REFERENCES account(id),
    CHECK ((size >= 0))
);

TABLE block (
    user_id uuid NOT NULL,
    other uuid NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (user_id, other),
    FOREIGN KEY (other) REFERENCES account(id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES account(id) ON DELETE CASCADE
);

TABLE conversation ( -- fillfactor=70
    id uuid NOT NULL,
    kind smallint NOT NULL,
    title text,
    low uuid,
    high uuid,
    last_seq bigint NOT NULL,
    last_at bigint NOT NULL,
    last_message_seq bigint NOT NULL,
    member_count bigint NOT NULL,
    owner_count bigint NOT NULL,
    topic text NOT NULL,
    announcements boolean NOT NULL,
    history smallint NOT NULL,
    expire_after_ms bigint NOT NULL,
    avatar uuid,
    encrypted boolean NOT NULL,
    epoch bigint NOT NULL,
    PRIMARY KEY (id),
    CHECK ((epoch >= 0)),
    CHECK ((expire_after_ms >= 0)),
    FOREIGN KEY (high) REFERENCES account(id),
    CHECK ((history = ANY (ARRAY[0, 1]))),
    CHECK ((kind = ANY (ARRAY[0, 1]))),
    FOREIGN KEY (low) REFERENCES account(id),
    CHECK ((member_count >= 0)),
    CHECK ((owner_count >= 0)),
    CHECK ((((kind = 0) = (low IS NOT NULL)) AND ((low IS NULL) = (high IS NULL)) AND ((low <= high) IS NOT FALSE)))
);

TABLE device ( -- fillfactor=80
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    client_name text NOT NULL,
    client_version text NOT NULL,
    signed_in_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    revoked_at bigint,
    PRIMARY KEY (id),
    FOREIGN KEY (user_id) REFERENCES account(id)
);

TABLE device_key (
    device uuid NOT NULL,
    user_id uuid NOT NULL,
    signature_key bytea NOT NULL,
    publication bigint NOT NULL,
    PRIMARY KEY (device),
    FOREIGN KEY (device) REFERENCES device(id),
    CHECK ((octet_length(signature_key) = 32)),
    FOREIGN KEY (user_id) REFERENCES account(id)
);

TABLE event ( -- HASH (conversation)
    conversation uuid NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    kind smallint NOT NULL,
    sender uuid NOT NULL,
    device uuid,
    at bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (conversation, seq),
    CHECK ((seq > 0))
);

TABLE expiring (
    expires_at bigint NOT NULL,
    conversation uuid NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (expires_at, conversation, seq)
);

TABLE group_info (
    conversation uuid NOT NULL,
    epoch bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (conversation),
    FOREIGN KEY (conversation) REFERENCES conversation(id)
);

TABLE group_invite (
    id uuid NOT NULL,
    token bytea NOT NULL,
    conversation uuid NOT NULL,
    made_by uuid NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    uses_left bigint NOT NULL,
    approval boolean NOT NULL,
    revoked_at bigint,
    PRIMARY KEY (id),
    FOREIGN KEY (conversation) REFERENCES conversation(id),
    FOREIGN KEY (made_by) REFERENCES account(id),
    CHECK ((length(token) = 32)),
    UNIQUE (token),
    CHECK ((uses_left >= 0))
);

TABLE invite (
    id uuid NOT NULL,
    token bytea NOT NULL,
    made_by uuid NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    uses_left bigint NOT NULL,
    revoked_at bigint,
    PRIMARY KEY (id),
    FOREIGN KEY (made_by) REFERENCES account(id),
    CHECK ((length(token) = 32)),
    UNIQUE (token),
    CHECK ((uses_left >= 0))
);

TABLE join_request (
    conversation uuid NOT NULL,
    user_id uuid NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (conversation, user_id),
    FOREIGN KEY (conversation) REFERENCES conversation(id),
    FOREIGN KEY (user_id) REFERENCES account(id)
);

TABLE key_log (
    user_id uuid NOT NULL,
    number bigint NOT NULL,
    step smallint NOT NULL,
    holder smallint NOT NULL,
    device uuid NOT NULL,
    signature_key bytea NOT NULL,
    at bigint NOT NULL,
    voucher uuid,
    signature bytea,
    hash bytea NOT NULL,
    PRIMARY KEY (user_id, number),
    CHECK (((voucher IS NULL) = (signature IS NULL))),
    CHECK ((length(hash) = 32)),
    CHECK ((holder = ANY (ARRAY[1, 2]))),
    CHECK ((number > 0)),
    CHECK ((length(signature) = 64)),
    CHECK ((length(signature_key) = 32)),
    CHECK ((step = ANY (ARRAY[1, 2, 3]))),
    FOREIGN KEY (user_id) REFERENCES account(id) ON DELETE CASCADE
);

TABLE key_package (
    id bigint NOT NULL,
    device uuid NOT NULL,
    last_resort boolean NOT NULL,
    not_after bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (device) REFERENCES device_key(device) ON DELETE CASCADE
);

TABLE member ( -- fillfactor=80
    conversation uuid NOT NULL,
    user_id uuid NOT NULL,
    role smallint NOT NULL,
    first_seq bigint NOT NULL,
    delivered_seq bigint NOT NULL,
    read_seq bigint NOT NULL,
    PRIMARY KEY (conversation, user_id),
    CHECK ((((first_seq - 1) <= read_seq) AND (read_seq <= delivered_seq))),
    FOREIGN KEY (conversation) REFERENCES conversation(id),
    CHECK ((first_seq > 0)),
    CHECK (((role >= 0) AND (role <= 3))),
    FOREIGN KEY (user_id) REFERENCES account(id)
);

TABLE message_edit (
    conversation uuid NOT NULL,
    message_seq bigint NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (conversation, message_seq, seq)
);

TABLE message_state ( -- fillfactor=80
    conversation uuid NOT NULL,
    message_seq bigint NOT NULL,
    message uuid NOT NULL,
    edit_seq bigint NOT NULL,
    edit_count bigint NOT NULL,
    deleted_seq bigint NOT NULL,
    pinned_seq bigint NOT NULL,
    vote_seq bigint NOT NULL,
    closed_seq bigint NOT NULL,
    PRIMARY KEY (conversation, message_seq)
);

TABLE personal ( -- fillfactor=80
    conversation uuid NOT NULL,
    user_id uuid NOT NULL,
    changed_at bigint NOT NULL,
    archived_seq bigint NOT NULL,
    pin bigint NOT NULL,
    muted_until bigint NOT NULL,
    marked_unread boolean NOT NULL,
    draft text NOT NULL,
    hidden bigint[] NOT NULL,
    request smallint NOT NULL,
    asked_by uuid,
    scheduled jsonb NOT NULL,
    notify smallint NOT NULL,
    PRIMARY KEY (conversation, user_id),
    FOREIGN KEY (conversation, user_id) REFERENCES member(conversation, user_id) ON DELETE CASCADE,
    CHECK ((notify = ANY (ARRAY[0, 1, 2]))),
    CHECK ((request = ANY (ARRAY[0, 1, 2])))
);

TABLE poll_vote (
    conversation uuid NOT NULL,
    message_seq bigint NOT NULL,
    user_id uuid NOT NULL,
    seq bigint NOT NULL,
    places bigint NOT NULL,
    PRIMARY KEY (conversation, message_seq, user_id, seq)
);

TABLE privacy (
    user_id uuid NOT NULL,
    receipts boolean NOT NULL,
    typing boolean NOT NULL,
    presence boolean NOT NULL,
    found_by smallint NOT NULL,
    written_by smallint NOT NULL,
    added_by smallint NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (user_id),
    CHECK ((added_by = ANY (ARRAY[0, 1, 2]))),
    CHECK ((found_by = ANY (ARRAY[0, 1, 2]))),
    FOREIGN KEY (user_id) REFERENCES account(id) ON DELETE CASCADE,
    CHECK ((written_by = ANY (ARRAY[0, 1, 2])))
);

TABLE push_key (
    one smallint NOT NULL,
    key bytea NOT NULL,
    PRIMARY KEY (one),
    CHECK ((length(key) = 32)),
    CHECK ((one = 1))
);

TABLE push_shown (
    user_id uuid NOT NULL,
    conversation uuid NOT NULL,
    device uuid NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (user_id, conversation, device),
    FOREIGN KEY (device) REFERENCES push_subscription(device) ON DELETE CASCADE
);

TABLE push_subscription (
    device uuid NOT NULL,
    user_id uuid NOT NULL,
    endpoint text NOT NULL,
    key bytea NOT NULL,
    secret bytea NOT NULL,
    silent boolean NOT NULL,
    made_at bigint NOT NULL,
    PRIMARY KEY (device),
    FOREIGN KEY (device) REFERENCES device(id) ON DELETE CASCADE,
    UNIQUE (endpoint),
    CHECK ((length(key) = 65)),
    CHECK ((length(secret) = 16)),
    FOREIGN KEY (user_id) REFERENCES account(id) ON DELETE CASCADE
);

TABLE reaction (
    conversation uuid NOT NULL,
    message_seq bigint NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (conversation, message_seq, emoji, user_id)
);

TABLE reaction_count ( -- fillfactor=80
    conversation uuid NOT NULL,
    message_seq bigint NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    first_seq bigint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (conversation, message_seq, emoji),
    CHECK ((count > 0))
);

TABLE refresh_token (
    hash bytea NOT NULL,
    device uuid NOT NULL,
    state smallint NOT NULL,
    spent_at bigint,
    PRIMARY KEY (hash),
    CHECK (((state = 2) = (spent_at IS NOT NULL))),
    FOREIGN KEY (device) REFERENCES device(id) ON DELETE CASCADE,
    CHECK ((length(hash) = 32)),
    CHECK ((state = ANY (ARRAY[0, 1, 2])))
);

TABLE report (
    id uuid NOT NULL,
    at bigint NOT NULL,
    reporter uuid NOT NULL,
    user_id uuid NOT NULL,
    reason smallint NOT NULL,
    note text NOT NULL,
    conversation uuid,
    evidence text NOT NULL,
    closed_at bigint,
    closed_by uuid,
    outcome text NOT NULL,
    PRIMARY KEY (id),
    CHECK (((closed_at IS NULL) = (closed_by IS NULL))),
    FOREIGN KEY (closed_by) REFERENCES account(id),
    FOREIGN KEY (conversation) REFERENCES conversation(id),
    FOREIGN KEY (reporter) REFERENCES account(id),
    FOREIGN KEY (user_id) REFERENCES account(id)
);

TABLE scheduled (
    conversation uuid NOT NULL,
    user_id uuid NOT NULL,
    message uuid NOT NULL,
    due_at bigint,
    over_at bigint,
    PRIMARY KEY (conversation, user_id, message),
    FOREIGN KEY (conversation, user_id) REFERENCES personal(conversation, user_id) ON DELETE CASCADE
);

TABLE scheduled_file (
    conversation uuid NOT NULL,
    user_id uuid NOT NULL,
    message uuid NOT NULL,
    blob uuid NOT NULL,
    PRIMARY KEY (conversation, user_id, message, blob),
    FOREIGN KEY (blob) REFERENCES blob(id),
    FOREIGN KEY (conversation, user_id, message) REFERENCES scheduled(conversation, user_id, message) ON DELETE CASCADE
);

TABLE schema_version (
    version integer NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (version)
);

TABLE sealed_count ( -- fillfactor=80
    conversation uuid NOT NULL,
    device uuid NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (conversation, device),
    FOREIGN KEY (conversation) REFERENCES conversation(id),
    FOREIGN KEY (device) REFERENCES device(id)
);

TABLE search_entry ( -- autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05
    conversation uuid NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    source bigint NOT NULL,
    words tsvector NOT NULL,
    PRIMARY KEY (conversation, seq)
);

TABLE search_position ( -- fillfactor=80
    conversation uuid NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (conversation)
);

TABLE server (
    one smallint NOT NULL,
    name text NOT NULL,
    generation uuid NOT NULL,
    set_up_at bigint NOT NULL,
    PRIMARY KEY (one),
    CHECK ((one = 1))
);

TABLE server_key (
    one smallint NOT NULL,
    key bytea NOT NULL,
    PRIMARY KEY (one),
    CHECK ((length(key) = 32)),
    CHECK ((one = 1))
);

TABLE setting (
    user_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (user_id, key),
    FOREIGN KEY (user_id) REFERENCES account(id) ON DELETE CASCADE
);

TABLE welcome (
    conversation uuid NOT NULL,
    commit_id uuid NOT NULL,
    at bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (conversation, commit_id),
    FOREIGN KEY (conversation) REFERENCES conversation(id)
);

TABLE welcome_recipient (
    device uuid NOT NULL,
    conversation uuid NOT NULL,
    commit_id uuid NOT NULL,
    PRIMARY KEY (device, conversation, commit_id),
    FOREIGN KEY (conversation, commit_id) REFERENCES welcome(conversation, commit_id) ON DELETE CASCADE,
    FOREIGN KEY (device) REFERENCES device_key(device) ON DELETE CASCADE
);

CREATE INDEX account_by_avatar ON public.account USING btree (avatar) WHERE (avatar IS NOT NULL);
CREATE UNIQUE INDEX account_by_handle ON public.account USING btree (handle);
CREATE UNIQUE INDEX account_pkey ON public.account USING btree (id);
CREATE INDEX account_word_by_user ON public.account_word USING btree (user_id);
CREATE UNIQUE INDEX account_word_pkey ON public.account_word USING btree (word, user_id);
CREATE UNIQUE INDEX archive_backup ON public.archive USING btree (user_id) WHERE is_backup;
CREATE INDEX archive_by_conversation ON public.archive USING btree (conversation, user_id) WHERE (conversation IS NOT NULL);
CREATE INDEX archive_by_end ON public.archive USING btree (expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX archive_by_giver ON public.archive USING btree (giver) WHERE (giver IS NOT NULL);
CREATE INDEX archive_by_user ON public.archive USING btree (user_id, made_at);
CREATE UNIQUE INDEX archive_handover ON public.archive USING btree (device) WHERE ((NOT is_backup) AND (conversation IS NULL));
CREATE UNIQUE INDEX archive_part_by_id ON public.archive_part USING btree (archive, id);
CREATE INDEX archive_part_by_owner ON public.archive_part USING btree (owner, size);
CREATE UNIQUE INDEX archive_part_pkey ON public.archive_part USING btree (archive, number);
CREATE UNIQUE INDEX archive_pkey ON public.archive USING btree (id);
CREATE INDEX attachment_by_message ON public.attachment USING btree (conversation, message);
CREATE UNIQUE INDEX attachment_pkey ON public.attachment USING btree (blob, conversation, message);
CREATE UNIQUE INDEX ban_pkey ON public.ban USING btree (conversation, user_id);
CREATE INDEX blob_by_owner ON public.blob USING btree (owner, finished, size);
CREATE UNIQUE INDEX blob_pkey ON public.blob USING btree (id);
CREATE INDEX blob_unattached ON public.blob USING btree (touched_at) WHERE (attachments = 0);
CREATE INDEX block_by_other ON public.block USING btree (other);
CREATE UNIQUE INDEX block_pkey ON public.block USING btree (user_id, other);
CREATE INDEX conversation_by_avatar ON public.conversation USING btree (avatar) WHERE (avatar IS NOT NULL);
CREATE INDEX conversation_by_high ON public.conversation USING btree (high) WHERE (high IS NOT NULL);
CREATE UNIQUE INDEX conversation_by_pair ON public.conversation USING btree (low, high, encrypted) WHERE (low IS NOT NULL);
CREATE UNIQUE INDEX conversation_pkey ON public.conversation USING btree (id);
CREATE INDEX device_by_user ON public.device USING btree (user_id, signed_in_at);
CREATE INDEX device_key_by_user ON public.device_key USING btree (user_id, device);
CREATE UNIQUE INDEX device_key_pkey ON public.device_key USING btree (device);
CREATE UNIQUE INDEX device_pkey ON public.device USING btree (id);
CREATE UNIQUE INDEX event_by_id ON ONLY public.event USING btree (conversation, id);
CREATE UNIQUE INDEX event_pkey ON ONLY public.event USING btree (conversation, seq);
CREATE INDEX event_removal ON ONLY public.event USING btree (conversation, (((body)::jsonb ->> 'user'::text)), seq) WHERE (kind = 3);
CREATE UNIQUE INDEX expiring_pkey ON public.expiring USING btree (expires_at, conversation, seq);
CREATE UNIQUE INDEX group_info_pkey ON public.group_info USING btree (conversation);
CREATE INDEX group_invite_by_end ON public.group_invite USING btree (expires_at);
CREATE INDEX group_invite_open ON public.group_invite USING btree (conversation, created_at, id) WHERE ((uses_left > 0) AND (revoked_at IS NULL));
CREATE UNIQUE INDEX group_invite_pkey ON public.group_invite USING btree (id);
CREATE UNIQUE INDEX group_invite_token_key ON public.group_invite USING btree (token);
CREATE INDEX invite_by_end ON public.invite USING btree (expires_at);
CREATE INDEX invite_open ON public.invite USING btree (created_at, id) WHERE ((uses_left > 0) AND (revoked_at IS NULL));
CREATE UNIQUE INDEX invite_pkey ON public.invite USING btree (id);
CREATE UNIQUE INDEX invite_token_key ON public.invite USING btree (token);
CREATE UNIQUE INDEX join_request_pkey ON public.join_request USING btree (conversation, user_id);
CREATE UNIQUE INDEX key_log_pkey ON public.key_log USING btree (user_id, number);
CREATE INDEX key_package_by_device ON public.key_package USING btree (device, last_resort, not_after);
CREATE UNIQUE INDEX key_package_pkey ON public.key_package USING btree (id);
CREATE INDEX member_by_age ON public.member USING btree (conversation, first_seq, user_id);
CREATE INDEX member_by_user ON public.member USING btree (user_id, conversation);
CREATE UNIQUE INDEX member_pkey ON public.member USING btree (conversation, user_id);
CREATE UNIQUE INDEX message_edit_pkey ON public.message_edit USING btree (conversation, message_seq, seq);
CREATE INDEX message_state_pinned ON public.message_state USING btree (conversation, pinned_seq) WHERE (pinned_seq > 0);
CREATE UNIQUE INDEX message_state_pkey ON public.message_state USING btree (conversation, message_seq);
CREATE UNIQUE INDEX personal_pkey ON public.personal USING btree (conversation, user_id);
CREATE UNIQUE INDEX poll_vote_pkey ON public.poll_vote USING btree (conversation, message_seq, user_id, seq);
CREATE UNIQUE INDEX privacy_pkey ON public.privacy USING btree (user_id);
CREATE UNIQUE INDEX push_key_pkey ON public.push_key USING btree (one);
CREATE INDEX push_shown_by_device ON public.push_shown USING btree (device);
CREATE UNIQUE INDEX push_shown_pkey ON public.push_shown USING btree (user_id, conversation, device);
CREATE INDEX push_subscription_by_user ON public.push_subscription USING btree (user_id, device);
CREATE UNIQUE INDEX push_subscription_endpoint_key ON public.push_subscription USING btree (endpoint);
CREATE UNIQUE INDEX push_subscription_pkey ON public.push_subscription USING btree (device);
CREATE INDEX reaction_by_age ON public.reaction USING btree (conversation, message_seq, emoji, seq);
CREATE UNIQUE INDEX reaction_count_pkey ON public.reaction_count USING btree (conversation, message_seq, emoji);
CREATE UNIQUE INDEX reaction_pkey ON public.reaction USING btree (conversation, message_seq, emoji, user_id);
CREATE INDEX refresh_token_by_device ON public.refresh_token USING btree (device, state);
CREATE UNIQUE INDEX refresh_token_pkey ON public.refresh_token USING btree (hash);
CREATE INDEX refresh_token_spent ON public.refresh_token USING btree (spent_at) WHERE (state = 2);
CREATE INDEX report_closed ON public.report USING btree (closed_at, id) WHERE (closed_at IS NOT NULL);
CREATE INDEX report_open ON public.report USING btree (at, id) WHERE (closed_at IS NULL);
CREATE INDEX report_open_by_reporter ON public.report USING btree (reporter) WHERE (closed_at IS NULL);
CREATE UNIQUE INDEX report_pkey ON public.report USING btree (id);
CREATE INDEX scheduled_due ON public.scheduled USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX scheduled_file_by_blob ON public.scheduled_file USING btree (blob);
CREATE UNIQUE INDEX scheduled_file_pkey ON public.scheduled_file USING btree (conversation, user_id, message, blob);
CREATE INDEX scheduled_over ON public.scheduled USING btree (over_at) WHERE (over_at IS NOT NULL);
CREATE UNIQUE INDEX scheduled_pkey ON public.scheduled USING btree (conversation, user_id, message);
CREATE INDEX scheduled_waiting ON public.scheduled USING btree (user_id) WHERE (over_at IS NULL);
CREATE UNIQUE INDEX schema_version_pkey ON public.schema_version USING btree (version);
CREATE UNIQUE INDEX sealed_count_pkey ON public.sealed_count USING btree (conversation, device);
CREATE INDEX search_entry_by_time ON public.search_entry USING btree (at, conversation, seq);
CREATE UNIQUE INDEX search_entry_pkey ON public.search_entry USING btree (conversation, seq);
CREATE INDEX search_entry_words ON public.search_entry USING gin (words) WITH (fastupdate='on', gin_pending_list_limit='1024');
CREATE UNIQUE INDEX search_position_pkey ON public.search_position USING btree (conversation);
CREATE UNIQUE INDEX server_key_pkey ON public.server_key USING btree (one);
CREATE UNIQUE INDEX server_pkey ON public.server USING btree (one);
CREATE UNIQUE INDEX setting_pkey ON public.setting USING btree (user_id, key);
CREATE INDEX welcome_by_age ON public.welcome USING btree (at);
CREATE UNIQUE INDEX welcome_pkey ON public.welcome USING btree (conversation, commit_id);
CREATE INDEX welcome_recipient_by_welcome ON public.welcome_recipient USING btree (conversation, commit_id);
CREATE UNIQUE INDEX welcome_recipient_pkey ON public.welcome_recipient USING btree (device, conversation, commit_id);
PARTITION event_00 FOR VALUES WITH (modulus 16, remainder 0) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_01 FOR VALUES WITH (modulus 16, remainder 1) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_02 FOR VALUES WITH (modulus 16, remainder 2) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_03 FOR VALUES WITH (modulus 16, remainder 3) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_04 FOR VALUES WITH (modulus 16, remainder 4) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_05 FOR VALUES WITH (modulus 16, remainder 5) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_06 FOR VALUES WITH (modulus 16, remainder 6) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_07 FOR VALUES WITH (modulus 16, remainder 7) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_08 FOR VALUES WITH (modulus 16, remainder 8) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_09 FOR VALUES WITH (modulus 16, remainder 9) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_10 FOR VALUES WITH (modulus 16, remainder 10) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_11 FOR VALUES WITH (modulus 16, remainder 11) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_12 FOR VALUES WITH (modulus 16, remainder 12) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_13 FOR VALUES WITH (modulus 16, remainder 13) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_14 FOR VALUES WITH (modulus 16, remainder 14) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
PARTITION event_15 FOR VALUES WITH (modulus 16, remainder 15) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);
CREATE OR REPLACE FUNCTION count_scheduled_file()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE blob SET attachments = attachments + 1 WHERE id = NEW.blob;
    ELSE
        UPDATE blob SET touched_at = CASE attachments WHEN 1 THEN 0 ELSE touched_at END, attachments = attachments - 1
        WHERE id = OLD.blob;
    END IF;
    RETURN NULL;
END
$function$;
CREATE TRIGGER scheduled_file_counted AFTER INSERT OR DELETE ON scheduled_file FOR EACH ROW EXECUTE FUNCTION count_scheduled_file();
