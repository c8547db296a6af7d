//! Committing what was kept: those files and nothing else, never a push.

use std::fmt::Write as _;
use std::process::Command;

use crate::settings::Settings;
use crate::triage::record::RunResult;

/// Commits the kept test files as they are, whatever else is staged. Returns the short id.
pub(in crate::commands) fn commit(
    settings: &Settings,
    paths: &[String],
    result: &RunResult,
) -> Result<String, String> {
    let mut paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    paths.sort_unstable();
    paths.dedup();
    let git = |arguments: &[&str]| -> Result<String, String> {
        let done = Command::new("git")
            .arg("--literal-pathspecs")
            .args(arguments)
            .current_dir(&settings.root)
            .output()
            .map_err(|error| format!("git could not be started: {error}"))?;
        if done.status.success() {
            Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&done.stderr).trim().to_owned())
        }
    };
    let mut add = vec!["add", "--"];
    add.extend(&paths);
    git(&add)?;
    let message = message(result);
    // `--only` leaves alone what the person has staged.
    let mut commit = vec!["commit", "--quiet", "--only", "--message", &message, "--"];
    commit.extend(&paths);
    git(&commit)?;
    git(&["rev-parse", "--short", "HEAD"])
}

/// What was closed, the figures, and the threads.
#[must_use]
pub(in crate::commands) fn message(result: &RunResult) -> String {
    let n = result.closed.len();
    let mut files: Vec<&str> = result
        .closed
        .iter()
        .map(|closed| closed.arm.file.as_str())
        .collect();
    files.sort_unstable();
    files.dedup();
    let subject = match files.as_slice() {
        [one] => format!(
            "Take {n} untaken {} of {one}",
            if n == 1 { "arm" } else { "arms" }
        ),
        _ => format!("Take {n} untaken arms in {} files", files.len()),
    };
    let mut text = format!("{subject}\n\n");
    if let (Some(before), Some(after)) = (result.coverage_before, result.coverage_after) {
        let _ = write!(
            text,
            "Branch coverage {before:.2} % before, {after:.2} % after.\n\n"
        );
    }
    for closed in &result.closed {
        let _ = writeln!(
            text,
            "- {}:{} {} (by {})",
            closed.arm.file, closed.arm.line, closed.arm.arm, closed.by
        );
    }
    text.push('\n');
    for thread in &result.threads {
        let _ = writeln!(text, "Codex-Thread: {thread}");
    }
    text
}
