//! Every check, cheap ones first, stopping at the first that fails; those of the web client that need no browser run beside the native tests.

mod doctests;

use std::fs::File;
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::setup::{self, Need};
use crate::shell::Helper;
use crate::wasm::{self, Size};
use crate::workspace::Workspace;
use crate::{chaos, deny, generate, shell, tidy, web};

/// One check: what it is called and what it does.
type Step = (&'static str, fn(&Workspace) -> Result<()>);

const FAST: &[Step] = &[
    ("set-up", |workspace| {
        setup::run(workspace, &[Need::Lints, Need::Services, Need::Native])
    }),
    ("formatting", formatting),
    ("tidy", tidy::run),
    ("clippy", clippy),
    ("native tests", native_tests),
];

const FIRST: &[Step] = &[
    ("set-up", |workspace| setup::run(workspace, &setup::EVERYTHING)),
    ("formatting", formatting),
    ("tidy", tidy::run),
    ("dependencies", dependencies),
    ("clippy", clippy),
    ("build", build),
];

/// What the server and the engine are checked with. Much of its time goes to waiting, for disks above all.
const NATIVE: &[Step] = &[
    ("generated files", generate::check_built),
    ("native tests", native_tests),
    ("documentation tests", doctests::run),
    ("chaos", chaos::short),
];

/// Runs beside [`NATIVE`], in a process of its own: the two share nothing that changes.
const WEB: &[Step] = &[
    ("client core", |workspace| {
        wasm::build(workspace, Size::Plain, Helper::Built)?;
        wasm::build_for_tests(workspace, Helper::Built)
    }),
    ("web lint", |workspace| web::npm(workspace, "lint")),
    ("web types", |workspace| web::npm(workspace, "check")),
    ("web tests", |workspace| web::npm(workspace, "test")),
    ("web client", web::build),
];

const LAST: &[Step] = &[("end-to-end tests", end_to_end)];

/// Which checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checks {
    /// Those that need no browser.
    Fast,
    /// Those of the web client that need no browser, after a build.
    Web,
    /// All of them.
    Full,
}

/// Runs them and prints how long each took, whatever comes of them.
pub(crate) fn run(workspace: &Workspace, checks: Checks) -> Result<()> {
    let mut tally = Tally::default();
    let outcome = match checks {
        Checks::Fast => tally.take(workspace, FAST),
        Checks::Web => tally.take(workspace, WEB),
        Checks::Full => tally.take_all(workspace),
    };
    print!("\n{}", summary(&tally.taken, outcome.is_ok()));
    outcome
}

/// What was run, and how long it took.
#[derive(Default)]
struct Tally {
    taken: Vec<(&'static str, Duration)>,
}

impl Tally {
    fn take(&mut self, workspace: &Workspace, steps: &[Step]) -> Result<()> {
        for (name, check) in steps {
            self.step(name, || check(workspace))?;
        }
        Ok(())
    }

    fn take_all(&mut self, workspace: &Workspace) -> Result<()> {
        self.take(workspace, FIRST)?;
        let beside = Beside::start(workspace)?;
        self.take(workspace, NATIVE)?;
        self.step("web checks, beside the native ones", || beside.finish())?;
        self.take(workspace, LAST)
    }

    fn step(&mut self, name: &'static str, check: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n==> {name}");
        let started = now();
        let outcome = check().with_context(|| format!("{name} failed"));
        self.taken.push((name, started.elapsed()));
        outcome
    }
}

/// The checks of the web client, on their way. What they print is kept until they are waited for.
struct Beside {
    process: Child,
    log: PathBuf,
}

impl Beside {
    fn start(workspace: &Workspace) -> Result<Self> {
        let log = workspace.target().join("web-checks.log");
        let file = File::create(&log).with_context(|| format!("{}", log.display()))?;
        // This program as it was built just now: the file that it was started from may have given way to it.
        let mut command = Helper::Built.command(workspace, "pipit-xtask");
        let process = command
            .args(["test", "--web"])
            .stderr(file.try_clone().context("the log of the web checks")?)
            .stdout(file)
            .spawn()
            .context("the web checks could not be started")?;
        Ok(Self { process, log })
    }

    fn finish(mut self) -> Result<()> {
        let status = self.process.wait().context("the web checks")?;
        print!("{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        ensure!(status.success(), "see above ({status})");
        Ok(())
    }
}

impl Drop for Beside {
    /// Nobody waits for them any more. Where they have ended, this does nothing.
    fn drop(&mut self) {
        shell::end(&mut self.process);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "measures the checks; nothing simulated depends on it"
)]
fn now() -> Instant {
    Instant::now()
}

fn summary(taken: &[(&str, Duration)], passed: bool) -> String {
    let line =
        |word: &str, time: Duration, rest: &str| format!("{word}  {:>7.1} s  {rest}\n", time.as_secs_f64());
    let word = |passed: bool| if passed { "passed" } else { "FAILED" };
    let each = taken.iter().enumerate().map(|(number, (name, time))| {
        let is_last = number + 1 == taken.len();
        line(word(passed || !is_last), *time, name)
    });
    let rest = if passed {
        "in all"
    } else {
        "in all; nothing after it did run"
    };
    let total = taken.iter().map(|(_, time)| *time).sum();
    each.chain([line(word(passed), total, rest)]).collect()
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
        let text = summary(&taken, false);
        let expected = "passed      1.2 s  formatting\n\
                        FAILED      0.4 s  tidy\n\
                        FAILED      1.6 s  in all; nothing after it did run\n";
        assert_eq!(text, expected);
        assert!(summary(&taken, true).ends_with("passed      1.6 s  in all\n"));
    }
}
