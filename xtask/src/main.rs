//! `cargo xtask`: everything that is done to this repository, with what it needs set up first.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool: printing is its job"
)]

mod bench;
mod chaos;
mod deny;
mod dist;
mod generate;
mod nightly;
mod serve;
mod setup;
mod shell;
mod stamp;
mod test;
mod tidy;
mod toolchain;
mod wasm;
mod web;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::test::Checks;
use crate::workspace::Workspace;

/// Sets up, builds, checks and releases Pipit.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs what is missing to build and to run every check
    Setup,
    /// Builds what has changed and starts the server: arguments after `--` are passed to `pipit serve`
    Serve {
        /// Passed on to `pipit serve`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs every check
    Test {
        /// Only formatting, tidy, clippy and the native tests
        #[arg(long)]
        fast: bool,
        /// Only those of the web client that need no browser, on what was built before
        #[arg(long, hide = true, conflicts_with = "fast")]
        web: bool,
    },
    /// Checks what no compiler does: who depends on whom, licences, the shape of files and documents
    Tidy,
    /// Writes the generated files: TypeScript types, protocol documents, schema dumps
    Gen {
        /// Change nothing; fail if one is not current
        #[arg(long)]
        check: bool,
    },
    /// Builds the WebAssembly core and the web client
    Web {
        /// As small as it gets, as in a release; takes longer
        #[arg(long)]
        optimize: bool,
    },
    /// Runs the benchmarks, of all crates or of one
    Bench {
        /// Only this package, such as `pipit-store-sqlite`
        #[arg(long, short)]
        package: Option<String>,
        /// Passed on to the benchmarks
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Breaks a cluster for five minutes while people chat on it, then a node on SQLite, then measures the web client with Lighthouse and over a long
    /// day, and looks at it in Firefox; pages about it are left in `target/chaos` and `target/lighthouse`
    Nightly {
        /// Of the plan; else the day's
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Checks dependencies with cargo-deny, installing it into the target folder where it is missing
    Deny,
    /// Builds the release binary, web client inside, at `target/release/pipit`
    Dist,
}

fn main() -> ExitCode {
    let task = Arguments::parse().task;
    let outcome = Workspace::find().and_then(|workspace| match task {
        Task::Setup => setup::run(&workspace, &setup::EVERYTHING),
        Task::Serve { arguments } => serve::run(&workspace, &arguments),
        Task::Test { fast: true, .. } => test::run(&workspace, Checks::Fast),
        Task::Test { web: true, .. } => test::run(&workspace, Checks::Web),
        Task::Test { .. } => test::run(&workspace, Checks::Full),
        Task::Tidy => tidy::run(&workspace),
        Task::Gen { check } => generate::run(&workspace, check),
        Task::Web { optimize } => web::run(&workspace, optimize),
        Task::Bench { package, arguments } => bench::run(&workspace, package.as_deref(), &arguments),
        Task::Nightly { seed } => nightly::run(&workspace, seed),
        Task::Deny => deny::run(&workspace),
        Task::Dist => dist::run(&workspace),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
