//! Taking entries in: one after the other, from the place where this device came into the group.
//!
//! The state of the group moves on with each, in the transaction in which what was sealed is put in its place opened. What cannot be opened, or is not what it
//! claims to be, stays as it is, sealed: by its place it is known why it is not shown ([`Engine::unreadable`]), and nothing that comes after it waits for it.

use std::sync::Arc;

use pipit_e2ee::{Applied, Error, Identity, Log, Received};
use pipit_model::poll::{VoteError, check_vote};
use pipit_wire::encryption::HandshakeKind;
use pipit_wire::event::{EventBody, MessageChange};
use pipit_wire::report::Opening;
use pipit_wire::rest::encryption::UnreadableCause;
use pipit_wire::{Content, ConversationId, Event, Seq, UserId};
use serde_json::json;

use super::authority::Directory;
use super::calls::from_base64;
use super::content::{self, Opened, Refusal};
use super::keeping::PATIENCE_MS;
use super::state::{GroupRecord, Stage};
use super::{Telling, is_sealed};
use crate::engine::{Engine, Stored};
use crate::profile::ProfileSaid;
use crate::range;
use crate::storage::{ConversationRecord, LogEntry, ShelfRecord, Storage};
use crate::view::UnreadableReason;

/// So many entries are read at a time.
const CHUNK: u64 = 200;
/// So many of the last entries are looked at for the last message.
const LAST_MESSAGES: u64 = 64;

/// What becomes of what came in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placing {
    /// It is in its entry's place.
    Placed,
    /// It is not what belongs there, or there is something already.
    Refused,
    /// It changes a message that is not here.
    NoTarget,
}

/// What follows from an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The one after it.
    On,
    /// Its turn comes when something is known that has been asked for.
    Wait,
    /// The state of the group cannot go on.
    Astray,
    /// Somebody else has made the group.
    NotOurs,
}

impl<S: Storage> Engine<S> {
    /// Entries of an encrypted conversation have come.
    pub(crate) fn sealed_entries_came(
        &mut self,
        conversation: ConversationId,
        entries: &[LogEntry],
    ) -> Stored {
        self.encryption.nudge(conversation);
        self.archives.look_at_shelf(conversation);
        let is_commit = |entry: &LogEntry| {
            let kind = HandshakeKind::Commit;
            matches!(&entry.event.body, EventBody::Handshake { kind: found, .. } if *found == kind)
        };
        let group = self.group_record(conversation)?;
        let is_own = |entry: &LogEntry| is_sealed(&entry.event) && entry.event.device == self.own_device();
        if let Some(group) = group
            && entries
                .iter()
                .any(|entry| is_own(entry) && entry.event.seq <= group.cursor)
        {
            self.put_own_before(conversation, group.cursor)?;
        }
        if entries.iter().any(is_commit) {
            self.encryption.welcomes_due |= !group.is_some_and(|group| group.is_in());
        }
        Ok(())
    }

    /// Whether the group may move on by what is here and was not taken in: then what was sealed may stand in the log behind the end of its epoch.
    pub(crate) fn has_commit_ahead(&self, conversation: ConversationId) -> Stored<bool> {
        let group = self.group_record(conversation)?;
        let Some(group) = group.filter(|group| group.stage == Stage::In) else {
            return Ok(true);
        };
        let ahead = self.storage.entries(conversation, group.cursor, Seq::MAX)?;
        let is_handshake = |event: &Event| matches!(event.body, EventBody::Handshake { .. });
        Ok(ahead.iter().any(is_handshake))
    }

    /// Why an entry that is still sealed cannot be shown.
    pub(crate) fn unreadable(&self, event: &Event) -> Stored<UnreadableReason> {
        Ok(match self.group_record(event.conversation)? {
            None if self.is_encrypted(event.conversation)? => UnreadableReason::Waiting,
            Some(group) if event.seq > group.cursor => UnreadableReason::Waiting,
            Some(_) if self.is_asked_for(event)? => UnreadableReason::AskedAgain,
            Some(group) if event.seq <= group.since => UnreadableReason::BeforeYou,
            _ => UnreadableReason::Failed,
        })
    }

    /// The log is shorter than it was.
    pub(crate) fn group_shorter(&mut self, conversation: ConversationId, last_seq: Seq) -> Stored {
        if let Some(group) = self.group_record(conversation)? {
            let cut = GroupRecord {
                cursor: group.cursor.min(last_seq),
                since: group.since.min(last_seq),
                // What comes at the places that were cut is nothing that was there before.
                stay_from: group.met(),
                ..group
            };
            self.save_group_record(conversation, cut)?;
            self.want_no_more_after(conversation, last_seq)?;
        }
        Ok(())
    }

    /// Takes in what is here and was not taken in.
    pub(super) fn take_in_entries(&mut self, record: &ConversationRecord) -> Stored {
        let (Some(group), Some(me)) = (self.group_record(record.id)?, self.me()) else {
            return Ok(());
        };
        if !group.is_in() {
            return Ok(());
        }
        let before = group;
        // Before it was noted, who was met when is not known.
        let noted = group
            .stay_from
            .or((group.stage == Stage::In).then_some(group.cursor));
        if group.stay_from.is_none() && noted.is_some() {
            self.forget_acquaintances(record.id)?;
        }
        let mut taking = Taking {
            group: GroupRecord {
                stay_from: noted,
                ..group
            },
            record: record.clone(),
            me,
            has_opened: false,
        };
        let next = self.take_all(&mut taking)?;
        if taking.group != before {
            self.save_group_record(record.id, taking.group)?;
        }
        if taking.has_opened {
            self.restore_last(&mut taking.record)?;
            self.save_record(&mut taking.record)?;
        }
        match next {
            Next::On | Next::Wait => Ok(()),
            Next::Astray => self.goes_astray(record.id),
            Next::NotOurs => self.gives_up_group(record.id),
        }
    }

    fn take_all(&mut self, taking: &mut Taking) -> Stored<Next> {
        loop {
            let ranges = self.storage.ranges(taking.record.id)?;
            let cursor = taking.group.cursor;
            let held = range::containing(&ranges, cursor).map_or(cursor, |range| range.through);
            if held <= cursor {
                return Ok(Next::On);
            }
            let end = Seq::new(cursor.get().saturating_add(CHUNK)).map_or(held, |end| end.min(held));
            for event in self.storage.entries(taking.record.id, cursor, end)? {
                match self.take(taking, &event)? {
                    Next::On => taking.group.cursor = event.seq,
                    other => return Ok(other),
                }
            }
            taking.group.cursor = end;
        }
    }

    fn take(&mut self, taking: &mut Taking, event: &Event) -> Stored<Next> {
        match &event.body {
            EventBody::Handshake { kind, bytes, .. } => self.take_handshake(taking, event, *kind, bytes),
            EventBody::Message {
                content: Content::Sealed { bytes, .. },
                ..
            } => self.take_message(taking, event, bytes),
            EventBody::MemberAdded { .. } => {
                self.members_changed(event);
                Ok(Next::On)
            }
            EventBody::MemberRemoved { user, .. } => {
                self.members_changed(event);
                self.show_no_more(event.conversation, *user)?;
                Ok(Next::On)
            }
            _ => Ok(Next::On),
        }
    }

    /// Who has changed the members changes the group, at once; others, should that not have been done in a moment.
    fn members_changed(&mut self, event: &Event) {
        let conversation = event.conversation;
        let talk = self.encryption.talk(conversation);
        talk.changed_at = talk.changed_at.max(event.seq);
        (talk.is_due, talk.is_open) = (true, false);
        if event.device.is_none() || event.device != self.own_device() {
            self.act_within(conversation, PATIENCE_MS.0, PATIENCE_MS.1);
        }
    }

    fn take_handshake(
        &mut self,
        taking: &mut Taking,
        event: &Event,
        kind: HandshakeKind,
        bytes: &str,
    ) -> Stored<Next> {
        let conversation = event.conversation;
        let log = Log {
            conversation,
            entry: event.id,
        };
        let bytes = from_base64(bytes).unwrap_or_default();
        let authority = match kind {
            HandshakeKind::Commit => self.follower()?,
            HandshakeKind::Proposal => self.doubter(&taking.record)?,
        };
        let received =
            self.with_device(|device, port, random| device.receive(port, random, &authority, log, &bytes))?;
        self.encryption.talk(conversation).is_open = false;
        match received {
            Ok(Received::Changed(applied)) => self.group_changed(taking, event, &applied),
            Ok(Received::Wish { .. }) => {
                self.encryption.talk(conversation).is_due = true;
                self.act_within(conversation, PATIENCE_MS.0, PATIENCE_MS.1);
                Ok(Next::On)
            }
            Ok(Received::RejoinLost) => Ok(Next::Astray),
            Ok(Received::Own | Received::Message { .. })
            | Err(Error::Rejoining | Error::PastEpoch { .. }) => Ok(Next::On),
            Err(error) if kind == HandshakeKind::Proposal => {
                tracing::warn!(%conversation, seq = %event.seq, %error, "a wish is not followed");
                Ok(Next::On)
            }
            Err(error) => {
                let view =
                    self.with_device(|device, port, random| device.group(port, random, conversation))?;
                if view.is_ok_and(|view| view.epoch == 0) {
                    return Ok(Next::NotOurs);
                }
                tracing::warn!(%conversation, seq = %event.seq, %error, "a change of the group cannot be followed");
                Ok(Next::Astray)
            }
        }
    }

    fn group_changed(&mut self, taking: &mut Taking, event: &Event, applied: &Applied) -> Stored<Next> {
        let conversation = event.conversation;
        let talk = self.encryption.talk(conversation);
        talk.claimed.clear();
        talk.posted = None;
        if let Some(head) = &mut talk.head {
            head.epoch = head.epoch.max(applied.epoch);
        }
        self.archives.look_at_newcomers();
        let added = &applied.change.added;
        let is_listed = |who: &Identity| {
            let listing = talk.listing.as_ref();
            listing.is_none_or(|listing| listing.devices.contains_key(who))
        };
        if !added.iter().all(is_listed) {
            talk.changed_at = talk.changed_at.max(event.seq);
        }
        self.acquaintances_changed(event, applied)?;
        self.epoch_is_over(conversation, event.seq)?;
        if applied.removed {
            taking.group.stay_from = None;
            return Ok(Next::Astray);
        }
        let me = self.identity();
        if added.iter().any(|who| Some(*who) != me) {
            taking.group.to_tell = true;
            let talk = self.encryption.talk(conversation);
            talk.telling = if applied.own {
                Telling::Due
            } else {
                Telling::Undecided
            };
        }
        // Whose it is, and whether another of theirs has approved it, is to be known before it says something.
        let pins = Arc::clone(self.pins()?);
        if !added.iter().all(|who| pins.contains_key(who)) {
            self.encryption.talk(conversation).is_due = true;
            self.act_within(conversation, PATIENCE_MS.0, PATIENCE_MS.1);
        }
        if taking.group.stage == Stage::Entering {
            taking.group.stage = Stage::In;
            taking.group.since = event.seq;
            taking.group.stay_from.get_or_insert(event.seq);
            self.archives.look_at_view();
        }
        let view = self.with_device(|device, port, random| device.group(port, random, conversation))?;
        let devices = view.map_or(0, |view| view.members.len());
        self.describe_later(conversation, applied.own, devices);
        self.encryption.nudge(conversation);
        Ok(Next::On)
    }

    /// Somebody else's first commit is in the log: theirs is the group.
    fn gives_up_group(&mut self, conversation: ConversationId) -> Stored {
        let given_up =
            self.with_device(|device, port, random| device.abandon_group(port, random, conversation))?;
        if let Err(error) = given_up {
            tracing::warn!(%conversation, %error, "a group cannot be given up");
        }
        self.goes_astray(conversation)?;
        self.encryption.welcomes_due = true;
        self.forget_group_record(conversation)
    }

    fn take_message(&mut self, taking: &mut Taking, event: &Event, bytes: &str) -> Stored<Next> {
        let Some(device) = event.device else {
            return Ok(self.refuse(event, Refusal::OtherSender));
        };
        let sender = Identity {
            user: event.sender,
            device,
        };
        let is_own = event.sender == taking.me && event.device == self.own_device();
        if is_own {
            if let Some((opened, opening)) = self.said_here(event)? {
                self.put_opened(taking, event, opened, opening.as_ref())?;
                self.take_out(event.id)?;
                return Ok(Next::On);
            }
        } else if taking.group.stage == Stage::Entering {
            // What is sealed before this device is in cannot be opened by it, whoever has sealed it.
            if taking.group.stay_from.is_some() {
                self.want_again(event)?;
            }
            return Ok(Next::On);
        } else if !self.pins()?.contains_key(&sender) {
            // Its keys would be used up by opening it.
            let talk = self.encryption.talk(event.conversation);
            if talk
                .listing
                .as_ref()
                .is_none_or(|listing| listing.as_of < event.seq)
            {
                talk.changed_at = talk.changed_at.max(event.seq);
                (talk.is_due, talk.act_at, talk.is_open) = (true, None, false);
                return Ok(Next::Wait);
            }
            return Ok(self.refuse(event, Refusal::UnknownDevice));
        }
        let log = Log {
            conversation: event.conversation,
            entry: event.id,
        };
        let bytes = from_base64(bytes).unwrap_or_default();
        let received = self.with_device(|device, port, random| {
            device.receive(port, random, &Directory::empty(), log, &bytes)
        })?;
        match received {
            Ok(Received::Message {
                sender: sealed_by,
                content,
                late,
                ..
            }) if sealed_by == sender => match self.opened(event, content::uncovered(content, event))? {
                Ok((opened, opening)) => {
                    // By its place it would seem to be for those who have come in since.
                    let opening = opening.filter(|_| !late);
                    self.put_opened(taking, event, opened, opening.as_ref())?;
                    Ok(Next::On)
                }
                Err(refusal) => Ok(self.refuse(event, refusal)),
            },
            Ok(Received::Message { .. }) => Ok(self.refuse(event, Refusal::OtherSender)),
            Ok(Received::Own) | Err(Error::Rejoining) => Ok(Next::On),
            Ok(_) => Ok(self.refuse(event, Refusal::Malformed)),
            Err(error @ Error::FutureEpoch { .. }) => {
                self.count_unreadable(UnreadableCause::MissedChange);
                tracing::warn!(conversation = %event.conversation, seq = %event.seq, %error, "a change of the group is missing");
                Ok(Next::Astray)
            }
            Err(error) => {
                self.count_unreadable(UnreadableCause::NotOpened);
                tracing::warn!(conversation = %event.conversation, seq = %event.seq, %error, "a message cannot be opened");
                self.want_again(event)?;
                Ok(Next::On)
            }
        }
    }

    /// Something that nobody has sealed keeps its place, and shows nothing.
    pub(crate) fn refuse_open(&mut self, event: &Event) -> Option<LogEntry> {
        self.count_unreadable(UnreadableCause::NotSealed);
        tracing::error!(conversation = %event.conversation, seq = %event.seq, "the server says something in an encrypted conversation that nobody has sealed");
        content::opened_entry(event, nothing(), None)
    }

    fn refuse(&mut self, event: &Event, refusal: Refusal) -> Next {
        self.count_unreadable(refusal.cause());
        tracing::warn!(conversation = %event.conversation, seq = %event.seq, %refusal, "a message is not shown");
        Next::On
    }

    /// What was opened, if it may be there, and what shows it to others.
    fn opened(
        &self,
        event: &Event,
        uncovered: Result<(Vec<u8>, Option<Opening>), Refusal>,
    ) -> Stored<Result<(Opened, Option<Opening>), Refusal>> {
        let (content, opening) = match uncovered {
            Ok(uncovered) => uncovered,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let read = self.read_opened(event, &content)?;
        Ok(read.map(|opened| (opened, opening)))
    }

    fn read_opened(&self, event: &Event, content: &[u8]) -> Stored<Result<Opened, Refusal>> {
        let bytes_max = self
            .session
            .as_ref()
            .map_or(0, |session| session.limits.message_text_bytes_max);
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        let opened = match content::decode(content, event, bytes_max) {
            Ok(opened) => opened,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some((message, change)) = content::target(&opened) else {
            return Ok(Ok(opened));
        };
        let conversation = event.conversation;
        let Some(changed) = self.storage.find_message(conversation, message)? else {
            // What it is of may come with older pages. Whether an edit is its author's cannot be known.
            return Ok(Ok(match change {
                MessageChange::React { .. } | MessageChange::Vote { .. } => opened,
                _ => nothing(),
            }));
        };
        // Nothing changes what is said after it.
        if changed.seq >= event.seq {
            return Ok(Err(Refusal::Misplaced));
        }
        let poll = self.poll_of(conversation, message)?;
        let (emoji, on) = match change {
            MessageChange::React { emoji, on } => (emoji, on),
            MessageChange::Vote { options, .. } => {
                return Ok(match poll.map(|poll| check_vote(&poll, options, event.at)) {
                    Some(Ok(())) => Ok(opened),
                    // It was written before the end, and came after it.
                    Some(Err(VoteError::Closed)) => Ok(nothing()),
                    Some(Err(_)) | None => Err(Refusal::Unfit),
                });
            }
            _ if changed.sender != event.sender => return Ok(Err(Refusal::NotTheAuthor)),
            MessageChange::ClosePoll {} if poll.is_none() => return Ok(Err(Refusal::Unfit)),
            // What people have voted on stays what they have voted on.
            MessageChange::Edit { .. } if poll.is_some() => return Ok(Err(Refusal::Unfit)),
            _ => return Ok(Ok(opened)),
        };
        let before = self.storage.changes_of(conversation, message, Seq::ZERO)?;
        let stands = before.iter().rev().find_map(|earlier| match &earlier.body {
            EventBody::MessageChanged {
                change: MessageChange::React { emoji: said, on },
                ..
            } if earlier.sender == event.sender && said == emoji => Some(*on),
            _ => None,
        });
        let has_room = || -> Stored<bool> {
            let folded = self.storage.fold(conversation, changed.seq)?.folded;
            Ok(folded.has_room_for(emoji))
        };
        // The log of an open conversation never says it twice.
        let is_news = stands.unwrap_or(false) != *on && (!*on || has_room()?);
        Ok(Ok(if is_news { opened } else { nothing() }))
    }

    /// What this device has said itself up to a place from which on it takes entries in: it is in the outbox, and can be read nowhere else.
    pub(super) fn put_own_before(&mut self, conversation: ConversationId, cursor: Seq) -> Stored {
        let (Some(record), Some(group), Some(me)) = (
            self.storage.conversation(conversation)?,
            self.group_record(conversation)?,
            self.me(),
        ) else {
            return Ok(());
        };
        let mut taking = Taking {
            group,
            record,
            me,
            has_opened: false,
        };
        for waiting in self.storage.outbox(conversation)? {
            let Some(event) = self.storage.find_entry(conversation, waiting.id)? else {
                continue;
            };
            if event.seq <= cursor
                && is_sealed(&event)
                && let Some((opened, opening)) = self.said_here(&event)?
            {
                self.put_opened(&mut taking, &event, opened, opening.as_ref())?;
                self.take_out(event.id)?;
            }
        }
        if taking.has_opened {
            self.restore_last(&mut taking.record)?;
            self.save_record(&mut taking.record)?;
        }
        Ok(())
    }

    /// Puts what another device has opened in its entry's place, where it is that entry's and nothing else is there.
    pub(crate) fn place_opened(&mut self, waiting: &ShelfRecord) -> Stored<Placing> {
        let conversation = waiting.conversation;
        let Some(event) = self.storage.find_entry(conversation, waiting.event)? else {
            return Ok(Placing::Refused);
        };
        if event.seq != waiting.seq || event.sender != waiting.sender || !is_sealed(&event) {
            return Ok(Placing::Refused);
        }
        if let Some(target) = waiting.target
            && self.storage.find_message(conversation, target)?.is_none()
        {
            return Ok(Placing::NoTarget);
        }
        let (opened, opening) = match self.opened(&event, content::handed_over(&waiting.body, &event))? {
            // Who shows something, or asks for it, says so themselves.
            Ok((Opened::Profile(said), _)) if said.asks_something() => return Ok(Placing::Refused),
            Ok(opened) => opened,
            Err(refusal) => {
                tracing::warn!(%conversation, seq = %event.seq, %refusal, "what came in an archive is not shown");
                return Ok(Placing::Refused);
            }
        };
        let (Some(record), Some(group), Some(me)) = (
            self.storage.conversation(conversation)?,
            self.group_record(conversation)?,
            self.me(),
        ) else {
            return Ok(Placing::Refused);
        };
        let mut taking = Taking {
            group,
            record,
            me,
            has_opened: false,
        };
        self.put_opened(&mut taking, &event, opened, opening.as_ref())?;
        if taking.record.last_message.is_some() {
            self.save_record(&mut taking.record)?;
        }
        Ok(Placing::Placed)
    }

    /// Something in a conversation is open that was not.
    pub(crate) fn placed_opened(&mut self, conversation: ConversationId) -> Stored {
        if let Some(mut record) = self.storage.conversation(conversation)? {
            self.restore_last(&mut record)?;
            self.save_record(&mut record)?;
        }
        Ok(())
    }

    /// Puts what was opened in the entry's place.
    fn put_opened(
        &mut self,
        taking: &mut Taking,
        event: &Event,
        opened: Opened,
        opening: Option<&Opening>,
    ) -> Stored {
        let profile = match &opened {
            Opened::Profile(said) => Some(said.clone()),
            Opened::Known(_) | Opened::Unknown(_) => None,
        };
        let Some(entry) = content::opened_entry(event, opened.lasting(), opening) else {
            return Ok(());
        };
        match &profile {
            Some(ProfileSaid::HistoryShown { archive, key, users }) => {
                self.history_shown(event, *archive, key, users)?;
            }
            Some(ProfileSaid::AskedAgain { seqs, key }) => {
                self.tell_again(&taking.group, event, seqs, key)?;
            }
            Some(ProfileSaid::ToldAgain { asked, sealed }) => self.told_again(event, *asked, sealed)?,
            Some(said) => {
                self.profile_said(event.conversation, event.seq, said)?;
                taking.group.to_tell &= !matches!(said, ProfileSaid::Profile { .. });
            }
            None => {}
        }
        taking.has_opened = true;
        self.back_up_soon();
        self.storage.replace_entry(&entry)?;
        for timeline in self.timelines_of(event.conversation) {
            timeline.replace(&entry.event);
        }
        self.fold_entries(&mut taking.record, &[entry], None, taking.me)
    }

    /// The last message, as it was opened: summaries have it sealed.
    pub(crate) fn restore_last(&self, record: &mut ConversationRecord) -> Stored {
        let Some(tail) = self.tail(record.id)? else {
            return Ok(());
        };
        let is_newer = |last: &Event| last.seq > tail.through;
        if record.last_message.as_ref().is_some_and(is_newer) {
            return Ok(());
        }
        let after = tail.through.get().saturating_sub(LAST_MESSAGES);
        let after = Seq::new(after).unwrap_or(Seq::ZERO);
        let entries = self.storage.entries(record.id, after, tail.through)?;
        let is_message = |event: &Event| matches!(event.body, EventBody::Message { .. });
        if let Some(last) = entries.into_iter().rev().find(is_message) {
            record.last_message = Some(last);
        }
        Ok(())
    }
}

/// What one run of taking in works with.
struct Taking {
    group: GroupRecord,
    record: ConversationRecord,
    me: UserId,
    has_opened: bool,
}

/// What keeps its place and shows nothing.
fn nothing() -> Opened {
    Opened::Unknown(json!({ "type": "nothing" }))
}
