//! What happens to a message after it is in the log.
//!
//! A change is an entry of the log like any other, and what it does is kept beside the log in the same transaction: whether the
//! message is deleted or pinned, which edit counts, who reacted with what. The rules that do not depend on a database are here, so that
//! both have the same.
//!
//! *Erased is erased*: a deletion replaces the content of the message and of all its edits in the log by [`Content::Erased`], drops its
//! reactions and its pin, and gives its files up, all of it in the transaction that appends the deletion.

use pipit_wire::event::{EventBody, GroupSettings, MessageChange, MessageState};
use pipit_wire::frame::Profile;
use pipit_wire::limits::{EDITS_MAX, PINNED_MAX, REACTIONS_MAX};
use pipit_wire::{Content, Event, EventId, Seq, Timestamp, UserId};

use crate::log::AppendError;
use crate::poll::{self, Vote};

/// How it stands with a message, as far as one change needs to know. What is not there is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The message's own entry.
    pub seq: Seq,
    /// How often it was edited.
    pub edits: usize,
    /// The entry that deleted it.
    pub deleted_seq: Seq,
    /// The entry that pinned it.
    pub pinned_seq: Seq,
    /// The entry by which the reaction stands that the change speaks of.
    pub reaction_seq: Seq,
    /// Whether anybody has reacted with that emoji.
    pub has_emoji: bool,
    /// How many different emoji are under it.
    pub emoji: usize,
    /// How many messages of the conversation are pinned.
    pub pinned: usize,
    /// The entry by which the vote stands of whoever makes the change, and what they chose by it: see [`crate::poll`].
    pub vote: Vote,
    /// The entry that closed the poll.
    pub closed_seq: Seq,
}

/// What is to be done with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is appended, and does what it says.
    Apply,
    /// It is so already: nothing is appended, and the answer is the entry that made it so, or the message's own where none had to.
    Stands(Seq),
}

/// How it stands with a message whose content is gone: an expired one has no entry that deleted it, and counts as deleted by itself.
#[must_use]
pub fn standing_of(target: &Event, standing: Standing) -> Standing {
    let expired = is_erased(&target.body) && standing.deleted_seq == Seq::ZERO;
    Standing {
        deleted_seq: if expired { target.seq } else { standing.deleted_seq },
        ..standing
    }
}

/// Decides on a change.
///
/// # Errors
/// `NoMessage` where the message is deleted, `LimitReached` where there would be too many edits, emoji or pins, `PollClosed` where
/// a vote comes too late.
pub fn decide(change: &MessageChange, standing: &Standing) -> Result<Verdict, AppendError> {
    let is_there = |seq: Seq| seq > Seq::ZERO;
    let stands_or = |seq: Seq, is_full: bool| match (is_there(seq), is_full) {
        (true, _) => Ok(Verdict::Stands(seq)),
        (false, true) => Err(AppendError::LimitReached),
        (false, false) => Ok(Verdict::Apply),
    };
    let undone_or = |seq: Seq| {
        if is_there(seq) {
            Ok(Verdict::Apply)
        } else {
            Ok(Verdict::Stands(standing.seq))
        }
    };
    match change {
        MessageChange::Delete {} => stands_or(standing.deleted_seq, false),
        _ if is_there(standing.deleted_seq) => Err(AppendError::NoMessage),
        MessageChange::Edit { .. } => stands_or(Seq::ZERO, standing.edits >= EDITS_MAX),
        MessageChange::React { on: true, .. } => {
            let is_full = !standing.has_emoji && standing.emoji >= REACTIONS_MAX;
            stands_or(standing.reaction_seq, is_full)
        }
        MessageChange::React { on: false, .. } => undone_or(standing.reaction_seq),
        MessageChange::Pin { on: true } => stands_or(standing.pinned_seq, standing.pinned >= PINNED_MAX),
        MessageChange::Pin { on: false } => undone_or(standing.pinned_seq),
        MessageChange::ClosePoll {} => stands_or(standing.closed_seq, false),
        MessageChange::Vote { .. } if is_there(standing.closed_seq) => Err(AppendError::PollClosed),
        MessageChange::Vote { options, .. } if poll::places(options) == standing.vote.places => {
            let own = standing.vote.seq;
            Ok(Verdict::Stands(if is_there(own) { own } else { standing.seq }))
        }
        MessageChange::Vote { .. } => Ok(Verdict::Apply),
    }
}

/// Whether an entry of the log is the one that is to be appended again: of the same sender, and saying the same. Of what was erased nobody
/// can tell any more what it said: there the id and all else that is left decide, so that the first acknowledgement is repeated and a
/// deletion is no reason to send something again.
pub fn is_repetition(event: &Event, sender: UserId, body: &EventBody) -> bool {
    if let Some(same) = poll::is_same_vote(&event.body, body) {
        return event.sender == sender && same;
    }
    let (stored, given) = (
        with_expiry(event.body.clone(), None),
        with_expiry(body.clone(), None),
    );
    event.sender == sender && (stored == given || (is_erased(&stored) && stored == erased(&given)))
}

/// What an entry says with the time at which that is erased, where it is one that can be: the server's word, not the sender's.
#[must_use]
pub fn with_expiry(mut body: EventBody, at: Option<Timestamp>) -> EventBody {
    match &mut body {
        EventBody::Message { expires_at, .. }
        | EventBody::MessageChanged {
            change: MessageChange::Edit { expires_at, .. },
            ..
        } => *expires_at = at,
        _ => {}
    }
    body
}

/// When what an entry says is erased by itself.
pub const fn expires_at(body: &EventBody) -> Option<Timestamp> {
    match body {
        EventBody::Message { expires_at, .. }
        | EventBody::MessageChanged {
            change: MessageChange::Edit { expires_at, .. },
            ..
        } => *expires_at,
        _ => None,
    }
}

/// Whether the time of what an entry says has passed.
pub fn is_expired(body: &EventBody, now: Timestamp) -> bool {
    expires_at(body).is_some_and(|end| end <= now)
}

/// An entry as it goes into the log: a message erases itself after the conversation's timer, an edit with its message (`target`).
#[must_use]
pub fn with_timer(
    body: EventBody,
    at: Timestamp,
    settings: &GroupSettings,
    target: Option<&Event>,
) -> EventBody {
    let end = match (&body, target) {
        (EventBody::Message { .. }, _) if settings.expire_after_ms > 0 => {
            Some(at.plus_ms(settings.expire_after_ms))
        }
        (EventBody::MessageChanged { .. }, Some(target)) => expires_at(&target.body),
        _ => None,
    };
    with_expiry(body, end)
}

/// Takes out of what is to be given what has expired by now, whether it has been erased in the storage yet or not.
pub fn leave_out_expired(events: &mut [Event], states: &mut Vec<MessageState>, now: Timestamp) {
    for event in events.iter_mut().filter(|event| is_expired(&event.body, now)) {
        event.body = erased(&event.body);
        states.retain(|state| EventId::from(state.message) != event.id);
    }
}

/// Whether what this says has been erased.
pub fn is_erased(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::Message {
            content: Content::Erased {},
            ..
        } | EventBody::MessageChanged {
            change: MessageChange::Edit {
                content: Content::Erased {},
                ..
            },
            ..
        }
    )
}

/// The same without its content, where it has one.
#[must_use]
pub fn erased(body: &EventBody) -> EventBody {
    let mut body = body.clone();
    match &mut body {
        EventBody::Message { content, .. }
        | EventBody::MessageChanged {
            change: MessageChange::Edit { content, .. },
            ..
        } => *content = Content::Erased {},
        EventBody::MessageChanged {
            change: MessageChange::Vote { options, tally, .. },
            ..
        } => {
            options.clear();
            *tally = None;
        }
        _ => {}
    }
    body
}

/// A message as the edit leaves it: with what the edit says, and its own files. What is no message, or no edit, stays.
#[must_use]
pub fn edited(mut message: EventBody, edit: &EventBody) -> EventBody {
    if let EventBody::Message { content, .. } = &mut message
        && let Some(said) = edit_content(edit)
    {
        *content = match (std::mem::replace(content, Content::Erased {}), said) {
            (
                Content::Plain {
                    attachments,
                    poll,
                    preview,
                    ..
                },
                Content::Plain { text, .. },
            ) => Content::Plain {
                text: text.clone(),
                attachments,
                poll,
                preview,
            },
            (_, said) => said.clone(),
        };
    }
    message
}

/// What an edit says.
pub const fn edit_content(body: &EventBody) -> Option<&Content> {
    match body {
        EventBody::MessageChanged {
            change: MessageChange::Edit { content, .. },
            ..
        } => Some(content),
        _ => None,
    }
}

/// Who reacted with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionRecord {
    /// The entry that says so.
    pub seq: Seq,
    /// With what.
    pub emoji: String,
    /// Who.
    pub profile: Profile,
}

/// The pinned messages of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// The messages, the one pinned last first.
    pub events: Vec<Event>,
    /// What has become of them, in order of seq.
    pub states: Vec<MessageState>,
}

#[cfg(test)]
pub(crate) mod tests {
    use pipit_wire::{Attachment, BlobId, ConversationId, MessageId};

    use super::*;

    pub(crate) const NOTHING: Standing = Standing {
        seq: Seq::ZERO,
        edits: 0,
        deleted_seq: Seq::ZERO,
        pinned_seq: Seq::ZERO,
        reaction_seq: Seq::ZERO,
        has_emoji: false,
        emoji: 0,
        pinned: 0,
        vote: Vote::NONE,
        closed_seq: Seq::ZERO,
    };

    fn seq(number: u64) -> Seq {
        Seq::new(number).unwrap()
    }

    fn edit(text: &str) -> MessageChange {
        MessageChange::edit(Content::text(text))
    }

    fn react(on: bool) -> MessageChange {
        let emoji = "👍".to_owned();
        MessageChange::React { emoji, on }
    }

    #[test]
    fn changes_are_decided() {
        use AppendError::{LimitReached, NoMessage};
        use Verdict::{Apply, Stands};
        let fresh = Standing {
            seq: seq(5),
            ..NOTHING
        };
        let deleted = Standing {
            deleted_seq: seq(9),
            ..fresh
        };
        let pinned = Standing {
            pinned_seq: seq(8),
            pinned: PINNED_MAX,
            ..fresh
        };
        let reacted = Standing {
            reaction_seq: seq(7),
            has_emoji: true,
            emoji: REACTIONS_MAX,
            ..fresh
        };
        let others_reacted = Standing {
            reaction_seq: Seq::ZERO,
            ..reacted
        };
        let full = Standing {
            has_emoji: false,
            pinned: PINNED_MAX,
            edits: EDITS_MAX,
            ..others_reacted
        };
        let (pin, unpin) = (MessageChange::Pin { on: true }, MessageChange::Pin { on: false });
        let delete = MessageChange::Delete {};
        for (change, standing, expect) in [
            (&edit("x"), fresh, Ok(Apply)),
            (&edit("x"), full, Err(LimitReached)),
            (&edit("x"), deleted, Err(NoMessage)),
            (&delete, fresh, Ok(Apply)),
            (&delete, deleted, Ok(Stands(seq(9)))),
            (&react(true), fresh, Ok(Apply)),
            (&react(true), reacted, Ok(Stands(seq(7)))),
            (&react(true), others_reacted, Ok(Apply)),
            (&react(true), full, Err(LimitReached)),
            (&react(true), deleted, Err(NoMessage)),
            (&react(false), reacted, Ok(Apply)),
            (&react(false), others_reacted, Ok(Stands(seq(5)))),
            (&pin, fresh, Ok(Apply)),
            (&pin, pinned, Ok(Stands(seq(8)))),
            (&pin, full, Err(LimitReached)),
            (&unpin, pinned, Ok(Apply)),
            (&unpin, fresh, Ok(Stands(seq(5)))),
            (&unpin, deleted, Err(NoMessage)),
        ] {
            assert_eq!(decide(change, &standing), expect, "{change:?} of {standing:?}");
        }
    }

    fn message(content: Content) -> EventBody {
        EventBody::Message {
            written_at: Timestamp(1),
            content,
            reply_to: Some(MessageId::from_bytes([7; 16])),
            expires_at: None,
        }
    }

    fn changed(change: MessageChange) -> EventBody {
        EventBody::MessageChanged {
            message: MessageId::from_bytes([8; 16]),
            change,
        }
    }

    #[test]
    fn what_was_erased_is_recognised_by_what_is_left() {
        let event = |body: EventBody| Event {
            id: EventId::from_bytes([1; 16]),
            conversation: ConversationId::from_bytes([2; 16]),
            seq: seq(3),
            at: Timestamp(4),
            sender: UserId::from_bytes([5; 16]),
            device: None,
            body,
        };
        let sender = UserId::from_bytes([5; 16]);
        let hi = message(Content::text("hi"));
        for (stored, given, expect) in [
            (hi.clone(), hi.clone(), true),
            (hi.clone(), message(Content::text("ho")), false),
            (erased(&hi), hi.clone(), true),
            (erased(&hi), changed(edit("hi")), false),
            (erased(&changed(edit("a"))), changed(edit("a")), true),
            (
                erased(&changed(edit("a"))),
                changed(MessageChange::Delete {}),
                false,
            ),
            (changed(react(true)), changed(react(true)), true),
            (changed(react(true)), changed(react(false)), false),
        ] {
            assert_eq!(
                is_repetition(&event(stored.clone()), sender, &given),
                expect,
                "{stored:?}, {given:?}"
            );
        }
        assert!(!is_repetition(
            &event(hi.clone()),
            UserId::from_bytes([6; 16]),
            &hi
        ));
    }

    #[test]
    fn an_edit_leaves_the_files() {
        let original = message(Content::Plain {
            text: "old".to_owned(),
            attachments: vec![Attachment::of(BlobId::from_bytes([9; 16]))],
            poll: None,
            preview: None,
        });
        let after = edited(original.clone(), &changed(edit("new")));
        assert_eq!(crate::blob::attached(&after), crate::blob::attached(&original));
        assert!(
            matches!(&after, EventBody::Message { content: Content::Plain { text, .. }, .. } if text == "new")
        );
        assert_eq!(edited(original.clone(), &changed(react(true))), original);
    }
}
