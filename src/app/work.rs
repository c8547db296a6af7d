//! What a run asks of the world, and what the world tells of it: plain data.
//!
//! A run is the work of a campaign on the screen. The world measures the tests, takes a snapshot before
//! each turn, examines what the turn left, and keeps the record; what is sent next is decided in `app`.

use std::sync::Arc;

use crate::agent::Tokens;
use crate::coverage::{FilePath, Line, Totals};
use crate::evidence::Examined;
use crate::gaps::GapId;
use crate::triage::record::RemainingGaps;
use crate::triage::{Batch, GapState, Learnt};

/// A wish about the run. They are carried out one after the other, in the order they were asked.
#[derive(Clone, Debug, PartialEq)]
pub enum RunWish {
    /// Measure the tests as they are, and start the record. Answered by [`RunNews::Begun`].
    Begin {
        /// Agent-written tests run outside of the sandbox: a person said so, for this run.
        unsandboxed: bool,
    },
    /// Take a snapshot and write down what is sent. Answered by [`RunNews::Prepared`].
    Prepare(Box<TurnPlan>),
    /// A turn has ended: examine what it left. Answered by [`RunNews::Examined`].
    Examine(Box<EndedTurn>),
    /// A turn did not come to its end: put back what it left. Answered by [`RunNews::PutBack`].
    PutBack(Box<EndedTurn>),
    /// Measure the whole suite anew, after a person changed the tree. Answered by [`RunNews::Measured`].
    Measure,
    /// Take down the states of gaps.
    Note(Vec<GapNote>),
    /// Take down that the run came to an end for now, and why.
    End {
        reason: String,
        rounds: u32,
        remaining: Vec<RemainingGaps>,
    },
    /// End what is being measured; this is done at once.
    Stop,
    /// Keep picks and dismissals for the next start.
    Keep(Box<Kept>),
}

/// A turn that is to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnPlan {
    /// 1-based, in the run.
    pub number: u32,
    pub round: u32,
    pub batch: Batch,
    pub learnt: Vec<Learnt>,
    /// As a person left it; `None` lets it be written from what was measured last.
    pub prompt: Option<String>,
}

/// A turn that is over, however it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct EndedTurn {
    pub number: u32,
    pub round: u32,
    pub batch: Batch,
    /// `completed`, `interrupted`, `failed`.
    pub status: &'static str,
    /// The agent's last word; nothing in it is believed.
    pub answer: String,
    pub tokens: Tokens,
    pub thread: Option<String>,
}

/// The state of a gap, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapNote {
    pub gap: GapId,
    pub file: FilePath,
    pub line: Line,
    pub says: String,
    pub state: GapState,
}

/// What outlives the program, beside the records of its runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Picked files; no gaps means the whole file.
    pub picks: Vec<(FilePath, Vec<GapId>)>,
    /// Gaps that a person settled since the last time: dismissed, or open again.
    pub settled: Vec<GapNote>,
}

/// What is remembered of earlier runs of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    pub picks: Vec<(FilePath, Vec<GapId>)>,
    /// The last known state of each gap that was ever sent or dismissed.
    pub states: Vec<(GapId, GapState)>,
}

/// What happened to the run.
#[derive(Clone, Debug)]
pub enum RunNews {
    Remembered(Remembered),
    /// The tests were measured as they are.
    Begun {
        /// The record's id, as `untaken runs` lists it.
        id: String,
        totals: Totals,
    },
    /// The tree is known, and this is what to send.
    Prepared {
        turn: u32,
        prompt: String,
    },
    Examined {
        turn: u32,
        found: Arc<Examined>,
    },
    /// What a turn that did not end had left is gone; these files.
    PutBack {
        turn: u32,
        paths: Vec<FilePath>,
    },
    Measured {
        totals: Totals,
    },
    /// A step of the measuring, in words.
    Step(String),
    /// What the tests print; bounded by the runtime.
    Output(String),
    /// What was asked could not be done, and what waits behind it was dropped.
    Trouble(Trouble),
}

/// Why the run does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub kind: TroubleKind,
    /// From outside: terminal-safe writers only.
    pub says: String,
    /// The end of the tests' output, where they are the reason.
    pub output: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// The sandbox is not to be had; a person may go without it.
    NoSandbox,
    /// A person stopped it.
    Stopped,
    /// The tests failed before any work.
    SuiteFails,
    Other,
}
