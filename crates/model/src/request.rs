//! Message requests: a stranger may begin a conversation, and learns nothing by it until they are answered.
//!
//! What a request hides is a rule of [`crate::permission`]; here is what becomes one, and how it is answered.

use pipit_wire::frame::RequestState;

use crate::permission::Refusal;

/// What two people have to do with each other before one of them begins a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acquaintance {
    /// Whether they are one and the same.
    pub oneself: bool,
    /// Whether they are in any other conversation together.
    pub together: bool,
    /// Whether one of them has made their account by an invite of the other.
    pub invited: bool,
}

/// How a conversation begins for whom it is begun with, or who is added to it.
pub const fn begins_as(acquaintance: Acquaintance) -> RequestState {
    if acquaintance.oneself || acquaintance.together || acquaintance.invited {
        RequestState::Accepted
    } else {
        RequestState::Waiting
    }
}

/// Whether what stands so may be answered so. What was accepted is no request any more, and nothing makes it one again; but in a direct conversation with
/// somebody else (`with_other`) it may be refused at any time, which blocks the other.
pub fn authorize_answer(from: RequestState, to: RequestState, with_other: bool) -> Result<(), Refusal> {
    match (from, to) {
        (RequestState::Waiting, _)
        | (RequestState::Refused, RequestState::Refused | RequestState::Accepted)
        | (RequestState::Accepted, RequestState::Accepted) => Ok(()),
        (RequestState::Accepted, RequestState::Refused) if with_other => Ok(()),
        (RequestState::Accepted, RequestState::Waiting | RequestState::Refused)
        | (RequestState::Refused, RequestState::Waiting) => Err(Refusal::NoRequest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_ask_first() {
        for (oneself, together, invited, expect) in [
            (false, false, false, RequestState::Waiting),
            (true, false, false, RequestState::Accepted),
            (false, true, false, RequestState::Accepted),
            (false, false, true, RequestState::Accepted),
            (false, true, true, RequestState::Accepted),
        ] {
            let acquaintance = Acquaintance {
                oneself,
                together,
                invited,
            };
            assert_eq!(begins_as(acquaintance), expect, "{acquaintance:?}");
        }
    }

    #[test]
    fn only_requests_are_answered_and_in_direct_conversations_anybody_is_refused() {
        use RequestState::{Accepted, Refused, Waiting};
        for (from, to, direct, group) in [
            (Waiting, Accepted, true, true),
            (Waiting, Refused, true, true),
            (Waiting, Waiting, true, true),
            (Refused, Accepted, true, true),
            (Refused, Refused, true, true),
            (Refused, Waiting, false, false),
            (Accepted, Accepted, true, true),
            (Accepted, Refused, true, false),
            (Accepted, Waiting, false, false),
        ] {
            for (with_other, allowed) in [(true, direct), (false, group)] {
                assert_eq!(
                    authorize_answer(from, to, with_other).is_ok(),
                    allowed,
                    "{from:?} {to:?} {with_other}"
                );
            }
        }
    }
}
