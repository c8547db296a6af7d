//! The audit of a run: its result, and what people decided about it.
//!
//! The first members are those of the result, so that whoever reads the one reads the other.

use serde::Serialize;

use super::record::{Event, RunResult};

/// Everything that a later question about a run is likely to be about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audit {
    #[serde(flatten)]
    pub result: RunResult,
    /// In the order they were taken.
    pub decisions: Vec<Decided>,
    pub commits: Vec<Commit>,
    pub put_back: Vec<PutBack>,
}

/// What a person decided about one file. `at` is in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    pub at: u64,
    pub turn: u32,
    pub path: String,
    pub action: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Commit {
    pub at: u64,
    pub commit: String,
    pub paths: Vec<String>,
}

/// A change that did not stay. `patch` names a file of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PutBack {
    pub turn: u32,
    pub path: String,
    pub change: String,
    pub kind: String,
    pub patch: String,
}

impl Audit {
    /// Folds the events of one run.
    #[must_use]
    pub fn of(events: &[Event]) -> Self {
        let mut audit = Self {
            result: RunResult::of(events),
            decisions: Vec::new(),
            commits: Vec::new(),
            put_back: Vec::new(),
        };
        for event in events {
            match event {
                Event::Reviewed {
                    at,
                    path,
                    turn,
                    action,
                    ..
                } => audit.decisions.push(Decided {
                    at: *at,
                    turn: *turn,
                    path: path.clone(),
                    action: action.clone(),
                }),
                Event::Committed { at, commit, paths } => audit.commits.push(Commit {
                    at: *at,
                    commit: commit.clone(),
                    paths: paths.clone(),
                }),
                Event::Changed {
                    turn,
                    path,
                    change,
                    kind,
                    patch,
                    put_back: true,
                    ..
                } => audit.put_back.push(PutBack {
                    turn: *turn,
                    path: path.clone(),
                    change: change.clone(),
                    kind: kind.clone(),
                    patch: patch.clone(),
                }),
                _ => {}
            }
        }
        audit
    }
}
