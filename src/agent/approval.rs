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
    /// To run a command; if accepted it runs **outside** the sandbox.
    Command {
        /// As a shell would read it, without the wrapping `bash -c`.
        command: String,
        /// Relative to the root where it lies in it, else absolute; `.` for the root.
        cwd: Option<String>,
        reason: Option<String>,
    },
    /// To change files the sandbox does not let it change. The edits are those of the item that the
    /// question belongs to; empty if no such item was seen.
    FileChange {
        edits: Vec<Edit>,
        reason: Option<String>,
        /// A folder it wants to write to from now on.
        grant_root: Option<String>,
    },
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
