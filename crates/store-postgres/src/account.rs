//! The server itself, and accounts.

use pipit_store::account::{
    CreateAccount, CreateAccountError, CredentialRecord, NewDevice, NewUser, PasswordHash, ServerRecord,
    SetUp, SetUpError, UserRecord,
};
use pipit_wire::frame::Profile;
use pipit_wire::person::{Face, FaceChange};
use pipit_wire::{Timestamp, UserId};
use uuid::Uuid;

use crate::error::{Error, corrupt};
use crate::row::{self, at};
use crate::session::{Session, only_if, params};
use crate::{blob, device, invite};

type Result<T> = std::result::Result<T, Error>;

pub(crate) async fn find_server(session: &Session) -> Result<Option<ServerRecord>> {
    let row = session
        .first("SELECT name, generation, set_up_at FROM server", &[])
        .await?;
    row.map(|row| {
        Ok(ServerRecord {
            name: at(&row, 0)?,
            generation: at(&row, 1)?,
            set_up_at: row::time_at(&row, 2)?,
        })
    })
    .transpose()
}

pub(crate) async fn server_key(session: &Session, candidate: &[u8; 32]) -> Result<[u8; 32]> {
    let insert = session
        .prepare("INSERT INTO server_key (one, key) VALUES (1, $1) ON CONFLICT DO NOTHING")
        .await?;
    session.execute(&insert, params![candidate.as_slice()]).await?;
    let row = session.first("SELECT key FROM server_key", &[]).await?;
    let row = row.ok_or_else(|| corrupt("the server's key went away"))?;
    let key: Vec<u8> = at(&row, 0)?;
    key.try_into()
        .map_err(|_wrong_length| corrupt("the server's key has not 32 bytes"))
}

pub(crate) async fn set_up(session: &Session, set_up: &SetUp) -> Result<std::result::Result<(), SetUpError>> {
    let name_server = session
        .prepare(
            "INSERT INTO server (one, name, generation, set_up_at) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .await?;
    let insert = session.prepare(INSERT_USER).await?;
    let server = params![set_up.server_name, set_up.generation, set_up.now.as_ms()];
    let (begun, made) = tokio::join!(biased; session.begin(), session.execute(&name_server, server));
    begun?;
    if made? == 0 {
        session.rollback().await?;
        let own = session.is_in_doubt()
            && find_server(session)
                .await?
                .is_some_and(|server| server.generation == set_up.generation);
        return Ok(if own {
            Ok(())
        } else {
            Err(SetUpError::AlreadySetUp)
        });
    }
    let user = &set_up.account;
    let user_row = params![
        user.id.as_uuid(),
        user.handle,
        user.name,
        user.password.0,
        user.admin,
        set_up.now.as_ms()
    ];
    session.execute(&insert, user_row).await?;
    complete(session, user, &set_up.device).await?;
    Ok(Ok(()))
}

pub(crate) async fn create(
    session: &Session,
    new: &CreateAccount,
) -> Result<std::result::Result<(), CreateAccountError>> {
    let insert = session.prepare(INSERT_USER).await?;
    let use_invite = session.prepare(invite::USE_ONCE).await?;
    let user = &new.account;
    let user_row = params![
        user.id.as_uuid(),
        user.handle,
        user.name,
        user.password.0,
        user.admin,
        new.now.as_ms()
    ];
    let token = new.invite.as_ref().map(|token| token.0.as_slice());
    let invite = params![token, new.now.as_ms()];
    let (begun, made, admitted) = tokio::join!(
        biased;
        session.begin(),
        session.execute(&insert, user_row),
        only_if(token.is_some(), session.execute(&use_invite, invite)),
    );
    begun?;
    let refused = match (made?, admitted?) {
        (0, _) => Some(CreateAccountError::HandleTaken),
        (_, 0) if token.is_some() => Some(CreateAccountError::InviteInvalid),
        _ => None,
    };
    if let Some(refused) = refused {
        session.rollback().await?;
        let own = session.is_in_doubt() && find(session, user.id).await?.is_some();
        return Ok(if own { Ok(()) } else { Err(refused) });
    }
    if token.is_some() {
        session
            .run(NOTE_INVITER, params![user.id.as_uuid(), token])
            .await?;
    }
    complete(session, user, &new.device).await?;
    Ok(Ok(()))
}

const NOTE_INVITER: &str = "
    UPDATE account SET invited_by = invite.made_by FROM invite WHERE account.id = $1 AND invite.token = $2";

/// Those who have made their account by an invite of somebody, or by whose invite that one has.
pub(crate) async fn filter_invited(
    session: &Session,
    user: UserId,
    others: &[UserId],
) -> Result<Vec<UserId>> {
    let others: Vec<Uuid> = others.iter().map(UserId::as_uuid).collect();
    let rows = session
        .rows(
            "SELECT other FROM unnest($2::uuid[]) AS other WHERE EXISTS (
                SELECT 1 FROM account WHERE (id = $1 AND invited_by = other) OR (id = other AND invited_by = $1))",
            params![user.as_uuid(), others],
        )
        .await?;
    rows.iter().map(|row| row::id_at(row, 0)).collect()
}

/// Makes an account. Two that want one handle at once wait for each other here, and the second makes none.
const INSERT_USER: &str = "
    INSERT INTO account (id, handle, name, password, admin, created_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (handle) DO NOTHING";

const INSERT_WORDS: &str = "
    INSERT INTO account_word (word, user_id) SELECT word, $1 FROM unnest($2::text[]) AS word
    ON CONFLICT DO NOTHING";

/// What belongs to an account that was just inserted, and the end of the transaction.
async fn complete(session: &Session, user: &NewUser, device: &NewDevice) -> Result<()> {
    let insert_words = session.prepare(INSERT_WORDS).await?;
    let insert_device = session.prepare(device::INSERT).await?;
    let insert_token = session.prepare(device::INSERT_TOKEN).await?;
    let words = params![user.id.as_uuid(), words(&user.name)];
    let device_row = params![
        device.id.as_uuid(),
        device.user.as_uuid(),
        device.name,
        device.client.name,
        device.client.version,
        device.now.as_ms()
    ];
    let token_row = params![device.refresh.0.as_slice(), device.id.as_uuid()];
    let (wrote_words, wrote_device, wrote_token, committed) = tokio::join!(
        biased;
        session.execute(&insert_words, words),
        session.execute(&insert_device, device_row),
        session.execute(&insert_token, token_row),
        session.commit(),
    );
    wrote_words?;
    wrote_device?;
    wrote_token?;
    committed
}

/// What a search compares a query with: the lowered name from each of its words on.
fn words(name: &str) -> Vec<String> {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    (0..words.len())
        .map(|first| words.get(first..).unwrap_or_default().join(" "))
        .collect()
}

pub(crate) async fn find(session: &Session, user: UserId) -> Result<Option<UserRecord>> {
    let row = session
        .first(
            "SELECT id, handle, name, admin, suspended_at, created_at, face FROM account WHERE id = $1",
            params![user.as_uuid()],
        )
        .await?;
    row.map(|row| row::user(&row)).transpose()
}

pub(crate) async fn find_credential(session: &Session, handle: &str) -> Result<Option<CredentialRecord>> {
    if !row::is_text(handle) {
        return Ok(None);
    }
    let row = session
        .first(
            "SELECT id, handle, name, admin, suspended_at, created_at, face, password FROM account WHERE handle = $1",
            params![handle],
        )
        .await?;
    row.map(|row| {
        Ok(CredentialRecord {
            user: row::user(&row)?,
            password: PasswordHash(at(&row, 7)?),
        })
    })
    .transpose()
}

pub(crate) async fn find_profiles(session: &Session, users: &[UserId]) -> Result<Vec<Profile>> {
    let rows = session
        .rows(
            "SELECT id, handle, name FROM account WHERE id = ANY($1)",
            params![row::user_ids(users)],
        )
        .await?;
    rows.iter().map(|row| row::profile(row, 0)).collect()
}

/// Two stretches of two indexes: handles, and names from each word on, that begin with the query.
pub(crate) const SEARCH: &str = "
    WITH hit (id) AS (
        SELECT id FROM account WHERE handle >= $2 AND handle < $3
        UNION
        SELECT user_id FROM account_word WHERE word >= $2 AND word < $3
    )
    SELECT account.id, account.handle, account.name FROM hit JOIN account ON account.id = hit.id
    WHERE account.id <> $1 AND account.suspended_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM block WHERE block.user_id = $1 AND block.other = account.id)
        AND NOT EXISTS (SELECT 1 FROM block WHERE block.user_id = account.id AND block.other = $1)
        AND (account.handle = $2 OR NOT EXISTS (
            SELECT 1 FROM privacy WHERE privacy.user_id = account.id AND (found_by = 2 OR (
                found_by = 1 AND account.invited_by IS DISTINCT FROM $1
                AND NOT EXISTS (SELECT 1 FROM account AS asker WHERE asker.id = $1 AND asker.invited_by = account.id)
                AND NOT EXISTS (
                    SELECT 1 FROM member AS mine JOIN member AS theirs ON theirs.conversation = mine.conversation
                    WHERE mine.user_id = $1 AND theirs.user_id = privacy.user_id AND NOT EXISTS (
                        SELECT 1 FROM personal WHERE personal.conversation = theirs.conversation
                            AND personal.user_id = theirs.user_id AND request > 0
                    )
                )
            ))
        ))
    ORDER BY account.handle <> $2, account.handle LIMIT $4";

pub(crate) async fn search(
    session: &Session,
    asker: UserId,
    query: &str,
    limit: u32,
) -> Result<Vec<Profile>> {
    if !row::is_text(query) {
        return Ok(Vec::new());
    }
    let query = query.to_lowercase();
    // No text has a character after U+10FFFF, so this is above whatever begins with the query.
    let above = format!("{query}{}", char::MAX);
    let rows = session
        .rows(SEARCH, params![asker.as_uuid(), query, above, i64::from(limit)])
        .await?;
    rows.iter().map(|row| row::profile(row, 0)).collect()
}

pub(crate) async fn rename(session: &Session, user: UserId, name: &str) -> Result<bool> {
    let rename = session
        .prepare("UPDATE account SET name = $2 WHERE id = $1")
        .await?;
    let forget = session
        .prepare("DELETE FROM account_word WHERE user_id = $1")
        .await?;
    let insert = session
        .prepare(
            "INSERT INTO account_word (word, user_id)
            SELECT word, id FROM account CROSS JOIN unnest($2::text[]) AS word WHERE id = $1
            ON CONFLICT DO NOTHING",
        )
        .await?;
    let named = params![user.as_uuid(), name];
    let key = params![user.as_uuid()];
    let words = params![user.as_uuid(), words(name)];
    let (begun, renamed, emptied, inserted, committed) = tokio::join!(
        biased;
        session.begin(),
        session.execute(&rename, named),
        session.execute(&forget, key),
        session.execute(&insert, words),
        session.commit(),
    );
    begun?;
    let renamed = renamed?;
    emptied?;
    inserted?;
    committed?;
    Ok(renamed > 0)
}

pub(crate) async fn set_face(session: &Session, user: UserId, change: &FaceChange) -> Result<Option<Face>> {
    session.begin().await?;
    let row = session
        .first(
            "SELECT face FROM account WHERE id = $1 FOR NO KEY UPDATE",
            params![user.as_uuid()],
        )
        .await?;
    let Some(row) = row else {
        session.rollback().await?;
        return Ok(None);
    };
    let mut face = row::face(&row, 0)?.unwrap_or_default();
    let before = face.avatar;
    face.apply(change);
    if face.avatar != before && !blob::replace_picture(session, before, face.avatar).await? {
        session.rollback().await?;
        return Ok(None);
    }
    session
        .run(
            "UPDATE account SET face = $2, avatar = $3 WHERE id = $1",
            params![
                user.as_uuid(),
                serde_json::to_string(&face)?,
                face.avatar.map(|avatar| avatar.as_uuid())
            ],
        )
        .await?;
    session.commit().await?;
    Ok(Some(face))
}

pub(crate) async fn find_faces(session: &Session, users: &[UserId]) -> Result<Vec<Profile>> {
    let rows = session
        .rows(
            "SELECT id, handle, name, face FROM account WHERE id = ANY($1)",
            params![row::user_ids(users)],
        )
        .await?;
    let profile = |row| {
        Ok(Profile {
            face: row::face(row, 3)?,
            ..row::profile(row, 0)?
        })
    };
    rows.iter().map(profile).collect()
}

pub(crate) async fn set_suspended(session: &Session, user: UserId, at: Option<Timestamp>) -> Result<bool> {
    let changed = session
        .run(
            "UPDATE account SET suspended_at = $2 WHERE id = $1",
            params![user.as_uuid(), at.map(Timestamp::as_ms)],
        )
        .await?;
    Ok(changed > 0)
}
