//! `pipit seed`: accounts for a load test. Hidden, for it is of no use to an operator.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use pipit_server::config::Config;
use pipit_server::run::{self, Environment, StartError};

use super::Failure;

/// The server has people of its own: `EX_CANTCREAT` of sysexits.h.
const ALREADY_SET_UP: u8 = 73;

/// Prints one line an account: user, device, refresh token.
pub(super) fn run(config: &Config, accounts: u32) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::from)?;
    let Some(made) = runtime.block_on(run::seed(config, Environment::default(), accounts))? else {
        return Err(Failure {
            message: "the server has been set up already; a load test needs a new one".to_owned(),
            exit_code: ALREADY_SET_UP,
        });
    };
    let mut lines = String::new();
    for one in made {
        // Writing to memory cannot fail.
        let _ = writeln!(lines, "{} {} {}", one.user, one.device, one.refresh_token);
    }
    std::io::stdout()
        .write_all(lines.as_bytes())
        .map_err(StartError::from)?;
    Ok(ExitCode::SUCCESS)
}
