//! What the agent asks a person, and the answers there are.

use std::time::Duration;

use super::incoming::{RequestKey, ThreadId};
use super::transcript::{Edit, EntryId};

/// Names one question of one session; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApprovalId(pub u64);

/// A question the agent waits on.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    pub id: ApprovalId,
    pub ask: Ask,
    /// The transcript's entry of the question.
    pub entry: EntryId,
    /// Since the program started.
    pub asked: Duration,
    /// The name of the sub-agent that asks; `None` for the main thread.
    pub sub_agent: Option<String>,
    pub(super) request: RequestKey,
    pub(super) thread: ThreadId,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// To run a command.
    Command {
        /// It is asked because the sandbox would not let it: accepted, it runs **outside**. `false` where the
        /// policy asks about every command, and this cannot be told.
        outside: bool,
        /// As a shell would read it, without the wrapping `bash -c`.
        command: String,
        /// Relative to the root where it lies in it, else absolute; `.` for the root.
        cwd: Option<String>,
        reason: Option<String>,
    },
    /// To change files. The edits are those of the item that the question belongs to; empty if no such
    /// item was seen.
    FileChange {
        /// As for a command.
        outside: bool,
        edits: Vec<Edit>,
        reason: Option<String>,
        /// A folder it wants to write to from now on.
        grant_root: Option<String>,
    },
    /// Something else, in words that go on after "codex wants to": reach a host, type into a running command.
    Other {
        what: String,
        reason: Option<String>,
    },
}

impl Ask {
    /// What is asked, in words that go on after "codex wants to"; without the edits.
    #[must_use]
    pub fn says(&self) -> String {
        match self {
            Self::Command {
                outside, command, ..
            } => {
                let place = if *outside { " outside the sandbox" } else { "" };
                format!("run{place}: {command}")
            }
            Self::FileChange { outside, edits, .. } => {
                let place = if *outside { " outside the sandbox" } else { "" };
                match edits.as_slice() {
                    [] => format!("change files{place}"),
                    [one] => format!("change {}{place}", one.path),
                    [one, rest @ ..] => {
                        format!("change {} and {} more{place}", one.path, rest.len())
                    }
                }
            }
            Self::Other { what, .. } => what.clone(),
        }
    }

    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Command { reason, .. }
            | Self::FileChange { reason, .. }
            | Self::Other { reason, .. } => reason.as_deref(),
        }
    }
}

/// A person's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// This once.
    Accept,
    /// This and the like of it, until the session ends.
    AcceptForSession,
    /// No; the agent goes on without.
    Decline,
    /// No, and the turn ends.
    Cancel,
}

impl Decision {
    /// In the past tense, for the transcript.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Accept => "accepted once",
            Self::AcceptForSession => "accepted for this session",
            Self::Decline => "declined",
            Self::Cancel => "declined, and the turn ended",
        }
    }
}
