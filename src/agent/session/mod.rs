//! One conversation as a state machine: what came in goes in, what has to be done comes out.
//!
//! A session outlives the process that serves it: when Codex dies, the next prompt starts it again and
//! goes on in the same thread. It never waits and never fails; whatever comes in, in whatever order, it
//! has an answer.

mod approvals;
mod opening;
mod turn;

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use rustc_hash::FxHashMap;

use self::opening::Opening;
pub(in crate::agent) use self::opening::version_in;
use self::turn::Turn;
use super::approval::Approval;
use super::failure::Failure;
use super::incoming::{Incoming, ThreadId};
use super::outgoing::Outgoing;
use super::phase::Phase;
use super::settings::SessionSettings;
use super::transcript::{EntryBody, Transcript, TurnStatus};
use super::usage::{Tokens, Usage};
use super::{ApprovalId, encode};
use crate::gaps::GapId;

/// A prompt, and the gaps it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedPrompt {
    pub prompt: String,
    pub about: Vec<GapId>,
}

/// What to do after something happened, and what happened.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Step {
    pub outgoing: Vec<Outgoing>,
    pub news: Vec<News>,
}

/// Something that more than the session pane cares about.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// A turn was asked for; the gaps are worked on now.
    TurnStarted { about: Vec<GapId> },
    /// A turn is over.
    TurnEnded {
        about: Vec<GapId>,
        status: TurnStatus,
        /// The agent's last word. To be shown, and to be read for reasons; never to be believed.
        answer: Option<String>,
    },
    /// The agent waits for a person.
    ApprovalWanted(ApprovalId),
    /// It does not go on.
    Failed(Failure),
    /// The process is gone, as was asked for.
    Stopped,
}

/// One conversation with Codex.
#[derive(Clone, Debug)]
pub struct Session {
    settings: SessionSettings,
    state: State,
    transcript: Transcript,
    approvals: Vec<Approval>,
    next_approval: u64,
    next_request: u64,
    /// Our requests that were not answered yet.
    pending: FxHashMap<u64, Pending>,
    /// What is sent when the running turn is over.
    queue: VecDeque<QueuedPrompt>,
    /// The queue waits for a person: the last turn was interrupted, or failed.
    held: bool,
    /// The thread, once there is one; it outlives the process.
    thread: Option<ThreadId>,
    model: Option<String>,
    effort: Option<String>,
    /// Model and effort that the thread was opened with: what a turn goes back to.
    opened_with: Option<(Option<String>, Option<String>)>,
    /// Model and effort for the turns from now on, where they are not those of the thread.
    works_with: Option<(Option<String>, Option<String>)>,
    version: Option<String>,
    usage: Usage,
    /// The tokens of each thread, as last told.
    tokens: FxHashMap<ThreadId, Tokens>,
    /// Turns of sub-agents that run.
    sub_turns: FxHashMap<ThreadId, super::TurnId>,
    /// The patches of the turn as one unified diff, as last told.
    diff: Option<super::Bounded>,
    /// Warnings that were shown; Codex repeats some at each thread.
    warned: Vec<String>,
}

/// Where the session is. A thread is open exactly in the states that say so.
#[derive(Clone, Debug)]
enum State {
    Off,
    Opening(Opening),
    /// A thread is open, and no turn runs; `failure` is why the last one failed.
    Ready {
        failure: Option<Failure>,
    },
    Turn(Turn),
    /// A turn was interrupted, and its commands are being ended.
    Cleaning {
        since: Duration,
    },
    /// The process was told to end.
    Closing {
        failure: Option<Failure>,
    },
    Failed(Failure),
}

/// What we asked.
#[derive(Clone, Debug)]
enum Pending {
    Initialize,
    Account,
    OpenThread { resumed: bool },
    StartTurn,
    Steer { text: String },
    Interrupt,
    Clean,
}

impl Session {
    #[must_use]
    pub fn new(settings: SessionSettings) -> Self {
        Self {
            thread: settings.resume.clone().map(ThreadId),
            settings,
            state: State::Off,
            transcript: Transcript::default(),
            approvals: Vec::new(),
            next_approval: 0,
            next_request: 1,
            pending: FxHashMap::default(),
            queue: VecDeque::new(),
            held: false,
            model: None,
            effort: None,
            opened_with: None,
            works_with: None,
            version: None,
            usage: Usage::default(),
            tokens: FxHashMap::default(),
            sub_turns: FxHashMap::default(),
            diff: None,
            warned: Vec::new(),
        }
    }

    /// What it is doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match &self.state {
            State::Off => Phase::Off,
            State::Opening(opening) => Phase::Starting {
                since: opening.since,
            },
            State::Ready { failure: None } => Phase::Idle,
            State::Turn(turn) => turn.phase(&self.approvals),
            State::Cleaning { since } => Phase::Interrupting { since: *since },
            State::Closing { failure: None } => Phase::Stopping,
            State::Ready {
                failure: Some(failure),
            }
            | State::Closing {
                failure: Some(failure),
            }
            | State::Failed(failure) => Phase::Failed(failure.clone()),
        }
    }

    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The questions that wait for a person, oldest first.
    #[must_use]
    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }

    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The thread's name; `codex resume` takes it once this session has ended.
    #[must_use]
    pub fn thread(&self) -> Option<&str> {
        self.thread.as_ref().map(|thread| thread.0.as_str())
    }

    /// The model that answers, once Codex has said so; before, the one that will be asked for.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref().or(self.settings.model.as_deref())
    }

    #[must_use]
    pub fn effort(&self) -> Option<&str> {
        self.effort.as_deref().or(self.settings.effort.as_deref())
    }

    /// From the next turn on, work with this model and this effort; `None` for what the thread was opened with.
    pub fn work_with(&mut self, model: Option<String>, effort: Option<String>) {
        self.works_with = Some((model, effort));
    }

    /// Codex's version, once it has said it: `0.169.0`.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    #[must_use]
    pub fn settings(&self) -> &SessionSettings {
        &self.settings
    }

    /// The gaps that the running turn is about.
    #[must_use]
    pub fn about(&self) -> &[GapId] {
        match &self.state {
            State::Turn(turn) => &turn.about,
            _ => &[],
        }
    }

    /// The patches of the last turn as one unified diff. What commands wrote is not in it.
    #[must_use]
    pub fn diff(&self) -> Option<&super::Bounded> {
        self.diff.as_ref()
    }

    /// What waits to be sent, in order.
    #[must_use]
    pub fn queue(&self) -> &VecDeque<QueuedPrompt> {
        &self.queue
    }

    /// Whether the queue waits for a person, because the last turn was interrupted or failed.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Take one out of the queue.
    pub fn unqueue(&mut self, idx: usize) -> Option<QueuedPrompt> {
        self.queue.remove(idx)
    }

    /// Send a prompt: at once where a thread is idle, after the running turn otherwise; where there is no
    /// process it is started.
    pub fn send(&mut self, prompt: String, about: Vec<GapId>, now: Duration) -> Step {
        self.queue.push_back(QueuedPrompt { prompt, about });
        self.proceed(now)
    }

    /// Let a held queue go on.
    pub fn proceed(&mut self, now: Duration) -> Step {
        let mut step = Step::default();
        self.held = false;
        match self.state {
            State::Off | State::Failed(_) => self.open(now, &mut step),
            State::Ready { .. } => self.next_turn(now, &mut step),
            // Each of these comes to the queue by itself.
            State::Opening(_) | State::Turn(_) | State::Cleaning { .. } | State::Closing { .. } => {
            }
        }
        step
    }

    /// Start the process and open a thread, without sending anything yet.
    pub fn start(&mut self, now: Duration) -> Step {
        let mut step = Step::default();
        if matches!(self.state, State::Off | State::Failed(_)) {
            self.open(now, &mut step);
        }
        step
    }

    /// End the process; a running turn and its commands first. The queue stays, and the thread's name.
    pub fn stop(&mut self, now: Duration) -> Step {
        let mut step = Step::default();
        match mem::replace(&mut self.state, State::Off) {
            State::Off => {
                step.news.push(News::Stopped);
            }
            State::Failed(failure) => {
                self.state = State::Failed(failure);
                step.news.push(News::Stopped);
            }
            State::Closing { failure } => self.state = State::Closing { failure },
            State::Turn(turn) => {
                self.write_interrupts(turn.id.as_ref(), &mut step);
                self.write_clean(&mut step);
                self.end_turn(turn, TurnStatus::Interrupted, None, None, now, &mut step);
                self.close(None, &mut step);
            }
            State::Opening(_) | State::Ready { .. } | State::Cleaning { .. } => {
                self.close(None, &mut step);
            }
        }
        self.held = true;
        step
    }

    /// Take in what came.
    pub fn handle(&mut self, incoming: Incoming, now: Duration) -> Step {
        let mut step = Step::default();
        match incoming {
            Incoming::Started { .. } => self.on_started(&mut step),
            Incoming::NotFound { command, looked } => {
                self.on_no_process(Failure::not_found(&command, &looked), &mut step);
            }
            Incoming::NotStarted { command, why } => {
                self.on_no_process(Failure::not_started(&command, &why), &mut step);
            }
            Incoming::Sandbox(outcome) => self.on_sandbox(outcome, now, &mut step),
            Incoming::Response { id, outcome } => {
                if let Some(pending) = self.pending.remove(&id) {
                    self.on_response(pending, outcome, now, &mut step);
                }
            }
            Incoming::Request { key, question } => {
                self.on_question(key, question, now, &mut step);
            }
            Incoming::Event { thread, event } => self.on_event(thread, event, now, &mut step),
            Incoming::Exited {
                status,
                stderr_tail,
            } => self.on_exited(&status, &stderr_tail, now, &mut step),
            Incoming::Other { .. } | Incoming::Garbled { .. } => {}
        }
        step
    }

    fn on_response(
        &mut self,
        pending: Pending,
        outcome: Result<super::Reply, String>,
        now: Duration,
        step: &mut Step,
    ) {
        match (pending, outcome) {
            (Pending::Initialize, outcome) => self.on_initialized(outcome, now, step),
            (Pending::Account, outcome) => self.on_account(&outcome, step),
            (Pending::OpenThread { resumed }, outcome) => {
                self.on_thread(resumed, outcome, now, step);
            }
            (Pending::StartTurn, Ok(reply)) => {
                if let Some(turn) = reply.turn {
                    self.on_turn_named(&turn, step);
                }
            }
            (Pending::StartTurn, Err(message)) => self.on_turn_refused(&message, now, step),
            (Pending::Steer { text }, Err(_)) => self.on_steer_refused(text, now, step),
            // "no active turn": then it has ended by itself, and its commands are ended all the same.
            (Pending::Interrupt, _) | (Pending::Steer { .. }, Ok(_)) => {}
            (Pending::Clean, outcome) => self.on_cleaned(&outcome, now, step),
        }
    }

    fn on_exited(&mut self, status: &str, stderr_tail: &str, now: Duration, step: &mut Step) {
        self.pending.clear();
        self.drop_approvals(None);
        self.sub_turns.clear();
        match mem::replace(&mut self.state, State::Off) {
            State::Off | State::Failed(_) => {}
            State::Closing { failure: None } => step.news.push(News::Stopped),
            State::Closing {
                failure: Some(failure),
            } => self.state = State::Failed(failure),
            State::Opening(_) => {
                self.fail(Failure::ended_early(status, stderr_tail), step);
            }
            State::Ready { .. } | State::Cleaning { .. } => {
                self.fail(Failure::ended(status, stderr_tail), step);
            }
            State::Turn(turn) => {
                let failure = Failure::ended(status, stderr_tail);
                self.end_turn(turn, TurnStatus::Failed, Some(&failure), None, now, step);
                self.fail(failure, step);
            }
        }
        // Something was sent while the old process was on its way out.
        if !self.held && !self.queue.is_empty() && matches!(self.state, State::Off) {
            self.open(now, step);
        }
    }

    /// There is no process any more, and this is why.
    fn fail(&mut self, failure: Failure, step: &mut Step) {
        self.held = true;
        self.state = State::Failed(failure.clone());
        step.news.push(News::Failed(failure));
    }

    /// End the process; what is left of it is told by `Exited`.
    fn close(&mut self, failure: Option<Failure>, step: &mut Step) {
        self.drop_approvals(None);
        if let Some(failure) = &failure {
            self.held = true;
            step.news.push(News::Failed(failure.clone()));
        }
        self.state = State::Closing { failure };
        step.outgoing.push(Outgoing::Stop);
    }

    /// Write a request; `line` is given its number.
    fn ask(&mut self, pending: Pending, step: &mut Step, line: impl FnOnce(u64) -> String) {
        let id = self.next_request;
        self.next_request += 1;
        self.pending.insert(id, pending);
        step.outgoing.push(Outgoing::Write(line(id)));
    }

    /// Whether commands that a turn left running are being ended, and Codex has not said yet that they are.
    #[must_use]
    pub fn is_cleaning(&self) -> bool {
        self.pending
            .values()
            .any(|pending| matches!(pending, Pending::Clean))
    }

    fn write_clean(&mut self, step: &mut Step) {
        for thread in self
            .thread
            .clone()
            .into_iter()
            .chain(self.sub_turns.keys().cloned().collect::<Vec<_>>())
        {
            self.ask(Pending::Clean, step, |id| encode::clean(id, &thread));
        }
    }

    /// Something that untaken itself has to say, between what the agent says and does.
    pub fn note(&mut self, lines: Vec<super::EvidenceLine>, now: Duration) {
        self.transcript.evidence(now, lines);
    }

    fn warn(&mut self, message: &str, now: Duration) {
        if self.warned.iter().any(|old| old == message) {
            return;
        }
        if self.warned.len() < 100 {
            self.warned.push(message.to_owned());
        }
        self.transcript.notice(now, message);
    }

    fn entry(&mut self, now: Duration, body: EntryBody) -> super::EntryId {
        self.transcript.push(now, body)
    }
}

#[cfg(test)]
mod tests;
