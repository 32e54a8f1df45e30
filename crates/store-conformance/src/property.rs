//! Random histories against a model so simple that it is right: a list of entries, and a count of all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipit_store::change::{erased, is_erased};
use pipit_store::log::{LogRange, ReceiptAdvance, ReceiptOutcome};
use pipit_store::{Facts, Store};
use pipit_wire::event::{EventBody, LastEdit, MessageChange, MessageState, Reaction, Role};
use pipit_wire::frame::Cursor;
use pipit_wire::limits::REACTION_USERS_MAX;
use pipit_wire::{ConversationId, Event, Seq, UserId};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::world::{Person, World, member, seq};

/// Steps of each history.
const STEPS: u32 = 120;

struct Standing {
    role: Role,
    first_seq: u64,
    delivered_seq: u64,
    read_seq: u64,
}

/// A conversation as it should be.
struct Model {
    id: ConversationId,
    log: Vec<Event>,
    members: BTreeMap<UserId, Standing>,
}

impl Model {
    fn last_seq(&self) -> u64 {
        self.log.len() as u64
    }

    /// Counts from scratch.
    fn unread(&self, user: UserId) -> Option<u32> {
        let standing = self.members.get(&user)?;
        let unread = self.log.iter().filter(|event| {
            event.seq.get() > standing.read_seq
                && event.sender != user
                && matches!(event.body, EventBody::Message { .. })
                && !is_erased(&event.body)
        });
        Some(u32::try_from(unread.count()).unwrap())
    }

    fn push(&mut self, event: Event) {
        let place = event.seq.get();
        assert_eq!(place, self.last_seq() + 1, "the next seq");
        match &event.body {
            EventBody::MemberAdded { member } => {
                let before = place - 1;
                let standing = Standing {
                    role: member.role,
                    first_seq: place,
                    delivered_seq: before,
                    read_seq: before,
                };
                self.members.insert(member.user, standing);
            }
            EventBody::MemberRemoved { user, .. } => {
                self.members.remove(user);
            }
            EventBody::RoleChanged { member } => {
                self.members.get_mut(&member.user).unwrap().role = member.role;
            }
            EventBody::MessageChanged {
                message,
                change: MessageChange::Delete {},
            } => {
                for earlier in &mut self.log {
                    let is_edit = matches!(&earlier.body, EventBody::MessageChanged { message: of, .. } if of == message);
                    if earlier.id == (*message).into() || is_edit {
                        earlier.body = erased(&earlier.body);
                    }
                }
            }
            _ => {}
        }
        self.log.push(event);
    }

    /// What has become of a message, as `user` sees it, from all that was said of it.
    fn state(&self, message: &Event, user: UserId) -> Option<MessageState> {
        let mut state = MessageState {
            message: message.id.into(),
            edit: None,
            reactions: Vec::new(),
            pinned_seq: Seq::ZERO,
            poll: None,
        };
        if !matches!(message.body, EventBody::Message { .. }) || is_erased(&message.body) {
            return None;
        }
        for event in &self.log {
            let EventBody::MessageChanged { message: of, change } = &event.body else {
                continue;
            };
            if *of != state.message {
                continue;
            }
            match change {
                MessageChange::Edit { content, .. } => {
                    state.edit = Some(LastEdit {
                        seq: event.seq,
                        at: event.at,
                        content: content.clone(),
                    });
                }
                MessageChange::Pin { on } => state.pinned_seq = if *on { event.seq } else { Seq::ZERO },
                MessageChange::React { emoji, on } => react(&mut state.reactions, emoji, *on, event.sender),
                MessageChange::Delete {} => panic!("it would be erased"),
                MessageChange::Vote { .. } | MessageChange::ClosePoll {} => {
                    panic!("polls have cases of their own")
                }
            }
        }
        for reaction in &mut state.reactions {
            reaction.count = u32::try_from(reaction.users.len()).unwrap();
            reaction.mine = reaction.users.contains(&user);
            reaction.users.truncate(REACTION_USERS_MAX);
        }
        let is_changed = state.edit.is_some() || state.pinned_seq > Seq::ZERO || !state.reactions.is_empty();
        is_changed.then_some(state)
    }
}

fn react(reactions: &mut Vec<Reaction>, emoji: &str, on: bool, user: UserId) {
    let place = reactions.iter().position(|reaction| reaction.emoji == emoji);
    match (place, on) {
        (Some(place), true) => reactions[place].users.push(user),
        (None, true) => reactions.push(Reaction {
            emoji: emoji.to_owned(),
            count: 0,
            mine: false,
            users: vec![user],
        }),
        (place, false) => {
            let place = place.unwrap();
            reactions[place].users.retain(|other| *other != user);
            if reactions[place].users.is_empty() {
                reactions.remove(place);
            }
        }
    }
}

struct History {
    world: World,
    people: Vec<Person>,
    models: Vec<Model>,
    random: ChaCha8Rng,
}

impl History {
    async fn begin(store: Arc<dyn Store>, seed: u64) -> Self {
        let world = World::new(store);
        let mut people = Vec::new();
        for number in 0..5 {
            people.push(world.person(&format!("p{number}"), "Person").await);
        }
        let mut models = Vec::new();
        for number in 0..3 {
            let new = world.new_group(&format!("Group {number}"), people[0], &people[1..=number + 1]);
            let created = world.store.create_group(new.clone()).await.unwrap().unwrap();
            let mut model = Model {
                id: new.id,
                log: vec![created.event.unwrap()],
                members: BTreeMap::new(),
            };
            for person in &people[..=number + 1] {
                let role = if *person == people[0] {
                    Role::Owner
                } else {
                    Role::Member
                };
                let standing = Standing {
                    role,
                    first_seq: 1,
                    delivered_seq: 0,
                    read_seq: 0,
                };
                model.members.insert(person.user, standing);
            }
            models.push(model);
        }
        Self {
            world,
            people,
            models,
            random: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    fn person(&mut self) -> Person {
        let place = self.random.random_range(0..self.people.len());
        self.people[place]
    }

    async fn append(&mut self) {
        let count = self.random.random_range(1..8);
        let mut batch = Vec::new();
        for _ in 0..count {
            let model = self.random.random_range(0..self.models.len());
            let sender = self.person();
            let conversation = self.models[model].id;
            let other = self.person();
            let body = match self.random.random_range(0..14) {
                0 => EventBody::MemberAdded {
                    member: member(other.user, Role::Member),
                },
                1 => EventBody::MemberRemoved {
                    user: other.user,
                    banned: false,
                },
                2 => EventBody::RoleChanged {
                    member: member(other.user, Role::Moderator),
                },
                3 => EventBody::TitleChanged {
                    title: "Another".to_owned(),
                },
                4..8 => self.change(model),
                number => crate::world::text(&format!("words {number}")),
            };
            let mut entry = self.world.entry(conversation, sender, body);
            let standing = self.models[model].members.get(&sender.user);
            // Half of them with a fact that held when the batch was made, and may not by the time that they are appended.
            if self.random.random_bool(0.5) {
                let roles = vec![(sender.user, standing.map(|standing| standing.role))];
                entry.facts = Facts {
                    roles,
                    ..Facts::default()
                };
            }
            batch.push(entry);
        }
        let outcomes = self.world.store.append_batch(batch).await.unwrap();
        assert_eq!(outcomes.len(), count);
        for appended in outcomes
            .into_iter()
            .flatten()
            .filter(|appended| !appended.repeated)
        {
            let model = self
                .models
                .iter_mut()
                .find(|model| model.id == appended.event.conversation)
                .unwrap();
            model.push(appended.event);
        }
    }

    /// A change of one of the last entries, which may be no message, or deleted.
    fn change(&mut self, model: usize) -> EventBody {
        let log = &self.models[model].log;
        let place = self.random.random_range(log.len().saturating_sub(6)..log.len());
        let message = log[place].id.into();
        let (on, emoji) = (
            self.random.random_bool(0.7),
            ["👍", "🎉"][self.random.random_range(0..2)],
        );
        let change = match self.random.random_range(0..12) {
            0 => MessageChange::Delete {},
            1..4 => crate::change::edit("other words"),
            4..6 => MessageChange::Pin { on },
            _ => crate::change::react(emoji, on),
        };
        EventBody::MessageChanged { message, change }
    }

    async fn advance(&mut self) {
        let person = self.person();
        let place = self.random.random_range(0..self.models.len());
        let model = &mut self.models[place];
        let last = model.last_seq();
        let (delivered, read) = (
            self.random.random_range(0..last + 2),
            self.random.random_range(0..last + 2),
        );
        let advance = ReceiptAdvance {
            conversation: model.id,
            user: person.user,
            delivered_seq: seq(delivered),
            read_seq: seq(read),
        };
        let outcome = self
            .world
            .store
            .advance_receipts(&[advance])
            .await
            .unwrap()
            .remove(0);
        let expect = match model.members.get_mut(&person.user) {
            None => ReceiptOutcome::NotMember,
            Some(_) if delivered.max(read) > last => ReceiptOutcome::Ahead { last_seq: seq(last) },
            Some(standing) => {
                let old = (standing.delivered_seq, standing.read_seq);
                standing.delivered_seq = standing.delivered_seq.max(delivered).max(read);
                standing.read_seq = standing.read_seq.max(read);
                if old == (standing.delivered_seq, standing.read_seq) {
                    ReceiptOutcome::Unchanged
                } else {
                    ReceiptOutcome::Advanced {
                        receipt: pipit_wire::frame::Receipt {
                            conversation: model.id,
                            user: person.user,
                            delivered_seq: seq(standing.delivered_seq),
                            read_seq: seq(standing.read_seq),
                        },
                        delivered: standing.delivered_seq > old.0,
                    }
                }
            }
        };
        assert_eq!(outcome, expect);
    }

    /// Everything that can be asked is what the model says.
    async fn check(&mut self) {
        for person in &self.people {
            for model in &self.models {
                let unread = self
                    .world
                    .store
                    .count_unread(model.id, person.user, 10_000)
                    .await
                    .unwrap();
                assert_eq!(
                    unread,
                    model.unread(person.user),
                    "unread is what a recount gives"
                );
                let summary = self
                    .world
                    .store
                    .find_summary(model.id, person.user)
                    .await
                    .unwrap();
                assert_eq!(summary.as_ref().map(|summary| summary.unread), unread);
                let standing = model.members.get(&person.user);
                assert_eq!(summary.is_some(), standing.is_some(), "members alone see it");
                if let Some((summary, standing)) = summary.zip(standing) {
                    let visible = &model.log[usize::try_from(standing.first_seq).unwrap() - 1..];
                    let first_and_last = (seq(standing.first_seq), seq(model.last_seq()));
                    assert_eq!((summary.first_seq, summary.last_seq), first_and_last);
                    assert_eq!(summary.member_count as usize, model.members.len());
                    let message = visible
                        .iter()
                        .rev()
                        .find(|event| matches!(event.body, EventBody::Message { .. }));
                    let state = message.and_then(|message| model.state(message, person.user));
                    let said = state.and_then(|state| state.edit).map(|edit| edit.content);
                    let message = message.cloned().map(|mut message| {
                        if let (EventBody::Message { content, .. }, Some(said)) = (&mut message.body, said) {
                            *content = said;
                        }
                        message
                    });
                    assert_eq!(summary.last_message, message);
                    let states = visible
                        .iter()
                        .filter_map(|event| model.state(event, person.user))
                        .collect();
                    let (cursor, limit) = (
                        self.random.random_range(0..model.last_seq() + 2),
                        self.random.random_range(0..20),
                    );
                    check_log(&self.world, model.id, *person, (visible, states), (cursor, limit)).await;
                }
            }
        }
    }
}

/// The log as one member reads it, and what comes after a cursor, are what they may see.
async fn check_log(
    world: &World,
    conversation: ConversationId,
    person: Person,
    (visible, states): (&[Event], Vec<MessageState>),
    (cursor, limit): (u64, u32),
) {
    let range = LogRange::After {
        seq: Seq::ZERO,
        limit: 10_000,
    };
    let page = world
        .store
        .read_log(conversation, person.user, range)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(page.events, visible);
    assert_eq!(page.states, states);
    let cursors = [Cursor {
        conversation,
        seq: seq(cursor),
    }];
    let row = world
        .store
        .catch_up(person.user, &cursors, limit)
        .await
        .unwrap()
        .remove(0);
    let after: Vec<Event> = visible
        .iter()
        .filter(|event| event.seq.get() > cursor)
        .cloned()
        .collect();
    let gap = after.len() > limit as usize;
    assert_eq!((row.gap, row.events), (gap, if gap { vec![] } else { after }));
}

async fn run(store: Arc<dyn Store>, seed: u64) {
    let mut history = History::begin(store, seed).await;
    for step in 0..STEPS {
        if history.random.random_bool(0.6) {
            history.append().await;
        } else {
            history.advance().await;
        }
        if step % 10 == 9 {
            history.check().await;
        }
    }
    history.check().await;
}

macro_rules! histories {
    ($($name:ident = $seed:literal;)*) => {$(
        /// A random history agrees with a recount at every tenth step.
        pub async fn $name(store: Arc<dyn Store>) {
            run(store, $seed).await;
        }
    )*};
}

histories! {
    history_1_agrees_with_a_recount = 1;
    history_2_agrees_with_a_recount = 2;
    history_3_agrees_with_a_recount = 3;
    history_4_agrees_with_a_recount = 4;
}
