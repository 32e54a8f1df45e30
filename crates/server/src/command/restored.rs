//! `pipit restored`: to be run once after a backup was restored, before the server starts.

use std::io::Write as _;
use std::process::ExitCode;

use pipit_server::config::Config;
use pipit_server::run::{self, Environment, StartError};

use super::Failure;

/// There is nothing that could have been restored: `EX_NOINPUT` of sysexits.h.
const NOT_SET_UP: u8 = 66;

pub(super) fn run(config: &Config) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::from)?;
    if !runtime.block_on(run::restored(config, Environment::default()))? {
        return Err(Failure {
            message: "this server has never been set up: there is no backup in its data".to_owned(),
            exit_code: NOT_SET_UP,
        });
    }
    std::io::stdout()
        .write_all(b"The server has a new generation: devices will publish their key packages anew.\n")
        .map_err(StartError::from)?;
    Ok(ExitCode::SUCCESS)
}
