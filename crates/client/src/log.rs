//! What entries and summaries do to what this device knows of a conversation.

use std::borrow::Cow;

use pipit_model::encrypted;
use pipit_wire::event::{ConversationKind, EventBody};
use pipit_wire::frame::server::Page;
use pipit_wire::frame::{ConversationSummary, Receipt};
use pipit_wire::limits::PAGE_EVENTS_MAX;
use pipit_wire::{ConversationId, Event, Seq, UserId};

use crate::encryption::is_sealed;
use crate::engine::{Engine, Stored};
use crate::folding::PageStates;
use crate::hiding;
use crate::range::{self, LogRange};
use crate::request::Request;
use crate::storage::{ConversationRecord, Counted, LogEntry, MemberRecord, Storage};

impl<S: Storage> Engine<S> {
    pub(crate) fn me(&self) -> Option<UserId> {
        self.session.as_ref().map(|session| session.me.profile.user)
    }

    /// Entries that are one part of the log, with no hole between them, and what follows from them.
    pub(crate) fn store_entries(
        &mut self,
        record: ConversationRecord,
        entries: &[LogEntry],
        covers: LogRange,
    ) -> Stored {
        let entries = self.without_open(&record, entries);
        self.store_page(record, &entries, covers, None)
    }

    /// What the server says in an encrypted conversation, and nobody has sealed, is not shown: it could be anybody's.
    fn without_open<'a>(
        &mut self,
        record: &ConversationRecord,
        entries: &'a [LogEntry],
    ) -> Cow<'a, [LogEntry]> {
        let is_open =
            |event: &Event| encrypted::is_open(&event.body) && !matches!(event.body, EventBody::Unknown);
        if !record.encrypted || !entries.iter().any(|entry| is_open(&entry.event)) {
            return Cow::Borrowed(entries);
        }
        let shown = entries.iter().filter_map(|entry| {
            if is_open(&entry.event) {
                return self.refuse_open(&entry.event);
            }
            Some(entry.clone())
        });
        Cow::Owned(shown.collect())
    }

    /// The same of entries that were sealed or are this device's own, with what their page says of its messages.
    pub(crate) fn store_page(
        &mut self,
        mut record: ConversationRecord,
        entries: &[LogEntry],
        covers: LogRange,
        page: Option<PageStates<'_>>,
    ) -> Stored {
        let Some(me) = self.me() else { return Ok(()) };
        self.storage.save_entries(entries)?;
        let ranges = range::insert(&self.storage.ranges(record.id)?, covers);
        self.storage.save_ranges(record.id, &ranges)?;
        let mut removed = false;
        for LogEntry { event, .. } in entries {
            if event.sender == me && is_sealed(event) {
                // What it says is in the outbox, until its turn to be opened comes.
                self.landed(record.id, event.id);
            } else if event.sender == me {
                self.leave_outbox(event)?;
            }
            self.note_last(&mut record, event);
            if event.seq > record.state_seq {
                record.state_seq = event.seq;
                removed |= self.apply_event(&mut record, event, me)?;
            }
        }
        if removed {
            let is_by_another = |LogEntry { event, .. }: &LogEntry| {
                event.sender != me
                    && matches!(event.body, EventBody::MemberRemoved { user, .. } if user == me)
            };
            return self.conversation_gone(record.id, entries.iter().any(is_by_another));
        }
        // Of what was sealed the server cannot say what has become.
        let page = page.filter(|_| !record.encrypted);
        self.fold_entries(&mut record, entries, page, me)?;
        if record.encrypted {
            self.sealed_entries_came(record.id, entries)?;
        }
        record.last_seq = record.last_seq.max(covers.through);
        if let Some(tail) = ranges.last() {
            self.forget_acknowledged(record.id, tail.through)?;
        }
        self.advance_delivered(&mut record, &ranges);
        self.save_record(&mut record)
    }

    pub(crate) fn save_record(&mut self, record: &mut ConversationRecord) -> Stored {
        record.activity_at = self.activity_at(record)?;
        self.storage.save_conversation(record)?;
        self.dirty.conversation(record.id);
        Ok(())
    }

    fn note_last(&mut self, record: &mut ConversationRecord, event: &Event) {
        if event.seq >= record.last_seq {
            record.last_seq = event.seq;
            record.last_at = event.at;
        }
        if matches!(&event.body, EventBody::Message { content, .. } if !content.is_sealed_change()) {
            self.stop_typing_of(event.conversation, event.sender);
            let newer = |last: &Event| last.seq < event.seq;
            if record.last_message.as_ref().is_none_or(newer) {
                record.last_message = Some(event.clone());
            }
        }
    }

    /// What an entry that is newer than the summary changes. True where oneself is no longer a member.
    fn apply_event(&mut self, record: &mut ConversationRecord, event: &Event, me: UserId) -> Stored<bool> {
        match &event.body {
            EventBody::MemberAdded { member } => {
                record.member_count = record.member_count.saturating_add(1);
                let before = event.seq.previous();
                self.storage.save_member(
                    record.id,
                    &MemberRecord {
                        user: member.user,
                        role: member.role,
                        delivered_seq: before,
                        read_seq: before,
                    },
                )?;
            }
            EventBody::MemberRemoved { user, .. } if *user == me => return Ok(true),
            EventBody::MemberRemoved { user, .. } => {
                record.member_count = record.member_count.saturating_sub(1);
                self.storage.remove_member(record.id, *user)?;
                self.stop_typing_of(record.id, *user);
            }
            EventBody::RoleChanged { member } => {
                if member.user == me {
                    record.role = member.role;
                }
                let members = self.storage.members(record.id)?;
                if let Some(known) = members.iter().find(|known| known.user == member.user) {
                    let role = member.role;
                    self.storage
                        .save_member(record.id, &MemberRecord { role, ..*known })?;
                }
            }
            EventBody::TitleChanged { title } => record.title = Some(title.clone()),
            EventBody::SettingsChanged { change } => record.settings.apply(change),
            EventBody::Created { .. }
            | EventBody::Message { .. }
            | EventBody::MessageChanged { .. }
            | EventBody::Handshake { .. }
            | EventBody::HistoryShown { .. }
            | EventBody::Unknown => {}
        }
        Ok(false)
    }

    /// The delivered marker says that everything up to it is in this store, so it stops at a hole.
    pub(crate) fn advance_delivered(&mut self, record: &mut ConversationRecord, ranges: &[LogRange]) {
        let floor = record
            .delivered_seq
            .max(record.read_seq)
            .max(record.first_seq.previous());
        let held = range::containing(ranges, floor).map_or(floor, |range| range.through);
        if held > record.delivered_seq {
            record.delivered_seq = held;
            self.receipts_changed(record.id);
        }
    }

    /// A page of history that was asked for.
    pub(crate) fn page_came(&mut self, page: &Page, entries: &[LogEntry]) -> Stored {
        let Some(Request::History { conversation }) = self.requests.close(page.id) else {
            return Ok(());
        };
        if entries.is_empty() {
            // The server has nothing there, whatever this device thinks: asking again would give the same.
            self.history_failed(conversation);
        } else {
            self.stop_loading_of(conversation);
        }
        let Some(mut record) = self.storage.conversation(conversation)? else {
            return Ok(());
        };
        record.first_seq = page.first_seq;
        let covers = match (entries.first(), entries.last()) {
            (Some(first), Some(last)) => LogRange {
                after: first.event.seq.previous(),
                through: last.event.seq,
            },
            // Nothing there: the log begins where the part does.
            _ => LogRange::empty_at(page.first_seq.previous()),
        };
        let entries = self.without_open(&record, entries);
        self.store_page(record, &entries, covers, Some(PageStates::of(page)))?;
        if self
            .tail(conversation)?
            .is_some_and(|tail| tail.through < page.last_seq)
        {
            self.syncing.want(conversation);
        }
        Ok(())
    }

    /// A conversation as the server sees it. True where it was not known like this.
    pub(crate) fn apply_summary(&mut self, summary: &ConversationSummary) -> Stored<bool> {
        let Some(me) = self.me() else { return Ok(false) };
        self.save_names(summary.members.iter().map(|member| &member.profile))?;
        let id = summary.id;
        let known = self.storage.conversation(id)?;
        let news = known
            .as_ref()
            .is_none_or(|known| known.last_seq != summary.last_seq || known.state_seq < summary.last_seq);
        let fresh = known.is_none();
        let mut record = match known {
            Some(known) => known,
            None => self.learn(summary, me)?,
        };
        self.merge_members(&mut record, summary, me, fresh)?;
        merge_summary(&mut record, summary, me);
        for seq in self.hidden(id)?.union(&summary.personal.hidden) {
            hiding::erase_last(&mut record, *seq);
        }
        let ranges = self.storage.ranges(id)?;
        self.advance_delivered(&mut record, &ranges);
        if record.encrypted {
            self.restore_last(&mut record)?;
            self.encryption.nudge(id);
        }
        self.save_record(&mut record)?;
        self.merge_personal(id, &summary.personal)?;
        if fresh && record.encrypted {
            self.name_made_group(id)?;
        }
        if fresh {
            self.sending.nudge(id);
        }
        let cursor = ranges.last().map_or(Seq::ZERO, |tail| tail.through);
        if record.last_seq > cursor {
            self.syncing.want(id);
        }
        Ok(news)
    }

    /// A conversation that is new to this device. What no device of the account has had yet is fetched, where that is little;
    /// the rest when somebody looks.
    fn learn(&mut self, summary: &ConversationSummary, me: UserId) -> Stored<ConversationRecord> {
        let own = summary.members.iter().find(|member| member.profile.user == me);
        let delivered = own.map_or(summary.last_seq, |own| own.delivered_seq);
        let had = delivered.max(summary.first_seq.previous()).min(summary.last_seq);
        let missing = summary.last_seq.get().saturating_sub(had.get());
        let start = if missing <= u64::from(PAGE_EVENTS_MAX) {
            had
        } else {
            summary.last_seq
        };
        let record = ConversationRecord {
            id: summary.id,
            kind: summary.kind,
            title: None,
            peer: None,
            role: own.map_or(pipit_wire::event::Role::Member, |own| own.role),
            member_count: summary.member_count,
            first_seq: summary.first_seq,
            last_seq: Seq::ZERO,
            last_at: summary.last_at,
            activity_at: summary.last_at,
            state_seq: Seq::ZERO,
            last_message: None,
            delivered_seq: delivered,
            read_seq: own.map_or(Seq::ZERO, |own| own.read_seq),
            delivered_confirmed: delivered,
            read_confirmed: own.map_or(Seq::ZERO, |own| own.read_seq),
            counted: Counted::default(),
            settings: pipit_wire::event::GroupSettings::default(),
            join_requests: 0,
            encrypted: summary.encrypted,
        };
        self.storage.save_conversation(&record)?;
        self.storage
            .save_ranges(summary.id, &[LogRange::empty_at(start)])?;
        self.dirty.list = true;
        Ok(record)
    }

    /// Who is a member comes from whichever is newer, the summary or the log; markers only move forward.
    fn merge_members(
        &mut self,
        record: &mut ConversationRecord,
        summary: &ConversationSummary,
        me: UserId,
        fresh: bool,
    ) -> Stored {
        let known = if fresh {
            Vec::new()
        } else {
            self.storage.members(summary.id)?
        };
        let summary_is_newer = summary.last_seq >= record.state_seq;
        let markers = |member: &MemberRecord| {
            let theirs = known.iter().find(|known| known.user == member.user);
            MemberRecord {
                delivered_seq: theirs.map_or(member.delivered_seq, |known| {
                    known.delivered_seq.max(member.delivered_seq)
                }),
                read_seq: theirs.map_or(member.read_seq, |known| known.read_seq.max(member.read_seq)),
                ..*member
            }
        };
        let listed = summary.members.iter().map(|member| {
            markers(&MemberRecord {
                user: member.profile.user,
                role: member.role,
                delivered_seq: member.delivered_seq,
                read_seq: member.read_seq,
            })
        });
        if summary_is_newer {
            let members: Vec<MemberRecord> = listed.collect();
            if members != known {
                self.storage.replace_members(summary.id, &members)?;
            }
            record.peer = match summary.kind {
                ConversationKind::Direct => members
                    .iter()
                    .map(|member| member.user)
                    .find(|user| *user != me)
                    .or(record.peer),
                ConversationKind::Group => None,
            };
            return Ok(());
        }
        for member in listed {
            if let Some(known) = known.iter().find(|known| known.user == member.user) {
                let role = known.role;
                self.storage
                    .save_member(summary.id, &MemberRecord { role, ..member })?;
            }
        }
        Ok(())
    }

    /// Somebody's markers moved.
    pub(crate) fn receipt_came(&mut self, receipt: Receipt) -> Stored {
        let Some(mut record) = self.storage.conversation(receipt.conversation)? else {
            return Ok(());
        };
        if let Some(known) = self
            .storage
            .members(record.id)?
            .iter()
            .find(|known| known.user == receipt.user)
        {
            let moved = MemberRecord {
                delivered_seq: known
                    .delivered_seq
                    .max(receipt.delivered_seq)
                    .max(receipt.read_seq),
                read_seq: known.read_seq.max(receipt.read_seq),
                ..*known
            };
            if moved != *known {
                self.storage.save_member(record.id, &moved)?;
                self.dirty.conversation(record.id);
                self.presences.shown_themselves(receipt.user, self.clock.steady());
            }
        }
        if Some(receipt.user) == self.me() {
            confirm_markers(&mut record, receipt.delivered_seq, receipt.read_seq);
            let ranges = self.storage.ranges(record.id)?;
            self.advance_delivered(&mut record, &ranges);
            self.save_record(&mut record)?;
        }
        Ok(())
    }

    /// Oneself is not a member any more, perhaps because somebody else has taken one out: what was there goes.
    pub(crate) fn conversation_gone(&mut self, conversation: ConversationId, removed: bool) -> Stored {
        self.tell_gone(conversation, removed)?;
        self.give_up_uploads_in(conversation)?;
        self.give_up_wish_in(conversation)?;
        self.encryption_gone(conversation)?;
        self.storage.remove_conversation(conversation)?;
        self.sending.forget(conversation);
        self.receipts.forget(conversation);
        self.personals.forget(conversation);
        self.dirty.gone(conversation);
        Ok(())
    }
}

/// All of a summary but its members.
fn merge_summary(record: &mut ConversationRecord, summary: &ConversationSummary, me: UserId) {
    let own = summary.members.iter().find(|member| member.profile.user == me);
    record.encrypted |= summary.encrypted;
    if summary.last_seq >= record.state_seq {
        record.state_seq = summary.last_seq;
        // What an encrypted group is called, the server does not know.
        record.title = summary.title.clone().filter(|_| !record.encrypted);
        record.settings.clone_from(&summary.settings);
        record.join_requests = summary.join_requests;
        record.member_count = summary.member_count;
        record.role = own.map_or(record.role, |own| own.role);
        record.first_seq = summary.first_seq;
    }
    let newest = summary.last_seq >= record.last_seq;
    if newest {
        record.last_seq = summary.last_seq;
        record.last_at = summary.last_at;
    }
    // The same message may have been edited or deleted since.
    let is_shown = |message: &&Event| !record.encrypted || !encrypted::is_open(&message.body);
    if let Some(message) = summary.last_message.as_ref().filter(is_shown)
        && record
            .last_message
            .as_ref()
            .is_none_or(|last| last.seq < message.seq || (newest && last.seq == message.seq))
    {
        record.last_message = Some(message.clone());
    }
    let Some(own) = own else { return };
    confirm_markers(record, own.delivered_seq, own.read_seq);
    if summary.last_seq >= record.counted.last_seq {
        record.counted = Counted {
            unread: summary.unread,
            last_seq: summary.last_seq,
            read_seq: own.read_seq,
        };
    }
}

/// The server has these markers of one's own: perhaps from another device.
fn confirm_markers(record: &mut ConversationRecord, delivered_seq: Seq, read_seq: Seq) {
    let delivered_seq = delivered_seq.max(read_seq);
    record.delivered_confirmed = record.delivered_confirmed.max(delivered_seq);
    record.read_confirmed = record.read_confirmed.max(read_seq);
    record.delivered_seq = record.delivered_seq.max(delivered_seq);
    record.read_seq = record.read_seq.max(read_seq);
}
