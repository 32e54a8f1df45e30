//! The command line: `serve`, `restored`, `config example`, `health`.

mod health;
mod restored;
mod seed;
mod serve;

use std::collections::HashMap;
use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use pipit_server::config::{self, Config, OptionDef, Sources};
use pipit_server::run::StartError;

/// Why the program ends without having done what was asked.
pub(crate) struct Failure {
    message: String,
    pub(crate) exit_code: u8,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self {
            message: format!("{error} ({})", error.hint()),
            exit_code: error.exit_code(),
        }
    }
}

/// Does what the command line says.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let matches = command().get_matches();
    match matches.subcommand() {
        Some(("serve", matches)) => serve::run(load(matches)?),
        Some(("health", matches)) => health::run(&load(matches)?),
        Some(("restored", matches)) => restored::run(&load(matches)?),
        Some(("seed", matches)) => {
            let accounts = matches.get_one::<u32>("accounts").copied().unwrap_or_default();
            seed::run(&load(matches)?, accounts)
        }
        Some(("config", _)) => {
            // A pipe that was closed early is no failure of ours.
            let _ = std::io::stdout().write_all(config::example().as_bytes());
            Ok(ExitCode::SUCCESS)
        }
        _ => Ok(ExitCode::from(2)),
    }
}

fn command() -> Command {
    Command::new("pipit")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Pipit, a messenger that you host yourself")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_options(Command::new("serve").about("Runs the server")))
        .subcommand(with_options(
            Command::new("health").about("Asks a server on this machine whether it lives; for containers"),
        ))
        .subcommand(with_options(Command::new("restored").about(
            "To be run once after a backup was restored, before the server starts: keys that may have been given away are made anew",
        )))
        .subcommand(with_options(
            Command::new("seed")
                .about("Makes accounts on a new server for a load test")
                .hide(true)
                .arg(
                    Arg::new("accounts")
                        .long("accounts")
                        .required(true)
                        .value_parser(clap::value_parser!(u32).range(1..)),
                ),
        ))
        .subcommand(
            Command::new("config")
                .about("About the configuration")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(Command::new("example").about("Prints a commented file with every option")),
        )
}

/// A flag for each option, and one for the file.
fn with_options(command: Command) -> Command {
    let file = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(ValueParser::path_buf())
        .help("A TOML file with these options [env: PIPIT_CONFIG]");
    Config::options().fold(command.arg(file), |command, option| command.arg(flag(option)))
}

fn flag(option: &OptionDef) -> Arg {
    let doc: String = option.doc.concat();
    let action = if option.is_list() {
        ArgAction::Append
    } else {
        ArgAction::Set
    };
    Arg::new(option.file_key())
        .action(action)
        .long(option.flag())
        .value_name(option.key.to_uppercase())
        .help(format!("{} [env: {}]", doc.trim(), option.env()))
}

fn load(matches: &ArgMatches) -> Result<Config, StartError> {
    let env: HashMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _value)| name.starts_with("PIPIT_"))
        .collect();
    let file = matches.get_one::<PathBuf>("config").cloned().or_else(|| {
        env.get("PIPIT_CONFIG")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    });
    let sources = Sources {
        flag: &|option| {
            let values = matches.get_many::<String>(&option.file_key())?;
            Some(values.map(String::as_str).collect::<Vec<_>>().join(" "))
        },
        env: &|name| env.get(name).cloned(),
        file: file.as_deref(),
    };
    Ok(config::load(&sources)?)
}
