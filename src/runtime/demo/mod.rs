//! The demo: a sample project in a folder of its own, with stand-ins for Codex and pytest that play what
//! the real ones did when they were recorded.
//!
//! The explorer does not know that it is in a demo: it starts the program that the sample's settings name
//! as Codex, runs the test command that they name, and watches the report that appears. What is shown is
//! therefore true of the folder: each output and each report is the one that the real tool gave for exactly
//! the files that lie there, and where there is no recording for them, that is said. This room never
//! writes outside of its own folder.

mod assets;
mod codex;
mod folder;
mod part;
mod pytest;
pub mod recording;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::cli::Everywhere;
use crate::settings::{Settings, Surroundings};

pub use folder::{Folder, PYTEST, TEST_COMMAND};

/// What stands in the header all the time.
const BANNER: &str = "recording";

/// Opens the explorer on a fresh copy of the sample, which is gone when this returns. The person's own
/// settings for keys and looks hold here as well.
///
/// # Errors
/// When the folder cannot be made, there is no terminal, or a setting cannot be used.
pub fn run(flags: &Everywhere) -> anyhow::Result<i32> {
    let program = std::env::current_exe().context("cannot tell where this program lies")?;
    let folder = Folder::create(&program)?;
    let flags = Everywhere {
        root: Some(folder.project().to_owned()),
        ..flags.clone()
    };
    let mut settings = Settings::load(&flags, &[], &Surroundings::of_process()?)?;
    settings.state = Some(folder.state().to_owned());
    settings.banner = Some(BANNER.to_owned());
    super::run(settings)
}

/// The private first argument of a stand-in; then the part, the project's folder, and the part's own words.
const PLAY: &str = "__play";

/// How many times faster than recorded a stand-in plays: for tests, and for people in a hurry.
const SPEED: &str = "UNTAKEN_DEMO_SPEED";

/// When the process was started as a stand-in, plays that part and returns its exit status. `main` asks
/// before it looks at anything else; any other first argument gets `None`.
#[must_use]
pub fn play_if_asked() -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != PLAY {
        return None;
    }
    let part = words.next()?;
    let root = words.next()?;
    let words: Vec<String> = words
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let played = if part == "pytest" {
        play_pytest(Path::new(&root), &words)
    } else {
        play_codex(Path::new(&root), &words)
    };
    Some(played.unwrap_or_else(|why| {
        let _ = writeln!(std::io::stderr(), "untaken demo: {why}");
        ExitCode::from(4)
    }))
}

fn play_pytest(root: &Path, words: &[String]) -> Result<ExitCode, String> {
    let runs = assets::runs()?;
    let asked = pytest::Asked::parse(words)?;
    let played = pytest::play(root, &asked, &runs)?;
    std::thread::sleep(played.took.div_f64(speed()));
    played.write_report().map_err(|error| error.to_string())?;
    let mut out = std::io::stdout().lock();
    // Nobody may be there to read it; the exit status still counts.
    let _ = write!(
        out,
        "recorded with {}\n{}",
        runs.tools.join(", "),
        played.output
    );
    Ok(ExitCode::from(u8::try_from(played.exit).unwrap_or(1)))
}

fn play_codex(root: &Path, words: &[String]) -> Result<ExitCode, String> {
    let session = assets::session()?;
    match words.first().map(String::as_str) {
        Some("app-server") => {
            let runs = assets::runs()?;
            // An error here is a client that went away, which is how a session ends.
            let _ = codex::serve(root, &session, &runs, speed());
            Ok(ExitCode::SUCCESS)
        }
        Some("--version") => {
            let _ = writeln!(std::io::stdout(), "{}", session.about.codex);
            Ok(ExitCode::SUCCESS)
        }
        // The trial of the sandbox. Nothing runs in the demo, so that nothing needs one.
        Some("sandbox") => Ok(ExitCode::SUCCESS),
        _ => Err("this is a recording of codex app-server, and can do nothing else".to_owned()),
    }
}

/// From 0.1 to 1000; 1 where nothing sensible is set.
fn speed() -> f64 {
    std::env::var(SPEED)
        .ok()
        .and_then(|text| text.parse::<f64>().ok())
        .filter(|speed| (0.1..=1000.0).contains(speed))
        .unwrap_or(1.0)
}

/// The words after the program's name that make it play a part.
fn part(name: &str, root: &Path) -> [OsString; 3] {
    [PLAY.into(), name.into(), root.into()]
}
