//! How it stands with polls: what the log says is what every device shows.

use std::collections::BTreeMap;

use anyhow::ensure;
use pipit_client::view::{ItemBody, PollView, TimelineItem};
use pipit_wire::event::{EventBody, MessageChange};
use pipit_wire::poll::Tally;
use pipit_wire::{Event, EventId, Seq, UserId};

/// How many entries of a log are votes, or take one back.
#[must_use]
pub fn count(log: &[Event]) -> usize {
    log.iter().filter_map(vote).count()
}

/// Whether a vote may be acknowledged with this place of a log: that of a vote, or of a poll in which nothing had to be taken back.
pub(super) fn is_answered(log: &[Event], seq: Seq) -> bool {
    let is_poll = |event: &Event| match &event.body {
        EventBody::Message { content, .. } => content.poll().is_some(),
        _ => vote(event).is_some(),
    };
    log.iter().any(|event| event.seq == seq && is_poll(event))
}

struct Vote<'a> {
    poll: EventId,
    by: UserId,
    options: &'a [u8],
    tally: Option<&'a Tally>,
}

fn vote(event: &Event) -> Option<Vote<'_>> {
    match &event.body {
        EventBody::MessageChanged {
            message,
            change: MessageChange::Vote { options, tally, .. },
        } => Some(Vote {
            poll: (*message).into(),
            by: event.sender,
            options,
            tally: tally.as_ref(),
        }),
        _ => None,
    }
}

/// Checks that a device shows of every poll how it stands by the log: by the last vote of each person, where that is told, and by what the
/// server says that it comes to.
pub(super) fn stand_as_voted(user: UserId, items: &[TimelineItem], log: &[Event]) -> anyhow::Result<()> {
    for item in items.iter().filter(|item| item.seq.is_some()) {
        if let ItemBody::Message { poll: Some(poll), .. } = &item.body {
            stands(user, item.key.into(), poll, log)?;
        }
    }
    Ok(())
}

fn stands(user: UserId, message: EventId, poll: &PollView, log: &[Event]) -> anyhow::Result<()> {
    let mut last: BTreeMap<UserId, &[u8]> = BTreeMap::new();
    let mut said = Tally::default();
    let mut counted = Tally::default();
    for vote in log.iter().filter_map(vote).filter(|vote| vote.poll == message) {
        let before = last.insert(vote.by, vote.options).unwrap_or_default();
        counted.change(before, vote.options);
        said = vote.tally.cloned().unwrap_or_default();
    }
    for tally in [&mut said, &mut counted] {
        tally.counts.resize(poll.options.len(), 0);
    }
    let shown = Tally {
        counts: poll.options.iter().map(|option| option.count).collect(),
        voters: poll.voters,
    };
    ensure!(
        shown == said,
        "{message} is shown as {shown:?}, and the server says {said:?}"
    );
    if poll.anonymous {
        return Ok(());
    }
    ensure!(
        said == counted,
        "{message} comes to {said:?}, and was voted {counted:?}"
    );
    let mine: Vec<u8> = (0..)
        .zip(&poll.options)
        .filter_map(|(place, option)| option.mine.then_some(place))
        .collect();
    let voted = last.get(&user).copied().unwrap_or_default();
    ensure!(
        mine == voted,
        "{message}: it shows {mine:?} as one's own vote, which is {voted:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use pipit_client::view::PollOptionView;
    use pipit_wire::{ConversationId, MessageId, Timestamp};

    use super::*;

    const POLL: EventId = EventId::from_bytes([9; 16]);

    fn person(number: u8) -> UserId {
        UserId::from_bytes([number; 16])
    }

    fn voted(seq: u64, by: u8, options: &[u8], counts: &[u32], voters: u32) -> Event {
        let tally = Tally {
            counts: counts.to_vec(),
            voters,
        };
        Event {
            id: EventId::from_bytes([u8::try_from(seq).unwrap(); 16]),
            conversation: ConversationId::from_bytes([1; 16]),
            seq: Seq::new(seq).unwrap(),
            at: Timestamp(0),
            sender: person(by),
            device: None,
            body: EventBody::MessageChanged {
                message: MessageId::from(POLL),
                change: MessageChange::Vote {
                    options: options.to_vec(),
                    tally: Some(tally),
                    anonymous: false,
                },
            },
        }
    }

    fn shown(counts: &[(u32, bool)], voters: u32, anonymous: bool) -> PollView {
        let option = |(count, mine): &(u32, bool)| PollOptionView {
            text: String::new(),
            count: *count,
            mine: *mine,
        };
        PollView {
            options: counts.iter().map(option).collect(),
            multiple: true,
            anonymous,
            closes_at: None,
            closed: false,
            voters,
            can_vote: true,
            can_close: false,
        }
    }

    /// One votes, changes that, another votes and takes it back.
    fn log() -> Vec<Event> {
        vec![
            voted(1, 1, &[0], &[1], 1),
            voted(2, 2, &[0, 1], &[2, 1], 2),
            voted(3, 1, &[1], &[1, 2], 2),
            voted(4, 2, &[], &[0, 1], 1),
        ]
    }

    #[test]
    fn what_was_voted_is_shown() {
        let right = [(0, false), (1, true), (0, false)];
        assert!(stands(person(1), POLL, &shown(&right, 1, false), &log()).is_ok());
        let others = [(0, false), (1, false), (0, false)];
        assert!(stands(person(2), POLL, &shown(&others, 1, false), &log()).is_ok());
        assert!(stands(person(2), POLL, &shown(&[(0, false); 3], 0, false), &[]).is_ok());
        assert_eq!(count(&log()), 4);
    }

    #[test]
    fn what_was_not_is_found() {
        for (counts, voters, why) in [
            ([(1, false), (1, true), (0, false)], 2, "a retraction was lost"),
            ([(0, false), (2, true), (0, false)], 1, "a vote counts twice"),
            ([(0, false), (1, true), (0, false)], 2, "a voter too many"),
            (
                [(0, true), (1, true), (0, false)],
                1,
                "an earlier vote is shown as one's own",
            ),
            (
                [(0, false), (1, false), (0, false)],
                1,
                "one's own vote is not shown",
            ),
        ] {
            assert!(
                stands(person(1), POLL, &shown(&counts, voters, false), &log()).is_err(),
                "{why}"
            );
        }
        // The server itself has counted a vote that was said twice.
        let mut log = log();
        log.push(voted(5, 1, &[1], &[0, 2], 1));
        let as_said = shown(&[(0, false), (2, true), (0, false)], 1, false);
        assert!(stands(person(1), POLL, &as_said, &log).is_err());
        let anonymous = shown(&[(0, false), (2, false), (0, false)], 1, true);
        assert!(
            stands(person(1), POLL, &anonymous, &log).is_ok(),
            "who voted is not told"
        );
    }
}
