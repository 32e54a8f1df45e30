//! The binary `pipit-load`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(2)
}
