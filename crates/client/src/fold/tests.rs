use std::collections::BTreeMap;

use pipit_wire::{ConversationId, EventId, Timestamp};
use proptest::prelude::*;

use super::*;

const EMOJI: [&str; 3] = ["👍", "❤️", "🎉"];

fn user(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}

fn seq(number: usize) -> Seq {
    Seq::new(u64::try_from(number).unwrap()).unwrap()
}

fn entry(number: usize, sender: u8, change: MessageChange) -> Event {
    Event {
        id: EventId::from_bytes([u8::try_from(number % 251).unwrap(); 16]),
        conversation: ConversationId::from_bytes([1; 16]),
        seq: seq(number),
        at: Timestamp(1_000),
        sender: user(sender),
        device: None,
        body: EventBody::MessageChanged {
            message: MessageId::from_bytes([9; 16]),
            change,
        },
    }
}

/// What somebody tries; the server appends only what changes something.
#[derive(Clone, Copy, Debug)]
enum Try {
    Edit(u8),
    Delete,
    React(u8, u8, bool),
    Pin(bool),
}

fn attempt() -> impl Strategy<Value = Try> {
    prop_oneof![
        3 => any::<u8>().prop_map(Try::Edit),
        1 => Just(Try::Delete),
        12 => (0_u8..8, 0_u8..3, any::<bool>()).prop_map(|(user, emoji, on)| Try::React(user, emoji, on)),
        3 => any::<bool>().prop_map(Try::Pin),
    ]
}

/// A log that keeps the server's rules.
fn log(tries: &[Try]) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    let mut standing = BTreeMap::new();
    let mut pinned = false;
    for attempt in tries {
        let number = events.len() + 1;
        let (sender, change) = match *attempt {
            Try::Edit(text) => {
                let content = Content::text(text.to_string());
                (1, MessageChange::edit(content))
            }
            Try::Delete => (1, MessageChange::Delete {}),
            Try::React(sender, emoji, on) => {
                if standing.insert((sender, emoji), on).unwrap_or(false) == on {
                    continue;
                }
                let emoji = EMOJI[usize::from(emoji)].to_owned();
                (sender, MessageChange::React { emoji, on })
            }
            Try::Pin(on) => {
                if std::mem::replace(&mut pinned, on) == on {
                    continue;
                }
                (2, MessageChange::Pin { on })
            }
        };
        let deletes = matches!(change, MessageChange::Delete {});
        events.push(entry(number, sender, change));
        if deletes {
            break;
        }
    }
    events
}

fn folded(events: &[Event]) -> Folded {
    let mut record = FoldRecord::default();
    record.fold(events, user(0));
    record.folded
}

/// As the server says it: it knows all people and orders nothing else.
fn state(folded: &Folded) -> MessageState {
    MessageState {
        message: MessageId::from_bytes([9; 16]),
        edit: folded.edit.clone(),
        reactions: folded.reactions.clone(),
        pinned_seq: folded.pinned_seq,
        poll: folded.poll.clone(),
    }
}

/// Which people of a reaction are named depends on where one began to count; all else does not.
fn comparable(mut folded: Folded) -> Folded {
    for reaction in &mut folded.reactions {
        assert!(reaction.users.len() <= usize::try_from(reaction.count).unwrap());
        reaction.users.clear();
    }
    folded.reactions.sort_by(|one, other| one.emoji.cmp(&other.emoji));
    folded
}

proptest! {
    #[test]
    fn whatever_comes_first_the_log_in_order_decides(
        tries in prop::collection::vec(attempt(), 0..40), order in prop::collection::vec(any::<prop::sample::Index>(), 60)
    ) {
        let events = log(&tries);
        let expected = comparable(folded(&events));
        let mut record = FoldRecord::default();
        let mut held: Vec<Event> = Vec::new();
        // Entries come in any order and more than once, with states of the server as of any moment between them.
        let mut missing = events.clone();
        let take_in = |record: &mut FoldRecord, held: &mut Vec<Event>, event: Event| {
            if held.iter().any(|known| known.seq == event.seq) {
                return;
            }
            held.push(event.clone());
            held.sort_by_key(|event| event.seq);
            if event.seq > record.as_of && !record.append(&event, user(0)) {
                let after: Vec<Event> = held.iter().filter(|event| event.seq > record.as_of).cloned().collect();
                record.fold(&after, user(0));
            }
        };
        for (turn, place) in order.iter().enumerate() {
            if missing.is_empty() {
                break;
            }
            if turn % 3 == 2 {
                let as_of = place.index(events.len() + 1);
                let before = folded(&events[..as_of]);
                // Deleted messages have no state; that they are deleted is said by their entry.
                if !before.deleted && record.rebase((!before.is_nothing()).then(|| state(&before)), seq(as_of)) {
                    let after: Vec<Event> = held.iter().filter(|event| event.seq > record.as_of).cloned().collect();
                    record.fold(&after, user(0));
                }
            } else {
                let event = missing.remove(place.index(missing.len()));
                take_in(&mut record, &mut held, event);
            }
        }
        for event in missing {
            take_in(&mut record, &mut held, event);
        }
        prop_assert_eq!(comparable(record.folded), expected);
    }
}

proptest! {
    #[test]
    fn of_votes_that_nobody_has_counted_the_last_of_each_counts(
        votes in prop::collection::vec((0_u8..5, prop::collection::btree_set(0_u8..4, 0..4)), 0..40), end in 0_usize..50
    ) {
        let mut events: Vec<Event> = votes
            .iter()
            .map(|(user, options)| (*user, MessageChange::vote(options.iter().copied().collect())))
            .enumerate()
            .map(|(place, (user, vote))| entry(place + 1 + usize::from(place >= end), user, vote))
            .collect();
        events.insert(end.min(votes.len()), entry(end.min(votes.len()) + 1, 1, MessageChange::ClosePoll {}));
        let mut last = BTreeMap::new();
        for (user, options) in votes.iter().take(end) {
            last.insert(*user, options.clone());
        }
        let poll = folded(&events).poll.unwrap();
        prop_assert!(poll.closed);
        let voters = last.values().filter(|options| !options.is_empty()).count();
        prop_assert_eq!(poll.tally.voters as usize, voters);
        for option in 0..4 {
            let chose = last.values().filter(|options| options.contains(&option)).count();
            let counted = poll.tally.counts.get(usize::from(option)).copied().unwrap_or_default();
            prop_assert_eq!(counted as usize, chose);
        }
        let mine: Vec<u8> = last.get(&0).map(|options| options.iter().copied().collect()).unwrap_or_default();
        prop_assert_eq!(poll.mine, mine);
    }
}

#[test]
fn nothing_comes_after_a_deletion() {
    let edit = |text: &str| MessageChange::edit(Content::text(text));
    let react = MessageChange::React {
        emoji: EMOJI[0].to_owned(),
        on: true,
    };
    let events = [
        entry(1, 1, edit("one")),
        entry(2, 2, MessageChange::Pin { on: true }),
        entry(3, 3, react),
        entry(4, 4, MessageChange::Delete {}),
        entry(5, 1, edit("two")),
    ];
    let expected = Folded {
        deleted: true,
        deleted_by: Some(user(4)),
        ..Folded::default()
    };
    assert_eq!(folded(&events), expected);
}

#[test]
fn ones_own_reaction_counts_once() {
    let react = |on| MessageChange::React {
        emoji: EMOJI[0].to_owned(),
        on,
    };
    let mut here = folded(&[entry(1, 0, react(true)), entry(2, 3, react(true))]);
    here.apply(&entry(3, 0, react(true)), user(0));
    assert_eq!((here.reactions[0].count, here.reactions[0].mine), (2, true));
    here.apply(&entry(4, 0, react(false)), user(0));
    here.apply(&entry(5, 0, react(false)), user(0));
    assert_eq!((here.reactions[0].count, here.reactions[0].mine), (1, false));
    assert_eq!(here.reactions[0].users, [user(3)]);
}
