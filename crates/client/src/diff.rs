//! From one list to the next by as few splices as can be.
//!
//! What stays is the longest run of items that are equal and in the same order in both lists (a longest increasing
//! subsequence, by patience sorting, as in React-like keyed diffs); everything between two items that stay is one splice.
//! O(n log n) after the equal beginning and end are set aside, which is all there is in the common case.

use std::collections::HashMap;
use std::hash::Hash;

use crate::view::Splice;

/// The splices that make `new` of `old`. Keys are unique within each list.
pub(crate) fn splices<T, K>(old: &[T], new: &[T], key: impl Fn(&T) -> K) -> Vec<Splice<T>>
where
    T: Clone + PartialEq,
    K: Eq + Hash,
{
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (tail(old, head), tail(new, head));
    let foot = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (old, new) = (front(old, old.len() - foot), front(new, new.len() - foot));
    let mut kept = kept(old, new, key);
    kept.push((old.len(), new.len()));

    let (mut old_from, mut new_from) = (0, 0);
    let mut splices = Vec::new();
    for (old_at, new_at) in kept {
        if old_at > old_from || new_at > new_from {
            splices.push(Splice {
                at: index(head + new_from),
                remove: index(old_at - old_from),
                insert: new.get(new_from..new_at).unwrap_or_default().to_vec(),
            });
        }
        (old_from, new_from) = (old_at + 1, new_at + 1);
    }
    splices
}

fn tail<T>(list: &[T], from: usize) -> &[T] {
    list.get(from..).unwrap_or_default()
}

fn front<T>(list: &[T], length: usize) -> &[T] {
    list.get(..length).unwrap_or_default()
}

/// Lists are windows of thousands at most.
fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// The pairs (old place, new place) of the items that stay, ascending in both.
fn kept<T: PartialEq, K: Eq + Hash>(old: &[T], new: &[T], key: impl Fn(&T) -> K) -> Vec<(usize, usize)> {
    let places: HashMap<K, usize> = old
        .iter()
        .enumerate()
        .map(|(place, item)| (key(item), place))
        .collect();
    let candidates: Vec<(usize, usize)> = new
        .iter()
        .enumerate()
        .filter_map(|(new_at, item)| {
            let old_at = *places.get(&key(item))?;
            (old.get(old_at) == Some(item)).then_some((old_at, new_at))
        })
        .collect();

    // `ends[n]` is the candidate with the smallest old place that ends an increasing run of n + 1.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(candidates.len());
    let old_place = |candidate: usize| candidates.get(candidate).map_or(0, |pair| pair.0);
    for (candidate, (old_at, _)) in candidates.iter().enumerate() {
        let length = ends.partition_point(|end| old_place(*end) < *old_at);
        before.push(length.checked_sub(1).and_then(|last| ends.get(last)).copied());
        match ends.get_mut(length) {
            Some(end) => *end = candidate,
            None => ends.push(candidate),
        }
    }

    let mut run = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(candidate) = next {
        run.extend(candidates.get(candidate).copied());
        next = before.get(candidate).copied().flatten();
    }
    run.reverse();
    run
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A key and a value.
    type Item = (u8, u8);

    fn apply(list: &mut Vec<Item>, splices: &[Splice<Item>]) {
        for splice in splices {
            let at = splice.at as usize;
            list.splice(at..at + splice.remove as usize, splice.insert.iter().copied());
        }
    }

    fn check(old: &[Item], new: &[Item], expected: &[(u32, u32, usize)]) {
        let splices = splices(old, new, |item| item.0);
        let shape: Vec<_> = splices
            .iter()
            .map(|splice| (splice.at, splice.remove, splice.insert.len()))
            .collect();
        assert_eq!(shape, expected);
        let mut list = old.to_vec();
        apply(&mut list, &splices);
        assert_eq!(list, new);
    }

    #[test]
    fn splices_are_minimal() {
        check(&[], &[], &[]);
        check(&[], &[(1, 0), (2, 0)], &[(0, 0, 2)]);
        check(&[(1, 0)], &[(1, 0), (2, 0)], &[(1, 0, 1)]);
        check(&[(2, 0)], &[(1, 0), (2, 0)], &[(0, 0, 1)]);
        check(&[(1, 0), (2, 0), (3, 0)], &[(1, 0), (2, 1), (3, 0)], &[(1, 1, 1)]);
        // Two changes far apart are two small splices.
        check(
            &[(1, 0), (2, 0), (3, 0), (4, 0), (5, 0)],
            &[(1, 1), (2, 0), (3, 0), (4, 0), (5, 1)],
            &[(0, 1, 1), (4, 1, 1)],
        );
        // A conversation that moves to the top is taken out and put in.
        check(
            &[(1, 0), (2, 0), (3, 0)],
            &[(3, 0), (1, 0), (2, 0)],
            &[(0, 0, 1), (3, 1, 0)],
        );
    }

    fn list() -> impl Strategy<Value = Vec<Item>> {
        prop::collection::btree_map(0_u8..30, 0_u8..3, 0..30)
            .prop_map(|items| items.into_iter().collect::<Vec<_>>())
            .prop_shuffle()
    }

    proptest! {
        #[test]
        fn applying_the_splices_yields_the_new_list(old in list(), new in list()) {
            let mut patched = old.clone();
            apply(&mut patched, &splices(&old, &new, |item| item.0));
            prop_assert_eq!(patched, new);
        }
    }
}
