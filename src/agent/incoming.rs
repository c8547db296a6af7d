//! What can come from, or be known of, the agent's process: decoded, without wire names.

use std::fmt;
use std::time::Duration;

use super::transcript::{Edit, EntryStatus, MessagePhase, PlanStep, TurnStatus};
use super::usage::Tokens;

/// A thread's name, as Codex gave it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ThreadId(pub String);

/// A turn's name, as Codex gave it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TurnId(pub String);

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The name of a request of the server, to be sent back as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RequestKey {
    Number(i64),
    Text(String),
}

/// Something from, or about, the agent's process, decoded.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// The process runs; `program` is what was really started.
    Started { program: String },
    /// There is no such program; `looked` says where it was looked for.
    NotFound { command: String, looked: String },
    /// The program is there and could not be started.
    NotStarted { command: String, why: String },
    /// The trial of the sandbox: what it said where it failed.
    Sandbox(Result<(), String>),
    /// The answer to a request of ours.
    Response {
        id: u64,
        outcome: Result<Reply, String>,
    },
    /// Codex asks, and waits for the answer.
    Request { key: RequestKey, question: Question },
    /// Codex tells. `thread` is `None` where it is not about one.
    Event {
        thread: Option<ThreadId>,
        event: Event,
    },
    /// The process is gone, expected or not. `status` reads like `exit status 1` or `signal 9`.
    Exited { status: String, stderr_tail: String },
    /// A message of no interest, or of a kind not known (yet).
    Other { method: String },
    /// A line that is no message at all; cut to a readable length.
    Garbled { line: String },
}

/// All that an answer may tell; which of it is there depends on the request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// `name/0.169.0 (…)`, from the first answer.
    pub user_agent: Option<String>,
    pub account: Option<Account>,
    pub thread: Option<ThreadId>,
    pub model: Option<String>,
    pub effort: Option<String>,
    pub turn: Option<TurnId>,
}

/// Whether Codex can reach a model at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Someone is logged in, or a key is stored.
    pub known: bool,
    /// The configured provider wants that.
    pub required: bool,
}

/// What Codex asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    Command {
        thread: ThreadId,
        item: String,
        command: Option<String>,
        cwd: Option<String>,
        reason: Option<String>,
    },
    FileChange {
        thread: ThreadId,
        item: String,
        reason: Option<String>,
        grant_root: Option<String>,
    },
    /// To type into a command that runs.
    Input {
        thread: ThreadId,
        text: Option<String>,
        reason: Option<String>,
    },
    /// To reach a host: `https://host`.
    Network {
        thread: ThreadId,
        host: String,
        reason: Option<String>,
    },
    /// Something that cannot be answered here; its method.
    Unknown { method: String },
}

/// What Codex tells of a thread.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    TurnStarted {
        turn: TurnId,
    },
    TurnCompleted {
        turn: TurnId,
        status: TurnStatus,
        error: Option<ModelError>,
        took: Option<Duration>,
    },
    ItemStarted(WireItem),
    ItemCompleted(WireItem),
    MessageDelta {
        item: String,
        text: String,
    },
    ReasoningDelta {
        item: String,
        text: String,
    },
    /// A new paragraph of reasoning begins.
    ReasoningBreak {
        item: String,
    },
    OutputDelta {
        item: String,
        text: String,
    },
    Plan {
        explanation: Option<String>,
        steps: Vec<PlanStep>,
    },
    /// The turn's patches so far, as one unified diff.
    Diff {
        diff: String,
    },
    Usage {
        /// The turn it was counted in: on resume it is that of an earlier process.
        turn: Option<TurnId>,
        total: Tokens,
        last: Tokens,
        window: Option<u64>,
    },
    /// Something failed at the model's service.
    Error {
        error: ModelError,
        will_retry: bool,
    },
    /// A warning or a notice for people.
    Warning {
        message: String,
        details: Option<String>,
    },
    /// A question was answered, by us or by somebody else, or has fallen away.
    Resolved {
        key: RequestKey,
    },
    /// Another model answers than was asked for.
    Rerouted {
        model: String,
    },
}

/// What went wrong at the model's service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelError {
    pub message: String,
    /// Codex's own word for it: `usageLimitExceeded`, `responseStreamDisconnected`…
    pub kind: Option<String>,
    pub http_status: Option<u16>,
    pub details: Option<String>,
}

/// One entry of a turn as the wire tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct WireItem {
    pub id: String,
    pub state: ItemState,
}

/// What an item is, with all that is known of it at that moment.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemState {
    UserMessage {
        text: String,
    },
    AgentMessage {
        text: String,
        phase: MessagePhase,
    },
    Reasoning {
        text: String,
    },
    Command {
        command: String,
        cwd: String,
        output: Option<String>,
        exit_code: Option<i32>,
        took: Option<Duration>,
        status: EntryStatus,
    },
    FileChange {
        /// Their paths are still absolute.
        edits: Vec<Edit>,
        status: EntryStatus,
    },
    Plan {
        text: String,
    },
    SubAgent {
        thread: ThreadId,
        /// Its path among the agents: its last part is its name.
        path: String,
        /// `started`, `completed`…
        kind: String,
    },
    /// A tool that needs no more than a line: MCP, web search, waiting for a sub-agent…
    Tool {
        name: String,
        detail: Option<String>,
        status: EntryStatus,
    },
}
