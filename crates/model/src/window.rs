//! How long after it was written a message may still be changed.

use pipit_wire::Timestamp;

/// A time span within which something is allowed, counted from when the server put the message into the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Always.
    Unlimited,
    /// Up to and including this many milliseconds later.
    UpTo {
        /// The length, milliseconds.
        duration_ms: i64,
    },
    /// Never.
    Closed,
}

/// How long a message may be edited, unless the operator says otherwise: a day.
pub const EDIT_WINDOW: Window = Window::UpTo {
    duration_ms: 24 * 60 * 60 * 1_000,
};
/// How long a message may be deleted for everyone by its author, unless the operator says otherwise: always.
pub const DELETE_WINDOW: Window = Window::Unlimited;

impl Window {
    /// The window that a limit says in milliseconds: 0 for never, below that always.
    pub const fn of_ms(duration_ms: i64) -> Self {
        match duration_ms {
            0 => Self::Closed,
            ..0 => Self::Unlimited,
            duration_ms => Self::UpTo { duration_ms },
        }
    }

    /// Whether it is still open at `now` for something that came into the log at `at`. A clock that has gone back does not close it.
    pub const fn is_open(self, at: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Unlimited => true,
            Self::UpTo { duration_ms } => now.since_ms(at) <= duration_ms,
            Self::Closed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_open_up_to_its_last_millisecond() {
        let at = Timestamp(1_000_000);
        let window = Window::UpTo { duration_ms: 500 };
        for (later_ms, expect) in [
            (-10, true),
            (0, true),
            (500, true),
            (501, false),
            (i64::MAX, false),
        ] {
            assert_eq!(window.is_open(at, at.plus_ms(later_ms)), expect, "{later_ms}");
        }
        assert!(Window::Unlimited.is_open(at, Timestamp(i64::MAX)));
        assert!(!Window::Closed.is_open(at, at));
        for (limit, expect) in [(0, Window::Closed), (-1, Window::Unlimited), (500, window)] {
            assert_eq!(Window::of_ms(limit), expect, "{limit}");
        }
    }
}
