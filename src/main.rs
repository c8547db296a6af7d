//! The program: arguments in, exit status out, nothing else.

use std::process::ExitCode;

use untaken::runtime::{demo, supervisor};

fn main() -> ExitCode {
    if let Some(status) = supervisor::run_if_asked().or_else(demo::play_if_asked) {
        return status;
    }
    ExitCode::SUCCESS
}
