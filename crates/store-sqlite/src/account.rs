//! The server itself, and accounts.

use pipit_store::account::{
    CreateAccount, CreateAccountError, CredentialRecord, NewUser, PasswordHash, ServerRecord, SetUp,
    SetUpError, UserRecord,
};
use pipit_wire::frame::Profile;
use pipit_wire::person::{Face, FaceChange};
use pipit_wire::{BlobId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};
use uuid::Uuid;

use crate::{blob, device, invite, row};

pub(crate) fn find_server(db: &Connection) -> Result<Option<ServerRecord>> {
    db.prepare_cached("SELECT name, generation, set_up_at FROM server")?
        .query_row([], |row| {
            Ok(ServerRecord {
                name: row.get(0)?,
                generation: Uuid::from_bytes(row.get(1)?),
                set_up_at: row::time_at(row, 2)?,
            })
        })
        .optional()
}

pub(crate) fn server_key(db: &Connection, candidate: &[u8; 32]) -> Result<[u8; 32]> {
    db.prepare_cached("INSERT INTO server_key (only, key) VALUES (1, ?1) ON CONFLICT DO NOTHING")?
        .execute(params![candidate])?;
    db.prepare_cached("SELECT key FROM server_key")?
        .query_row([], |row| row.get(0))
}

pub(crate) fn set_up(db: &Connection, set_up: &SetUp) -> Result<Result<(), SetUpError>> {
    let made = db
        .prepare_cached(
            "INSERT INTO server (only, name, generation, set_up_at) VALUES (1, ?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![set_up.server_name, set_up.generation.as_bytes(), set_up.now.as_ms()])?;
    if made == 0 {
        return Ok(Err(SetUpError::AlreadySetUp));
    }
    insert_user(db, &set_up.account, set_up.now)?;
    device::create(db, &set_up.device)?;
    Ok(Ok(()))
}

pub(crate) fn create(db: &Connection, new: &CreateAccount) -> Result<Result<(), CreateAccountError>> {
    let taken = db
        .prepare_cached("SELECT 1 FROM user WHERE handle = ?1")?
        .exists([&new.account.handle])?;
    if taken {
        return Ok(Err(CreateAccountError::HandleTaken));
    }
    let inviter = match &new.invite {
        Some(by) => match invite::use_once(db, by, new.now)? {
            Some(inviter) => Some(inviter),
            None => return Ok(Err(CreateAccountError::InviteInvalid)),
        },
        None => None,
    };
    insert_user(db, &new.account, new.now)?;
    if let Some(inviter) = inviter {
        db.prepare_cached("UPDATE user SET invited_by = ?2 WHERE id = ?1")?
            .execute([new.account.id.as_bytes(), inviter.as_bytes()])?;
    }
    device::create(db, &new.device)?;
    Ok(Ok(()))
}

/// Those who have made their account by an invite of somebody, or by whose invite that one has.
pub(crate) fn filter_invited(db: &Connection, user: UserId, others: &[UserId]) -> Result<Vec<UserId>> {
    let mut one = db.prepare_cached(
        "SELECT 1 FROM user WHERE (id = ?1 AND invited_by = ?2) OR (id = ?2 AND invited_by = ?1)",
    )?;
    let mut invited = Vec::new();
    for other in others {
        if one.exists([user.as_bytes(), other.as_bytes()])? {
            invited.push(*other);
        }
    }
    Ok(invited)
}

fn insert_user(db: &Connection, user: &NewUser, now: Timestamp) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO user (id, handle, name, password, admin, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        user.id.as_bytes(),
        user.handle,
        user.name,
        user.password.0,
        user.admin,
        now.as_ms()
    ])?;
    insert_words(db, user.id, &user.name)
}

/// Keeps what a search compares a query with: the lowered name from each of its words on.
fn insert_words(db: &Connection, user: UserId, name: &str) -> Result<()> {
    let mut insert =
        db.prepare_cached("INSERT INTO user_word (word, user) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    for first in 0..words.len() {
        let rest = words.get(first..).unwrap_or_default().join(" ");
        insert.execute(params![rest, user.as_bytes()])?;
    }
    Ok(())
}

pub(crate) fn find(db: &Connection, user: UserId) -> Result<Option<UserRecord>> {
    db.prepare_cached(
        "SELECT id, handle, name, admin, suspended_at, created_at, face FROM user WHERE id = ?1",
    )?
    .query_row([user.as_bytes()], row::user)
    .optional()
}

pub(crate) fn find_credential(db: &Connection, handle: &str) -> Result<Option<CredentialRecord>> {
    db.prepare_cached(
        "SELECT id, handle, name, admin, suspended_at, created_at, face, password FROM user WHERE handle = ?1",
    )?
    .query_row([handle], |row| {
        Ok(CredentialRecord {
            user: row::user(row)?,
            password: PasswordHash(row.get(7)?),
        })
    })
    .optional()
}

pub(crate) fn find_profiles(db: &Connection, users: &[UserId]) -> Result<Vec<Profile>> {
    let mut find = db.prepare_cached("SELECT id, handle, name FROM user WHERE id = ?1")?;
    let mut profiles = Vec::with_capacity(users.len());
    for user in users {
        profiles.extend(find.query_row([user.as_bytes()], row::profile).optional()?);
    }
    Ok(profiles)
}

/// Two stretches of two indexes: handles, and names from each word on, that begin with the query. `pipit_model::privacy` says who is found by whom.
pub(crate) const SEARCH: &str = "
    WITH hit (id) AS (
        SELECT id FROM user WHERE handle >= ?2 AND handle < ?3
        UNION
        SELECT user FROM user_word WHERE word >= ?2 AND word < ?3
    )
    SELECT user.id, user.handle, user.name FROM hit JOIN user ON user.id = hit.id
    WHERE user.id <> ?1 AND user.suspended_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM block WHERE block.user = ?1 AND block.other = user.id)
        AND NOT EXISTS (SELECT 1 FROM block WHERE block.user = user.id AND block.other = ?1)
        AND (user.handle = ?2 OR NOT EXISTS (
            SELECT 1 FROM privacy WHERE privacy.user = user.id AND (found_by = 2 OR (
                found_by = 1 AND user.invited_by IS NOT ?1
                AND NOT EXISTS (SELECT 1 FROM user AS asker WHERE asker.id = ?1 AND asker.invited_by = user.id)
                AND NOT EXISTS (
                    SELECT 1 FROM member AS mine JOIN member AS theirs ON theirs.conversation = mine.conversation
                    WHERE mine.user = ?1 AND theirs.user = privacy.user AND NOT EXISTS (
                        SELECT 1 FROM personal WHERE personal.conversation = theirs.conversation
                            AND personal.user = theirs.user AND request > 0
                    )
                )
            ))
        ))
    ORDER BY user.handle <> ?2, user.handle LIMIT ?4";

pub(crate) fn search(db: &Connection, asker: UserId, query: &str, limit: u32) -> Result<Vec<Profile>> {
    let query = query.to_lowercase();
    // No text has a character after U+10FFFF, so this is above whatever begins with the query.
    let above = format!("{query}{}", char::MAX);
    db.prepare_cached(SEARCH)?
        .query_map(params![asker.as_bytes(), query, above, limit], row::profile)?
        .collect()
}

pub(crate) fn rename(db: &Connection, user: UserId, name: &str) -> Result<bool> {
    let renamed = db
        .prepare_cached("UPDATE user SET name = ?2 WHERE id = ?1")?
        .execute(params![user.as_bytes(), name])?;
    if renamed == 0 {
        return Ok(false);
    }
    db.prepare_cached("DELETE FROM user_word WHERE user = ?1")?
        .execute([user.as_bytes()])?;
    insert_words(db, user, name)?;
    Ok(true)
}

pub(crate) fn set_face(db: &Connection, user: UserId, change: &FaceChange) -> Result<Option<Face>> {
    let known = db
        .prepare_cached("SELECT face FROM user WHERE id = ?1")?
        .query_row([user.as_bytes()], |row| row::face(row, 0))
        .optional()?;
    let Some(known) = known else {
        return Ok(None);
    };
    let mut face = known.unwrap_or_default();
    let before = face.avatar;
    face.apply(change);
    if face.avatar != before && !blob::are_finished(db, face.avatar.as_slice(), false)? {
        return Ok(None);
    }
    blob::replace_picture(db, before, face.avatar)?;
    let text = serde_json::to_string(&face)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    db.prepare_cached("UPDATE user SET face = ?2, avatar = ?3 WHERE id = ?1")?
        .execute(params![
            user.as_bytes(),
            text,
            face.avatar.as_ref().map(BlobId::as_bytes)
        ])?;
    Ok(Some(face))
}

pub(crate) fn find_faces(db: &Connection, users: &[UserId]) -> Result<Vec<Profile>> {
    let mut find = db.prepare_cached("SELECT id, handle, name, face FROM user WHERE id = ?1")?;
    let mut profiles = Vec::with_capacity(users.len());
    for user in users {
        let found = find.query_row([user.as_bytes()], |row| {
            Ok(Profile {
                face: row::face(row, 3)?,
                ..row::profile(row)?
            })
        });
        profiles.extend(found.optional()?);
    }
    Ok(profiles)
}

pub(crate) fn set_suspended(db: &Connection, user: UserId, at: Option<Timestamp>) -> Result<bool> {
    let changed = db
        .prepare_cached("UPDATE user SET suspended_at = ?2 WHERE id = ?1")?
        .execute(params![user.as_bytes(), at.map(Timestamp::as_ms)])?;
    Ok(changed > 0)
}
