//! What a panic does: it ends the process, unless it is in work on bytes that somebody has sent.
//!
//! A panic anywhere else is a mistake of ours that leaves something half done. The process is ended, whoever runs it starts it
//! again, and nothing that was acknowledged is lost. A decoder is others' code on bytes that anybody may have made, and shares
//! nothing with the rest: its panic means that the bytes are of no use.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Does work on this thread whose panic is only its own failure. What it was given is to be thrown away then.
pub fn contain<T>(work: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    CONTAINED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    CONTAINED.set(false);
    outcome
}

/// From now on every panic that is not contained ends the process, once it has been told. Threads that contained work starts are not
/// part of it.
pub fn end_the_process() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        if !CONTAINED.get() {
            std::process::abort();
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const CHILD: &str = "PIPIT_TEST_PANICS";

    #[test]
    fn contained_panics_are_failures_and_others_the_end() {
        if std::env::var_os(CHILD).is_some() {
            end_the_process();
            assert!(contain(|| panic!("contained")).is_err());
            assert!(matches!(contain(|| 7), Ok(7)));
            eprintln!("went on");
            panic!("not contained");
        }
        let name = "panics::tests::contained_panics_are_failures_and_others_the_end";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("went on"), "{said}");
        // No exit code: a signal.
        assert_eq!(output.status.code(), None, "{said}");
    }
}
