//! The open timelines: a window over the log, and what waits in the outbox after it.

use std::collections::{BTreeSet, HashMap, VecDeque};

use pipit_wire::person::Face;
use pipit_wire::{ConversationId, ErrorCode, Event, MessageId, Seq, UserId};

use crate::actions::Acting;
use crate::command::{Reply, ViewId};
use crate::diff;
use crate::engine::{Engine, Stored};
use crate::fold::Folded;
use crate::http::refusal;
use crate::items::Beginning;
use crate::range::LogRange;
use crate::storage::{ConversationRecord, Storage};
use crate::view::{MemberView, TimelineHeader, TimelineItem, Update};

/// The most entries in a window, and how many go from its beginning when it grows beyond that.
const WINDOW_MAX: usize = 5_000;
const WINDOW_CUT: usize = 1_000;

/// Where "new messages" begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Divider {
    /// The entries that decide it are not here.
    Undecided,
    Nowhere,
    At(Seq),
}

/// What a timeline is to have and has not yet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wants {
    pub(crate) older: bool,
    pub(crate) newer: bool,
    /// What the server says of the place that it was opened at.
    pub(crate) place: bool,
}

/// A view's timeline.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) conversation: ConversationId,
    /// The last entry, and the read marker, when it was opened.
    pub(crate) opened_at: (Seq, Seq),
    pub(crate) divider: Divider,
    pub(crate) draft: String,
    /// The older place that it was opened at, until it has been lengthened to the end: none where it follows the end.
    pub(crate) place: Option<Seq>,
    /// The part of the log that is loaded: its entries are `events`, and what has become of messages is in `folds`.
    pub(crate) window: Option<LogRange>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) folds: HashMap<Seq, Folded>,
    /// Messages that have changed since they were loaded.
    pub(crate) stale: BTreeSet<MessageId>,
    /// The messages that others answer: whose, and how they begin.
    pub(crate) replies: HashMap<MessageId, Beginning>,
    pub(crate) wants: Wants,
    pub(crate) loading: bool,
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
        self.folds.clear();
        self.stale.clear();
        self.replies.clear();
        self.loading = false;
    }

    /// What is shown of a message is read again.
    pub(crate) fn forget_message(&mut self, message: MessageId) {
        self.stale.insert(message);
        self.replies.remove(&message);
    }

    /// What an entry says is known now.
    pub(crate) fn replace(&mut self, event: &Event) {
        if let Ok(place) = self.events.binary_search_by_key(&event.seq, |event| event.seq)
            && let Some(loaded) = self.events.get_mut(place)
        {
            *loaded = event.clone();
        }
        self.replies.remove(&event.id.into());
    }

    pub(crate) fn cut(&mut self) {
        if self.events.len() > WINDOW_MAX {
            for event in self.events.drain(..WINDOW_CUT) {
                self.folds.remove(&event.seq);
            }
            if let (Some(window), Some(first)) = (&mut self.window, self.events.front()) {
                window.after = first.seq.previous();
            }
        }
    }
}

impl<S: Storage> Engine<S> {
    pub(crate) fn open_timeline(&mut self, view: &ViewId, conversation: ConversationId) -> Stored<Reply> {
        self.open_at(view, conversation, None)
    }

    /// Opens a timeline at its end, or around an older place.
    pub(crate) fn open_at(
        &mut self,
        view: &ViewId,
        conversation: ConversationId,
        place: Option<Seq>,
    ) -> Stored<Reply> {
        let Some(record) = self.storage.conversation(conversation)? else {
            let error = refusal(ErrorCode::NotMember, None);
            return Ok(Reply::Failed { error });
        };
        let draft = self.storage.draft(conversation)?.unwrap_or_default();
        let wants_place = place.is_some() && self.connection.is_up();
        let Some(view) = self.views.get_mut(view) else {
            let error = refusal(ErrorCode::OutOfOrder, None);
            return Ok(Reply::Failed { error });
        };
        view.timeline = Some(Timeline {
            conversation,
            opened_at: (record.last_seq, record.read_seq.max(record.first_seq.previous())),
            divider: Divider::Undecided,
            draft,
            place,
            window: None,
            events: VecDeque::new(),
            folds: HashMap::new(),
            stale: BTreeSet::new(),
            replies: HashMap::new(),
            wants: Wants {
                place: wants_place,
                ..Wants::default()
            },
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
            timeline.wants.older = true;
            self.dirty.conversation(timeline.conversation);
        }
    }

    pub(crate) fn load_newer(&mut self, view: &ViewId) {
        if let Some(timeline) = self.views.get_mut(view).and_then(|view| view.timeline.as_mut()) {
            timeline.wants.newer = timeline.place.is_some();
            self.dirty.conversation(timeline.conversation);
        }
    }

    pub(crate) fn reset_timelines(&mut self, conversation: ConversationId) {
        for timeline in self.timelines_of(conversation) {
            timeline.reset();
        }
    }

    pub(crate) fn timelines_of(
        &mut self,
        conversation: ConversationId,
    ) -> impl Iterator<Item = &mut Timeline> {
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
            timeline.wants = Wants::default();
        }
        self.stop_loading_of(conversation);
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
        let Some(acting) = self.acting(me, &record)? else {
            return Ok(None);
        };
        let items = self.timeline_items(timeline, &record, &acting)?;
        let header = self.timeline_header(timeline, &record, &acting)?;
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
        acting: &Acting,
    ) -> Stored<TimelineHeader> {
        let mut shown = Vec::with_capacity(acting.members.len());
        for member in &acting.members {
            let name = self.name_in(record.id, member.user)?;
            let profile = self.profile(member.user)?;
            let face = self.face_in(record.id, member.user)?;
            let trust = if record.encrypted && member.user != acting.me {
                Some(self.trust_state(member.user)?)
            } else {
                None
            };
            shown.push(MemberView {
                user: member.user,
                handle: profile.map(|profile| profile.handle).unwrap_or_default(),
                name,
                role: member.role,
                me: member.user == acting.me,
                avatar: face.avatar,
                status: face.status,
                presence: self.presences.state(member.user),
                trust,
            });
        }
        let first_shown = timeline.window.map_or(record.last_seq, |window| window.after);
        let shown_through = timeline.window.map_or(record.last_seq, |window| window.through);
        let face = match record.peer {
            Some(peer) => self.face_in(record.id, peer)?,
            None => Face::default(),
        };
        let picture = self.group_picture(record.id, record.settings.avatar)?;
        let (title, sealed) = self.shown_name(record)?;
        Ok(TimelineHeader {
            conversation: record.id,
            kind: record.kind,
            title,
            peer: record.peer,
            presence: record.peer.and_then(|peer| self.presences.state(peer)),
            last_seen: record.peer.and_then(|peer| self.presences.last_seen(peer)),
            avatar: face.avatar.or(picture),
            picture: sealed,
            about: face.about,
            status: face.status,
            member_count: record.member_count,
            members: shown,
            role: record.role,
            allowed: acting.allowed(),
            settings: self.shown_settings(record)?,
            join_requests: record.join_requests,
            asked_by: self.asked_by(record.id)?,
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
            pinned: self.pin_views(record)?,
            scheduled: self.scheduled_views(record)?,
            has_newer: timeline.place.is_some() && shown_through < record.last_seq,
            encrypted: record.encrypted,
        })
    }

    /// Oneself in a conversation, now.
    pub(crate) fn acting(&self, me: UserId, record: &ConversationRecord) -> Stored<Option<Acting>> {
        let members = self.storage.members(record.id)?;
        let now = self.server_now();
        let limits = self.session.as_ref().map(|session| &session.limits);
        let unanswered = self.is_unanswered(record.id)?;
        Ok(limits.map(|limits| Acting::new(me, record, members, limits, now, unanswered)))
    }
}
