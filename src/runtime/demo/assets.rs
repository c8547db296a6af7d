//! What the demo is made of, carried inside the program: the sample project and its recordings.

use super::recording::{Runs, Session};

/// A file of the sample project: its path there, and its text.
macro_rules! project {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../assets/demo/project/", $path)))),*]
    };
}

/// The sample project. A test holds this list against the folder.
pub(super) const PROJECT: &[(&str, &str)] = project![
    "pigeonpost/__init__.py",
    "pigeonpost/flight/__init__.py",
    "pigeonpost/flight/route.py",
    "pigeonpost/flight/weather.py",
    "pigeonpost/letters.py",
    "pigeonpost/loft.py",
    "pigeonpost/tariff.py",
    "pyproject.toml",
    "tests/test_letters.py",
    "tests/test_loft.py",
    "tests/test_route.py",
    "tests/test_tariff.py",
    "tests/test_weather.py",
];

const RUNS: &str = include_str!("../../../assets/demo/runs.jsonl");
const SESSION: &str = include_str!("../../../assets/demo/session.jsonl");

/// The recorded runs of pytest.
///
/// # Errors
/// When the recording cannot be read; it names the line.
pub(super) fn runs() -> Result<Runs, String> {
    Runs::parse(RUNS).map_err(|why| format!("the recorded runs of pytest: {why}"))
}

/// The recorded session with Codex.
///
/// # Errors
/// When the recording cannot be read; it names the line.
pub(super) fn session() -> Result<Session, String> {
    Session::parse(SESSION).map_err(|why| format!("the recorded session: {why}"))
}
