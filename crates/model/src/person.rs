//! What people may see of each other beyond their names.

/// How two accounts stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquaintance {
    /// They are one.
    Oneself,
    /// Both are members of some conversation.
    Together,
    /// Neither.
    Strangers,
}

/// Whether the one may see whether the other is there, and what they show of themselves: picture, line about themselves, status. Who may read the file of the
/// picture follows the same rule, in the storage (`filter_readable`).
pub const fn may_see(acquaintance: Acquaintance) -> bool {
    match acquaintance {
        Acquaintance::Oneself | Acquaintance::Together => true,
        Acquaintance::Strangers => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_see_names_alone() {
        assert!(may_see(Acquaintance::Oneself));
        assert!(may_see(Acquaintance::Together));
        assert!(!may_see(Acquaintance::Strangers));
    }
}
