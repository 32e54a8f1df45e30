//! The open timelines: a window over the log, and what waits in the outbox after it.

use std::collections::{HashMap, VecDeque};

use pipit_model::{Action, Actor, Place, authorize};
use pipit_wire::event::{EventBody, Role};
use pipit_wire::frame::client::History;
use pipit_wire::limits::PAGE_EVENTS_MAX;
use pipit_wire::{
    Attachment, ClientFrame, Content, ConversationId, ErrorCode, Event, MessageId, Seq, UserId,
};

use crate::command::{Reply, ViewId};
use crate::diff;
use crate::engine::{Engine, Stored};
use crate::http::refusal;
use crate::list::{delivery, one_line, waiting_state};
use crate::range::LogRange;
use crate::request::Request;
use crate::storage::{ConversationRecord, MemberRecord, OutboxBody, OutboxRecord, Storage};
use crate::view::{
    Allowed, AttachmentView, ItemBody, MemberView, MessageActions, ReplyView, TimelineHeader, TimelineItem,
    Update,
};

/// Entries that a timeline opens with, and grows by.
const PAGE: u64 = 50;
/// The most entries that it opens with to reach the first unread one.
const UNREAD_SHOWN_MAX: u64 = 300;
/// The most entries in a window, and how many go from its beginning when it grows beyond that.
const WINDOW_MAX: usize = 5_000;
const WINDOW_CUT: usize = 1_000;
/// Messages of one sender within this time of each other are one group.
const GROUP_MS: i64 = 5 * 60_000;

/// Where "new messages" begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Divider {
    /// The entries that decide it are not here.
    Undecided,
    Nowhere,
    At(Seq),
}

/// A message that another one answers: its place once it has one, whose it is, and how it begins.
#[derive(Clone, Debug)]
struct Answered {
    seq: Option<Seq>,
    sender: UserId,
    text: String,
}

/// A view's timeline.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) conversation: ConversationId,
    /// The last entry, and the read marker, when it was opened.
    opened_at: (Seq, Seq),
    divider: Divider,
    draft: String,
    /// The part of the log that is loaded: its entries are `events`.
    window: Option<LogRange>,
    events: VecDeque<Event>,
    /// The messages that others answer.
    replies: HashMap<MessageId, Answered>,
    wants_older: bool,
    loading: bool,
    header: Option<TimelineHeader>,
    items: Vec<TimelineItem>,
}

impl Timeline {
    /// Whether nothing has been shown yet.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.header.is_none()
    }

    pub(crate) fn people(&self) -> impl Iterator<Item = UserId> {
        self.header
            .iter()
            .flat_map(|header| header.members.iter().map(|member| member.user))
    }

    /// Forgets what is loaded, not what was shown.
    pub(crate) fn reset(&mut self) {
        self.window = None;
        self.events.clear();
        self.replies.clear();
        self.loading = false;
    }

    fn cut(&mut self) {
        if self.events.len() > WINDOW_MAX {
            self.events.drain(..WINDOW_CUT);
            if let (Some(window), Some(first)) = (&mut self.window, self.events.front()) {
                window.after = first.seq.previous();
            }
        }
    }
}

impl<S: Storage> Engine<S> {
    pub(crate) fn open_timeline(&mut self, view: &ViewId, conversation: ConversationId) -> Stored<Reply> {
        let Some(record) = self.storage.conversation(conversation)? else {
            let error = refusal(ErrorCode::NotMember, None);
            return Ok(Reply::Failed { error });
        };
        let draft = self.storage.draft(conversation)?.unwrap_or_default();
        let Some(view) = self.views.get_mut(view) else {
            let error = refusal(ErrorCode::OutOfOrder, None);
            return Ok(Reply::Failed { error });
        };
        view.timeline = Some(Timeline {
            conversation,
            opened_at: (record.last_seq, record.read_seq.max(record.first_seq.previous())),
            divider: Divider::Undecided,
            draft,
            window: None,
            events: VecDeque::new(),
            replies: HashMap::new(),
            wants_older: false,
            loading: false,
            header: None,
            items: Vec::new(),
        });
        // Who looks at it has seen the mark.
        self.mark_unread(conversation, false)?;
        // Markers of others do not move a conversation to the top of the list: they may be old.
        self.syncing.want_summary(&record);
        Ok(Reply::Done)
    }

    pub(crate) fn close_timeline(&mut self, view: &ViewId) {
        if let Some(view) = self.views.get_mut(view) {
            view.timeline = None;
        }
    }

    pub(crate) fn load_older(&mut self, view: &ViewId) {
        if let Some(timeline) = self.views.get_mut(view).and_then(|view| view.timeline.as_mut()) {
            timeline.wants_older = true;
            self.dirty.conversation(timeline.conversation);
        }
    }

    pub(crate) fn reset_timelines(&mut self, conversation: ConversationId) {
        for timeline in self.timelines_of(conversation) {
            timeline.reset();
        }
    }

    fn timelines_of(&mut self, conversation: ConversationId) -> impl Iterator<Item = &mut Timeline> {
        self.views
            .timelines_mut()
            .filter(move |timeline| timeline.conversation == conversation)
    }

    /// No answer will come any more.
    pub(crate) fn stop_loading(&mut self) {
        for timeline in self.views.timelines_mut() {
            if std::mem::take(&mut timeline.loading) {
                self.dirty.conversation(timeline.conversation);
            }
        }
    }

    /// The answer has come.
    pub(crate) fn stop_loading_of(&mut self, conversation: ConversationId) {
        for timeline in self.timelines_of(conversation) {
            timeline.loading = false;
        }
        self.dirty.conversation(conversation);
    }

    pub(crate) fn history_failed(&mut self, conversation: ConversationId) {
        for timeline in self.timelines_of(conversation) {
            timeline.wants_older = false;
        }
        self.stop_loading_of(conversation);
    }

    /// Brings the windows of open timelines up to date with the log, and asks for what is missing.
    pub(crate) fn load_timelines(&mut self) -> Stored {
        let mut asked = Vec::new();
        for timeline in self.views.timelines_mut() {
            if timeline.window.is_some() && !self.dirty.touches(timeline.conversation) {
                continue;
            }
            let Some(record) = self.storage.conversation(timeline.conversation)? else {
                continue;
            };
            let Some(tail) = self.storage.ranges(record.id)?.last().copied() else {
                continue;
            };
            load(&self.storage, timeline, &record, tail)?;
            find_divider(
                &self.storage,
                timeline,
                &record,
                tail,
                self.session.as_ref().map(|session| session.me.profile.user),
            )?;
            if timeline.wants_older && self.connection.is_up() {
                timeline.loading = true;
                asked.push((record.id, tail.after.next()));
            }
        }
        for (conversation, before) in asked {
            self.ask_for_history(conversation, before);
        }
        Ok(())
    }

    fn ask_for_history(&mut self, conversation: ConversationId, before: Seq) {
        let request = Request::History { conversation };
        if self.requests.is_open(request) {
            return;
        }
        let id = self.new_request();
        self.requests.open(id, request);
        self.send(&ClientFrame::History(History {
            id,
            conversation,
            before_seq: Some(before),
            after_seq: None,
            limit: PAGE_EVENTS_MAX,
        }));
    }

    /// What has changed of a timeline since it was last shown.
    pub(crate) fn timeline_update(&mut self, timeline: &mut Timeline) -> Stored<Option<Update>> {
        let Some(record) = self.storage.conversation(timeline.conversation)? else {
            return Ok(None);
        };
        // Nothing is loaded: what was shown stays.
        let Some(me) = self.me().filter(|_| timeline.window.is_some()) else {
            return Ok(None);
        };
        let members = self.storage.members(record.id)?;
        let items = self.timeline_items(timeline, &record, &members, me)?;
        let header = self.timeline_header(timeline, &record, &members, me)?;
        let splices = diff::splices(&timeline.items, &items, |item| item.key);
        if splices.is_empty() && timeline.header.as_ref() == Some(&header) {
            return Ok(None);
        }
        timeline.items = items;
        timeline.header = Some(header.clone());
        Ok(Some(Update::Timeline {
            header: Box::new(header),
            splices,
        }))
    }

    fn timeline_header(
        &mut self,
        timeline: &Timeline,
        record: &ConversationRecord,
        members: &[MemberRecord],
        me: UserId,
    ) -> Stored<TimelineHeader> {
        let mut shown = Vec::with_capacity(members.len());
        for member in members {
            let name = self.name_in(record.id, member.user)?;
            let profile = self.profile(member.user)?;
            shown.push(MemberView {
                user: member.user,
                handle: profile.map(|profile| profile.handle).unwrap_or_default(),
                name,
                role: member.role,
                me: member.user == me,
                presence: self.presences.state(member.user),
            });
        }
        let first_shown = timeline.window.map_or(record.last_seq, |window| window.after);
        let members_max = self
            .session
            .as_ref()
            .map_or(0, |session| session.limits.group_members_max);
        Ok(TimelineHeader {
            conversation: record.id,
            kind: record.kind,
            title: self.title(record)?,
            peer: record.peer,
            presence: record.peer.and_then(|peer| self.presences.state(peer)),
            last_seen: record.peer.and_then(|peer| self.presences.last_seen(peer)),
            member_count: record.member_count,
            members: shown,
            role: record.role,
            allowed: allowed(record, members, members_max),
            typing: self.typing_names(record.id)?,
            first_unread: match timeline.divider {
                Divider::At(seq) => Some(seq),
                Divider::Nowhere | Divider::Undecided => None,
            },
            has_older: first_shown >= record.first_seq && record.last_seq >= record.first_seq,
            loading_older: timeline.loading,
            unread: self.unread(record)?,
            personal: self.personal_view(record)?,
            draft: timeline.draft.clone(),
            pinned: Vec::new(),
            has_newer: false,
        })
    }

    fn timeline_items(
        &mut self,
        timeline: &mut Timeline,
        record: &ConversationRecord,
        members: &[MemberRecord],
        me: UserId,
    ) -> Stored<Vec<TimelineItem>> {
        let mut items: Vec<TimelineItem> = Vec::with_capacity(timeline.events.len());
        let events = std::mem::take(&mut timeline.events);
        for event in &events {
            let Some(body) = self.item_body(timeline, event)? else {
                continue;
            };
            let mine = event.sender == me;
            let is_message = matches!(event.body, EventBody::Message { .. });
            let item = TimelineItem {
                key: event.id.into(),
                seq: Some(event.seq),
                at: event.at,
                sender: event.sender,
                sender_name: self.name_in(record.id, event.sender)?,
                mine,
                continues: false,
                body,
                delivery: (mine && is_message).then(|| delivery(record, members, me, event.seq)),
            };
            push(&mut items, item);
        }
        timeline.events = events;
        for waiting in self.storage.outbox(record.id)? {
            if let Some(item) = self.waiting_item(timeline, waiting, me)? {
                push(&mut items, item);
            }
        }
        Ok(items)
    }

    /// A message of the outbox.
    fn waiting_item(
        &mut self,
        timeline: &mut Timeline,
        waiting: OutboxRecord,
        me: UserId,
    ) -> Stored<Option<TimelineItem>> {
        let OutboxBody::Message { text, reply_to } = waiting.body else {
            return Ok(None);
        };
        Ok(Some(TimelineItem {
            key: waiting.id.into(),
            seq: None,
            at: waiting.written_at,
            sender: me,
            sender_name: self.name_in(waiting.conversation, me)?,
            mine: true,
            continues: false,
            body: ItemBody::Message {
                reply: self.reply_view(timeline, reply_to)?,
                text,
                attachments: Vec::new(),
                edited_at: None,
                reactions: Vec::new(),
                pinned: false,
                can: MessageActions::default(),
            },
            delivery: Some(waiting_state(waiting.state)),
        }))
    }

    /// What an entry shows; nothing where this version does not know its type.
    fn item_body(&mut self, timeline: &mut Timeline, event: &Event) -> Stored<Option<ItemBody>> {
        let place = event.conversation;
        let body = match &event.body {
            EventBody::Message {
                content: Content::Plain { text, attachments },
                reply_to,
                ..
            } => ItemBody::Message {
                text: text.clone(),
                reply: self.reply_view(timeline, *reply_to)?,
                attachments: attachments.iter().map(arrived).collect(),
                edited_at: None,
                reactions: Vec::new(),
                pinned: false,
                can: MessageActions::default(),
            },
            EventBody::Message {
                content: Content::Sealed { .. },
                ..
            } => ItemBody::Unreadable,
            EventBody::Message {
                content: Content::Erased {},
                ..
            } => ItemBody::Deleted { by: None },
            EventBody::Created { title, .. } => ItemBody::Created { title: title.clone() },
            EventBody::MemberAdded { member } => ItemBody::MemberAdded {
                name: self.name_in(place, member.user)?,
                joined: member.user == event.sender,
            },
            EventBody::MemberRemoved { user } => ItemBody::MemberRemoved {
                name: self.name_in(place, *user)?,
                left: *user == event.sender,
            },
            EventBody::RoleChanged { member } => ItemBody::RoleChanged {
                name: self.name_in(place, member.user)?,
                role: member.role,
            },
            EventBody::TitleChanged { title } => ItemBody::TitleChanged { title: title.clone() },
            EventBody::MessageChanged { .. } | EventBody::Unknown => return Ok(None),
        };
        Ok(Some(body))
    }

    fn reply_view(
        &mut self,
        timeline: &mut Timeline,
        answered: Option<MessageId>,
    ) -> Stored<Option<ReplyView>> {
        let Some(message) = answered else {
            return Ok(None);
        };
        let answered = match timeline.replies.get(&message) {
            Some(known) => Some(known.clone()),
            None => self.answered_message(timeline.conversation, message)?,
        };
        let Some(answered) = answered else {
            return Ok(Some(ReplyView {
                message,
                seq: None,
                sender_name: None,
                text: None,
            }));
        };
        let view = ReplyView {
            message,
            seq: answered.seq,
            sender_name: Some(self.name_in(timeline.conversation, answered.sender)?),
            text: Some(answered.text.clone()),
        };
        // One that still waits gets a place later.
        if answered.seq.is_some() {
            timeline.replies.insert(message, answered);
        }
        Ok(Some(view))
    }

    /// What is known of a message that is answered: from the log, or still from the outbox.
    fn answered_message(&self, conversation: ConversationId, message: MessageId) -> Stored<Option<Answered>> {
        if let Some(event) = self.storage.find_message(conversation, message)? {
            let text = match &event.body {
                EventBody::Message {
                    content: Content::Plain { text, .. },
                    ..
                } => one_line(text),
                _ => String::new(),
            };
            return Ok(Some(Answered {
                seq: Some(event.seq),
                sender: event.sender,
                text,
            }));
        }
        let waiting = self.storage.find_outbox(message.into())?;
        let text = waiting.and_then(|waiting| match waiting.body {
            OutboxBody::Message { text, .. } => Some(one_line(&text)),
            OutboxBody::Change { .. } => None,
        });
        Ok(self.me().zip(text).map(|(sender, text)| Answered {
            seq: None,
            sender,
            text,
        }))
    }
}

/// Adds an item, as a further one of its sender's group where it is that.
fn push(items: &mut Vec<TimelineItem>, mut item: TimelineItem) {
    let message = |item: &TimelineItem| matches!(item.body, ItemBody::Message { .. } | ItemBody::Unreadable);
    item.continues = items.last().is_some_and(|last| {
        message(last)
            && message(&item)
            && last.sender == item.sender
            && item.at.since_ms(last.at).abs() <= GROUP_MS
    });
    items.push(item);
}

/// Moves the window to where it belongs and loads what is in it.
fn load<S: Storage>(
    storage: &S,
    timeline: &mut Timeline,
    record: &ConversationRecord,
    tail: LogRange,
) -> Stored {
    let connected = |window: &LogRange| tail.after <= window.after && window.through <= tail.through;
    let loaded = timeline.window.filter(connected);
    let (window, opened) = match loaded {
        Some(window) => (window, false),
        None => (opening_window(timeline, tail), true),
    };
    if opened {
        timeline.events.clear();
        timeline
            .events
            .extend(storage.entries(record.id, window.after, tail.through)?);
    } else if window.through < tail.through {
        timeline
            .events
            .extend(storage.entries(record.id, window.through, tail.through)?);
    }
    let mut window = LogRange {
        after: window.after,
        through: tail.through,
    };
    let short = u64::try_from(timeline.events.len()).unwrap_or(u64::MAX) < PAGE;
    timeline.wants_older |= opened && short;
    if timeline.wants_older {
        let floor = record.first_seq.previous();
        let target = back(window.after, PAGE).max(tail.after).max(floor);
        if target < window.after {
            let older = storage.entries(record.id, target, window.after)?;
            for event in older.into_iter().rev() {
                timeline.events.push_front(event);
            }
            window.after = target;
            timeline.wants_older = false;
        } else if window.after <= floor {
            timeline.wants_older = false;
        }
    }
    timeline.window = Some(window);
    timeline.cut();
    Ok(())
}

/// The newest entries, back to a little before the first unread one where that is not too far.
fn opening_window(timeline: &Timeline, tail: LogRange) -> LogRange {
    let newest = back(tail.through, PAGE);
    let unread = back(timeline.opened_at.1, PAGE / 5);
    let reachable = back(tail.through, UNREAD_SHOWN_MAX) <= unread;
    let after = if reachable { newest.min(unread) } else { newest };
    LogRange {
        after: after.max(tail.after),
        through: tail.through,
    }
}

fn back(seq: Seq, entries: u64) -> Seq {
    Seq::new(seq.get().saturating_sub(entries)).unwrap_or(Seq::ZERO)
}

/// The first message that was unread when the timeline was opened, once everything from the marker on is here.
fn find_divider<S: Storage>(
    storage: &S,
    timeline: &mut Timeline,
    record: &ConversationRecord,
    tail: LogRange,
    me: Option<UserId>,
) -> Stored {
    let (last, read) = timeline.opened_at;
    let Some(me) = me.filter(|_| timeline.divider == Divider::Undecided) else {
        return Ok(());
    };
    if read >= last {
        timeline.divider = Divider::Nowhere;
    } else if tail.covers(read, last) {
        let first = storage.first_message_of_others(record.id, me, read)?;
        timeline.divider = match first {
            Some(first) if first <= last => Divider::At(first),
            Some(_) | None => Divider::Nowhere,
        };
    }
    Ok(())
}

/// What one may do: by the same rules as the server, as far as the facts are known here.
fn allowed(record: &ConversationRecord, members: &[MemberRecord], members_max: u32) -> Allowed {
    let actor = Actor {
        role: Some(record.role),
        suspended: false,
        blocked: false,
    };
    let owners = members.iter().filter(|member| member.role == Role::Owner).count();
    let all_known = u32::try_from(members.len()).is_ok_and(|known| known >= record.member_count);
    // Where not all members are known there may be another owner: the server decides.
    let owners = u32::try_from(owners).unwrap_or(u32::MAX);
    let place = Place {
        kind: record.kind,
        announcements: false,
        owner_count: owners.saturating_add(u32::from(!all_known)),
        member_count: record.member_count,
        member_count_max: members_max,
    };
    let may = |action: Action| authorize(actor, action, place).is_ok();
    Allowed {
        send: may(Action::Send),
        rename: may(Action::ChangeProfile),
        add_members: may(Action::AddMembers { count: 1 }),
        remove_members: may(Action::Remove { target: Role::Member }),
        change_roles: may(Action::ChangeRole {
            target: Role::Member,
            to: Role::Moderator,
        }),
        leave: may(Action::Leave),
    }
}

/// A file that is on the server.
fn arrived(file: &Attachment) -> AttachmentView {
    AttachmentView {
        file: file.clone(),
        upload: None,
    }
}
