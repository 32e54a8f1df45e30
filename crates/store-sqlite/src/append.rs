//! Appending to logs: the hot path.
//!
//! The state of each conversation that a batch touches is read once, kept while the batch runs, and written once at its
//! end: a batch of a hundred messages to one conversation updates its row once. A message mostly costs one statement more
//! ([`message`]); every other entry one for its id, its facts, what it changes and the row itself.

mod message;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use pipit_store::blob::{attached, required, takes_sealed};
use pipit_store::change::{Verdict, is_repetition, with_timer};
use pipit_store::encryption::{after, seal_of};
use pipit_store::log::{Append, AppendError, Appended, Facts};
use pipit_store::poll::with_tally;
use pipit_wire::event::{EventBody, GroupSettings, HistoryPolicy, MemberRole, MessageChange, Role};
use pipit_wire::{BlobId, ConversationId, Event, Seq, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use self::message::{Messages, Seen};
use crate::error::corrupt;
use crate::row::{role_number, seq_number};
use crate::{blob, change, conversation, encryption, expiry, joining, log, person, personal, poll, row};

/// A conversation's row, while a batch runs.
struct State {
    last_seq: Seq,
    last_at: Timestamp,
    last_message_seq: Seq,
    member_count: u32,
    owner_count: u32,
    /// The new title, where the batch has changed it.
    title: Option<String>,
    settings: GroupSettings,
    encrypted: bool,
    epoch: u64,
    changed: bool,
    seen: Seen,
}

pub(crate) fn append_batch(
    db: &Connection,
    batch: Vec<Append>,
) -> Result<Vec<std::result::Result<Appended, AppendError>>> {
    let mut messages = Messages::new(db)?;
    let mut states = HashMap::new();
    let mut outcomes = Vec::with_capacity(batch.len());
    for entry in batch {
        let known = match states.entry(entry.conversation) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let state = find_state(db, entry.conversation)?;
                unknown.insert(state)
            }
        };
        outcomes.push(match known {
            Some(state) => match messages.append(state, entry)? {
                Ok(appended) => Ok(appended),
                Err(entry) => {
                    state.seen.forget();
                    note_sealed(db, state, &entry)?;
                    append(db, state, entry)?
                }
            },
            None => Err(AppendError::NoConversation),
        });
    }
    for (conversation, state) in &states {
        if let Some(state) = state
            && state.changed
        {
            save_state(db, *conversation, state)?;
        }
    }
    Ok(outcomes)
}

fn append(
    db: &Connection,
    state: &mut State,
    entry: Append,
) -> Result<std::result::Result<Appended, AppendError>> {
    debug_assert!(
        !matches!(entry.body, EventBody::Created { .. }),
        "conversations are made by create_direct and create_group"
    );
    if let Some(event) = log::find_event(db, entry.conversation, entry.id)? {
        return Ok(if is_repetition(&event, entry.sender, &entry.body) {
            Ok(repeated(event))
        } else {
            Err(AppendError::IdConflict)
        });
    }
    if !do_facts_hold(db, state, entry.conversation, &entry.facts)? {
        return Ok(Err(AppendError::Stale));
    }
    let epoch = match after(state.encrypted, state.epoch, &entry.body) {
        Ok(epoch) => epoch,
        Err(error) => return Ok(Err(error)),
    };
    let mut target = None;
    let mut tally = (None, 0);
    if let EventBody::MessageChanged { message, change } = &entry.body {
        match change::decide(db, &entry, *message, change)? {
            Err(error) => return Ok(Err(error)),
            Ok(decided) => match decided.verdict {
                Verdict::Apply => {
                    if let MessageChange::Vote { .. } = change {
                        tally = (poll::find_tally(db, &decided.target)?, decided.chosen);
                    }
                    target = Some(decided.target);
                }
                Verdict::Stands(seq) => return stands(db, entry.conversation, seq).map(Ok),
            },
        }
    }
    let seq = state.last_seq.next();
    let blobs = attached(&entry.body);
    if !blob::are_finished(db, &required(&entry.body), takes_sealed(&entry.body))?
        || !apply(db, state, &entry, seq)?
    {
        return Ok(Err(AppendError::Stale));
    }
    let body = with_timer(entry.body, entry.at, &state.settings, target.as_ref());
    let event = Event {
        id: entry.id,
        conversation: entry.conversation,
        seq,
        at: entry.at,
        sender: entry.sender,
        device: entry.device,
        body: with_tally(body, target.as_ref(), tally.0.as_ref(), tally.1),
    };
    expiry::note(db, &event)?;
    insert_event(db, &event)?;
    blob::attach(db, &blobs, event.conversation, event.id, seq)?;
    if let (Some(target), EventBody::MessageChanged { change, .. }) = (&target, &event.body) {
        change::apply(db, target, &event, change)?;
    }
    state.last_seq = seq;
    state.last_at = event.at;
    state.epoch = epoch;
    state.changed = true;
    Ok(Ok(Appended {
        event,
        repeated: false,
    }))
}

/// Whatever a device has sealed for this log is counted, whether it gets in or not.
fn note_sealed(db: &Connection, state: &State, entry: &Append) -> Result<()> {
    match (seal_of(&entry.body), entry.device) {
        (Some(seal), Some(device)) if state.encrypted => {
            encryption::note_sealed(db, entry.conversation, device, seal.count)
        }
        _ => Ok(()),
    }
}

const fn repeated(event: Event) -> Appended {
    Appended {
        event,
        repeated: true,
    }
}

/// The answer to a change that finds everything as it wants it.
fn stands(db: &Connection, conversation: ConversationId, seq: Seq) -> Result<Appended> {
    let event = log::find_at(db, conversation, seq)?;
    let event = event.ok_or_else(|| corrupt(format!("{conversation} has no entry {seq}")))?;
    Ok(repeated(event))
}

fn find_state(db: &Connection, conversation: ConversationId) -> Result<Option<State>> {
    db.prepare_cached(
        "SELECT last_seq, last_at, last_message_seq, member_count, owner_count, topic, announcements, history,
            expire_after_ms, avatar, encrypted, epoch
        FROM conversation WHERE id = ?1",
    )?
    .query_row([conversation.as_bytes()], |row| {
        Ok(State {
            last_seq: row::seq_at(row, 0)?,
            last_at: row::time_at(row, 1)?,
            last_message_seq: row::seq_at(row, 2)?,
            member_count: row.get(3)?,
            owner_count: row.get(4)?,
            title: None,
            settings: row::settings(row, 5)?,
            encrypted: row.get(10)?,
            epoch: encryption::number_at(row, 11)?,
            changed: false,
            seen: Seen::default(),
        })
    })
    .optional()
}

fn save_state(db: &Connection, conversation: ConversationId, state: &State) -> Result<()> {
    db.prepare_cached(
        "UPDATE conversation SET last_seq = ?2, last_at = ?3, last_message_seq = ?4, member_count = ?5,
        owner_count = ?6, title = coalesce(?7, title), topic = ?8, announcements = ?9, history = ?10,
        expire_after_ms = ?11, avatar = ?12, epoch = ?13 WHERE id = ?1",
    )?
    .execute(params![
        conversation.as_bytes(),
        seq_number(state.last_seq),
        state.last_at.as_ms(),
        seq_number(state.last_message_seq),
        state.member_count,
        state.owner_count,
        state.title,
        state.settings.topic,
        state.settings.announcements,
        row::history_number(state.settings.history),
        state.settings.expire_after_ms,
        state.settings.avatar.as_ref().map(BlobId::as_bytes),
        encryption::number(state.epoch)
    ])?;
    Ok(())
}

fn do_facts_hold(
    db: &Connection,
    state: &State,
    conversation: ConversationId,
    facts: &Facts,
) -> Result<bool> {
    if facts
        .owner_count
        .is_some_and(|owners| owners != state.owner_count)
        || facts
            .member_count_max
            .is_some_and(|most| state.member_count > most)
        || facts
            .announcements
            .is_some_and(|announcements| announcements != state.settings.announcements)
    {
        return Ok(false);
    }
    for (user, expected) in &facts.roles {
        let standing = conversation::find_standing(db, conversation, *user)?;
        if standing.map(|(role, _)| role) != *expected {
            return Ok(false);
        }
    }
    match facts.not_blocked {
        Some((one, other)) => Ok(!person::is_blocked(db, one, other)?),
        None => Ok(true),
    }
}

/// Does what the entry says. False, and nothing has changed, where that cannot be done.
fn apply(db: &Connection, state: &mut State, entry: &Append, seq: Seq) -> Result<bool> {
    let conversation = entry.conversation;
    match &entry.body {
        EventBody::Message { content, .. } if content.is_sealed_change() => {}
        EventBody::Message { .. } => state.last_message_seq = seq,
        EventBody::MemberAdded { member } => {
            let known = conversation::find_standing(db, conversation, member.user)?.is_some();
            if known
                || !does_user_exist(db, member.user)?
                || joining::is_banned(db, conversation, member.user)?
            {
                return Ok(false);
            }
            joining::remove_request(db, conversation, member.user)?;
            let first_seq = match state.settings.history {
                HistoryPolicy::None => seq,
                HistoryPolicy::All => Seq::ZERO.next(),
            };
            insert_member(db, conversation, *member, first_seq, seq)?;
            if entry.asks {
                personal::ask(db, conversation, member.user, entry.sender, entry.at)?;
            }
            state.member_count = state.member_count.saturating_add(1);
            count_owner(state, None, Some(member.role));
        }
        EventBody::MemberRemoved { user, banned } => {
            let Some((role, _)) = conversation::find_standing(db, conversation, *user)? else {
                return Ok(false);
            };
            db.prepare_cached("DELETE FROM member WHERE conversation = ?1 AND user = ?2")?
                .execute([conversation.as_bytes(), user.as_bytes()])?;
            state.member_count = state.member_count.saturating_sub(1);
            count_owner(state, Some(role), None);
            if *banned {
                joining::ban(db, conversation, *user, entry.sender, entry.at)?;
            }
        }
        EventBody::RoleChanged { member } => {
            let Some((role, _)) = conversation::find_standing(db, conversation, member.user)? else {
                return Ok(false);
            };
            db.prepare_cached("UPDATE member SET role = ?3 WHERE conversation = ?1 AND user = ?2")?
                .execute(params![
                    conversation.as_bytes(),
                    member.user.as_bytes(),
                    role_number(member.role)
                ])?;
            count_owner(state, Some(role), Some(member.role));
        }
        EventBody::TitleChanged { title } => state.title = Some(title.clone()),
        EventBody::SettingsChanged { change } => {
            let before = state.settings.avatar;
            state.settings.apply(change);
            blob::replace_picture(db, before, state.settings.avatar)?;
        }
        EventBody::Created { .. }
        | EventBody::MessageChanged { .. }
        | EventBody::Handshake { .. }
        | EventBody::HistoryShown { .. }
        | EventBody::Unknown => {}
    }
    Ok(true)
}

/// Keeps the number of owners, where somebody's role changes from one to another (none: not a member).
fn count_owner(state: &mut State, from: Option<Role>, to: Option<Role>) {
    if from == Some(Role::Owner) {
        state.owner_count = state.owner_count.saturating_sub(1);
    }
    if to == Some(Role::Owner) {
        state.owner_count = state.owner_count.saturating_add(1);
    }
}

fn does_user_exist(db: &Connection, user: UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM user WHERE id = ?1")?
        .exists([user.as_bytes()])
}

/// Makes a membership that begins with the entry `joined_seq`; the markers stand just before it.
pub(crate) fn insert_member(
    db: &Connection,
    conversation: ConversationId,
    member: MemberRole,
    first_seq: Seq,
    joined_seq: Seq,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO member (conversation, user, role, first_seq, delivered_seq, read_seq)
        VALUES (?1, ?2, ?3, ?4, ?5 - 1, ?5 - 1)",
    )?
    .execute(params![
        conversation.as_bytes(),
        member.user.as_bytes(),
        role_number(member.role),
        seq_number(first_seq),
        seq_number(joined_seq)
    ])?;
    Ok(())
}

pub(crate) fn insert_event(db: &Connection, event: &Event) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO event (conversation, seq, id, kind, sender, device, at, body)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        event.conversation.as_bytes(),
        seq_number(event.seq),
        event.id.as_bytes(),
        row::event_kind(&event.body),
        event.sender.as_bytes(),
        event.device.as_ref().map(pipit_wire::DeviceId::as_bytes),
        event.at.as_ms(),
        row::body_text(&event.body)?
    ])?;
    Ok(())
}
