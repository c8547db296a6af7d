//! The program: arguments in, exit status out, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(status) = untaken::runtime::supervisor::run_if_asked() {
        return status;
    }
    ExitCode::SUCCESS
}
