//! Changes of messages: edits, deletions, reactions and pins, and what the log and its pages show after them.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::log::{Append, AppendError, LogPage, LogRange};
use pipit_wire::event::{Content, EventBody, LastEdit, MessageChange, MessageState, Reaction, Role};
use pipit_wire::frame::Cursor;
use pipit_wire::limits::EDITS_MAX;
use pipit_wire::{ConversationId, EventId, Seq, UserId};

use crate::blob::{file, may_read, take, with_files};
use crate::world::{Person, START, World, seq};

/// A change of a message to append, with no facts.
pub(crate) fn change(
    world: &World,
    place: ConversationId,
    sender: Person,
    message: EventId,
    change: MessageChange,
) -> Append {
    let message = message.into();
    world.entry(place, sender, EventBody::MessageChanged { message, change })
}

pub(crate) fn edit(words: &str) -> MessageChange {
    MessageChange::edit(Content::text(words))
}

pub(crate) const DELETE: MessageChange = MessageChange::Delete {};
const ERASED: Content = Content::Erased {};

pub(crate) fn react(emoji: &str, on: bool) -> MessageChange {
    MessageChange::React {
        emoji: emoji.to_owned(),
        on,
    }
}

pub(crate) const fn pin(on: bool) -> MessageChange {
    MessageChange::Pin { on }
}

/// Three people in a group with a message of alice's.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) alice: Person,
    pub(crate) bob: Person,
    pub(crate) carol: Person,
    pub(crate) group: ConversationId,
    /// The message, at seq 2.
    pub(crate) message: Append,
}

impl Scene {
    pub(crate) async fn new(store: Arc<dyn Store>) -> Self {
        let (world, alice, bob, carol) = World::with_three(store).await;
        let group = world.group("Tea", alice, &[bob, carol]).await;
        let message = world.message(group, alice, "first words");
        world.append(message.clone()).await;
        Self {
            world,
            alice,
            bob,
            carol,
            group,
            message,
        }
    }

    pub(crate) fn change(&self, sender: Person, what: MessageChange) -> Append {
        change(&self.world, self.group, sender, self.message.id, what)
    }

    /// Appends a change that must be new, and returns its seq.
    pub(crate) async fn enter(&self, sender: Person, what: MessageChange) -> u64 {
        self.world.append(self.change(sender, what)).await
    }

    /// The seq of the entry that stands in place of a change, which must not be appended.
    pub(crate) async fn stands(&self, sender: Person, what: MessageChange) -> u64 {
        let before = self.last_seq().await;
        let appended = self.world.try_append(self.change(sender, what)).await.unwrap();
        assert!(appended.repeated);
        assert_eq!(self.last_seq().await, before, "nothing was appended");
        appended.event.seq.get()
    }

    /// Why a change is refused, which must leave nothing.
    pub(crate) async fn refusal(&self, sender: Person, what: MessageChange) -> AppendError {
        let before = (self.last_seq().await, self.page(sender).await);
        let error = self
            .world
            .try_append(self.change(sender, what))
            .await
            .unwrap_err();
        assert_eq!((self.last_seq().await, self.page(sender).await), before);
        error
    }

    pub(crate) async fn last_seq(&self) -> Option<Seq> {
        self.world.store.last_seq(self.group).await.unwrap()
    }

    pub(crate) async fn page(&self, reader: Person) -> LogPage {
        let range = LogRange::Newest { limit: 100 };
        let page = self.world.store.read_log(self.group, reader.user, range).await;
        page.unwrap().unwrap()
    }

    /// The state of the only message that has one.
    pub(crate) async fn state(&self, reader: Person) -> MessageState {
        let mut states = self.page(reader).await.states;
        assert_eq!(states.len(), 1, "{states:?}");
        assert_eq!(states[0].message, self.message.id.into());
        states.remove(0)
    }

    /// What a member's summary says that was said last.
    pub(crate) async fn preview(&self, reader: Person) -> Content {
        let summary = self
            .world
            .store
            .find_summary(self.group, reader.user)
            .await
            .unwrap()
            .unwrap();
        let listed = self
            .world
            .store
            .list_conversations(reader.user, None, 5)
            .await
            .unwrap();
        assert_eq!(listed, std::slice::from_ref(&summary));
        content(summary.last_message.unwrap().body)
    }
}

fn content(body: EventBody) -> Content {
    match body {
        EventBody::Message { content, .. }
        | EventBody::MessageChanged {
            change: MessageChange::Edit { content, .. },
            ..
        } => content,
        other => panic!("it has no content: {other:?}"),
    }
}

pub(crate) fn reaction(emoji: &str, people: &[UserId], mine: bool) -> Reaction {
    Reaction {
        emoji: emoji.to_owned(),
        count: u32::try_from(people.len()).unwrap(),
        mine,
        users: people.to_vec(),
    }
}

/// The last edit counts: pages say so, and the preview shows it; the entries stay what they were.
pub async fn the_last_edit_counts(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    assert_eq!(scene.page(scene.bob).await.states, []);
    scene.enter(scene.alice, edit("second words")).await;
    let last = scene.change(scene.alice, edit("third words"));
    let number = scene.world.append(last.clone()).await;
    let expect = LastEdit {
        seq: seq(number),
        at: last.at,
        content: Content::text("third words"),
    };
    assert_eq!(scene.state(scene.bob).await.edit, Some(expect));
    assert_eq!(scene.preview(scene.bob).await, Content::text("third words"));
    let said: Vec<Content> = scene
        .page(scene.bob)
        .await
        .events
        .into_iter()
        .skip(1)
        .map(|event| content(event.body))
        .collect();
    assert_eq!(
        said,
        ["first words", "second words", "third words"].map(Content::text)
    );
    assert_eq!(
        scene
            .world
            .store
            .count_unread(scene.group, scene.bob.user, 10)
            .await
            .unwrap(),
        Some(1),
        "an edit is no message"
    );
}

/// An edit leaves the files of the message.
pub async fn an_edit_leaves_the_files(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let picture = file(&scene.world, scene.alice).await;
    let message = with_files(&scene.world, scene.group, scene.alice, &[picture]);
    scene.world.append(message.clone()).await;
    let said = change(&scene.world, scene.group, scene.alice, message.id, edit("a cat"));
    scene.world.append(said).await;
    assert!(may_read(&scene.world, scene.bob, picture).await);
    let Content::Plain { text, attachments, .. } = scene.preview(scene.bob).await else {
        panic!("sealed")
    };
    assert_eq!((text.as_str(), attachments.len()), ("a cat", 1));
}

/// There are only so many edits of one message.
pub async fn edits_are_limited(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let edits = (0..EDITS_MAX)
        .map(|number| scene.change(scene.alice, edit(&format!("words {number}"))))
        .collect();
    let outcomes = scene.world.store.append_batch(edits).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(
        scene.refusal(scene.alice, edit("more")).await,
        AppendError::LimitReached
    );
    scene.enter(scene.alice, DELETE).await;
    let left = scene.page(scene.alice).await.events.into_iter().filter(|event| {
        matches!(
            event.body,
            EventBody::MessageChanged {
                change: MessageChange::Edit { .. },
                ..
            }
        )
    });
    assert!(
        left.map(|event| content(event.body))
            .all(|content| content == ERASED)
    );
}

/// After a deletion nothing of the message is left anywhere: neither what it said nor what it had.
pub async fn a_deletion_erases(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (world, store) = (&scene.world, &scene.world.store);
    let picture = file(world, scene.alice).await;
    let message = with_files(world, scene.group, scene.alice, &[picture]);
    let place = world.append(message.clone()).await;
    scene.enter(scene.bob, react("👍", true)).await;
    let of = |sender, what| change(world, scene.group, sender, message.id, what);
    let said = of(scene.alice, edit("a cat"));
    let edited = world.append(said.clone()).await;
    world.append(of(scene.bob, react("❤️", true))).await;
    world.append(of(scene.alice, pin(true))).await;
    let deletion = world.append(of(scene.bob, DELETE)).await;

    nothing_says_it(&scene, deletion, [(place, message.id), (edited, said.id)]).await;
    assert_eq!(
        scene.state(scene.carol).await.reactions,
        [reaction("👍", &[scene.bob.user], false)],
        "of the other one"
    );
    let reactions = store.list_reactions(scene.group, scene.bob.user, message.id, 10);
    assert_eq!(reactions.await.unwrap(), Some(vec![]));
    let pins = store.list_pins(scene.group, scene.bob.user).await.unwrap();
    assert_eq!(pins.unwrap().events, []);
    assert!(!may_read(world, scene.carol, picture).await);
    assert_eq!(take(world, START).await, [picture]);
    let unread = store
        .count_unread(scene.group, scene.carol.user, 10)
        .await
        .unwrap();
    assert_eq!(unread, Some(1), "there is nothing to read in it");
}

/// Wherever the log is read, these entries are there and say nothing.
async fn nothing_says_it(scene: &Scene, last_seq: u64, gone: [(u64, EventId); 2]) {
    let store = &scene.world.store;
    let page = scene.page(scene.carol).await;
    assert_eq!(page.last_seq, seq(last_seq), "each entry keeps its place");
    let is_in_order = page
        .events
        .iter()
        .zip(1..)
        .all(|(event, number)| event.seq == seq(number));
    assert!(is_in_order);
    let caught_up = store
        .catch_up(
            scene.carol.user,
            &[Cursor {
                conversation: scene.group,
                seq: Seq::ZERO,
            }],
            100,
        )
        .await
        .unwrap();
    let entries = store.read_entries(scene.group, Seq::ZERO, 100).await.unwrap();
    for events in [&page.events, &caught_up[0].events, &entries] {
        for (number, _) in gone {
            let event = &events[usize::try_from(number).unwrap() - 1];
            assert_eq!(content(event.body.clone()), ERASED);
        }
    }
    for (_, id) in gone {
        let event = store.find_event(scene.group, id).await.unwrap().unwrap();
        assert_eq!(content(event.body), ERASED);
    }
    assert_eq!(scene.preview(scene.carol).await, ERASED);
}

/// What was sent before it was deleted may be sent again, and is what it was; a deletion stands.
pub async fn what_was_erased_is_still_a_repetition(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let said = scene.change(scene.alice, edit("second words"));
    let edited = scene.world.append(said.clone()).await;
    let deletion = scene.change(scene.alice, DELETE);
    let deleted = scene.world.append(deletion.clone()).await;
    for (entry, number) in [(scene.message.clone(), 2), (said, edited), (deletion, deleted)] {
        let again = scene.world.try_append(entry).await.unwrap();
        assert!(again.repeated);
        assert_eq!(again.event.seq, seq(number));
    }
    assert_eq!(scene.stands(scene.bob, DELETE).await, deleted);
    let stolen = Append {
        sender: scene.bob.user,
        ..scene.message.clone()
    };
    assert_eq!(scene.world.try_append(stolen).await, Err(AppendError::IdConflict));
    let another = Append {
        body: EventBody::TitleChanged {
            title: "x".to_owned(),
        },
        ..scene.message.clone()
    };
    assert_eq!(
        scene.world.try_append(another).await,
        Err(AppendError::IdConflict)
    );
}

/// A change needs a message of its own conversation that is there.
pub async fn a_change_needs_its_message(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (world, alice) = (&scene.world, scene.alice);
    let elsewhere = world.direct(alice, scene.bob).await;
    let member_entry = world.entry(
        scene.group,
        alice,
        EventBody::MemberRemoved {
            user: scene.carol.user,
            banned: false,
        },
    );
    world.append(member_entry.clone()).await;
    let reacted = scene.change(alice, react("👍", true));
    world.append(reacted.clone()).await;
    let before = (
        world.store.last_seq(scene.group).await.unwrap(),
        world.store.last_seq(elsewhere).await.unwrap(),
    );
    for what in [
        edit("x"),
        DELETE,
        react("👍", true),
        react("👍", false),
        pin(true),
        pin(false),
    ] {
        for (place, message) in [
            (scene.group, world.id()),
            (elsewhere, scene.message.id),
            (scene.group, member_entry.id),
            (scene.group, reacted.id),
        ] {
            let entry = change(world, place, alice, message, what.clone());
            assert_eq!(
                world.try_append(entry.clone()).await,
                Err(AppendError::NoMessage),
                "{what:?}"
            );
            assert_eq!(world.seq_of(place, entry.id).await, None);
        }
    }
    let after = (
        world.store.last_seq(scene.group).await.unwrap(),
        world.store.last_seq(elsewhere).await.unwrap(),
    );
    assert_eq!(after, before);
    scene.enter(alice, DELETE).await;
    for what in [
        edit("x"),
        react("👍", true),
        react("👍", false),
        pin(true),
        pin(false),
    ] {
        assert_eq!(scene.refusal(alice, what).await, AppendError::NoMessage);
    }
    let nowhere = change(world, world.id(), alice, scene.message.id, DELETE);
    assert_eq!(world.try_append(nowhere).await, Err(AppendError::NoConversation));
}

/// A change whose facts do not hold changes nothing.
pub async fn a_stale_change_is_refused(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    for what in [edit("x"), DELETE, react("👍", true), pin(true)] {
        let mut entry = scene.change(scene.bob, what);
        entry.facts.roles = vec![(scene.bob.user, Some(Role::Moderator))];
        assert_eq!(scene.world.try_append(entry).await, Err(AppendError::Stale));
    }
    assert_eq!(scene.page(scene.bob).await.states, []);
    assert_eq!(scene.preview(scene.bob).await, Content::text("first words"));
}

/// Each entry of a batch sees those before it: a message may be sent, changed and deleted in one.
pub async fn changes_see_the_batch_so_far(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (world, alice, bob, group) = (&scene.world, scene.alice, scene.bob, scene.group);
    let (kept, gone) = (
        world.message(group, alice, "kept"),
        world.message(group, alice, "gone"),
    );
    let of = |message: &Append, sender, what| change(world, group, sender, message.id, what);
    let batch = vec![
        of(&kept, bob, react("👍", true)),   // too early
        kept.clone(),                        // 3
        gone.clone(),                        // 4
        of(&kept, bob, react("👍", true)),   // 5
        of(&kept, bob, react("👍", true)),   // 5 stands
        of(&kept, bob, react("👍", false)),  // 6
        of(&kept, bob, react("🎉", true)),   // 7
        of(&gone, bob, react("🎉", true)),   // 8
        of(&gone, alice, edit("gone soon")), // 9
        of(&gone, alice, pin(true)),         // 10
        of(&gone, alice, DELETE),            // 11
        of(&gone, alice, DELETE),            // 11 stands
        of(&gone, alice, edit("too late")),  // refused
        of(&kept, alice, pin(true)),         // 12
        of(&kept, alice, edit("kept well")), // 13
    ];
    let outcomes = world.store.append_batch(batch).await.unwrap();
    let outcomes: Vec<Option<u64>> = outcomes
        .into_iter()
        .map(|outcome| outcome.ok().map(|appended| appended.event.seq.get()))
        .collect();
    let expect = [
        None,
        Some(3),
        Some(4),
        Some(5),
        Some(5),
        Some(6),
        Some(7),
        Some(8),
        Some(9),
        Some(10),
        Some(11),
        Some(11),
        None,
        Some(12),
        Some(13),
    ];
    assert_eq!(outcomes, expect);
    what_a_batch_left(&scene, kept.id).await;
}

async fn what_a_batch_left(scene: &Scene, kept: EventId) {
    let (world, bob, group) = (&scene.world, scene.bob, scene.group);
    let page = scene.page(bob).await;
    assert_eq!(page.states.len(), 1, "{:?}", page.states);
    let state = &page.states[0];
    assert_eq!((state.message, state.pinned_seq), (kept.into(), seq(12)));
    assert_eq!(state.reactions, [reaction("🎉", &[bob.user], true)]);
    assert_eq!(state.edit.as_ref().map(|edit| edit.seq), Some(seq(13)));
    for place in [4, 9] {
        assert_eq!(content(page.events[place - 1].body.clone()), ERASED);
    }
    assert_eq!(
        world
            .store
            .list_pins(group, bob.user)
            .await
            .unwrap()
            .unwrap()
            .events
            .len(),
        1
    );
    assert_eq!(
        world.store.count_unread(group, bob.user, 10).await.unwrap(),
        Some(2)
    );
}

/// People who react at the same time all count.
pub async fn concurrent_changes_converge(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let mut tasks = tokio::task::JoinSet::new();
    for round in 0..4 {
        for person in [scene.alice, scene.bob, scene.carol] {
            let emoji = if round % 2 == 0 { "👍" } else { "🎉" };
            let entry = scene.change(person, react(emoji, true));
            let world = scene.world.clone();
            tasks.spawn(async move { world.try_append(entry).await.unwrap().repeated });
        }
    }
    let repeated = tasks
        .join_all()
        .await
        .into_iter()
        .filter(|repeated| *repeated)
        .count();
    assert_eq!(repeated, 6, "each of the three has two emoji, tried twice");
    let state = scene.state(scene.bob).await;
    assert_eq!(
        state
            .reactions
            .iter()
            .map(|found| found.count)
            .collect::<Vec<_>>(),
        [3, 3]
    );
    assert_eq!(scene.last_seq().await, Some(seq(8)));
}
