//! The binary `pipit`.

mod command;

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match command::run() {
        Ok(code) => code,
        Err(failure) => {
            // Where not even this can be written, the exit code still says it.
            let _ = writeln!(std::io::stderr(), "pipit: {failure}");
            ExitCode::from(failure.exit_code)
        }
    }
}
