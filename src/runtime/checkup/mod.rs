//! What is there to work with, and what is not: each thing looked at once, and nothing changed.
//!
//! Cheap on purpose: no test runs, no token is spent, no thread is opened; Codex is started once and writes
//! no more than what it keeps in its own folder at each start. What cannot be known that way is said to be
//! unknown. Whoever shows it makes the words harmless.

mod agent;
mod reports;
mod terminal;
mod test_command;

use std::path::Path;

pub use self::agent::agent;
pub use self::reports::{ReportSeen, reports};
pub use self::terminal::terminal;
pub use self::test_command::test_command;
use super::git::Git;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// `reports`, `tests`, `git`, `codex`, `login`, `sandbox`, `terminal`, `mouse`, `settings`.
    pub name: &'static str,
    pub state: CheckState,
    /// One line. May carry words of other programs, so it is not terminal-safe.
    pub says: String,
    /// What to do about it; there whenever something is not right.
    pub todo: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    Ok,
    /// It works, but not all of it.
    Note,
    Wrong,
    /// It could not be found out.
    Unknown,
}

impl CheckState {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Wrong => "wrong",
            Self::Unknown => "unknown",
        }
    }
}

impl Check {
    #[must_use]
    pub fn ok(name: &'static str, says: impl Into<String>) -> Self {
        Self {
            name,
            state: CheckState::Ok,
            says: says.into(),
            todo: None,
        }
    }

    #[must_use]
    pub fn note(name: &'static str, says: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::other(CheckState::Note, name, says, todo)
    }

    #[must_use]
    pub fn wrong(name: &'static str, says: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::other(CheckState::Wrong, name, says, todo)
    }

    #[must_use]
    pub fn unknown(name: &'static str, says: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::other(CheckState::Unknown, name, says, todo)
    }

    fn other(
        state: CheckState,
        name: &'static str,
        says: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self {
            name,
            state,
            says: says.into(),
            todo: Some(todo.into()),
        }
    }
}

/// Whether there is a git, and a work tree. `close` takes its snapshots with it, and `--diff` asks it.
#[must_use]
pub fn git(root: &Path) -> Check {
    const NAME: &str = "git";
    let Some(version) = Git::version() else {
        return Check::wrong(
            NAME,
            "git is not on PATH",
            "install git; close, --diff and the marks of changed files need it",
        );
    };
    let Some(git) = Git::at(root) else {
        return Check::wrong(
            NAME,
            format!("{version}; the project is in no work tree"),
            "git init && git add -A && git commit",
        );
    };
    match git.commit("HEAD") {
        Ok(commit) => {
            let short: String = commit.chars().take(7).collect();
            Check::ok(NAME, format!("{version}, HEAD at {short}"))
        }
        Err(_) => Check::note(
            NAME,
            format!("{version}, without a commit yet"),
            "commit once: --diff compares with commits",
        ),
    }
}
