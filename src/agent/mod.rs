//! The conversation with Codex: lines decoded, the session's state kept, what to write back said.
//!
//! Pure: no process, no clock, no file. The time comes in with each call, since the start of the
//! program. Text from the agent is kept raw (the view makes it safe to draw) but never unbounded.
//! Nothing here believes the agent: what it says of its own work is text to show and no more.
//!
//! Data flow: a line of `codex app-server` becomes an [`Incoming`] ([`decode()`]); the [`Session`]
//! takes it in, changes its [`Transcript`] and its [`Phase`], and answers with [`Outgoing`]s, which
//! the runtime carries out. Wire names are known to `wire`, `decode` and `encode` alone.

mod approval;
mod bounded;
mod checkup;
mod command;
mod decode;
mod encode;
mod failure;
mod incoming;
mod join;
mod outgoing;
mod phase;
pub mod prompt;
mod session;
mod settings;
mod transcript;
mod usage;
mod wire;

pub use approval::{Approval, ApprovalId, Ask, Decision};
pub use bounded::{Bounded, Keep};
pub use checkup::Checkup;
pub use decode::decode;
pub use failure::{Failure, FailureKind};
pub use incoming::{
    Account, Event, Incoming, ItemState, ModelError, Question, Reply, RequestKey, ThreadId, TurnId,
    WireItem,
};
pub use join::join;
pub use outgoing::{Launch, Outgoing};
pub use phase::Phase;
pub use session::{News, QueuedPrompt, Session, Step};
pub use settings::{ApprovalPolicy, Sandbox, SessionSettings};
pub use transcript::{
    Answer, Edit, EditKind, Entry, EntryBody, EntryId, EntryStatus, EvidenceLine, Mark,
    MessagePhase, PlanStep, StepStatus, Transcript, TurnStatus,
};
pub use usage::{Tokens, Usage};
