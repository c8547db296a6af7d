//! The same without a screen: one file for each subcommand.
//!
//! A command answers with what stdout gets and an exit status; warnings go to stderr as they come. Text
//! for people passes through `harmless`, JSON through an encoder that escapes what a terminal would obey.
//! Nothing here draws, waits for keys, or knows how a report is read.

mod check;
mod choice;
mod close;
mod diff;
mod doctor;
mod gaps;
mod init;
mod json;
mod mcp;
mod paint;
mod result;
mod runs;
mod shape;
mod shell;
mod table;

use std::io::{self, IsTerminal as _, Write as _};

use crate::cli::{Command, DoctorArgs, Everywhere};
use crate::coverage::{Coverage, Percent, Totals};
use crate::harmless;
use crate::runtime;
use crate::runtime::git::GitError;
use crate::runtime::reports::LoadFailure;
use crate::runtime::store::Store;
use crate::settings::{Settings, Surroundings};

/// Done; the gate holds.
pub const DONE: u8 = 0;
/// The gate does not hold, or arms were lost.
pub const MISSED: u8 = 1;
/// Wrong use, or no report to read.
pub const WRONG_USE: u8 = 2;

/// What a command has to say.
#[derive(Debug)]
struct Answer {
    stdout: String,
    status: u8,
}

/// Why a command could not do what it was asked. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{}: {}", .0.path.as_str(), .0.message)]
    Load(LoadFailure),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Init(#[from] init::InitError),
    #[error("the record of runs cannot be read: {0}")]
    Record(#[from] io::Error),
    #[error("the server cannot go on: {0}")]
    Serving(io::Error),
    #[error("{0}")]
    WrongUse(String),
}

impl From<LoadFailure> for Failure {
    fn from(failure: LoadFailure) -> Self {
        Self::Load(failure)
    }
}

/// Runs a subcommand that needs no settings, so that none can stand in its way, and returns its exit
/// status; `None` for the others.
#[must_use]
pub fn run_without_settings(command: &Command, flags: &Everywhere) -> Option<u8> {
    let text = match command {
        Command::Doctor(args) => return Some(doctor(args, flags)),
        Command::Completions(args) => shell::completions(args.shell),
        Command::Man => shell::man(),
        _ => return None,
    };
    Some(say(&Answer {
        stdout: text,
        status: DONE,
    }))
}

/// Runs a subcommand and returns its exit status.
#[must_use]
pub fn run(command: &Command, settings: &Settings) -> u8 {
    if let Err(error) = runtime::start_log(settings) {
        complain(&format!("{error:#}"));
        return WRONG_USE;
    }
    let style = paint::Style::of_stdout(io::stdout().is_terminal());
    tracing::info!(root = %settings.root.display(), ?command, "begins");
    let answer = match command {
        Command::Gaps(args) => gaps::run(args, settings, style),
        Command::Init(args) => init::run(args, settings),
        // A screen is not ours to open.
        Command::Demo | Command::Completions(_) | Command::Man | Command::Doctor(_) => {
            return run_without_settings(command, &Everywhere::default()).unwrap_or(WRONG_USE);
        }
        Command::Check(args) => check::run(args, settings, style),
        Command::Diff(args) => diff::run(args, settings, style),
        Command::Close(args) => close::run(args, settings),
        Command::Runs(args) => runs::run(args, settings, style),
        Command::Mcp(_) => mcp::run(settings),
        Command::Result(args) => result::run(args, settings),
    };
    let status = match answer {
        Ok(answer) => say(&answer),
        Err(failure) => {
            complain(&failure.to_string());
            WRONG_USE
        }
    };
    tracing::info!(status, "ended");
    status
}

/// Looks at what there is, also where the settings cannot be read, and returns the exit status.
fn doctor(args: &DoctorArgs, flags: &Everywhere) -> u8 {
    let style = paint::Style::of_stdout(io::stdout().is_terminal());
    let answer =
        Surroundings::of_process().and_then(|around| doctor::run(args, flags, &around, style));
    match answer {
        Ok(answer) => say(&answer),
        Err(error) => {
            complain(&error.to_string());
            WRONG_USE
        }
    }
}

/// Partial runs put the project's reports aside; one that was killed could not put them back.
pub fn put_back_after_a_crash(settings: &Settings) {
    let Some(store) = Store::existing(&settings.root) else {
        return;
    };
    store.clear_leftovers();
    match store.put_back_reports() {
        Ok(paths) => {
            for path in paths {
                complain(&format!(
                    "{}: put back as it was before a run that was killed",
                    path.display()
                ));
            }
        }
        Err(error) => complain(&format!(
            "a report that a killed run had put aside cannot be put back: {error}"
        )),
    }
}

/// Gives an answer, and its status.
fn say(answer: &Answer) -> u8 {
    // Whoever reads may have seen enough: `untaken gaps | head` is no error.
    let mut stdout = io::stdout().lock();
    let _ = stdout
        .write_all(answer.stdout.as_bytes())
        .and_then(|()| stdout.flush());
    answer.status
}

/// Says something on stderr, as one line.
pub fn complain(what: &str) {
    let _ = writeln!(io::stderr().lock(), "untaken: {}", harmless::line(what));
}

/// Says what was odd about the reports.
fn warn(coverage: &Coverage) {
    for (path, warning) in &coverage.warnings {
        complain(&format!("warning: {}: {}", path.as_str(), warning.message));
    }
}

/// The percentage that a target is about: branches, or lines where the report has no branches, or
/// statements where it has neither.
fn total_percent(totals: &Totals) -> Option<Percent> {
    totals.leading()?.1.percent()
}
