//! The binary `pipit-load`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand};
use pipit_client_net::ServerAddress;
use pipit_load::chaos::command::Chaos;
use pipit_load::peer::command::{self, Compare};
use pipit_load::process::{OwnServer, refresh_tokens};
use pipit_load::report::{Report, page};
use pipit_load::run::{Options, run};
use pipit_load::workload::{Accounts, Workload};

/// Simulated people for a Pipit server, and a checker of what was delivered to them.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs one workload. The last line is the verdict; the exit status is 0 only where the checker is satisfied.
    Run(RunArguments),
    /// Breaks a cluster of its own by a seeded plan while people chat on it. The last line and the exit status are as of `run`.
    Chaos(Chaos),
    /// Measures Pipit and other servers side by side, in turns, on this machine. Nothing is checked but that what was missed comes.
    Compare(Compare),
    /// The bare broadcast that `compare` measures.
    #[command(hide = true)]
    Broadcast,
}

#[derive(clap::Args)]
struct RunArguments {
    /// What the crowd does.
    #[arg(long)]
    workload: Workload,
    /// A server that runs; repeat it for several nodes. Without it one is started for the run.
    #[arg(long)]
    address: Vec<ServerAddress>,
    /// The token of the set-up link of a new server (what follows `#`).
    #[arg(long)]
    set_up: Option<String>,
    /// The token of an invite, where registration is not open.
    #[arg(long)]
    invite: Option<String>,
    /// A file with what `pipit seed` has printed: its accounts are the people, each of whom can be so once. Several of these programs, each
    /// with a part of the lines, connect more people than one may open sockets.
    #[arg(long, conflicts_with_all = ["set_up", "invite"], requires = "address")]
    accounts: Option<PathBuf>,
    /// A process of the servers whose memory and processor time are measured; repeatable.
    #[arg(long)]
    pid: Vec<u32>,
    /// The server to start; else `pipit` beside this program.
    #[arg(long)]
    server: Option<PathBuf>,
    /// How many people.
    #[arg(long)]
    users: Option<u32>,
    /// How long they send.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Messages a second of all together, whatever the server does; without it each sends the next when one is acknowledged.
    #[arg(long)]
    rate: Option<f64>,
    /// Decides what is random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Prints JSON in place of the table.
    #[arg(long)]
    json: bool,
    /// Writes a page with plots.
    #[arg(long)]
    report: Option<PathBuf>,
}

fn main() -> ExitCode {
    let satisfied = match Arguments::parse().command {
        Command::Run(arguments) => start(&arguments),
        Command::Chaos(chaos) => chaos.run(),
        Command::Compare(compare) => compare.run(),
        Command::Broadcast => command::broadcast(),
    };
    match satisfied {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "pipit-load: {error:#}");
            let _ = writeln!(std::io::stdout(), "verdict: NONE: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn start(arguments: &RunArguments) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(carry_out(arguments))?;
    if let Some(path) = &arguments.report {
        std::fs::write(path, page(&report))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let text = if arguments.json {
        serde_json::to_string(&report)? + "\n"
    } else {
        report.summary()
    };
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())?;
    writeln!(out, "{}", report.verdict)?;
    Ok(report.verdict.is_satisfied())
}

async fn carry_out(arguments: &RunArguments) -> anyhow::Result<Report> {
    let users = arguments.users.unwrap_or_else(|| arguments.workload.users());
    let mut options = Options {
        workload: arguments.workload,
        servers: arguments.address.clone(),
        accounts: Accounts::SignUp(arguments.invite.clone()),
        pids: arguments.pid.clone(),
        users,
        seconds: arguments.seconds,
        rate: arguments.rate,
        seed: arguments.seed,
    };
    if let Some(token) = &arguments.set_up {
        options.accounts = Accounts::SetUp(token.clone());
    }
    if let Some(path) = &arguments.accounts {
        let seeded =
            std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let tokens = refresh_tokens(&seeded);
        let devices = options.workload.plan(users, options.rate).behaviours.len();
        ensure!(
            tokens.len() >= devices,
            "{} accounts for {devices} people",
            tokens.len()
        );
        options.accounts = Accounts::Seeded(tokens);
    }
    if !options.servers.is_empty() {
        return run(options).await;
    }
    let binary = match &arguments.server {
        Some(path) => path.clone(),
        None => std::env::current_exe()?.with_file_name("pipit"),
    };
    let devices = options.workload.plan(users, options.rate).behaviours.len();
    let (server, tokens) = OwnServer::start(&binary, u32::try_from(devices)?).await?;
    options.servers = vec![server.address.parse()?];
    options.accounts = Accounts::Seeded(tokens);
    options.pids = vec![server.pid];
    let report = run(options).await;
    server.stop().await?;
    report
}
