//! What may be a poll, and what may be a vote.

use pipit_wire::Timestamp;
use pipit_wire::poll::{
    POLL_OPTION_GRAPHEMES_MAX, POLL_OPTIONS_MAX, POLL_OPTIONS_MIN, POLL_QUESTION_GRAPHEMES_MAX, Poll,
};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::text::{self, TextError};

/// The most characters that a grapheme cluster has on average: flags and families have more, whole lines of them are no question.
const CHARS_A_GRAPHEME: usize = 8;

/// Why something is no poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PollError {
    /// The question is empty, too long, or has characters that may not be there.
    #[error("question: {0}")]
    Question(TextError),
    /// An option is.
    #[error("option: {0}")]
    Option(TextError),
    /// There are too few or too many options.
    #[error("a poll has {POLL_OPTIONS_MIN} to {POLL_OPTIONS_MAX} options")]
    Count,
    /// Two options read the same.
    #[error("two options are the same")]
    Repeated,
}

/// Why something is no vote in a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoteError {
    /// The poll has no such option.
    #[error("there is no such option")]
    NoSuchOption,
    /// The poll takes one choice.
    #[error("only one option may be chosen")]
    OnlyOne,
    /// The options are not each there once, in order.
    #[error("each option once, in order")]
    Order,
    /// Its time has passed.
    #[error("the poll is closed")]
    Closed,
}

/// Whether this may be asked.
pub fn check(question: &str, poll: &Poll) -> Result<(), PollError> {
    within(question, POLL_QUESTION_GRAPHEMES_MAX).map_err(PollError::Question)?;
    if !(POLL_OPTIONS_MIN..=POLL_OPTIONS_MAX).contains(&poll.options.len()) {
        return Err(PollError::Count);
    }
    let mut seen: Vec<String> = Vec::with_capacity(poll.options.len());
    for option in &poll.options {
        within(option, POLL_OPTION_GRAPHEMES_MAX).map_err(PollError::Option)?;
        let line =
            text::line(option, POLL_OPTION_GRAPHEMES_MAX * CHARS_A_GRAPHEME).map_err(PollError::Option)?;
        if seen.contains(&line) {
            return Err(PollError::Repeated);
        }
        seen.push(line);
    }
    Ok(())
}

fn within(text: &str, max: usize) -> Result<(), TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Empty);
    }
    let long = text.len() > max * CHARS_A_GRAPHEME * 4 || text.graphemes(true).count() > max;
    if long {
        Err(TextError::TooLong { max })
    } else {
        Ok(())
    }
}

/// Whether these options may be chosen now. No option takes a vote back.
pub fn check_vote(poll: &Poll, options: &[u8], now: Timestamp) -> Result<(), VoteError> {
    if poll.closes_at.is_some_and(|end| end <= now) {
        return Err(VoteError::Closed);
    }
    if !options.is_sorted_by(|one, next| one < next) {
        return Err(VoteError::Order);
    }
    if options
        .iter()
        .any(|option| usize::from(*option) >= poll.options.len())
    {
        return Err(VoteError::NoSuchOption);
    }
    if options.len() > 1 && !poll.multiple {
        return Err(VoteError::OnlyOne);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(options: &[&str]) -> Poll {
        Poll {
            options: options.iter().map(ToString::to_string).collect(),
            ..Poll::default()
        }
    }

    #[test]
    fn polls_are_checked() {
        let family = "👨‍👩‍👧‍👦";
        let (long, longest) = (family.repeat(101), family.repeat(100));
        let many: Vec<String> = (0..13).map(|number| number.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for (question, options, expect) in [
            ("Where?", &["here", "there"][..], Ok(())),
            ("Where?", &["here", &longest], Ok(())),
            ("Where?", &many[..12], Ok(())),
            ("Where?", &many, Err(PollError::Count)),
            ("Where?", &["here"], Err(PollError::Count)),
            (
                " ",
                &["here", "there"],
                Err(PollError::Question(TextError::Empty)),
            ),
            (
                &"a".repeat(301),
                &["here", "there"],
                Err(PollError::Question(TextError::TooLong { max: 300 })),
            ),
            ("Where?", &["here", " "], Err(PollError::Option(TextError::Empty))),
            (
                "Where?",
                &["here", &long],
                Err(PollError::Option(TextError::TooLong { max: 100 })),
            ),
            ("Where?", &["here", " here "], Err(PollError::Repeated)),
            (
                "Where?",
                &["here", "a\u{202E}b"],
                Err(PollError::Option(TextError::Character {
                    character: '\u{202E}',
                })),
            ),
        ] {
            assert_eq!(check(question, &poll(options)), expect, "{question} {options:?}");
        }
    }

    #[test]
    fn votes_are_checked() {
        let one = Poll {
            closes_at: Some(Timestamp(100)),
            ..poll(&["a", "b", "c"])
        };
        let several = Poll {
            multiple: true,
            ..one.clone()
        };
        for (poll, options, at, expect) in [
            (&one, &[2][..], 99, Ok(())),
            (&one, &[], 99, Ok(())),
            (&one, &[2], 100, Err(VoteError::Closed)),
            (&one, &[], 100, Err(VoteError::Closed)),
            (&one, &[3], 99, Err(VoteError::NoSuchOption)),
            (&one, &[0, 1], 99, Err(VoteError::OnlyOne)),
            (&several, &[0, 2], 99, Ok(())),
            (&several, &[0, 3], 99, Err(VoteError::NoSuchOption)),
            (&several, &[1, 0], 99, Err(VoteError::Order)),
            (&several, &[1, 1], 99, Err(VoteError::Order)),
        ] {
            assert_eq!(
                check_vote(poll, options, Timestamp(at)),
                expect,
                "{options:?} at {at}"
            );
        }
    }
}
