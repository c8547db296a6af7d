//! Turns without a screen: one prompt in, one ended turn out. Whatever would need a person is declined,
//! whatever would wait for ever is bounded.
//!
//! The engine is `codex app-server` as on the screen, and not `codex exec`: it tells tokens with each
//! call of the model, names failures with codes, says when it waits for the network (exec would wait
//! without an end), can be interrupted so that the running command ends too, and keeps its sandbox when a
//! thread is resumed.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::codex::Codex;
use crate::agent::{
    Decision, EntryBody, Failure, Incoming, News, Phase, Session, SessionSettings, Step, Tokens,
    TurnStatus, join,
};
use crate::app::message::Message;
use crate::gaps::GapId;
use crate::triage::record::TokenRecord;

/// How long the model's service may be out of reach before a turn is given up.
const NETWORK_PATIENCE: Duration = Duration::from_secs(90);
/// How long an interrupt may take before the process is ended instead.
const INTERRUPT_PATIENCE: Duration = Duration::from_secs(10);
/// How long the commands that a turn left running may take to end.
const CLEAN_PATIENCE: Duration = Duration::from_secs(3);

/// A turn that has ended, however it did.
#[derive(Clone, Debug)]
pub struct EndedTurn {
    pub end: TurnEnd,
    /// The agent's last word.
    pub answer: String,
    /// Of this turn, sub-agents included.
    pub tokens: Tokens,
    pub thread: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TurnEnd {
    Completed,
    /// The agent or its service failed.
    Failed(Failure),
    /// The time for it was up.
    TimedOut,
    /// We were asked to stop.
    Stopped,
}

impl From<Tokens> for TokenRecord {
    fn from(tokens: Tokens) -> Self {
        Self {
            input: tokens.input,
            cached: tokens.cached,
            output: tokens.output,
            reasoning: tokens.reasoning,
        }
    }
}

/// What is told while a turn runs, a line each, from outside: terminal-safe writers only.
pub type Narrate<'n> = &'n mut dyn FnMut(String);

/// One conversation, driven to the end of each turn.
#[derive(Debug)]
pub struct Turns {
    session: Session,
    codex: Codex,
    messages: mpsc::Receiver<Message>,
    begun: Instant,
    told: u64,
}

impl Turns {
    /// No process yet; the first turn starts it. Belongs into a tokio runtime.
    #[must_use]
    pub fn new(settings: SessionSettings) -> Self {
        let (sender, messages) = mpsc::channel(1024);
        Self {
            session: Session::new(settings),
            codex: Codex::new(sender),
            messages,
            begun: Instant::now(),
            told: 0,
        }
    }

    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// From the next turn on, work with this model and this effort; `None` for what the thread was opened with.
    pub fn work_with(&mut self, model: Option<String>, effort: Option<String>) {
        self.session.work_with(model, effort);
    }

    /// Sends a prompt and waits for the end of its turn, at most for `limit`.
    pub async fn turn(
        &mut self,
        prompt: String,
        about: Vec<GapId>,
        limit: Duration,
        stop: &CancellationToken,
        narrate: Narrate<'_>,
    ) -> EndedTurn {
        let started = Instant::now();
        let before = self.session.usage().thread;
        let step = self.session.send(prompt, about, self.begun.elapsed());
        let mut ended = self.act(step);
        let mut interrupted: Option<(TurnEnd, Instant)> = None;
        while ended.is_none() {
            let waiting = tokio::time::timeout(Duration::from_millis(500), self.messages.recv());
            let message = tokio::select! {
                () = stop.cancelled(), if interrupted.is_none() => Ok(None),
                message = waiting => message,
            };
            if let Ok(Some(Message::Agent(first))) = message {
                let mut batch = vec![first];
                while let Ok(Message::Agent(next)) = self.messages.try_recv() {
                    batch.push(next);
                }
                for incoming in join(batch) {
                    ended = self.take_in(incoming).or(ended);
                }
            }
            self.decline_questions();
            self.narrate(narrate);
            if ended.is_some() {
                break;
            }
            if let Some((why, since)) = &interrupted {
                if since.elapsed() > INTERRUPT_PATIENCE {
                    let why = why.clone();
                    self.end().await;
                    ended = Some((why, String::new()));
                }
                continue;
            }
            let why = if stop.is_cancelled() {
                Some(TurnEnd::Stopped)
            } else if started.elapsed() > limit {
                Some(TurnEnd::TimedOut)
            } else {
                self.lost_network().map(TurnEnd::Failed)
            };
            if let Some(why) = why {
                let step = self.session.interrupt(self.begun.elapsed());
                ended = self.act(step);
                interrupted = Some((why, Instant::now()));
            }
        }
        self.wait_for_the_last_command().await;
        let (mut end, answer) = ended.unwrap_or((TurnEnd::Stopped, String::new()));
        if let Some((why, _)) = interrupted {
            end = why;
        }
        EndedTurn {
            end,
            answer,
            tokens: self.session.usage().thread.since(before),
            thread: self.session.thread().map(str::to_owned),
        }
    }

    /// Ends the process, and waits until it is gone.
    pub async fn end(&mut self) {
        let step = self.session.stop(self.begun.elapsed());
        let _ = self.act(step);
        self.codex.end().await;
    }

    /// Nothing that the turn started may still write when its work is looked at.
    async fn wait_for_the_last_command(&mut self) {
        let since = Instant::now();
        while self.session.is_cleaning() && since.elapsed() < CLEAN_PATIENCE {
            let waiting = tokio::time::timeout(Duration::from_millis(200), self.messages.recv());
            if let Ok(Some(Message::Agent(incoming))) = waiting.await {
                let _ = self.take_in(incoming);
            }
        }
    }

    fn take_in(&mut self, incoming: Incoming) -> Option<(TurnEnd, String)> {
        let step = self.session.handle(incoming, self.begun.elapsed());
        self.act(step)
    }

    /// Carries out what the session asks, and tells whether that was the end of the turn.
    fn act(&mut self, step: Step) -> Option<(TurnEnd, String)> {
        for outgoing in step.outgoing {
            self.codex.carry_out(outgoing);
        }
        let mut ended = None;
        for news in step.news {
            match news {
                News::TurnEnded { status, answer, .. } => {
                    let end = match status {
                        TurnStatus::Completed => TurnEnd::Completed,
                        TurnStatus::Interrupted => TurnEnd::Stopped,
                        TurnStatus::Failed => match self.session.phase() {
                            Phase::Failed(failure) => TurnEnd::Failed(failure),
                            _ => TurnEnd::Stopped,
                        },
                    };
                    // A failure that follows in the same step says more.
                    ended = Some((end, answer.unwrap_or_default()));
                }
                News::Failed(failure) => {
                    let answer = ended.map(|(_, answer)| answer).unwrap_or_default();
                    ended = Some((TurnEnd::Failed(failure), answer));
                }
                News::TurnStarted { .. } | News::ApprovalWanted(_) | News::Stopped => {}
            }
        }
        ended
    }

    /// Nobody is here to answer, so nothing leaves the sandbox.
    fn decline_questions(&mut self) {
        let asked: Vec<_> = self
            .session
            .approvals()
            .iter()
            .map(|approval| approval.id)
            .collect();
        for id in asked {
            let step = self.session.answer(id, Decision::Decline);
            let _ = self.act(step);
        }
    }

    fn lost_network(&self) -> Option<Failure> {
        match self.session.phase() {
            Phase::WaitingForNetwork { since, message }
                if self.begun.elapsed().saturating_sub(since) > NETWORK_PATIENCE =>
            {
                Some(Failure {
                    kind: crate::agent::FailureKind::Model,
                    says: format!("the model's service cannot be reached: {message}"),
                    what_to_do: "check the network and the provider in Codex's configuration, then run it again"
                        .to_owned(),
                })
            }
            _ => None,
        }
    }

    /// Tells each new entry of the transcript once.
    fn narrate(&mut self, narrate: Narrate<'_>) {
        for entry in self.session.transcript().entries() {
            if entry.id.0 < self.told {
                continue;
            }
            let line = match &entry.body {
                EntryBody::Message {
                    text, done: true, ..
                } => {
                    let first = text
                        .as_str()
                        .lines()
                        .find(|line| !line.trim().is_empty())
                        .unwrap_or_default();
                    Some(format!("codex: {first}"))
                }
                EntryBody::Message { done: false, .. } => break,
                EntryBody::Command { command, .. } => Some(format!("runs: {command}")),
                EntryBody::FileChange { edits, .. } => {
                    let paths: Vec<&str> = edits.iter().map(|edit| edit.path.as_str()).collect();
                    Some(format!("edits: {}", paths.join(", ")))
                }
                EntryBody::Error { message, .. } => Some(format!("error: {message}")),
                EntryBody::Notice { text } => Some(format!("notice: {text}")),
                EntryBody::Ask { what, .. } => Some(format!("asked, and was declined: {what}")),
                _ => None,
            };
            self.told = entry.id.0 + 1;
            if let Some(line) = line {
                narrate(line);
            }
        }
    }
}
