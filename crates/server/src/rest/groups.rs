//! `/v1/groups`: links into groups.

pub(super) mod inspect;
pub(super) mod join;
