//! What the checker found.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// The most violations of one kind that are described; further ones are counted.
pub const EACH_MAX: usize = 20;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Acknowledged or delivered, and not in the log.
    Lost,
    /// In a log twice.
    Doubled,
    /// At another place than was acknowledged.
    Moved,
    /// A place in a log is empty.
    Gap,
    /// A place in a log was given twice.
    SeqTwice,
    /// Two members, or a member at two times, were told different things of one place.
    Disagreement,
    /// A message is shown otherwise than its edits make it.
    Diverged,
    /// A sender's later message stands before an earlier one.
    Reordered,
    /// In a log, and one's device was never given it.
    NotSeen,
    /// Nobody sent this.
    Invented,
    /// A marker moved back.
    ReceiptBack,
    /// A marker beyond the end of the log, or read before delivered.
    ReceiptBeyond,
    /// A member could not read their log.
    Unread,
    /// There was no room for all records: nothing can be said.
    Unrecorded,
}

/// One thing that is wrong, with what is needed to understand it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// What.
    pub kind: Kind,
    /// Where and how, for people.
    pub text: String,
}

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Messages sent.
    pub sent: u64,
    /// Of these, acknowledged.
    pub acknowledged: u64,
    /// Refusals.
    pub refused: u64,
    /// Entries given to devices.
    pub deliveries: u64,
    /// Markers told to devices.
    pub receipts: u64,
    /// Messages and edits in all logs.
    pub entries: u64,
    /// Edits among these.
    pub edits: u64,
    /// Logs read at the end, one for each member.
    pub logs_read: u64,
    /// Devices' views compared with the log, one for each conversation of a device.
    pub views: u64,
}

/// The checker's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What was checked.
    pub figures: Figures,
    /// How many violations there are of each kind.
    pub counts: BTreeMap<Kind, u64>,
    /// At most [`EACH_MAX`] of each kind.
    pub violations: Vec<Violation>,
}

impl Verdict {
    /// Whether everything is as promised.
    #[must_use]
    pub fn is_satisfied(&self) -> bool {
        self.counts.is_empty()
    }

    /// Whether there is a violation of this kind.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.counts.contains_key(&kind)
    }

    pub(super) fn add(&mut self, kind: Kind, text: impl FnOnce() -> String) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= u64::try_from(EACH_MAX).unwrap_or(u64::MAX) {
            self.violations.push(Violation { kind, text: text() });
        }
    }
}

/// One line: the verdict with its figures.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures {
            sent,
            acknowledged,
            refused,
            deliveries,
            receipts,
            logs_read,
            views,
            ..
        } = self.figures;
        let word = if self.is_satisfied() {
            "satisfied"
        } else {
            "VIOLATED"
        };
        write!(
            f,
            "verdict: {word}: {acknowledged} of {sent} messages acknowledged ({refused} refusals), {deliveries} deliveries, \
             {receipts} receipts, {views} views and {logs_read} logs read anew"
        )?;
        for (kind, count) in &self.counts {
            write!(f, "; {kind:?} {count}")?;
        }
        Ok(())
    }
}
