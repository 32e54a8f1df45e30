//! What a batch's changes of messages decide and do: in memory, like the [`crate::ledger`] whose part it is.
//!
//! What was read is kept beside what is now, so that what has to be written is the difference. A message that the batch deletes needs no
//! difference: all rows of it go.

use std::collections::{BTreeMap, HashMap};

use pipit_store::change::{Standing, Verdict, decide, standing_of};
use pipit_store::log::AppendError;
use pipit_store::poll::{Vote, places, tally, with_tally};
use pipit_wire::event::{EventBody, MessageChange};
use pipit_wire::poll::Tally;
use pipit_wire::{ConversationId, Event, EventId, Seq, UserId};

/// A message by its place.
pub(crate) type Place = (ConversationId, Seq);

/// A row of `message_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) message: EventId,
    pub(crate) edit_seq: Seq,
    pub(crate) edit_count: i64,
    pub(crate) deleted_seq: Seq,
    pub(crate) pinned_seq: Seq,
    pub(crate) vote_seq: Seq,
    pub(crate) closed_seq: Seq,
}

impl State {
    const fn untouched(message: EventId) -> Self {
        Self {
            message,
            edit_seq: Seq::ZERO,
            edit_count: 0,
            deleted_seq: Seq::ZERO,
            pinned_seq: Seq::ZERO,
            vote_seq: Seq::ZERO,
            closed_seq: Seq::ZERO,
        }
    }
}

/// A row of `reaction_count`, but its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) first_seq: Seq,
    pub(crate) count: i64,
}

/// A row before the batch, and as it is now; none where there is none.
#[derive(Clone, Copy)]
struct Row<T> {
    before: Option<T>,
    now: Option<T>,
}

impl<T: Copy> Row<T> {
    const NONE: Self = Self {
        before: None,
        now: None,
    };

    const fn known(row: T) -> Self {
        Self {
            before: Some(row),
            now: Some(row),
        }
    }
}

/// See the module.
#[derive(Default)]
pub(crate) struct Book {
    states: HashMap<Place, Row<State>>,
    /// By message, then emoji and person: the entry.
    reactions: HashMap<Place, BTreeMap<(String, UserId), Row<Seq>>>,
    counts: HashMap<Place, BTreeMap<String, Row<Count>>>,
    /// How many messages are pinned, where that matters.
    pinned: HashMap<ConversationId, usize>,
    /// The new edits of each message.
    edits: HashMap<Place, Vec<Seq>>,
    /// How polls stand.
    tallies: HashMap<Place, Tally>,
    /// What people have chosen in them.
    votes: HashMap<(Place, UserId), Vote>,
    /// The new votes, in order.
    new_votes: Vec<(Place, UserId, Vote)>,
    /// The messages that the batch deletes.
    pub(crate) erased: Vec<Event>,
}

/// What is to be written of one table.
pub(crate) struct Difference<K, T> {
    pub(crate) gone: Vec<K>,
    pub(crate) set: Vec<(K, T)>,
}

impl Book {
    pub(crate) fn know_state(&mut self, place: Place, state: State) {
        self.states.insert(place, Row::known(state));
    }

    pub(crate) fn know_reaction(&mut self, place: Place, emoji: String, user: UserId, seq: Seq) {
        let of_message = self.reactions.entry(place).or_default();
        of_message.insert((emoji, user), Row::known(seq));
    }

    pub(crate) fn know_count(&mut self, place: Place, emoji: String, count: Count) {
        let of_message = self.counts.entry(place).or_default();
        of_message.insert(emoji, Row::known(count));
    }

    pub(crate) fn know_pinned(&mut self, conversation: ConversationId, pinned: usize) {
        self.pinned.insert(conversation, pinned);
    }

    pub(crate) fn know_tally(&mut self, place: Place, tally: Tally) {
        self.tallies.insert(place, tally);
    }

    pub(crate) fn know_vote(&mut self, place: Place, user: UserId, vote: Vote) {
        self.votes.insert((place, user), vote);
    }

    fn vote_of(&self, place: Place, user: UserId) -> Vote {
        self.votes.get(&(place, user)).copied().unwrap_or(Vote::NONE)
    }

    /// A vote with how the poll stands after it; anything else stays.
    pub(crate) fn with_tally(&self, body: EventBody, target: Option<&Event>, sender: UserId) -> EventBody {
        let Some(message) = target else { return body };
        let place = (message.conversation, message.seq);
        let own = self.vote_of(place, sender).places;
        with_tally(body, target, self.tallies.get(&place), own)
    }

    /// Keeps a vote whose entry, completed, says this.
    pub(crate) fn voted(&mut self, target: &Event, sender: UserId, seq: Seq, body: &EventBody) {
        let (Some(tally), EventBody::MessageChanged { change, .. }) = (tally(body), body) else {
            return;
        };
        let MessageChange::Vote { options, .. } = change else {
            return;
        };
        let (place, vote) = (
            (target.conversation, target.seq),
            Vote {
                seq,
                places: places(options),
            },
        );
        self.tallies.insert(place, tally.clone());
        self.votes.insert((place, sender), vote);
        self.new_votes.push((place, sender, vote));
    }

    /// Decides on a change of this message by this person.
    pub(crate) fn decide(
        &self,
        target: &Event,
        sender: UserId,
        change: &MessageChange,
    ) -> Result<Verdict, AppendError> {
        let place = (target.conversation, target.seq);
        let state = self.state(target);
        let (mut reaction_seq, mut has_emoji, mut emoji) = (Seq::ZERO, false, 0);
        if let MessageChange::React { emoji: which, .. } = change {
            let of_message = self.reactions.get(&place);
            let own = of_message.and_then(|rows| rows.get(&(which.clone(), sender)));
            reaction_seq = own.and_then(|row| row.now).unwrap_or(Seq::ZERO);
            let counts = self.counts.get(&place);
            let standing = counts.into_iter().flatten().filter(|(_, row)| row.now.is_some());
            for (known, _) in standing {
                emoji += 1;
                has_emoji |= known == which;
            }
        }
        let standing = Standing {
            seq: target.seq,
            edits: usize::try_from(state.edit_count).unwrap_or(usize::MAX),
            deleted_seq: state.deleted_seq,
            pinned_seq: state.pinned_seq,
            reaction_seq,
            has_emoji,
            emoji,
            pinned: self.pinned.get(&target.conversation).copied().unwrap_or_default(),
            vote: self.vote_of(place, sender),
            closed_seq: state.closed_seq,
        };
        decide(change, &standing_of(target, standing))
    }

    fn state(&self, target: &Event) -> State {
        let known = self.states.get(&(target.conversation, target.seq));
        let now = known.and_then(|row| row.now);
        now.unwrap_or(State::untouched(target.id))
    }

    /// Does what the entry with this seq says.
    pub(crate) fn apply(&mut self, target: &Event, sender: UserId, seq: Seq, change: &MessageChange) {
        let place = (target.conversation, target.seq);
        let mut state = self.state(target);
        let pinned_before = usize::from(state.pinned_seq > Seq::ZERO);
        match change {
            MessageChange::Edit { .. } => {
                state.edit_seq = seq;
                state.edit_count += 1;
                self.edits.entry(place).or_default().push(seq);
            }
            MessageChange::Delete {} => {
                state = State {
                    deleted_seq: seq,
                    ..State::untouched(target.id)
                };
                self.tallies.remove(&place);
                self.new_votes.retain(|(of, _, _)| *of != place);
                self.edits.remove(&place);
                self.reactions.remove(&place);
                self.counts.remove(&place);
                self.erased.push(target.clone());
            }
            MessageChange::React { emoji, on } => self.react(place, emoji, sender, on.then_some(seq)),
            MessageChange::Pin { on } => state.pinned_seq = if *on { seq } else { Seq::ZERO },
            MessageChange::Vote { .. } => state.vote_seq = seq,
            MessageChange::ClosePoll {} => state.closed_seq = seq,
        }
        if let Some(pinned) = self.pinned.get_mut(&target.conversation) {
            *pinned = pinned.saturating_sub(pinned_before) + usize::from(state.pinned_seq > Seq::ZERO);
        }
        self.states.entry(place).or_insert(Row::NONE).now = Some(state);
    }

    fn react(&mut self, place: Place, emoji: &str, sender: UserId, seq: Option<Seq>) {
        let of_message = self.reactions.entry(place).or_default();
        let own = of_message.entry((emoji.to_owned(), sender)).or_insert(Row::NONE);
        own.now = seq;
        let of_message = self.counts.entry(place).or_default();
        let row = of_message.entry(emoji.to_owned()).or_insert(Row::NONE);
        row.now = match (row.now, seq) {
            (Some(count), Some(_)) => Some(Count {
                count: count.count + 1,
                ..count
            }),
            (None, Some(first_seq)) => Some(Count { first_seq, count: 1 }),
            (Some(count), None) if count.count > 1 => Some(Count {
                count: count.count - 1,
                ..count
            }),
            (_, None) => None,
        };
    }

    /// The states that have changed.
    pub(crate) fn states(&self) -> impl Iterator<Item = (Place, State)> {
        self.states.iter().filter_map(|(place, row)| {
            let now = row.now.filter(|_| row.now != row.before)?;
            Some((*place, now))
        })
    }

    /// The new edits of messages that are still there.
    pub(crate) fn edits(&self) -> impl Iterator<Item = (Place, Seq)> {
        let all = self.edits.iter();
        all.flat_map(|(place, seqs)| seqs.iter().map(|seq| (*place, *seq)))
    }

    /// The new votes in polls that are still there.
    pub(crate) fn votes(&self) -> &[(Place, UserId, Vote)] {
        &self.new_votes
    }

    pub(crate) fn reactions(&self) -> Difference<(Place, String, UserId), Seq> {
        let rows = self.reactions.iter().flat_map(|(place, rows)| {
            rows.iter()
                .map(|((emoji, user), row)| ((*place, emoji.clone(), *user), *row))
        });
        difference(rows)
    }

    pub(crate) fn counts(&self) -> Difference<(Place, String), Count> {
        let rows = self
            .counts
            .iter()
            .flat_map(|(place, rows)| rows.iter().map(|(emoji, row)| ((*place, emoji.clone()), *row)));
        difference(rows)
    }
}

fn difference<K, T: Copy + PartialEq>(rows: impl Iterator<Item = (K, Row<T>)>) -> Difference<K, T> {
    let mut difference = Difference {
        gone: Vec::new(),
        set: Vec::new(),
    };
    for (key, row) in rows {
        match row.now {
            Some(now) if row.before != Some(now) => difference.set.push((key, now)),
            None if row.before.is_some() => difference.gone.push(key),
            _ => {}
        }
    }
    difference
}
