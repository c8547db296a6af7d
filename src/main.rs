//! Parse what was typed, settle the settings, do it, say how it went.

use std::process::ExitCode;

use clap::Parser as _;
use untaken::cli::{Cli, Command};
use untaken::commands::{self, WRONG_USE};
use untaken::runtime::{self, demo, supervisor};
use untaken::settings::{Settings, Surroundings};

fn main() -> ExitCode {
    // This program is also its own children.
    if let Some(status) = supervisor::run_if_asked().or_else(demo::play_if_asked) {
        return status;
    }
    let cli = Cli::parse();
    if matches!(cli.command, Some(Command::Demo)) {
        return ended(&demo::run(&cli.everywhere));
    }
    if let Some(status) = cli
        .command
        .as_ref()
        .and_then(|command| commands::run_without_settings(command, &cli.everywhere))
    {
        return ExitCode::from(status);
    }
    let reports = cli
        .command
        .as_ref()
        .map_or(cli.reports.as_slice(), |command| command.reports());
    let settings = Surroundings::of_process()
        .and_then(|around| Settings::load(&cli.everywhere, reports, &around));
    let mut settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            commands::complain(&error.to_string());
            return ExitCode::from(WRONG_USE);
        }
    };
    settings.diff = cli.diff;
    commands::put_back_after_a_crash(&settings);
    match &cli.command {
        Some(command) => ExitCode::from(commands::run(command, &settings)),
        None => ended(&runtime::run(settings)),
    }
}

/// How the explorer was left.
fn ended(result: &anyhow::Result<i32>) -> ExitCode {
    match result {
        Ok(status) => ExitCode::from(u8::try_from(*status).unwrap_or(u8::MAX)),
        Err(error) => {
            commands::complain(&format!("{error:#}"));
            ExitCode::from(WRONG_USE)
        }
    }
}
