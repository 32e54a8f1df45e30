//! Who there is and who talks to whom: the same for every server.

use crate::crowd::Behaviour;
use crate::workload::Plan;

/// People who write to each other two and two.
pub const PAIRED: usize = 256;
/// Clients of the reconnect storm; each is in one group of [`STORM_GROUP`] with a writer of its own.
pub const CLIENTS: usize = 2_000;
const STORM_GROUP: usize = 100;
/// Everybody: the clients, and those who write to them while they are away.
pub const PEOPLE: usize = CLIENTS + CLIENTS / STORM_GROUP;
/// Messages that each client misses.
pub const MISSED: usize = 10;

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// 128 conversations of two; everybody writes.
    Pairs,
    /// A group of 100 in which 10 write.
    Group100,
    /// A group of 1,000 in which 4 write.
    Group1000,
    /// 20 groups of 100 and one who writes to each.
    Storm,
}

impl Target {
    /// The conversation that a person writes to; none where they only read.
    #[must_use]
    pub const fn conversation_of(self, person: usize) -> Option<usize> {
        let pairs = PAIRED / 2;
        match self {
            Self::Pairs if person < PAIRED => Some(person / 2),
            Self::Group100 if person < 10 => Some(pairs),
            Self::Group1000 if person < 4 => Some(pairs + 1),
            Self::Storm if person >= CLIENTS && person < PEOPLE => Some(pairs + 2 + person - CLIENTS),
            _ => None,
        }
    }

    /// How many write.
    #[must_use]
    pub fn writers(self) -> usize {
        (0..PEOPLE)
            .filter(|person| self.conversation_of(*person).is_some())
            .count()
    }
}

/// The conversation that a client resumes in the storm.
#[must_use]
pub const fn storm_of(person: usize) -> Option<usize> {
    if person < CLIENTS {
        Some(PAIRED / 2 + 2 + person / STORM_GROUP)
    } else {
        None
    }
}

/// The members of every conversation.
#[must_use]
pub fn conversations() -> Vec<Vec<usize>> {
    let pairs = (0..PAIRED / 2).map(|pair| vec![pair * 2, pair * 2 + 1]);
    let groups = [100, 1_000].map(|size| (0..size).collect());
    let storm = (0..CLIENTS / STORM_GROUP).map(|group| {
        let first = group * STORM_GROUP;
        std::iter::once(CLIENTS + group)
            .chain(first..first + STORM_GROUP)
            .collect()
    });
    pairs.chain(groups).chain(storm).collect()
}

/// The same, as [`crate::workload::gather`] takes it.
#[must_use]
pub fn plan() -> Plan {
    Plan {
        behaviours: vec![Behaviour::QUIET; PEOPLE],
        conversations: conversations(),
        rude: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_and_who_resumes_is_a_member() {
        let conversations = conversations();
        for person in 0..PEOPLE {
            let targets = [Target::Pairs, Target::Group100, Target::Group1000, Target::Storm];
            let all = targets.iter().map(|target| target.conversation_of(person));
            for conversation in all.chain([storm_of(person)]).flatten() {
                assert!(
                    conversations[conversation].contains(&person),
                    "{person} {conversation}"
                );
            }
        }
        assert_eq!(Target::Storm.writers(), 20);
        assert_eq!(conversations[PAIRED / 2 + 1].len(), 1_000);
    }
}
