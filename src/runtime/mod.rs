//! The world: everything with a clock, a file, a process, a terminal.
//!
//! [`run`] is the interactive program: it wires the rooms together, turns the loop and sees to an
//! orderly end. Nothing in here decides what the program does; `app::update` does, and asks for it.

mod attention;
pub mod checkup;
mod clipboard;
mod clock;
pub mod codex;
mod colours;
pub mod commit;
pub mod demo;
mod editor;
mod effects;
mod event_loop;
pub mod examine;
mod frame;
pub mod git;
mod input;
mod ledger;
mod live_run;
mod log;
mod panics;
pub mod project;
pub mod prompts;
mod reloads;
mod replies;
pub mod reports;
pub mod review;
pub mod serving;
pub mod settle;
mod signals;
pub mod snapshot;
pub mod sources;
pub mod store;
pub mod supervisor;
mod surroundings;
mod tasks;
mod terminal;
mod test_runs;
pub mod tests_run;
pub mod turns;
pub mod watch;

use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::mpsc;

use crate::app::App;
use crate::app::keymap::KeyMap;
use crate::app::layout::Size;
use crate::app::settings::AppSettings;
use crate::settings::Settings;

use effects::Jobs;
use signals::Signals;
use surroundings::Surroundings;
use terminal::{Screen as _, Tty};

/// As many answers of jobs wait for the loop; then the jobs wait.
const INBOX: usize = 1024;

/// The exit status after a defect of ours, as Rust programs have it.
const PANICKED: i32 = 101;

/// Runs the explorer until it is left, and returns its exit status. Afterwards the terminal is as it was
/// and no child is left, whatever happened.
///
/// # Errors
/// When there is no terminal to run in, or a setting cannot be used.
pub fn run(settings: Settings) -> anyhow::Result<i32> {
    let around = Surroundings::of_process();
    if let Some(why) = terminal::why_none(around.term.as_deref()) {
        anyhow::bail!(why);
    }
    start_log(&settings)?;
    let keys = key_map(&settings)?;
    let settings = Arc::new(settings);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("untaken")
        .enable_all()
        .build()
        .context("cannot start the program's threads")?;
    let mut signals = {
        let _context = runtime.enter();
        Signals::hook().context("cannot listen to signals")?
    };
    let (sender, mut inbox) = mpsc::channel(INBOX);
    let mut jobs = {
        let _context = runtime.enter();
        Jobs::new(Arc::clone(&settings), around.clone(), sender)
    };
    jobs.remember();
    panics::hook();
    let mut screen = Tty::open(settings.ui.mouse).context("cannot set up the terminal")?;
    let (columns, rows) = screen.size().context("cannot tell the terminal's size")?;
    let mut app = App::new(
        AppSettings {
            project: project_name(&settings),
            size: Size { columns, rows },
            look: around.look(settings.ui.theme),
            mouse: settings.ui.mouse,
            target: settings.target,
            banner: settings.banner.clone(),
            only_mine: settings.diff.is_some(),
            session: prompts::session_settings(&settings),
            rounds: settings.agent.rounds,
            max_tokens: settings.agent.max_tokens,
        },
        keys,
    );
    tracing::info!(root = %settings.root.display(), columns, rows, "started");
    let ended = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(event_loop::run(
            &mut app,
            &mut screen,
            &mut jobs,
            &mut inbox,
            &mut signals,
        ))
    }));
    // The person has the terminal back at once; the children may take a moment.
    let restored = screen.release();
    // Answers that nobody reads any more must not hold up who sends them.
    drop(inbox);
    runtime.block_on(jobs.end());
    // A report that is still being parsed is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(200));
    tracing::info!(?restored, "ended");
    match ended {
        // A terminal that could not be given back is gone: there is nobody to be told.
        Ok(status) => status.context("cannot use the terminal"),
        Err(_panic) => {
            // After the panic's own words, which were written when it happened.
            let _ = writeln!(
                io::stderr(),
                "untaken: this is a defect of untaken; please report it with the words above"
            );
            Ok(PANICKED)
        }
    }
}

/// Begins the log that `--log` asks for, if it does.
///
/// # Errors
/// When the file cannot be written.
pub fn start_log(settings: &Settings) -> anyhow::Result<()> {
    settings.log.as_deref().map_or(Ok(()), log::start)
}

/// The keys with the person's own.
fn key_map(settings: &Settings) -> anyhow::Result<KeyMap> {
    let own: Vec<(String, String)> = settings
        .keys
        .iter()
        .map(|(action, key)| (action.clone(), key.clone()))
        .collect();
    KeyMap::with(&own).with_context(|| match &settings.config {
        Some(path) => format!("{}: [keys]", path.display()),
        None => "[keys]".to_owned(),
    })
}

fn project_name(settings: &Settings) -> String {
    settings.root.file_name().map_or_else(
        || "/".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}
