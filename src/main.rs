//! Parse what was typed, settle the settings, do it, say how it went.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use untaken::cli::Cli;
use untaken::commands::{self, WRONG_USE};
use untaken::runtime::{demo, supervisor};
use untaken::settings::{Settings, Surroundings};

fn main() -> ExitCode {
    // This program is also its own children.
    if let Some(status) = supervisor::run_if_asked().or_else(demo::play_if_asked) {
        return status;
    }
    let cli = Cli::parse();
    let reports = cli
        .command
        .as_ref()
        .map_or(cli.reports.as_slice(), |command| command.reports());
    let settings = Surroundings::of_process()
        .and_then(|around| Settings::load(&cli.everywhere, reports, &around));
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            commands::complain(&error.to_string());
            return ExitCode::from(WRONG_USE);
        }
    };
    let Some(command) = &cli.command else {
        commands::complain(&Cli::command().render_usage().to_string());
        return ExitCode::from(WRONG_USE);
    };
    ExitCode::from(commands::run(command, &settings))
}
