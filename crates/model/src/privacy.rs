//! What people let others see of them and do to them.
//!
//! Three things are shown to each other or not at all: who does not tell what they have read, that they type, or that they are there, is not
//! told it of others. Three things are done by others: finding somebody, beginning with them, adding them to a group. Storage keeps to
//! the same rules where it tells markers of members and where it looks for people.

use pipit_wire::frame::RequestState;
use pipit_wire::privacy::{Circle, Privacy};

use crate::permission::Refusal;
use crate::request::Acquaintance;

/// What somebody shows of themselves while they use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// How far they have read.
    Read,
    /// That they are typing.
    Typing,
    /// That they are there, and when they were.
    Presence,
}

/// What others want of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approach {
    /// To find them by a part of their name.
    Find,
    /// To begin a conversation with them.
    Write,
    /// To add them to a group.
    Add,
}

/// Which signs somebody shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// See [`Sign::Read`].
    pub read: bool,
    /// See [`Sign::Typing`].
    pub typing: bool,
    /// See [`Sign::Presence`].
    pub presence: bool,
}

impl Signs {
    /// Those of an account.
    pub const fn of(privacy: &Privacy) -> Self {
        Self {
            read: privacy.receipts,
            typing: privacy.typing,
            presence: privacy.presence,
        }
    }

    /// Whether this one is among them.
    pub const fn has(self, sign: Sign) -> bool {
        match sign {
            Sign::Read => self.read,
            Sign::Typing => self.typing,
            Sign::Presence => self.presence,
        }
    }
}

/// Whether a sign is shown to another: where both show it. One's own devices are no others.
pub const fn is_shown(sign: Sign, whose: Signs, to: Signs) -> bool {
    whose.has(sign) && to.has(sign)
}

/// Whether two people have begun with each other: the one may open this direct conversation, which may be encrypted, with the other
/// whatever that one says of [`Approach::Write`]. `directs` are the conversations that they have, each with whether it is encrypted and where
/// the request to the other stands.
pub fn has_begun(encrypted: bool, directs: impl IntoIterator<Item = (bool, RequestState)>) -> bool {
    directs
        .into_iter()
        .any(|(kind, request)| kind == encrypted || request == RequestState::Accepted)
}

/// Whether somebody who stands so to them may do this.
pub fn authorize_approach(
    privacy: &Privacy,
    approach: Approach,
    acquaintance: Acquaintance,
) -> Result<(), Refusal> {
    let circle = match approach {
        Approach::Find => privacy.found_by,
        Approach::Write => privacy.written_by,
        Approach::Add => privacy.added_by,
    };
    let is_within = match circle {
        Circle::Everyone => true,
        Circle::Known => acquaintance.together || acquaintance.invited,
        Circle::Nobody => false,
    };
    if is_within || acquaintance.oneself {
        Ok(())
    } else {
        Err(Refusal::Declined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_is_shown_where_both_show_it() {
        let all = Signs::of(&Privacy::default());
        for (sign, none) in [
            (Sign::Read, Signs { read: false, ..all }),
            (Sign::Typing, Signs { typing: false, ..all }),
            (
                Sign::Presence,
                Signs {
                    presence: false,
                    ..all
                },
            ),
        ] {
            assert!(is_shown(sign, all, all));
            assert!(!is_shown(sign, none, all));
            assert!(!is_shown(sign, all, none), "who does not tell is not told");
            assert!(!is_shown(sign, none, none));
            for other in [Sign::Read, Sign::Typing, Sign::Presence] {
                assert_eq!(
                    is_shown(other, none, all),
                    other != sign,
                    "{other:?} with {none:?}"
                );
            }
        }
    }

    #[test]
    fn who_has_begun_may_go_on() {
        use RequestState::{Accepted, Refused, Waiting};
        for (encrypted, directs, expect) in [
            (false, &[][..], false),
            (false, &[(false, Waiting)], true),
            (true, &[(false, Waiting)], false),
            (true, &[(false, Refused)], false),
            (true, &[(false, Accepted)], true),
            (false, &[(true, Accepted)], true),
        ] {
            assert_eq!(
                has_begun(encrypted, directs.iter().copied()),
                expect,
                "{directs:?}"
            );
        }
    }

    #[test]
    fn a_circle_lets_in_whom_it_says() {
        let stranger = Acquaintance {
            oneself: false,
            together: false,
            invited: false,
        };
        let together = Acquaintance {
            together: true,
            ..stranger
        };
        let invited = Acquaintance {
            invited: true,
            ..stranger
        };
        let oneself = Acquaintance {
            oneself: true,
            ..stranger
        };
        for (circle, allowed) in [
            (Circle::Everyone, [true, true, true, true]),
            (Circle::Known, [false, true, true, true]),
            (Circle::Nobody, [false, false, false, true]),
        ] {
            for (approach, privacy) in [
                (
                    Approach::Find,
                    Privacy {
                        found_by: circle,
                        ..Privacy::default()
                    },
                ),
                (
                    Approach::Write,
                    Privacy {
                        written_by: circle,
                        ..Privacy::default()
                    },
                ),
                (
                    Approach::Add,
                    Privacy {
                        added_by: circle,
                        ..Privacy::default()
                    },
                ),
            ] {
                for (who, may) in [stranger, together, invited, oneself].into_iter().zip(allowed) {
                    let expect = if may { Ok(()) } else { Err(Refusal::Declined) };
                    assert_eq!(
                        authorize_approach(&privacy, approach, who),
                        expect,
                        "{approach:?} {circle:?} {who:?}"
                    );
                }
            }
        }
    }
}
