//! Votes: what is kept of them beside the log.
//!
//! Each vote is a row: who, by which entry, for what. The last row of a person counts, and the entry of the last vote of all says how the poll
//! stands, so that nothing is counted when it is asked for. All rows go when the message does, and what their entries say.

use pipit_wire::event::{EventBody, MessageChange};
use pipit_wire::frame::Profile;
use pipit_wire::poll::Tally;
use pipit_wire::{Event, MessageId, Seq, UserId};

/// A person's vote. Nothing is chosen where there is none, or it was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The entry that says so; zero where there is none.
    pub seq: Seq,
    /// The options that are chosen: a bit each, the first option's the lowest.
    pub places: u16,
}

impl Vote {
    /// Nobody has voted.
    pub const NONE: Self = Self {
        seq: Seq::ZERO,
        places: 0,
    };
}

/// Who voted for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteRecord {
    /// The entry that says so.
    pub seq: Seq,
    /// See [`Vote::places`].
    pub places: u16,
    /// Who.
    pub profile: Profile,
}

/// Options as bits. Those beyond the sixteenth do not exist, and are left out.
pub fn places(options: &[u8]) -> u16 {
    options
        .iter()
        .filter_map(|option| 1_u16.checked_shl(u32::from(*option)))
        .fold(0, |all, one| all | one)
}

/// Bits as options, in order.
pub fn options(places: u16) -> Vec<u8> {
    (0_u8..16).filter(|option| places & (1 << option) != 0).collect()
}

/// A vote as it goes into the log: with how the poll stands after it. `before` is how it stood, `own` what the voter had chosen. What is no
/// vote stays.
#[must_use]
pub fn with_tally(body: EventBody, target: Option<&Event>, before: Option<&Tally>, own: u16) -> EventBody {
    let mut body = body;
    if let EventBody::MessageChanged {
        change:
            MessageChange::Vote {
                options: chosen,
                tally,
                anonymous,
            },
        ..
    } = &mut body
    {
        let poll = match target.map(|target| &target.body) {
            Some(EventBody::Message { content, .. }) => content.poll(),
            _ => None,
        };
        let mut after = before.cloned().unwrap_or_default();
        after.counts.resize(poll.map_or(0, |poll| poll.options.len()), 0);
        after.change(&options(own), chosen);
        *tally = Some(after);
        *anonymous = poll.is_some_and(|poll| poll.anonymous);
    }
    body
}

/// How a poll stands after this entry; none where it is no vote, or was erased.
pub const fn tally(body: &EventBody) -> Option<&Tally> {
    match body {
        EventBody::MessageChanged {
            change: MessageChange::Vote { tally, .. },
            ..
        } => tally.as_ref(),
        _ => None,
    }
}

/// What is left of a vote whose poll is gone.
pub const fn erased_vote(message: MessageId, anonymous: bool) -> EventBody {
    EventBody::MessageChanged {
        message,
        change: MessageChange::Vote {
            options: Vec::new(),
            tally: None,
            anonymous,
        },
    }
}

/// Whether these are the same vote, where the second is one: what the server adds does not count, and an erased one says nothing any more.
pub(crate) fn is_same_vote(stored: &EventBody, given: &EventBody) -> Option<bool> {
    let EventBody::MessageChanged {
        message,
        change: MessageChange::Vote { options: given, .. },
    } = given
    else {
        return None;
    };
    Some(match stored {
        EventBody::MessageChanged {
            message: stored,
            change: MessageChange::Vote { options, tally, .. },
        } => stored == message && (options == given || tally.is_none()),
        _ => false,
    })
}

/// Entries as somebody may be given them: who voted in an anonymous poll, and for what, is told nobody but the voter. Wherever entries leave the
/// server, they pass here.
pub fn veil(events: &mut [Event], reader: Option<UserId>) {
    for event in events.iter_mut() {
        if let Some(voter) = hidden_voter(event)
            && reader != Some(voter)
        {
            event.sender = UserId::from_bytes([0; 16]);
            event.device = None;
            if let EventBody::MessageChanged {
                change: MessageChange::Vote { options, .. },
                ..
            } = &mut event.body
            {
                options.clear();
            }
        }
    }
}

/// Who voted, where that is not to be told.
pub fn hidden_voter(event: &Event) -> Option<UserId> {
    match &event.body {
        EventBody::MessageChanged {
            change: MessageChange::Vote { anonymous: true, .. },
            ..
        } => Some(event.sender),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use pipit_wire::poll::Poll;
    use pipit_wire::{Content, ConversationId, DeviceId, EventId, Timestamp};

    use super::*;
    use crate::change::tests::NOTHING;
    use crate::change::{Standing, Verdict, decide};
    use crate::log::AppendError;

    fn vote(options: &[u8]) -> EventBody {
        EventBody::MessageChanged {
            message: MessageId::from_bytes([7; 16]),
            change: MessageChange::vote(options.to_vec()),
        }
    }

    fn event(body: EventBody) -> Event {
        Event {
            id: EventId::from_bytes([1; 16]),
            conversation: ConversationId::from_bytes([2; 16]),
            seq: Seq::ZERO.next(),
            at: Timestamp(4),
            sender: UserId::from_bytes([5; 16]),
            device: Some(DeviceId::from_bytes([6; 16])),
            body,
        }
    }

    fn asked(anonymous: bool) -> Event {
        event(EventBody::Message {
            written_at: Timestamp(1),
            content: Content::Plain {
                text: "Where?".to_owned(),
                attachments: Vec::new(),
                poll: Some(Box::new(Poll {
                    options: ["a", "b", "c"].map(str::to_owned).to_vec(),
                    multiple: true,
                    anonymous,
                    closes_at: None,
                })),
                preview: None,
            },
            reply_to: None,
            expires_at: None,
        })
    }

    #[test]
    fn votes_are_counted_in_the_entry() {
        let first = with_tally(vote(&[0, 2]), Some(&asked(false)), None, 0);
        let second = with_tally(vote(&[2]), Some(&asked(false)), tally(&first), 0);
        let changed = with_tally(vote(&[1]), Some(&asked(false)), tally(&second), places(&[0, 2]));
        let gone = with_tally(vote(&[]), Some(&asked(false)), tally(&changed), places(&[2]));
        let counts = |body: &EventBody| {
            let tally = tally(body).unwrap();
            (tally.counts.clone(), tally.voters)
        };
        assert_eq!(counts(&first), (vec![1, 0, 1], 1));
        assert_eq!(counts(&second), (vec![1, 0, 2], 2));
        assert_eq!(counts(&changed), (vec![0, 1, 1], 2));
        assert_eq!(counts(&gone), (vec![0, 1, 0], 1));
    }

    #[test]
    fn votes_are_decided() {
        use AppendError::{NoMessage, PollClosed};
        use Verdict::{Apply, Stands};
        let at = |number| Seq::new(number).unwrap();
        let fresh = Standing {
            seq: at(5),
            ..NOTHING
        };
        let deleted = Standing {
            deleted_seq: at(9),
            ..fresh
        };
        let voted = Standing {
            vote: Vote {
                seq: at(6),
                places: 0b101,
            },
            ..fresh
        };
        let closed = Standing {
            closed_seq: at(9),
            ..voted
        };
        let chosen = |options: &[u8]| MessageChange::vote(options.to_vec());
        let close = MessageChange::ClosePoll {};
        for (change, standing, expect) in [
            (&chosen(&[0, 2]), fresh, Ok(Apply)),
            (&chosen(&[0, 2]), voted, Ok(Stands(at(6)))),
            (&chosen(&[1]), voted, Ok(Apply)),
            (&chosen(&[]), voted, Ok(Apply)),
            (&chosen(&[]), fresh, Ok(Stands(at(5)))),
            (&chosen(&[0, 2]), closed, Err(PollClosed)),
            (&chosen(&[1]), closed, Err(PollClosed)),
            (&chosen(&[0]), deleted, Err(NoMessage)),
            (&close, fresh, Ok(Apply)),
            (&close, closed, Ok(Stands(at(9)))),
            (&close, deleted, Err(NoMessage)),
        ] {
            assert_eq!(decide(change, &standing), expect, "{change:?} of {standing:?}");
        }
    }

    #[test]
    fn options_are_bits() {
        assert_eq!(options(places(&[0, 2, 11])), [0, 2, 11]);
        assert_eq!(places(&[200]), 0);
    }

    #[test]
    fn who_votes_anonymously_is_told_the_voter_alone() {
        let voter = UserId::from_bytes([5; 16]);
        for (anonymous, reader, told) in [
            (true, Some(voter), true),
            (true, Some(UserId::from_bytes([9; 16])), false),
            (true, None, false),
            (false, None, true),
        ] {
            let given = event(with_tally(vote(&[1]), Some(&asked(anonymous)), None, 0));
            let mut events = [given.clone()];
            veil(&mut events, reader);
            assert_eq!(events[0] == given, told, "{anonymous} {reader:?}");
            assert_eq!(events[0].sender == voter, told);
            assert_eq!(events[0].device.is_some(), told);
            assert_eq!(tally(&events[0].body).unwrap().counts, [0, 1, 0]);
        }
    }
}
