//! The vectors, natively.
#![expect(clippy::unwrap_used, clippy::panic, reason = "the helper of a test fails it")]

use pipit_mls_vectors::read;

/// How many are kept to, and how many let in a device whose key package has expired since: those are run where the clock can be set, in
/// `apps/web/tests/mls-vectors.test.ts`.
fn run(file: &str) -> (usize, usize) {
    let (mut kept, mut expired) = (0, 0);
    for (number, vector) in read(file).unwrap().iter().enumerate() {
        match vector.run() {
            Ok(()) => kept += 1,
            Err(failure) if failure.is_expired() => expired += 1,
            Err(failure) => panic!("vector {number}: {failure}"),
        }
    }
    (kept, expired)
}

#[test]
fn welcomes() {
    let file = include_str!("../vectors/passive-client-welcome.json");
    assert_eq!(run(file), (16, 0));
}

#[test]
fn commits() {
    let file = include_str!("../vectors/passive-client-handling-commit.json");
    assert_eq!(run(file), (18, 8));
}
