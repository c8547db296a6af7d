//! What a person reads: the entries of a session, in the order they came.

use std::time::Duration;

use rustc_hash::FxHashMap;

use super::approval::{ApprovalId, Decision};
use super::bounded::{Bounded, Keep};
use super::command::{from_root, unwrapped};
use super::incoming::{ItemState, ThreadId, WireItem};
use super::usage::Tokens;
use crate::gaps::GapId;

/// Names one entry of a session; grows, and is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u64);

/// One thing a person reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub id: EntryId,
    /// Which turn of the session it belongs to: 1 for the first; 0 before any.
    pub turn: u32,
    /// When it came, since the program started.
    pub at: Duration,
    /// Grows with each change: together with the id and a width it names a layout that may be kept.
    pub revision: u32,
    pub body: EntryBody,
}

/// What it is.
#[derive(Clone, Debug, PartialEq)]
pub enum EntryBody {
    /// What was sent, and about which gaps. A message to a running turn is `steered`.
    Prompt {
        text: Bounded,
        about: Vec<GapId>,
        steered: bool,
    },
    /// What the agent says.
    Message {
        text: Bounded,
        phase: MessagePhase,
        /// Whether all of it has come.
        done: bool,
    },
    /// What the agent says it thinks.
    Reasoning { text: Bounded, done: bool },
    /// A command, with the end of its output.
    Command {
        /// As a shell would read it, without the wrapping `bash -c`.
        command: String,
        /// Relative to the root where it lies in it; `.` for the root.
        cwd: String,
        output: Bounded,
        exit_code: Option<i32>,
        took: Option<Duration>,
        status: EntryStatus,
    },
    /// Files changed by a patch. Files that a command writes are not among them.
    FileChange {
        edits: Vec<Edit>,
        status: EntryStatus,
    },
    /// The agent's list of steps; one entry a turn, kept up to date.
    Plan {
        explanation: Option<String>,
        steps: Vec<PlanStep>,
    },
    /// A sub-agent, as one line: its name and what it did last.
    SubAgent {
        name: String,
        doing: String,
        status: EntryStatus,
    },
    /// Another tool, as one line.
    Tool {
        name: String,
        detail: Option<String>,
        status: EntryStatus,
    },
    /// A warning of Codex or of ours.
    Notice { text: String },
    /// What untaken itself measured or did after a turn, line by line.
    Evidence { lines: Vec<EvidenceLine> },
    /// A failure of the model's service. Tries that follow each other are one entry.
    Error {
        message: String,
        details: Option<String>,
        /// Codex goes on by itself.
        will_retry: bool,
        tries: u32,
    },
    /// A question to the person; the questions not yet answered are in `Session::approvals`.
    Ask {
        approval: ApprovalId,
        /// One line: what was asked.
        what: String,
        reason: Option<String>,
        answer: Answer,
    },
    /// The end of a turn.
    TurnEnd {
        status: TurnStatus,
        took: Option<Duration>,
        tokens: Tokens,
        /// Why it failed, if it did.
        error: Option<String>,
    },
}

/// One line of what was measured; from outside, so not terminal-safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceLine {
    pub mark: Mark,
    pub text: String,
}

/// How a line of evidence is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Plain,
    Good,
    Warn,
    Bad,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Pending,
    Given(Decision),
    /// It fell away: the turn ended, or the process did.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessagePhase {
    /// Said on the way.
    Commentary,
    /// The turn's answer.
    Final,
    /// Codex does not say; the last message of a turn is its answer.
    Unsaid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryStatus {
    Running,
    Completed,
    Failed,
    /// A person said no.
    Declined,
    /// Cut off by an interrupt, or by the end of the process.
    Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnStatus {
    Completed,
    Interrupted,
    Failed,
}

/// One file of a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Relative to the root where it lies in it, else absolute.
    pub path: String,
    pub kind: EditKind,
    /// Lines that begin with `+`, `-`, a space or `@@`, for every kind. No file header.
    pub diff: Bounded,
    /// Lines added and removed by the whole of it, also where the diff was cut.
    pub added: u32,
    pub removed: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditKind {
    Added,
    Deleted,
    Updated,
    /// Updated and given another path.
    Moved {
        to: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStep {
    pub text: String,
    pub status: StepStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepStatus {
    Pending,
    Running,
    Completed,
}

/// How much of a text is kept, in bytes.
const MESSAGE_LIMIT: usize = 64 << 10;
const OUTPUT_LIMIT: usize = 64 << 10;
pub(super) const DIFF_LIMIT: usize = 128 << 10;
/// For what is one line by nature: commands, names, details.
const LINE_LIMIT: usize = 4 << 10;
/// Lines of one entry of evidence.
const MOST_EVIDENCE: usize = 400;
/// How many entries are kept, and how many of the oldest go at a time.
const ENTRIES_LIMIT: usize = 4_000;
const ENTRIES_STEP: usize = 500;

/// All entries of a session, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    entries: Vec<Entry>,
    dropped: u64,
    next: u64,
    turn: u32,
    /// The entry of an item of the main thread, by the item's name on the wire.
    items: FxHashMap<String, EntryId>,
    sub_agents: FxHashMap<ThreadId, EntryId>,
    /// The list of steps of the turn.
    plan: Option<EntryId>,
}

impl Transcript {
    /// The entries that are kept, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many older entries are not kept any more.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The entry of a name, if it is still kept.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        let idx = self
            .entries
            .binary_search_by_key(&id, |entry| entry.id)
            .ok()?;
        self.entries.get(idx)
    }

    /// The ordinal of the turn that runs, or ran last: 0 before the first.
    #[must_use]
    pub fn turn(&self) -> u32 {
        self.turn
    }

    pub(super) fn begin_turn(&mut self) {
        self.turn += 1;
        self.plan = None;
    }

    pub(super) fn push(&mut self, now: Duration, body: EntryBody) -> EntryId {
        if self.entries.len() >= ENTRIES_LIMIT {
            self.entries.drain(..ENTRIES_STEP);
            self.dropped += ENTRIES_STEP as u64;
            let first = self
                .entries
                .first()
                .map_or(EntryId(self.next), |entry| entry.id);
            self.items.retain(|_, id| *id >= first);
        }
        let id = EntryId(self.next);
        self.next += 1;
        self.entries.push(Entry {
            id,
            turn: self.turn,
            at: now,
            revision: 0,
            body,
        });
        id
    }

    /// Change an entry, if it is still kept.
    pub(super) fn change(&mut self, id: EntryId, change: impl FnOnce(&mut EntryBody)) {
        if let Ok(idx) = self.entries.binary_search_by_key(&id, |entry| entry.id)
            && let Some(entry) = self.entries.get_mut(idx)
        {
            change(&mut entry.body);
            entry.revision = entry.revision.wrapping_add(1);
        }
    }

    pub(super) fn prompt(&mut self, now: Duration, text: &str, about: Vec<GapId>, steered: bool) {
        self.push(
            now,
            EntryBody::Prompt {
                text: message(text),
                about,
                steered,
            },
        );
    }

    pub(super) fn notice(&mut self, now: Duration, text: &str) {
        self.push(now, EntryBody::Notice { text: line(text) });
    }

    pub(super) fn evidence(&mut self, now: Duration, mut lines: Vec<EvidenceLine>) {
        lines.truncate(MOST_EVIDENCE);
        for evidence in &mut lines {
            evidence.text = line(&evidence.text);
        }
        self.push(now, EntryBody::Evidence { lines });
    }

    /// An item of the main thread was started or completed.
    pub(super) fn item(&mut self, now: Duration, item: WireItem, root: &str, completed: bool) {
        let known = self.items.get(&item.id).copied();
        match item.state {
            // What we sent is here already.
            ItemState::UserMessage { .. } => {}
            ItemState::SubAgent { thread, path, kind } => {
                self.sub_agent(now, &thread, Some(&path), &kind, sub_agent_status(&kind));
            }
            state => {
                let id = if let Some(id) = known {
                    id
                } else {
                    let id = self.push(now, empty_body(&state));
                    self.items.insert(item.id, id);
                    id
                };
                self.change(id, |body| fill(body, state, root, completed));
            }
        }
    }

    /// The entry of an item of the main thread.
    pub(super) fn entry_of_item(&self, item: &str) -> Option<&Entry> {
        self.entry(*self.items.get(item)?)
    }

    /// Append to the text of an item.
    pub(super) fn append(&mut self, item: &str, more: &str) {
        let Some(&id) = self.items.get(item) else {
            return;
        };
        self.change(id, |body| match body {
            EntryBody::Message { text, .. } | EntryBody::Reasoning { text, .. } => text.push(more),
            EntryBody::Command { output, .. } => output.push(more),
            EntryBody::Prompt { .. }
            | EntryBody::FileChange { .. }
            | EntryBody::Plan { .. }
            | EntryBody::SubAgent { .. }
            | EntryBody::Tool { .. }
            | EntryBody::Notice { .. }
            | EntryBody::Evidence { .. }
            | EntryBody::Error { .. }
            | EntryBody::Ask { .. }
            | EntryBody::TurnEnd { .. } => {}
        });
    }

    /// A paragraph of reasoning begins: set it off from the one before.
    pub(super) fn break_reasoning(&mut self, item: &str) {
        let Some(&id) = self.items.get(item) else {
            return;
        };
        self.change(id, |body| {
            if let EntryBody::Reasoning { text, .. } = body
                && !text.as_str().is_empty()
            {
                text.push("\n\n");
            }
        });
    }

    pub(super) fn plan(&mut self, now: Duration, explanation: Option<&str>, steps: Vec<PlanStep>) {
        let explanation = explanation.map(line);
        let steps = steps
            .into_iter()
            .take(100)
            .map(|step| PlanStep {
                text: line(&step.text),
                ..step
            })
            .collect();
        let body = EntryBody::Plan { explanation, steps };
        match self.plan {
            Some(id) => self.change(id, |old| *old = body),
            None => self.plan = Some(self.push(now, body)),
        }
    }

    /// Something of a sub-agent: its one line is brought up to date.
    pub(super) fn sub_agent(
        &mut self,
        now: Duration,
        thread: &ThreadId,
        path: Option<&str>,
        does: &str,
        is: EntryStatus,
    ) {
        let path_name = path.and_then(|path| path.rsplit('/').next()).map(line);
        if let Some(&id) = self.sub_agents.get(thread) {
            self.change(id, |body| {
                if let EntryBody::SubAgent {
                    name,
                    doing,
                    status,
                } = body
                {
                    if let Some(path_name) = path_name {
                        *name = path_name;
                    }
                    *doing = line(does);
                    *status = is;
                }
            });
        } else {
            let id = self.push(
                now,
                EntryBody::SubAgent {
                    name: path_name.unwrap_or_else(|| "sub-agent".to_owned()),
                    doing: line(does),
                    status: is,
                },
            );
            self.sub_agents.insert(thread.clone(), id);
        }
    }

    /// Whether a thread is that of a sub-agent that was told of.
    pub(super) fn knows_sub_agent(&self, thread: &ThreadId) -> bool {
        self.sub_agents.contains_key(thread)
    }

    /// The name of a sub-agent.
    pub(super) fn sub_agent_name(&self, thread: &ThreadId) -> Option<String> {
        match &self.entry(*self.sub_agents.get(thread)?)?.body {
            EntryBody::SubAgent { name, .. } => Some(name.clone()),
            _ => None,
        }
    }

    /// An error of the model's service. Tries that follow each other become one entry.
    pub(super) fn error(
        &mut self,
        now: Duration,
        message: &str,
        details: Option<&str>,
        will_retry: bool,
    ) {
        let is_next_try = matches!(
            self.entries.last().map(|entry| &entry.body),
            Some(EntryBody::Error {
                will_retry: true,
                ..
            })
        );
        match self.entries.last().map(|entry| entry.id) {
            Some(id) if is_next_try => self.change(id, |body| {
                if let EntryBody::Error {
                    message: old_message,
                    details: old_details,
                    will_retry: old_retry,
                    tries,
                } = body
                {
                    *old_message = line(message);
                    if let Some(details) = details {
                        *old_details = Some(line(details));
                    }
                    if old_details.as_deref() == Some(old_message.as_str()) {
                        *old_details = None;
                    }
                    *old_retry = will_retry;
                    *tries = tries.saturating_add(1);
                }
            }),
            _ => {
                self.push(
                    now,
                    EntryBody::Error {
                        message: line(message),
                        details: details.map(line),
                        will_retry,
                        tries: 1,
                    },
                );
            }
        }
    }

    pub(super) fn answer(&mut self, ask: EntryId, answered: Answer) {
        self.change(ask, |body| {
            if let EntryBody::Ask { answer, .. } = body {
                *answer = answered;
            }
        });
    }

    /// Close what is still open: Codex does not complete what an interrupt cut off.
    pub(super) fn close_open(&mut self) {
        for entry in self.entries.iter_mut().rev() {
            if entry.turn != self.turn {
                break;
            }
            let closed = match &mut entry.body {
                EntryBody::Message { done, .. } | EntryBody::Reasoning { done, .. } => {
                    !std::mem::replace(done, true)
                }
                EntryBody::Command { status, .. }
                | EntryBody::FileChange { status, .. }
                | EntryBody::SubAgent { status, .. }
                | EntryBody::Tool { status, .. } => {
                    let open = *status == EntryStatus::Running;
                    if open {
                        *status = EntryStatus::Cut;
                    }
                    open
                }
                EntryBody::Error { will_retry, .. } => std::mem::replace(will_retry, false),
                EntryBody::Prompt { .. }
                | EntryBody::Plan { .. }
                | EntryBody::Notice { .. }
                | EntryBody::Evidence { .. }
                | EntryBody::Ask { .. }
                | EntryBody::TurnEnd { .. } => false,
            };
            if closed {
                entry.revision = entry.revision.wrapping_add(1);
            }
        }
    }

    /// What the agent answered in the turn: its final message, else its last one.
    pub(super) fn answer_of_turn(&self) -> Option<String> {
        let messages = || {
            self.entries
                .iter()
                .rev()
                .take_while(|entry| entry.turn == self.turn)
                .filter_map(|entry| match &entry.body {
                    EntryBody::Message { text, phase, .. } => Some((text, *phase)),
                    _ => None,
                })
        };
        messages()
            .find(|(_, phase)| *phase == MessagePhase::Final)
            .or_else(|| messages().next())
            .map(|(text, _)| text.as_str().to_owned())
    }
}

fn message(text: &str) -> Bounded {
    Bounded::of(Keep::Head, MESSAGE_LIMIT, text)
}

/// A short text cut to what a line can bear.
pub(super) fn line(text: &str) -> String {
    Bounded::of(Keep::Head, LINE_LIMIT, text)
        .as_str()
        .to_owned()
}

fn sub_agent_status(kind: &str) -> EntryStatus {
    match kind {
        "completed" => EntryStatus::Completed,
        "interrupted" => EntryStatus::Cut,
        _ => EntryStatus::Running,
    }
}

/// The entry of an item of which nothing is known but its kind.
fn empty_body(state: &ItemState) -> EntryBody {
    match state {
        ItemState::AgentMessage { phase, .. } => EntryBody::Message {
            text: message(""),
            phase: *phase,
            done: false,
        },
        ItemState::Reasoning { .. } => EntryBody::Reasoning {
            text: message(""),
            done: false,
        },
        ItemState::Command { command, .. } => EntryBody::Command {
            command: line(&unwrapped(command)),
            cwd: String::new(),
            output: Bounded::new(Keep::Tail, OUTPUT_LIMIT),
            exit_code: None,
            took: None,
            status: EntryStatus::Running,
        },
        ItemState::FileChange { .. } => EntryBody::FileChange {
            edits: Vec::new(),
            status: EntryStatus::Running,
        },
        ItemState::Tool { name, detail, .. } => EntryBody::Tool {
            name: line(name),
            detail: detail.as_deref().map(line),
            status: EntryStatus::Running,
        },
        // A plan as an item is prose; a user's message and a sub-agent are never asked for here.
        ItemState::Plan { .. } | ItemState::UserMessage { .. } | ItemState::SubAgent { .. } => {
            EntryBody::Message {
                text: message(""),
                phase: MessagePhase::Commentary,
                done: false,
            }
        }
    }
}

/// Bring an entry to what the wire says of its item now. A kind that changed on the way is ignored.
fn fill(body: &mut EntryBody, state: ItemState, root: &str, completed: bool) {
    match (body, state) {
        (
            EntryBody::Message { text, phase, done },
            ItemState::AgentMessage {
                text: new_text,
                phase: new_phase,
            },
        ) => {
            *text = message(&new_text);
            *phase = new_phase;
            *done = completed;
        }
        (EntryBody::Message { text, done, .. }, ItemState::Plan { text: new_text })
        | (EntryBody::Reasoning { text, done }, ItemState::Reasoning { text: new_text }) => {
            *text = message(&new_text);
            *done = completed;
        }
        (
            EntryBody::Command {
                cwd,
                output,
                exit_code,
                took,
                status,
                ..
            },
            ItemState::Command {
                cwd: new_cwd,
                output: new_output,
                exit_code: new_code,
                took: new_took,
                status: new_status,
                ..
            },
        ) => {
            *cwd = line(&from_root(&new_cwd, root));
            if let Some(new_output) = new_output {
                *output = Bounded::of(Keep::Tail, OUTPUT_LIMIT, &new_output);
            }
            *exit_code = new_code;
            *took = new_took;
            // A command that an interrupt cut off is reported as failed when its process is ended later.
            if *status != EntryStatus::Cut {
                *status = new_status;
            }
        }
        (
            EntryBody::FileChange { edits, status },
            ItemState::FileChange {
                edits: new_edits,
                status: new_status,
            },
        ) => {
            *edits = new_edits
                .into_iter()
                .map(|edit| from_root_edit(edit, root))
                .collect();
            *status = new_status;
        }
        (EntryBody::Tool { status, .. }, ItemState::Tool { status: new, .. }) => *status = new,
        _ => {}
    }
}

fn from_root_edit(edit: Edit, root: &str) -> Edit {
    Edit {
        path: line(&from_root(&edit.path, root)),
        kind: match edit.kind {
            EditKind::Moved { to } => EditKind::Moved {
                to: line(&from_root(&to, root)),
            },
            kind => kind,
        },
        ..edit
    }
}
