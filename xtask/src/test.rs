//! Every check, cheap ones first, stopping at the first that fails.

mod doctests;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::setup::{self, Need};
use crate::shell::Helper;
use crate::wasm::{self, Size};
use crate::workspace::Workspace;
use crate::{chaos, deny, generate, shell, tidy, web};

/// One check: what it is called and what it does.
type Step = (&'static str, fn(&Workspace) -> Result<()>);

const FAST: &[Step] = &[
    ("set-up", |workspace| {
        setup::run(workspace, &[Need::Lints, Need::Services])
    }),
    ("formatting", formatting),
    ("tidy", tidy::run),
    ("clippy", clippy),
    ("native tests", native_tests),
];

const FULL: &[Step] = &[
    ("set-up", |workspace| setup::run(workspace, &setup::EVERYTHING)),
    ("formatting", formatting),
    ("tidy", tidy::run),
    ("dependencies", dependencies),
    ("clippy", clippy),
    ("build", build),
    ("generated files", generate::check_built),
    ("native tests", native_tests),
    ("documentation tests", doctests::run),
    ("chaos", chaos::short),
    ("client core", |workspace| {
        wasm::build(workspace, Size::Plain, Helper::Built)
    }),
    ("web lint", |workspace| web::npm(workspace, "lint")),
    ("web types", |workspace| web::npm(workspace, "check")),
    ("web tests", |workspace| web::npm(workspace, "test")),
    ("web client", web::build),
    ("end-to-end tests", end_to_end),
];

/// Runs them and prints how long each took, whatever comes of them.
pub(crate) fn run(workspace: &Workspace, fast: bool) -> Result<()> {
    let steps = if fast { FAST } else { FULL };
    let mut taken = Vec::new();
    let mut outcome = Ok(());
    for (number, (name, check)) in steps.iter().enumerate() {
        println!("\n==> {name} ({} of {})", number + 1, steps.len());
        let started = now();
        outcome = check(workspace).with_context(|| format!("{name} failed"));
        taken.push((*name, started.elapsed()));
        if outcome.is_err() {
            break;
        }
    }
    print!("\n{}", summary(steps.len(), &taken, outcome.is_ok()));
    outcome
}

#[expect(
    clippy::disallowed_methods,
    reason = "measures the checks; nothing simulated depends on it"
)]
fn now() -> Instant {
    Instant::now()
}

fn summary(steps: usize, taken: &[(&str, Duration)], passed: bool) -> String {
    let line =
        |word: &str, time: Duration, rest: &str| format!("{word}  {:>7.1} s  {rest}\n", time.as_secs_f64());
    let word = |passed: bool| if passed { "passed" } else { "FAILED" };
    let each = taken.iter().enumerate().map(|(number, (name, time))| {
        let is_last = number + 1 == taken.len();
        line(word(passed || !is_last), *time, name)
    });
    let rest = match steps - taken.len() {
        0 => "in all".to_owned(),
        left => format!("in all; {left} steps after it did not run"),
    };
    let total = taken.iter().map(|(_, time)| *time).sum();
    each.chain([line(word(passed), total, &rest)]).collect()
}

fn formatting(workspace: &Workspace) -> Result<()> {
    shell::run(shell::cargo(workspace.root()).args(["fmt", "--all", "--check"]))
}

/// cargo-deny, where it is installed; `tidy` has looked at licences and banned crates already.
fn dependencies(workspace: &Workspace) -> Result<()> {
    if let Some(program) = deny::find(workspace) {
        return deny::run_offline(workspace, &program);
    }
    println!("cargo-deny is not installed (`cargo xtask deny` does): licences and bans were checked by tidy");
    Ok(())
}

fn clippy(workspace: &Workspace) -> Result<()> {
    let mut cargo = shell::cargo(workspace.root());
    shell::run(cargo.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))
}

/// Everything native at once: the tests, and the programs that later steps run.
fn build(workspace: &Workspace) -> Result<()> {
    shell::run(shell::cargo(workspace.root()).args(["build", "--workspace", "--bins", "--tests"]))
}

fn native_tests(workspace: &Workspace) -> Result<()> {
    let root = workspace.root();
    let mut cargo = shell::cargo(root);
    if shell::succeeds(shell::cargo(root).args(["nextest", "--version"])) {
        cargo.args(["nextest", "run", "--workspace", "--profile", "ci"]);
    } else {
        println!("cargo-nextest is not installed: cargo's own runner it is");
        cargo.args([
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
        ]);
    }
    shell::run(&mut cargo)
}

fn end_to_end(workspace: &Workspace) -> Result<()> {
    // A debug build of the server reads the client's files as they are now.
    let mut npm = shell::command("npm", &workspace.web());
    npm.args(["run", "--silent", "e2e"])
        .env("PIPIT_BINARY", workspace.target().join("debug/pipit"));
    shell::run(&mut npm)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::summary;

    #[test]
    fn the_summary_says_what_failed_and_what_did_not_run() {
        let taken = [
            ("formatting", Duration::from_millis(1_250)),
            ("tidy", Duration::from_millis(400)),
        ];
        let text = summary(5, &taken, false);
        let expected = "passed      1.2 s  formatting\n\
                        FAILED      0.4 s  tidy\n\
                        FAILED      1.6 s  in all; 3 steps after it did not run\n";
        assert_eq!(text, expected);
        assert!(summary(2, &taken, true).ends_with("passed      1.6 s  in all\n"));
    }
}
