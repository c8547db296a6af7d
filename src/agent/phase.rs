//! What the session is doing, for people and for the keys that are offered.

use std::time::Duration;

use super::failure::Failure;

/// What the session is doing. All times are since the program started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No process. The first prompt starts one.
    Off,
    /// The process is being started and asked who it is.
    Starting { since: Duration },
    /// A thread is open and nothing runs.
    Idle,
    /// A turn runs.
    Working { since: Duration },
    /// The turn waits for an answer of the person.
    WaitingForApproval { since: Duration },
    /// The model's service cannot be reached; Codex tries again for ever, and can be interrupted.
    WaitingForNetwork { since: Duration, message: String },
    /// An interrupt was sent; the turn, or a command of it, has not ended yet.
    Interrupting { since: Duration },
    /// The process is being ended.
    Stopping,
    /// It does not go on by itself; another prompt tries again.
    Failed(Failure),
}

impl Phase {
    /// Whether an agent works or waits: leaving now would end something.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Starting { .. }
            | Self::Working { .. }
            | Self::WaitingForApproval { .. }
            | Self::WaitingForNetwork { .. }
            | Self::Interrupting { .. } => true,
            Self::Off | Self::Idle | Self::Stopping | Self::Failed(_) => false,
        }
    }

    /// One or two words: `working`, `waiting for you`.
    #[must_use]
    pub fn says(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Starting { .. } => "starting",
            Self::Idle => "idle",
            Self::Working { .. } => "working",
            Self::WaitingForApproval { .. } => "waiting for you",
            Self::WaitingForNetwork { .. } => "waiting for the network",
            Self::Interrupting { .. } => "interrupting",
            Self::Stopping => "stopping",
            Self::Failed(_) => "failed",
        }
    }
}
