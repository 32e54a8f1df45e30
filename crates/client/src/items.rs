//! The lines of a timeline: entries as they stand now, then what waits in the outbox.

use std::collections::BTreeMap;

use pipit_wire::event::{ConversationKind, EventBody, MessageChange};
use pipit_wire::limits::PINNED_MAX;
use pipit_wire::preview::LinkPreview;
use pipit_wire::{Attachment, BlobId, Content, Event, MessageId, Seq, UserId};

use crate::actions::Acting;
use crate::encryption::TrustLine;
use crate::engine::{Engine, Stored};
use crate::fold::{self, Folded};
use crate::list::{delivery, one_line, waiting_state};
use crate::storage::{ConversationRecord, OutboxBody, OutboxRecord, OutboxState, Storage};
use crate::timeline::Timeline;
use crate::view::{AttachmentView, ItemBody, MessageActions, PinView, ReactionView, ReplyView, TimelineItem};

/// Messages of one sender within this time of each other are one group.
const GROUP_MS: i64 = 5 * 60_000;
/// The names that a reaction shows at most.
const NAMES_MAX: usize = 5;

/// Changes that wait in the outbox: shown as if they had happened.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    changes: BTreeMap<MessageId, Vec<Event>>,
    me: Option<UserId>,
}

impl Pending {
    /// What is to become of a message.
    pub(crate) fn over(&self, message: MessageId, folded: Option<&Folded>) -> Folded {
        let mut folded = folded.cloned().unwrap_or_default();
        if let Some(me) = self.me {
            for event in self.changes.get(&message).into_iter().flatten() {
                folded.apply(event, me);
            }
        }
        folded
    }

    /// What waits for a message, in the order in which it was done.
    pub(crate) fn into_changes(mut self, message: MessageId) -> Vec<Event> {
        self.changes.remove(&message).unwrap_or_default()
    }

    fn concerns(&self, message: MessageId) -> bool {
        self.changes.contains_key(&message)
    }
}

/// A message that another one answers, or that is pinned.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    /// Its place, once it has one.
    seq: Option<Seq>,
    sender: UserId,
    /// How it begins; none where it is deleted.
    text: Option<String>,
    attachments: Vec<Attachment>,
}

impl<S: Storage> Engine<S> {
    /// What waits of a conversation's changes.
    pub(crate) fn pending_changes(&self, waiting: &[OutboxRecord]) -> Pending {
        let me = self.me();
        let offset = self.session.as_ref().map_or(0, |session| session.clock_offset_ms);
        let mut changes: BTreeMap<MessageId, Vec<Event>> = BTreeMap::new();
        for record in waiting {
            let (OutboxBody::Change { message, change }, Some(me)) = (&record.body, me) else {
                continue;
            };
            let event = Event {
                id: record.id,
                conversation: record.conversation,
                seq: Seq::MAX,
                at: record.written_at.plus_ms(offset),
                sender: me,
                device: None,
                body: EventBody::MessageChanged {
                    message: *message,
                    change: change.clone(),
                },
            };
            changes.entry(*message).or_default().push(event);
        }
        Pending { changes, me }
    }

    pub(crate) fn timeline_items(
        &mut self,
        timeline: &mut Timeline,
        record: &ConversationRecord,
        acting: &Acting,
    ) -> Stored<Vec<TimelineItem>> {
        let waiting = self.storage.outbox(record.id)?;
        let pending = self.pending_changes(&waiting);
        let mut items: Vec<TimelineItem> = Vec::with_capacity(timeline.events.len());
        let hidden = self.hidden(record.id)?;
        let events = std::mem::take(&mut timeline.events);
        let mut lines = self.lines_between(timeline, record)?.into_iter().peekable();
        let is_shown = |event: &&Event| !hidden.contains(&event.seq) && !fold::is_expired(event, acting.now);
        for event in events.iter().filter(is_shown) {
            while let Some((_, line)) = lines.next_if(|(place, _)| *place < event.seq) {
                items.push(self.line_item(record, &line)?);
            }
            let Some(body) = self.item_body(timeline, event, &pending, acting)? else {
                continue;
            };
            let mine = event.sender == acting.me;
            let is_message = matches!(event.body, EventBody::Message { .. });
            let item = TimelineItem {
                key: event.id.into(),
                seq: Some(event.seq),
                at: event.at,
                sender: event.sender,
                sender_name: self.name_in(record.id, event.sender)?,
                sender_avatar: self.avatar_in(record, event.sender)?,
                mine,
                continues: false,
                body,
                delivery: (mine && is_message)
                    .then(|| delivery(record, &acting.members, acting.me, event.seq)),
            };
            push(&mut items, item);
        }
        timeline.events = events;
        for (_, line) in lines {
            items.push(self.line_item(record, &line)?);
        }
        // Around an older place nothing waits.
        let waiting = if timeline.place.is_none() {
            waiting
        } else {
            Vec::new()
        };
        for waiting in waiting {
            if let Some(item) = self.waiting_item(timeline, waiting, &pending, acting)? {
                push(&mut items, item);
            }
        }
        Ok(items)
    }

    /// What this device has to say of people between the entries that are loaded.
    fn lines_between(
        &self,
        timeline: &Timeline,
        record: &ConversationRecord,
    ) -> Stored<Vec<(Seq, TrustLine)>> {
        match timeline.window.filter(|_| record.encrypted) {
            Some(window) => self.trust_lines(record.id, (window.after, window.through)),
            None => Ok(Vec::new()),
        }
    }

    fn line_item(&mut self, record: &ConversationRecord, line: &TrustLine) -> Stored<TimelineItem> {
        Ok(TimelineItem {
            key: line.id,
            seq: None,
            at: line.at,
            sender: line.user,
            sender_name: self.name_in(record.id, line.user)?,
            sender_avatar: None,
            mine: false,
            continues: false,
            body: ItemBody::Trust { change: line.change },
            delivery: None,
        })
    }

    /// Whose picture stands beside a message: in groups those of the others.
    fn avatar_in(&mut self, record: &ConversationRecord, sender: UserId) -> Stored<Option<BlobId>> {
        if record.kind == ConversationKind::Direct || self.is_me(sender) {
            return Ok(None);
        }
        Ok(self.face_in(record.id, sender)?.avatar)
    }

    /// A message of the outbox.
    fn waiting_item(
        &mut self,
        timeline: &mut Timeline,
        waiting: OutboxRecord,
        pending: &Pending,
        acting: &Acting,
    ) -> Stored<Option<TimelineItem>> {
        let OutboxBody::Message {
            text,
            reply_to,
            poll,
            preview,
            ..
        } = &waiting.body
        else {
            return Ok(None);
        };
        let message = waiting.id.into();
        let folded = pending.over(message, None);
        if folded.deleted {
            return Ok(None);
        }
        let mut can = match &waiting.state {
            // It is among what is scheduled.
            OutboxState::Held { .. } => return Ok(None),
            OutboxState::Failed { .. } => MessageActions::default(),
            OutboxState::Queued | OutboxState::Acknowledged { .. } => {
                acting.with_message(acting.me, acting.now)
            }
        };
        can.edit &= poll.is_none();
        let edited = folded.edit.as_ref().map(|edit| edit.at);
        Ok(Some(TimelineItem {
            key: message,
            seq: None,
            at: waiting.written_at,
            sender: acting.me,
            sender_name: self.name_in(waiting.conversation, acting.me)?,
            sender_avatar: None,
            mine: true,
            continues: false,
            body: ItemBody::Message {
                reply: self.reply_view(timeline, *reply_to, pending)?,
                preview: shown_preview(preview.as_deref(), folded.text().unwrap_or(text)),
                text: folded.text().unwrap_or(text).to_owned(),
                attachments: self.waiting_files(&waiting)?,
                edited_at: edited,
                reactions: self.reaction_views(timeline, &folded)?,
                pinned: folded.pinned_seq > Seq::ZERO,
                poll: poll
                    .as_deref()
                    .map(|poll| Box::new(acting.poll_view(poll, &folded, acting.me))),
                can,
            },
            delivery: Some(waiting_state(waiting.state)),
        }))
    }

    /// What an entry shows; nothing where it shows in others, or this version does not know its type.
    fn item_body(
        &mut self,
        timeline: &mut Timeline,
        event: &Event,
        pending: &Pending,
        acting: &Acting,
    ) -> Stored<Option<ItemBody>> {
        let place = event.conversation;
        let body = match &event.body {
            // Until it is opened it is nothing that is shown, and then it is no message.
            EventBody::Message { content, .. } if content.is_sealed_change() => return Ok(None),
            EventBody::Message {
                content, reply_to, ..
            } => self.message_body(timeline, event, content, *reply_to, pending, acting)?,
            EventBody::Created { title, encrypted, .. } => ItemBody::Created {
                title: title.clone().filter(|_| !encrypted),
            },
            EventBody::MemberAdded { member } => ItemBody::MemberAdded {
                name: self.name_in(place, member.user)?,
                joined: member.user == event.sender,
            },
            EventBody::MemberRemoved { user, banned } => ItemBody::MemberRemoved {
                name: self.name_in(place, *user)?,
                left: *user == event.sender,
                banned: *banned,
            },
            EventBody::RoleChanged { member } => ItemBody::RoleChanged {
                name: self.name_in(place, member.user)?,
                role: member.role,
            },
            EventBody::TitleChanged { title } => ItemBody::TitleChanged { title: title.clone() },
            EventBody::SettingsChanged { change } => ItemBody::SettingsChanged {
                change: change.clone(),
            },
            EventBody::MessageChanged {
                message,
                change: MessageChange::Pin { on: true },
            } => ItemBody::Pinned { message: *message },
            EventBody::HistoryShown { users, .. } => ItemBody::HistoryShown {
                to_me: users.iter().any(|user| self.is_me(*user)),
                names: users
                    .iter()
                    .take(NAMES_MAX)
                    .map(|user| self.name_in(place, *user))
                    .collect::<Stored<_>>()?,
                count: u32::try_from(users.len()).unwrap_or(u32::MAX),
            },
            EventBody::MessageChanged { .. } | EventBody::Handshake { .. } | EventBody::Unknown => {
                return Ok(None);
            }
        };
        Ok(Some(body))
    }

    fn message_body(
        &mut self,
        timeline: &mut Timeline,
        event: &Event,
        content: &Content,
        reply_to: Option<MessageId>,
        pending: &Pending,
        acting: &Acting,
    ) -> Stored<ItemBody> {
        let folded = pending.over(event.id.into(), timeline.folds.get(&event.seq));
        if folded.deleted || fold::is_erased(event) {
            let by = folded.deleted_by.filter(|by| *by != event.sender);
            let by = by.map(|by| self.name_in(event.conversation, by)).transpose()?;
            return Ok(ItemBody::Deleted { by });
        }
        let Content::Plain {
            text,
            attachments,
            poll,
            preview,
        } = content
        else {
            return Ok(ItemBody::Unreadable {
                reason: self.unreadable(event)?,
            });
        };
        let mut can = acting.with_message(event.sender, event.at);
        can.edit &= poll.is_none();
        Ok(ItemBody::Message {
            preview: shown_preview(preview.as_deref(), folded.text().unwrap_or(text)),
            text: folded.text().unwrap_or(text).to_owned(),
            reply: self.reply_view(timeline, reply_to, pending)?,
            attachments: attachments.iter().map(arrived).collect(),
            edited_at: folded.edit.as_ref().map(|edit| edit.at),
            reactions: self.reaction_views(timeline, &folded)?,
            pinned: folded.pinned_seq > Seq::ZERO,
            poll: poll
                .as_deref()
                .map(|poll| Box::new(acting.poll_view(poll, &folded, event.sender))),
            can,
        })
    }

    fn reaction_views(&mut self, timeline: &Timeline, folded: &Folded) -> Stored<Vec<ReactionView>> {
        let mut views = Vec::with_capacity(folded.reactions.len());
        for reaction in &folded.reactions {
            let mut names = Vec::new();
            for user in reaction.users.iter().take(NAMES_MAX) {
                names.push(self.name_in(timeline.conversation, *user)?);
            }
            names.retain(|name| !name.is_empty());
            views.push(ReactionView {
                emoji: reaction.emoji.clone(),
                count: reaction.count,
                mine: reaction.mine,
                names,
            });
        }
        Ok(views)
    }

    fn reply_view(
        &mut self,
        timeline: &mut Timeline,
        answered: Option<MessageId>,
        pending: &Pending,
    ) -> Stored<Option<ReplyView>> {
        let Some(message) = answered else {
            return Ok(None);
        };
        let known = timeline
            .replies
            .get(&message)
            .filter(|_| !pending.concerns(message));
        let answered = match known {
            Some(known) => Some(known.clone()),
            None => self.beginning_of(timeline, message, pending)?,
        };
        let Some(answered) = answered else {
            return Ok(Some(ReplyView {
                message,
                seq: None,
                sender_name: None,
                text: None,
                attachments: Vec::new(),
            }));
        };
        let view = ReplyView {
            message,
            seq: answered.seq,
            sender_name: Some(self.name_in(timeline.conversation, answered.sender)?),
            text: answered.text.clone(),
            attachments: answered.attachments.clone(),
        };
        // A message that still waits gets a place later; a change that waits may be taken back.
        if answered.seq.is_some() && !pending.concerns(message) {
            timeline.replies.insert(message, answered);
        }
        Ok(Some(view))
    }

    /// What is known of a message that is answered: from the log, or still from the outbox.
    fn beginning_of(
        &self,
        timeline: &Timeline,
        message: MessageId,
        pending: &Pending,
    ) -> Stored<Option<Beginning>> {
        if let Some(event) = self.storage.find_message(timeline.conversation, message)? {
            return self.beginning(&event, pending).map(Some);
        }
        let (Some(sender), Some(waiting)) = (self.me(), self.storage.find_outbox(message.into())?) else {
            return Ok(None);
        };
        let OutboxBody::Message { text, .. } = &waiting.body else {
            return Ok(None);
        };
        let folded = pending.over(message, None);
        let mut answered = Beginning {
            seq: None,
            sender,
            text: None,
            attachments: Vec::new(),
        };
        if !folded.deleted {
            answered.text = Some(one_line(folded.text().unwrap_or(text)));
            answered.attachments = self.files_known_of(&waiting)?;
        }
        Ok(Some(answered))
    }

    fn beginning(&self, event: &Event, pending: &Pending) -> Stored<Beginning> {
        let known = self.storage.fold(event.conversation, event.seq)?.folded;
        let folded = pending.over(event.id.into(), Some(&known));
        let text = match &event.body {
            _ if folded.deleted => None,
            EventBody::Message {
                content: Content::Plain { text, .. },
                ..
            } => Some(one_line(folded.text().unwrap_or(text))),
            EventBody::Message {
                content: Content::Sealed { .. },
                ..
            } => Some(String::new()),
            _ => None,
        };
        Ok(Beginning {
            seq: Some(event.seq),
            sender: event.sender,
            attachments: text
                .as_ref()
                .map_or_else(Vec::new, |_| files_in(&event.body).to_vec()),
            text,
        })
    }

    /// The pinned messages that this device knows, the one pinned last first, as the outbox leaves them.
    pub(crate) fn pin_views(&mut self, record: &ConversationRecord) -> Stored<Vec<PinView>> {
        let pending = self.pending_changes(&self.storage.outbox(record.id)?);
        let most = u32::try_from(PINNED_MAX).unwrap_or(u32::MAX);
        let mut events = Vec::new();
        for message in pending.changes.keys() {
            events.extend(self.storage.find_message(record.id, *message)?);
        }
        for event in self.storage.pinned_messages(record.id, most)? {
            if !pending.concerns(event.id.into()) {
                events.push(event);
            }
        }
        let mut pins = Vec::new();
        for event in events {
            let known = self.storage.fold(record.id, event.seq)?.folded;
            let pinned_seq = pending.over(event.id.into(), Some(&known)).pinned_seq;
            if pinned_seq == Seq::ZERO {
                continue;
            }
            let Beginning {
                sender,
                text,
                attachments,
                ..
            } = self.beginning(&event, &pending)?;
            let view = PinView {
                message: event.id.into(),
                seq: event.seq,
                sender_name: self.name_in(record.id, sender)?,
                text: text.unwrap_or_default(),
                attachments,
            };
            pins.push((pinned_seq, view));
        }
        pins.sort_by_key(|(pinned_seq, _)| std::cmp::Reverse(*pinned_seq));
        Ok(pins.into_iter().map(|(_, view)| view).collect())
    }
}

/// Adds an item, as a further one of its sender's group where it is that.
fn push(items: &mut Vec<TimelineItem>, mut item: TimelineItem) {
    let message = |item: &TimelineItem| {
        matches!(
            item.body,
            ItemBody::Message { .. } | ItemBody::Deleted { .. } | ItemBody::Unreadable { .. }
        )
    };
    item.continues = items.last().is_some_and(|last| {
        message(last)
            && message(&item)
            && last.sender == item.sender
            && item.at.since_ms(last.at).abs() <= GROUP_MS
    });
    items.push(item);
}

/// The files of an entry that is a message, as long as that is not deleted.
pub(crate) fn files_in(body: &EventBody) -> &[Attachment] {
    match body {
        EventBody::Message {
            content: Content::Plain { attachments, .. },
            ..
        } => attachments,
        _ => &[],
    }
}

/// A file that is on the server.
pub(crate) fn arrived(file: &Attachment) -> AttachmentView {
    AttachmentView {
        file: file.clone(),
        upload: None,
    }
}

/// The preview of a message, while its link stands in what the message says now.
fn shown_preview(preview: Option<&LinkPreview>, text: &str) -> Option<Box<LinkPreview>> {
    preview
        .filter(|preview| text.contains(&preview.url))
        .cloned()
        .map(Box::new)
}
