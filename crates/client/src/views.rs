//! The views that are attached, what each has been shown, and what has changed since.

use std::collections::{BTreeMap, BTreeSet};

use pipit_wire::{ConversationId, MessageId, Seq, UserId};

use crate::command::ViewId;
use crate::engine::{Engine, Stored};
use crate::io::Output;
use crate::list::{ListNow, PAGE};
use crate::storage::Storage;
use crate::timeline::Timeline;
use crate::view::{
    ArchivesView, ConnectionView, ConversationItem, ListFilter, SessionView, StorageView, Unsent, Update,
};

/// What may have changed since views were last shown it. Marking too much costs time, never truth: only differences are sent.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    /// Which conversations there are, or how far the list is known.
    pub(crate) list: bool,
    /// Names, presence: anything anywhere.
    pub(crate) all: bool,
    /// What was put aside.
    pub(crate) unsent: bool,
    conversations: BTreeSet<ConversationId>,
    gone: BTreeSet<ConversationId>,
}

impl Dirty {
    pub(crate) fn everything() -> Self {
        Self {
            list: true,
            all: true,
            ..Self::default()
        }
    }

    pub(crate) fn conversation(&mut self, conversation: ConversationId) {
        self.conversations.insert(conversation);
    }

    pub(crate) fn gone(&mut self, conversation: ConversationId) {
        self.conversations.insert(conversation);
        self.gone.insert(conversation);
    }

    pub(crate) fn touches(&self, conversation: ConversationId) -> bool {
        self.all || self.conversations.contains(&conversation)
    }

    pub(crate) fn touched(&self) -> impl Iterator<Item = &ConversationId> {
        self.conversations.iter()
    }

    fn touches_list(&self) -> bool {
        self.all || self.list || !self.conversations.is_empty()
    }
}

/// One tab or window.
#[derive(Debug)]
pub(crate) struct View {
    visible: bool,
    pub(crate) list_limit: u32,
    pub(crate) filter: ListFilter,
    session: Option<SessionView>,
    connection: Option<ConnectionView>,
    storage: Option<StorageView>,
    /// A view begins with none of them.
    archives: ArchivesView,
    /// The same.
    unsent: Vec<Unsent>,
    list: Vec<ConversationItem>,
    list_flags: Option<(bool, bool, u32)>,
    pub(crate) timeline: Option<Timeline>,
    /// What it marked as read while it was hidden: it counts once it is seen.
    read_hidden: Option<(ConversationId, Seq)>,
}

impl View {
    fn new() -> Self {
        Self {
            // A view that never says otherwise, such as a terminal's, is one that is looked at.
            visible: true,
            list_limit: PAGE,
            filter: ListFilter::All,
            session: None,
            connection: None,
            storage: None,
            archives: ArchivesView::default(),
            unsent: Vec::new(),
            list: Vec::new(),
            list_flags: None,
            timeline: None,
            read_hidden: None,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Views {
    by_id: BTreeMap<ViewId, View>,
}

impl Views {
    pub(crate) fn get_mut(&mut self, view: &ViewId) -> Option<&mut View> {
        self.by_id.get_mut(view)
    }

    pub(crate) fn timelines_mut(&mut self) -> impl Iterator<Item = &mut Timeline> {
        self.by_id.values_mut().filter_map(|view| view.timeline.as_mut())
    }

    pub(crate) fn any_visible(&self) -> bool {
        self.by_id.values().any(|view| view.visible)
    }

    /// Says what a view now counts as read, where it was hidden and is seen.
    pub(crate) fn set_visible(&mut self, view: &ViewId, visible: bool) -> Option<(ConversationId, Seq)> {
        let view = self.by_id.get_mut(view)?;
        view.visible = visible;
        if visible { view.read_hidden.take() } else { None }
    }

    /// Whether what a view marks as read counts now: not while it is hidden.
    pub(crate) fn note_read(&mut self, view: &ViewId, conversation: ConversationId, seq: Seq) -> bool {
        match self.by_id.get_mut(view) {
            Some(view) if !view.visible => {
                view.read_hidden = Some((conversation, seq));
                false
            }
            Some(_) | None => true,
        }
    }

    /// The people of open timelines, then those of the lists' direct conversations: at most so many, without oneself.
    pub(crate) fn people_on_screen(&self, me: UserId, most: usize) -> BTreeSet<UserId> {
        let members = self
            .by_id
            .values()
            .filter_map(|view| view.timeline.as_ref())
            .flat_map(Timeline::people);
        let peers = self
            .by_id
            .values()
            .flat_map(|view| view.list.iter().filter_map(|item| item.peer));
        let mut people = BTreeSet::new();
        for user in members.chain(peers) {
            if people.len() >= most {
                break;
            }
            if user != me {
                people.insert(user);
            }
        }
        people
    }

    /// After a failure: what was read from the storage is read again.
    pub(crate) fn forget_loaded(&mut self) {
        self.timelines_mut().for_each(Timeline::reset);
    }
}

impl<S: Storage> Engine<S> {
    /// A view that attaches anew has nothing on its screen, whatever it was shown before.
    pub(crate) fn attach(&mut self, view: ViewId) {
        self.views.by_id.insert(view, View::new());
    }

    pub(crate) fn detach(&mut self, view: &ViewId) {
        self.views.by_id.remove(view);
    }

    /// Shows every view what has changed for it. Called after the commit: what views see is on disk.
    pub(crate) fn render(&mut self) -> Stored {
        let dirty = std::mem::take(&mut self.dirty);
        self.list.forget(&dirty);
        let fresh = |view: &View| view.list_flags.is_none();
        let anybody = !self.views.by_id.is_empty();
        let list_needed = anybody && (dirty.touches_list() || self.views.by_id.values().any(fresh));
        if list_needed {
            self.personals.mute_ends = None;
        }
        let ids: Vec<ViewId> = self.views.by_id.keys().cloned().collect();
        for id in ids {
            let Some(mut view) = self.views.by_id.remove(&id) else {
                continue;
            };
            let result = self.render_view(&id, &mut view, &dirty, list_needed);
            self.views.by_id.insert(id, view);
            result?;
        }
        Ok(())
    }

    fn render_view(&mut self, id: &ViewId, view: &mut View, dirty: &Dirty, list_needed: bool) -> Stored {
        let is_fresh = view.session.is_none();
        self.render_small(id, view)?;
        if is_fresh || dirty.all || dirty.unsent {
            self.render_unsent(id, view)?;
        }
        if list_needed {
            let list = self.list_now(view.filter, view.list_limit)?;
            self.render_list(id, view, &list);
        }
        let Some(timeline) = &mut view.timeline else {
            return Ok(());
        };
        let conversation = timeline.conversation;
        let gone = dirty.gone.contains(&conversation) || self.session.is_none();
        if gone {
            view.timeline = None;
            self.show(id, Update::TimelineGone { conversation });
        } else if timeline.is_fresh() || dirty.touches(conversation) {
            let update = self.timeline_update(timeline)?;
            if let Some(update) = update {
                self.show(id, update);
            }
        }
        Ok(())
    }

    fn render_small(&mut self, id: &ViewId, view: &mut View) -> Stored {
        let session = self.session_view()?;
        if view.session.as_ref() != Some(&session) {
            view.session = Some(session.clone());
            self.show(id, Update::Session { session });
        }
        let connection = self.connection_view();
        if view.connection != Some(connection) {
            view.connection = Some(connection);
            self.show(id, Update::Connection { connection });
        }
        let storage = self.storage_view();
        if view.storage != Some(storage) {
            view.storage = Some(storage);
            self.show(id, Update::Storage { storage });
        }
        let archives = self.archives_now()?;
        if view.archives != archives {
            view.archives = archives.clone();
            self.show(
                id,
                Update::Archives {
                    archives: Box::new(archives),
                },
            );
        }
        Ok(())
    }

    fn render_unsent(&mut self, id: &ViewId, view: &mut View) -> Stored {
        let items = self.storage.unsent()?;
        if view.unsent != items {
            view.unsent.clone_from(&items);
            self.show(id, Update::Unsent { items });
        }
        Ok(())
    }

    fn render_list(&mut self, id: &ViewId, view: &mut View, list: &ListNow) {
        let limit = usize::try_from(view.list_limit).unwrap_or(usize::MAX);
        let items = list.items.get(..limit).unwrap_or(&list.items);
        let has_more = list.items.len() > limit || !list.complete;
        let flags = (has_more, list.loaded, list.requests);
        let splices = crate::diff::splices(&view.list, items, |item| item.id);
        if splices.is_empty() && view.list_flags == Some(flags) {
            return;
        }
        view.list = items.to_vec();
        view.list_flags = Some(flags);
        let update = Update::Conversations {
            splices,
            has_more,
            loaded: list.loaded,
            requests: list.requests,
        };
        self.show(id, update);
    }

    fn storage_view(&self) -> StorageView {
        if self.failing {
            StorageView::Failing
        } else if self.storage.durable() {
            StorageView::Durable
        } else {
            StorageView::Memory
        }
    }

    /// Tells the views that show the conversation, or all where none does, that what they showed was taken back.
    pub(crate) fn show_refused(&mut self, conversation: ConversationId, message: MessageId, code: &str) {
        let shows = |view: &View| {
            let timeline = view.timeline.as_ref();
            timeline.is_some_and(|timeline| timeline.conversation == conversation)
        };
        let any = self.views.by_id.values().any(shows);
        let concerned = self.views.by_id.iter().filter(|(_, view)| !any || shows(view));
        let ids: Vec<ViewId> = concerned.map(|(id, _)| id.clone()).collect();
        for id in ids {
            let code = code.to_owned();
            let update = Update::ChangeRefused {
                conversation,
                message,
                code,
            };
            self.show(&id, update);
        }
    }

    /// Tells all views that what was set here was taken back.
    pub(crate) fn show_wish_refused(&mut self, conversation: Option<ConversationId>, code: &str) {
        let code = code.to_owned();
        self.show_everywhere(&Update::SettingRefused { conversation, code });
    }

    /// Tells all views something.
    pub(crate) fn show_everywhere(&mut self, update: &Update) {
        let ids: Vec<ViewId> = self.views.by_id.keys().cloned().collect();
        for id in ids {
            self.show(&id, update.clone());
        }
    }

    fn show(&mut self, view: &ViewId, update: Update) {
        self.out.push(Output::Update {
            view: view.clone(),
            update,
        });
    }
}
