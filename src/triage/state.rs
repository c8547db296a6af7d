//! The state of one gap, spelled as the screens and the record spell it.

/// Where a gap stands in the work on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum GapState {
    /// Nobody works on it.
    #[default]
    Open,
    /// In the queue, to be sent in a later turn.
    Queued,
    /// Part of the turn that runs now.
    Working,
    /// A report written after the work counts its arms as taken.
    Closed,
    /// Sent, and a report written afterwards still has it. `rounds` turns were spent on it.
    StillOpen { rounds: u32 },
    /// Was closed, or had more arms taken, and a later report has it open again.
    Regressed,
    /// The agent says no test can take it; a person decides whether that stands.
    Untestable { reason: String },
    /// A person said that it needs no test.
    Dismissed { reason: String },
}

impl GapState {
    /// The word that people read.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Queued => "queued",
            Self::Working => "working",
            Self::Closed => "closed",
            Self::StillOpen { .. } => "still open",
            Self::Regressed => "regressed",
            Self::Untestable { .. } => "untestable",
            Self::Dismissed { .. } => "dismissed",
        }
    }

    /// The state that a record calls so. What was under way when the record ended is open again; how many
    /// rounds were spent is not told.
    #[must_use]
    pub fn named(name: &str, reason: &str) -> Option<Self> {
        let reason = reason.to_owned();
        Some(match name {
            "open" | "queued" | "working" => Self::Open,
            "closed" => Self::Closed,
            "still open" => Self::StillOpen { rounds: 0 },
            "regressed" => Self::Regressed,
            "untestable" => Self::Untestable { reason },
            "dismissed" => Self::Dismissed { reason },
            _ => return None,
        })
    }

    /// Whether it is neither closed nor given up.
    #[must_use]
    pub fn wants_closing(&self) -> bool {
        self.is_sendable() || matches!(self, Self::Queued | Self::Working)
    }

    /// Whether a turn may be spent on it.
    #[must_use]
    pub fn is_sendable(&self) -> bool {
        matches!(self, Self::Open | Self::StillOpen { .. } | Self::Regressed)
    }
}
