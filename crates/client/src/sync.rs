//! Getting and staying up to date: cursors, catch-ups, gaps and the list of conversations.
//!
//! The cursor of a conversation is the end of the last part of its log that is held ([`crate::range`]). A live entry that does
//! not come directly after it is not kept: what lies between is asked for, and the entry comes again with it. So the last part
//! never has a hole by accident, and a crash at any point leaves a cursor that asks for everything that is missing.

use std::collections::{BTreeMap, BTreeSet};

use pipit_wire::frame::client::{ListConversations, Sync};
use pipit_wire::frame::server::{CatchUp, ConversationsPage};
use pipit_wire::frame::{ConversationSummary, Cursor, ListPosition};
use pipit_wire::limits::PAGE_CONVERSATIONS_MAX;
use pipit_wire::{ClientFrame, ConversationId, RequestId, Seq, Timestamp};

use crate::engine::{Engine, Stored};
use crate::range::{self, LogRange};
use crate::request::Request;
use crate::storage::{ConversationRecord, LogEntry, Storage};
use crate::window::Wanted;

/// The wait before something that the server would not answer now is asked again.
const RETRY_MS: i64 = 2_000;
/// How long an entry of one's own may take after its acknowledgement before it is asked for.
const EXPECTED_MS: i64 = 1_000;
/// Fan-out may lose an entry, and where nothing follows it, no jump shows that. So the most recent conversations are asked for
/// now and then, at a time that differs between clients: the last entry of a quiet conversation is at most so much late.
const RECHECK_MS: i64 = 5 * 60_000;
const RECHECK_SPREAD_MS: i64 = 60_000;
const RECHECKED: u32 = 50;

#[derive(Debug, Default)]
pub(crate) struct Syncing {
    /// The `hello` whose catch-up is under way.
    hello: Option<RequestId>,
    /// Catch-ups that are to come: the request that asked, and the cursor that it gave.
    asked: BTreeMap<ConversationId, (RequestId, Seq)>,
    /// To be asked for at the end of this input.
    wanted: BTreeSet<ConversationId>,
    /// The furthest entry that was heard of while a catch-up was to come.
    heard: BTreeMap<ConversationId, Seq>,
    /// When an entry that is on its way to this device is asked for, because it has not come.
    expected: BTreeMap<ConversationId, Timestamp>,
    /// Conversations whose summary is wanted anew.
    summaries: BTreeSet<ConversationId>,
    /// Those for which it was asked on this connection, with the last entry and the read marker then: once is enough while
    /// neither moves.
    summaries_asked: BTreeMap<ConversationId, (Seq, Seq)>,
    /// The page of the list that was asked for, and the one that is to be: each by the place that it begins after.
    list_asked: Option<ListPosition>,
    list_next: Option<ListPosition>,
    retry_at: Option<Timestamp>,
    recheck_at: Option<Timestamp>,
}

impl Syncing {
    pub(crate) fn begin(&mut self, hello: RequestId, cursors: &[Cursor]) {
        self.hello = Some(hello);
        self.asked = cursors
            .iter()
            .map(|cursor| (cursor.conversation, (hello, cursor.seq)))
            .collect();
    }

    pub(crate) fn forget_account(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let expected = self.expected.values().min().copied();
        [self.retry_at, self.recheck_at, expected]
            .into_iter()
            .flatten()
            .min()
    }

    pub(crate) fn want(&mut self, conversation: ConversationId) {
        self.wanted.insert(conversation);
    }

    /// The summary is wanted anew, unless it was asked for when things were as they are.
    pub(crate) fn want_summary(&mut self, record: &ConversationRecord) {
        if self.summaries_asked.get(&record.id) != Some(&(record.last_seq, record.read_seq)) {
            self.summaries.insert(record.id);
        }
    }

    /// Whether more of a conversation is asked for, or is to be.
    pub(crate) fn is_behind(&self, conversation: ConversationId) -> bool {
        self.asked.contains_key(&conversation) || self.wanted.contains(&conversation)
    }

    /// The server has been told something that its count depends on.
    pub(crate) fn count_again(&mut self, conversation: ConversationId) {
        self.summaries_asked.remove(&conversation);
    }

    /// Something came of a conversation that is not known.
    pub(crate) fn want_unknown(&mut self, conversation: ConversationId) {
        self.summaries.insert(conversation);
    }
}

impl<S: Storage> Engine<S> {
    pub(crate) fn forget_sync(&mut self) {
        self.syncing = Syncing::default();
    }

    pub(crate) fn syncing_due(&mut self) -> Stored {
        if self.syncing.retry_at.is_some_and(|at| self.clock.is_due(at)) {
            self.syncing.retry_at = None;
        }
        self.expected_due()?;
        if self.syncing.recheck_at.is_some_and(|at| self.clock.is_due(at)) {
            self.recheck_later();
            let recent = self.storage.recent_conversations(RECHECKED)?;
            self.syncing.wanted.extend(recent);
        }
        Ok(())
    }

    /// Entries that were to come by themselves, and have not, are asked for.
    fn expected_due(&mut self) -> Stored {
        let clock = self.clock;
        let mut due = Vec::new();
        self.syncing.expected.retain(|conversation, at| {
            let late = clock.is_due(*at);
            if late {
                due.push(*conversation);
            }
            !late
        });
        for conversation in due {
            let heard = self.syncing.heard.get(&conversation).copied().unwrap_or_default();
            if self.tail(conversation)?.is_some_and(|tail| tail.through < heard) {
                self.syncing.want(conversation);
            }
        }
        Ok(())
    }

    fn recheck_later(&mut self) {
        let wait_ms = RECHECK_MS.saturating_add(self.random_ms(RECHECK_SPREAD_MS));
        self.syncing.recheck_at = Some(self.clock.steady().plus_ms(wait_ms));
    }

    /// One `sync` for all conversations that want one.
    pub(crate) fn ask_for_catch_up(&mut self) -> Stored {
        if !self.connection.is_up() || self.syncing.retry_at.is_some() {
            return Ok(());
        }
        let most = self.cursors_max();
        let mut cursors = Vec::new();
        while let Some(conversation) = self.syncing.wanted.pop_first() {
            if self.syncing.asked.contains_key(&conversation) {
                continue;
            }
            if cursors.len() >= most {
                self.syncing.wanted.insert(conversation);
                break;
            }
            if let Some(tail) = self.tail(conversation)? {
                cursors.push(Cursor {
                    conversation,
                    seq: tail.through,
                });
            }
        }
        if cursors.is_empty() {
            return Ok(());
        }
        let id = self.new_request();
        self.requests.open(id, Request::Sync);
        for cursor in &cursors {
            self.syncing.asked.insert(cursor.conversation, (id, cursor.seq));
        }
        self.send(&ClientFrame::Sync(Sync { id, cursors }));
        Ok(())
    }

    fn cursors_max(&self) -> usize {
        let most = self
            .session
            .as_ref()
            .map_or(0, |session| session.limits.cursors_max);
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// The last part of the log that is held.
    pub(crate) fn tail(&self, conversation: ConversationId) -> Stored<Option<LogRange>> {
        Ok(self.storage.ranges(conversation)?.last().copied())
    }

    /// A live entry.
    pub(crate) fn live_entry(&mut self, entry: LogEntry) -> Stored {
        let conversation = entry.event.conversation;
        let Some(record) = self.storage.conversation(conversation)? else {
            self.syncing.want_unknown(conversation);
            return Ok(());
        };
        let cursor = self
            .tail(conversation)?
            .map_or(record.last_seq, |tail| tail.through);
        let seq = entry.event.seq;
        if seq == cursor.next() {
            let covers = LogRange {
                after: cursor,
                through: seq,
            };
            return self.store_entries(record, &[entry], covers);
        }
        if seq > cursor {
            self.heard_of(conversation, seq);
        }
        Ok(())
    }

    /// The next entry is acknowledged and comes by itself, unless it is lost on the way: then it is asked for.
    pub(crate) fn expect(&mut self, conversation: ConversationId, seq: Seq) {
        let heard = self.syncing.heard.entry(conversation).or_default();
        *heard = seq.max(*heard);
        let until = self.clock.steady().plus_ms(EXPECTED_MS);
        self.syncing.expected.entry(conversation).or_insert(until);
    }

    /// There is an entry beyond the cursor. It is asked for once the catch-up that is to come has come.
    pub(crate) fn heard_of(&mut self, conversation: ConversationId, seq: Seq) {
        let heard = self.syncing.heard.entry(conversation).or_default();
        *heard = seq.max(*heard);
        self.syncing.want(conversation);
    }

    pub(crate) fn catch_up(&mut self, frame: &CatchUp, entries: Vec<LogEntry>) -> Stored {
        let conversation = frame.conversation;
        let asked_from = match self.syncing.asked.get(&conversation) {
            Some((id, cursor)) if *id == frame.id => Some(*cursor),
            Some(_) | None => None,
        };
        if asked_from.is_some() {
            self.syncing.asked.remove(&conversation);
        }
        let Some(record) = self.storage.conversation(conversation)? else {
            self.syncing.want_unknown(conversation);
            return Ok(());
        };
        let tail = self
            .tail(conversation)?
            .unwrap_or(LogRange::empty_at(record.last_seq));
        // Not the cursor as it is now: live entries may have overtaken this answer.
        if asked_from.is_some_and(|cursor| frame.last_seq < cursor) {
            return self.log_is_shorter(record, frame.last_seq);
        }
        let entries: Vec<LogEntry> = entries
            .into_iter()
            .filter(|entry| entry.event.seq > tail.through)
            .collect();
        if let Some(group) = frame.group {
            self.head_came(conversation, group);
        }
        if frame.gap && record.encrypted {
            return self.read_on(record, frame.last_seq);
        }
        if frame.gap {
            self.open_gap(record, frame.last_seq)?;
        } else if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
            let covers = LogRange {
                after: first.event.seq.previous(),
                through: last.event.seq,
            };
            self.store_entries(record, &entries, covers)?;
        }
        self.check_heard(conversation, frame.last_seq)
    }

    /// Too much is missing to stream: the log goes on from its end, and what lies between is fetched when somebody looks.
    fn open_gap(&mut self, record: ConversationRecord, last_seq: Seq) -> Stored {
        let conversation = record.id;
        self.store_entries(record, &[], LogRange::empty_at(last_seq))?;
        let record = self.storage.conversation(conversation)?;
        if let Some(record) = record.filter(|record| record.counted.last_seq < last_seq) {
            self.syncing.want_summary(&record);
        }
        Ok(())
    }

    /// Too much is missing to stream, and nothing may be left out: it is read page by page.
    fn read_on(&mut self, mut record: ConversationRecord, last_seq: Seq) -> Stored {
        let held = self.tail(record.id)?.map_or(record.last_seq, |tail| tail.through);
        record.last_seq = record.last_seq.max(last_seq);
        self.save_record(&mut record)?;
        self.ask_for_history(record.id, Wanted::After(held));
        Ok(())
    }

    /// Entries that came before their catch-up were not kept. Where it did not bring them, it is asked for again.
    fn check_heard(&mut self, conversation: ConversationId, last_seq: Seq) -> Stored {
        let Some(tail) = self.tail(conversation)? else {
            return Ok(());
        };
        let heard = self.syncing.heard.get(&conversation).copied().unwrap_or_default();
        if heard.max(last_seq) > tail.through {
            self.syncing.want(conversation);
        } else {
            self.syncing.heard.remove(&conversation);
        }
        Ok(())
    }

    /// The server has less than this device: it was restored from a copy. What is beyond its end is not there any more.
    fn log_is_shorter(&mut self, mut record: ConversationRecord, last_seq: Seq) -> Stored {
        tracing::warn!(conversation = %record.id, %last_seq, "the server's log is shorter than this device's");
        self.storage.truncate_entries(record.id, last_seq)?;
        self.fold_shorter(record.id, last_seq)?;
        self.group_shorter(record.id, last_seq)?;
        let ranges = range::truncate(&self.storage.ranges(record.id)?, last_seq);
        let ranges = range::insert(&ranges, LogRange::empty_at(last_seq));
        self.storage.save_ranges(record.id, &ranges)?;
        for marker in [
            &mut record.last_seq,
            &mut record.state_seq,
            &mut record.delivered_seq,
            &mut record.read_seq,
            &mut record.delivered_confirmed,
            &mut record.read_confirmed,
            &mut record.counted.last_seq,
            &mut record.counted.read_seq,
        ] {
            *marker = last_seq.min(*marker);
        }
        record.last_message = record.last_message.filter(|message| message.seq <= last_seq);
        self.storage.save_conversation(&record)?;
        self.syncing.heard.remove(&record.id);
        self.syncing.summaries_asked.remove(&record.id);
        self.syncing.want_summary(&record);
        self.reset_timelines(record.id);
        self.dirty.conversation(record.id);
        Ok(())
    }

    pub(crate) fn synced(&mut self, id: RequestId) {
        self.requests.close(id);
        self.syncing.asked.retain(|_, (asked, _)| *asked != id);
        if self.syncing.hello == Some(id) {
            self.syncing.hello = None;
            self.recheck_later();
            self.caught_up();
        }
    }

    /// A `sync` was refused: for now, or for good.
    pub(crate) fn sync_failed(&mut self, id: RequestId, retry_after_ms: Option<i64>) {
        let conversations: Vec<ConversationId> = self
            .syncing
            .asked
            .iter()
            .filter(|(_, (asked, _))| *asked == id)
            .map(|(conversation, _)| *conversation)
            .collect();
        for conversation in conversations {
            self.syncing.asked.remove(&conversation);
            if retry_after_ms.is_some() {
                self.syncing.want(conversation);
            }
        }
        if let Some(retry_after_ms) = retry_after_ms {
            self.retry_later(retry_after_ms);
        }
    }

    /// What a view shows of a conversation may be old, or a conversation not known: its summary is asked for. So is the next page
    /// of the list, one at a time.
    pub(crate) fn ask_for_summaries(&mut self) -> Stored {
        if !self.connection.is_up() || self.syncing.retry_at.is_some() {
            return Ok(());
        }
        self.ask_for_list();
        for conversation in std::mem::take(&mut self.syncing.summaries) {
            let record = self.storage.conversation(conversation)?;
            if self.call_summary(conversation) {
                let now = record.map(|record| (record.last_seq, record.read_seq));
                self.syncing
                    .summaries_asked
                    .extend(now.map(|now| (conversation, now)));
            } else {
                self.syncing.summaries.insert(conversation);
            }
        }
        Ok(())
    }

    fn ask_for_list(&mut self) {
        if self.syncing.list_asked.is_some() {
            return;
        }
        let Some(after) = self.syncing.list_next.take() else {
            return;
        };
        self.syncing.list_asked = Some(after);
        let id = self.new_request();
        self.requests.open(id, Request::ListPage);
        let most = self.session.as_ref().map_or(PAGE_CONVERSATIONS_MAX, |session| {
            session.limits.page_conversations_max
        });
        self.send(&ClientFrame::Conversations(ListConversations {
            id,
            after: Some(after),
            limit: most.min(PAGE_CONVERSATIONS_MAX),
        }));
    }

    /// The list's first page came with the welcome.
    pub(crate) fn first_page(&mut self, items: &[ConversationSummary], next: Option<ListPosition>) -> Stored {
        self.list_page(items, next)?;
        self.update_session(|session| session.list_loaded = true)
    }

    pub(crate) fn conversations_came(&mut self, page: &ConversationsPage) -> Stored {
        if self.requests.close(page.id) != Some(Request::ListPage) {
            return Ok(());
        }
        self.syncing.list_asked = None;
        self.list_page(&page.items, page.next)
    }

    /// The list is read on until it ends, or until a page says nothing new: then, because it is in order of activity, nothing
    /// after it does either. That holds only where the list was read to its end before, which is noted, and un-noted while it
    /// is being read.
    fn list_page(&mut self, items: &[ConversationSummary], next: Option<ListPosition>) -> Stored {
        let mut news = false;
        for summary in items {
            news |= self.apply_summary(summary)?;
        }
        self.dirty.list = true;
        let complete = self.session.as_ref().is_some_and(|session| session.list_complete);
        match next {
            Some(next) if news || !complete => {
                if complete {
                    self.update_session(|session| session.list_complete = false)?;
                }
                self.syncing.list_next = Some(next);
                Ok(())
            }
            Some(_) => Ok(()),
            None if complete => Ok(()),
            None => self.update_session(|session| session.list_complete = true),
        }
    }

    pub(crate) fn list_failed(&mut self, retry_after_ms: Option<i64>) {
        let asked = self.syncing.list_asked.take();
        if let Some(retry_after_ms) = retry_after_ms {
            self.syncing.list_next = asked;
            self.retry_later(retry_after_ms);
        }
    }

    fn retry_later(&mut self, retry_after_ms: i64) {
        self.syncing.retry_at = Some(self.clock.steady().plus_ms(retry_after_ms.max(RETRY_MS)));
    }
}
