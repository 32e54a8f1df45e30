//! Who is signed in, and people's names.

use pipit_client::storage::SessionRecord;
use pipit_wire::frame::Profile;
use pipit_wire::{DeviceId, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::value;

pub(crate) fn find(connection: &Connection) -> rusqlite::Result<Option<SessionRecord>> {
    connection
        .prepare_cached(
            "SELECT me, device, limits, server_name, access_token, access_until, refresh_token, clock_offset_ms,
                    list_loaded, list_complete
             FROM session",
        )?
        .query_row([], |row| {
            Ok(SessionRecord {
                me: value::json(row, 0)?,
                device: value::id(row, 1, DeviceId::from_bytes)?,
                limits: value::json(row, 2)?,
                server_name: row.get(3)?,
                access_token: row.get(4)?,
                access_until: value::timestamp(row, 5)?,
                refresh_token: row.get(6)?,
                clock_offset_ms: row.get(7)?,
                list_loaded: row.get(8)?,
                list_complete: row.get(9)?,
            })
        })
        .optional()
}

pub(crate) fn save(connection: &Connection, session: &SessionRecord) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO session (only_one, me, device, limits, server_name, access_token, access_until,
                    refresh_token, clock_offset_ms, list_loaded, list_complete)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            value::to_json(&session.me)?,
            session.device.as_bytes(),
            value::to_json(&session.limits)?,
            session.server_name,
            session.access_token,
            session.access_until.as_ms(),
            session.refresh_token,
            session.clock_offset_ms,
            session.list_loaded,
            session.list_complete,
        ])?;
    Ok(())
}

pub(crate) fn find_profile(connection: &Connection, user: UserId) -> rusqlite::Result<Option<Profile>> {
    connection
        .prepare_cached("SELECT handle, name, face FROM profile WHERE user = ?1")?
        .query_row([user.as_bytes()], |row| {
            Ok(Profile {
                user,
                handle: row.get(0)?,
                name: row.get(1)?,
                face: value::optional_json(row, 2)?,
            })
        })
        .optional()
}

pub(crate) fn list_profiles(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<Profile>> {
    connection
        .prepare_cached("SELECT user, handle, name, face FROM profile ORDER BY handle LIMIT ?1")?
        .query_map([limit], |row| {
            Ok(Profile {
                user: value::id(row, 0, UserId::from_bytes)?,
                handle: row.get(1)?,
                name: row.get(2)?,
                face: value::optional_json(row, 3)?,
            })
        })?
        .collect()
}

pub(crate) fn save_profile(connection: &Connection, profile: &Profile) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO profile (user, handle, name, face) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user) DO UPDATE SET handle = excluded.handle, name = excluded.name, face = excluded.face",
        )?
        .execute(params![
            profile.user.as_bytes(),
            profile.handle,
            profile.name,
            profile.face.as_ref().map(value::to_json).transpose()?
        ])?;
    Ok(())
}
