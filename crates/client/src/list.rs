//! The list of conversations, and how many messages of each are unread.

use std::collections::HashMap;

use pipit_wire::event::{ConversationKind, EventBody};
use pipit_wire::frame::RequestState;
use pipit_wire::person::Face;
use pipit_wire::{Content, ConversationId, Seq, UserId};

use crate::command::ViewId;
use crate::engine::{Engine, Stored};
use crate::fold;
use crate::items::files_in;
use crate::storage::{ConversationRecord, MemberRecord, OutboxBody, OutboxState, Storage};
use crate::view::{ConversationItem, DeliveryState, ListFilter, Preview};
use crate::views::Dirty;

/// How many conversations a view's list begins with, and grows by.
pub(crate) const PAGE: u32 = 30;
/// Unread messages are counted up to here, by the server and here alike: a larger number tells nobody more, and to count it
/// with each message of a flood would cost more and more.
const COUNTED_MAX: u32 = 1_000;
/// The longest preview, in characters.
const PREVIEW_CHARS: usize = 160;

/// The items that views show, kept until what they were made of changes.
#[derive(Debug, Default)]
pub(crate) struct List {
    made: HashMap<ConversationId, ConversationItem>,
}

impl List {
    pub(crate) fn forget(&mut self, dirty: &Dirty) {
        if dirty.all {
            self.made.clear();
        }
        for conversation in dirty.touched() {
            self.made.remove(conversation);
        }
    }
}

fn passes(filter: ListFilter, item: &ConversationItem) -> bool {
    let archived = item.personal.archived;
    match item.personal.request {
        RequestState::Accepted => {}
        RequestState::Waiting => return filter == ListFilter::Requests && !archived,
        RequestState::Refused => return filter == ListFilter::Archived,
    }
    match filter {
        ListFilter::All => !archived,
        ListFilter::Unread => !archived && (item.unread > 0 || item.personal.marked_unread),
        ListFilter::Groups => !archived && item.kind == ConversationKind::Group,
        ListFilter::People => !archived && item.kind == ConversationKind::Direct,
        ListFilter::Archived => archived,
        ListFilter::Requests => false,
    }
}

/// A view's list at one moment: as many items as its window takes, and one more where there is one.
#[derive(Debug)]
pub(crate) struct ListNow {
    pub(crate) items: Vec<ConversationItem>,
    pub(crate) complete: bool,
    pub(crate) loaded: bool,
    pub(crate) requests: u32,
}

impl<S: Storage> Engine<S> {
    pub(crate) fn load_more_conversations(&mut self, view: &ViewId) {
        if let Some(view) = self.views.get_mut(view) {
            view.list_limit = view.list_limit.saturating_add(PAGE);
            self.dirty.list = true;
        }
    }

    pub(crate) fn set_list_filter(&mut self, view: &ViewId, filter: ListFilter) {
        if let Some(view) = self.views.get_mut(view) {
            view.filter = filter;
            view.list_limit = PAGE;
            self.dirty.list = true;
        }
    }

    /// The pinned ones first, then by activity. Filters look at the items, because what is unread is known only there; items
    /// are kept until they change, so that looking through all of them again is cheap.
    pub(crate) fn list_now(&mut self, filter: ListFilter, limit: u32) -> Stored<ListNow> {
        let Some(session) = &self.session else {
            self.list.made.clear();
            return Ok(ListNow {
                items: Vec::new(),
                complete: true,
                loaded: false,
                requests: 0,
            });
        };
        let (complete, loaded) = (session.list_complete, session.list_loaded);
        let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
        let pinned = self.storage.pinned_conversations()?;
        let mut items = Vec::new();
        for id in &pinned {
            items.extend(self.item(*id)?.filter(|item| passes(filter, item)));
        }
        let first = items.len();
        let mut asked = limit.saturating_add(1);
        loop {
            items.truncate(first);
            let order = self.storage.recent_conversations(asked)?;
            let is_all = u32::try_from(order.len()).is_ok_and(|found| found < asked);
            for id in order.into_iter().filter(|id| !pinned.contains(id)) {
                if items.len() >= most {
                    break;
                }
                items.extend(self.item(id)?.filter(|item| passes(filter, item)));
            }
            if is_all || items.len() >= most {
                break;
            }
            asked = asked.saturating_mul(4);
        }
        for item in &items {
            self.note_mute(&item.personal);
        }
        Ok(ListNow {
            loaded: loaded || !items.is_empty(),
            items,
            complete,
            requests: self.count_requests()?,
        })
    }

    fn item(&mut self, id: ConversationId) -> Stored<Option<ConversationItem>> {
        if let Some(item) = self.list.made.get(&id) {
            return Ok(Some(item.clone()));
        }
        let item = self.conversation_item(id)?;
        if let Some(item) = &item {
            self.list.made.insert(id, item.clone());
        }
        Ok(item)
    }

    fn conversation_item(&mut self, id: ConversationId) -> Stored<Option<ConversationItem>> {
        let Some(record) = self.storage.conversation(id)? else {
            return Ok(None);
        };
        let personal = self.personal_view(&record)?;
        // Of a stranger no more is shown than that there is somebody.
        let answered = personal.request == RequestState::Accepted;
        let face = match record.peer {
            Some(peer) => self.face_in(id, peer)?,
            None => Face::default(),
        };
        let picture = self
            .group_picture(id, record.settings.avatar)?
            .filter(|_| answered);
        let (title, sealed) = self.shown_name(&record)?;
        let item = ConversationItem {
            id,
            kind: record.kind,
            title,
            peer: record.peer,
            presence: record
                .peer
                .filter(|_| answered)
                .and_then(|peer| self.presences.state(peer)),
            preview: if answered { self.preview(&record)? } else { None },
            avatar: face.avatar.or(picture),
            picture: sealed.filter(|_| answered),
            status: face.status,
            last_at: record.activity_at,
            unread: if answered { self.unread(&record)? } else { 0 },
            personal,
            join_requests: record.join_requests,
            typing: if answered {
                self.typing_names(id)?
            } else {
                Vec::new()
            },
            draft: self.storage.draft(id)?,
            encrypted: record.encrypted,
        };
        Ok(Some(item))
    }

    pub(crate) fn typing_names(&mut self, conversation: ConversationId) -> Stored<Vec<String>> {
        let users: Vec<UserId> = self.typists.in_conversation(conversation).collect();
        let mut names = Vec::with_capacity(users.len());
        for user in users {
            names.push(self.name_in(conversation, user)?);
        }
        names.retain(|name| !name.is_empty());
        Ok(names)
    }

    fn preview(&mut self, record: &ConversationRecord) -> Stored<Option<Preview>> {
        let Some(session) = &self.session else {
            return Ok(None);
        };
        let (me, my_name) = (session.me.profile.user, session.me.profile.name.clone());
        let waiting = self.storage.outbox(record.id)?;
        let pending = self.pending_changes(&waiting);
        for waiting in waiting.into_iter().rev() {
            let OutboxBody::Message { text, poll, .. } = &waiting.body else {
                continue;
            };
            if matches!(waiting.state, OutboxState::Held { .. }) {
                continue;
            }
            return Ok(Some(Preview {
                sender_name: my_name,
                mine: true,
                text: one_line(pending.over(waiting.id.into(), None).text().unwrap_or(text)),
                attachments: self.files_known_of(&waiting)?,
                deleted: false,
                poll: poll.is_some(),
                delivery: Some(waiting_state(waiting.state)),
            }));
        }
        let Some(last) = self.last_shown(record)? else {
            return Ok(None);
        };
        let mine = last.sender == me;
        let known = self.storage.fold(record.id, last.seq)?.folded;
        let folded = pending.over(last.id.into(), Some(&known));
        let deleted = folded.deleted || fold::is_erased(&last);
        let text = match &last.body {
            EventBody::Message {
                content: Content::Plain { text, .. },
                ..
            } if !deleted => one_line(folded.text().unwrap_or(text)),
            _ => String::new(),
        };
        let attachments = if deleted { &[] } else { files_in(&last.body) }.to_vec();
        let delivery = if mine {
            let members = self.storage.members(record.id)?;
            Some(delivery(record, &members, me, last.seq))
        } else {
            None
        };
        Ok(Some(Preview {
            sender_name: self.name_in(record.id, last.sender)?,
            mine,
            text,
            attachments,
            deleted,
            poll: !deleted
                && matches!(&last.body, EventBody::Message { content, .. } if content.poll().is_some()),
            delivery,
        }))
    }

    /// How many messages of others have not been read: counted here where this device holds them all, else counted by the
    /// server and, for what came since, here. Nothing is ever added to an old number that the markers do not account for.
    pub(crate) fn unread(&mut self, record: &ConversationRecord) -> Stored<u32> {
        let Some(me) = self.me() else { return Ok(0) };
        let read = record.read_seq.max(record.first_seq.previous());
        if read >= record.last_seq {
            return Ok(0);
        }
        let tail = self.tail(record.id)?;
        let held = |after: Seq| tail.is_some_and(|tail| tail.covers(after, record.last_seq));
        let count = |after: Seq, through: Seq| {
            self.storage
                .count_messages_of_others(record.id, me, after, through, COUNTED_MAX)
        };
        if held(read) {
            return count(read, record.last_seq);
        }
        let counted = record.counted;
        let since = if counted.last_seq >= record.last_seq {
            Some(0)
        } else if held(counted.last_seq) {
            Some(count(counted.last_seq, record.last_seq)?)
        } else {
            None
        };
        match since {
            Some(since) if counted.read_seq == record.read_seq => {
                Ok(counted.unread.saturating_add(since).min(COUNTED_MAX))
            }
            // The markers or the log went on where this device has a hole: only the server can count. Until it has, what is
            // known to be read is taken off.
            _ => {
                let read_since = count(counted.read_seq, record.read_seq)?;
                let estimate = counted
                    .unread
                    .saturating_sub(read_since)
                    .saturating_add(since.unwrap_or(0))
                    .min(COUNTED_MAX);
                self.syncing.want_summary(record);
                Ok(estimate)
            }
        }
    }
}

/// Where a message of one's own stands with the others.
///
/// A group whose members are not all known here says no more than that the server has it; so does one without others.
pub(crate) fn delivery(
    record: &ConversationRecord,
    members: &[MemberRecord],
    me: UserId,
    seq: Seq,
) -> DeliveryState {
    let all_known = u32::try_from(members.len()).is_ok_and(|known| known >= record.member_count);
    let others = || members.iter().filter(|member| member.user != me);
    if !all_known || others().next().is_none() {
        DeliveryState::Sent
    } else if others().all(|member| member.read_seq >= seq) {
        DeliveryState::Read
    } else if others().all(|member| member.delivered_seq.max(member.read_seq) >= seq) {
        DeliveryState::Delivered
    } else {
        DeliveryState::Sent
    }
}

pub(crate) fn waiting_state(state: OutboxState) -> DeliveryState {
    match state {
        OutboxState::Queued | OutboxState::Held { .. } => DeliveryState::Queued,
        OutboxState::Failed { code } => DeliveryState::Failed { code },
        OutboxState::Acknowledged { .. } => DeliveryState::Sent,
    }
}

/// The beginning of a text, on one line.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        // Four bytes a character at most: enough is read, and a text of a megabyte is not gone through.
        if line.len() > PREVIEW_CHARS.saturating_mul(4) {
            break;
        }
    }
    line.chars().take(PREVIEW_CHARS).collect()
}
