//! A turn: from the prompt to its end, with everything that Codex tells on the way.

use std::mem;
use std::time::Duration;

use super::{News, Pending, Session, State, Step};
use crate::agent::approval::Approval;
use crate::agent::bounded::{Bounded, Keep};
use crate::agent::command::unwrapped;
use crate::agent::encode;
use crate::agent::failure::Failure;
use crate::agent::incoming::{Event, ItemState, ModelError, Reply, ThreadId, TurnId, WireItem};
use crate::agent::phase::Phase;
use crate::agent::transcript::{DIFF_LIMIT, EntryBody, EntryStatus, TurnStatus, line};
use crate::agent::usage::Tokens;
use crate::gaps::GapId;

/// A turn that runs.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) since: Duration,
    /// Unknown until Codex has answered.
    pub(super) id: Option<TurnId>,
    pub(super) about: Vec<GapId>,
    interrupting: Option<Duration>,
    /// The service cannot be reached, since when, and what Codex says of it.
    offline: Option<(Duration, String)>,
    /// The error that ended it, as far as one was told.
    error: Option<ModelError>,
}

impl Turn {
    pub(super) fn phase(&self, approvals: &[Approval]) -> Phase {
        if let Some(since) = self.interrupting {
            Phase::Interrupting { since }
        } else if let Some(approval) = approvals.first() {
            Phase::WaitingForApproval {
                since: approval.asked,
            }
        } else if let Some((since, message)) = &self.offline {
            Phase::WaitingForNetwork {
                since: *since,
                message: message.clone(),
            }
        } else {
            Phase::Working { since: self.since }
        }
    }
}

impl Session {
    /// Start the next turn if one waits.
    pub(super) fn next_turn(&mut self, now: Duration, step: &mut Step) {
        if self.held {
            return;
        }
        let Some(thread) = self.thread.clone() else {
            return;
        };
        let Some(batch) = self.queue.pop_front() else {
            return;
        };
        self.transcript.begin_turn();
        self.transcript
            .prompt(now, &batch.prompt, batch.about.clone(), false);
        self.usage.turn = Tokens::default();
        self.diff = None;
        let mut settings = self.settings.clone();
        let mut switched_to = None;
        if let Some((model, effort)) = self.works_with.clone() {
            let (opened_model, opened_effort) = self.opened_with.clone().unwrap_or_default();
            // Named even when it is the thread's own: the turn before may have had another.
            switched_to = model.or(opened_model);
            settings.effort = effort.or(opened_effort).or(settings.effort);
            self.model.clone_from(&switched_to);
            self.effort.clone_from(&settings.effort);
        }
        self.ask(Pending::StartTurn, step, |id| {
            let model = switched_to.as_deref();
            encode::turn_start(id, &settings, model, &thread, &batch.prompt)
        });
        step.news.push(News::TurnStarted {
            about: batch.about.clone(),
        });
        self.state = State::Turn(Turn {
            since: now,
            id: None,
            about: batch.about,
            interrupting: None,
            offline: None,
            error: None,
        });
    }

    /// Say something to the running turn; without one it becomes a turn of its own.
    pub fn steer(&mut self, text: String, now: Duration) -> Step {
        let mut step = Step::default();
        let known = match (&self.state, &self.thread) {
            (State::Turn(turn), Some(thread)) => turn.id.clone().map(|id| (thread.clone(), id)),
            _ => None,
        };
        match known {
            Some((thread, turn)) => {
                self.transcript.prompt(now, &text, Vec::new(), true);
                let kept = text.clone();
                self.ask(Pending::Steer { text: kept }, &mut step, |id| {
                    encode::turn_steer(id, &thread, &turn, &text)
                });
                step
            }
            None => self.send(text, Vec::new(), now),
        }
    }

    /// End the running turn, and the commands it has started. Again: ask again.
    pub fn interrupt(&mut self, now: Duration) -> Step {
        let mut step = Step::default();
        match &mut self.state {
            State::Turn(turn) => {
                turn.interrupting.get_or_insert(now);
                let id = turn.id.clone();
                self.write_interrupts(id.as_ref(), &mut step);
            }
            State::Cleaning { .. } => self.write_clean(&mut step),
            // Nothing can be interrupted that has not begun: end the process.
            State::Opening(_) => {
                self.held = true;
                self.close(None, &mut step);
            }
            State::Off | State::Ready { .. } | State::Closing { .. } | State::Failed(_) => {}
        }
        step
    }

    /// Interrupt the turn, if its name is known, and those of its sub-agents.
    pub(super) fn write_interrupts(&mut self, turn: Option<&TurnId>, step: &mut Step) {
        let main = self.thread.clone().zip(turn.cloned());
        let subs: Vec<_> = self
            .sub_turns
            .iter()
            .map(|(thread, turn)| (thread.clone(), turn.clone()))
            .collect();
        for (thread, turn) in main.into_iter().chain(subs) {
            self.ask(Pending::Interrupt, step, |id| {
                encode::turn_interrupt(id, &thread, &turn)
            });
        }
    }

    pub(super) fn on_turn_named(&mut self, id: &TurnId, step: &mut Step) {
        let State::Turn(turn) = &mut self.state else {
            return;
        };
        if turn.id.is_some() {
            return;
        }
        turn.id = Some(id.clone());
        // The interrupt came before the name.
        if turn.interrupting.is_some() {
            self.write_interrupts(Some(id), step);
        }
    }

    pub(super) fn on_turn_refused(&mut self, message: &str, now: Duration, step: &mut Step) {
        if let State::Turn(turn) = mem::replace(&mut self.state, State::Off) {
            let failure = Failure::refused("the turn", message);
            self.end_turn(turn, TurnStatus::Failed, Some(&failure), None, now, step);
            self.held = true;
            self.state = State::Ready {
                failure: Some(failure.clone()),
            };
            step.news.push(News::Failed(failure));
        }
    }

    /// The turn had ended when the message came: it becomes a turn of its own.
    pub(super) fn on_steer_refused(&mut self, text: String, now: Duration, step: &mut Step) {
        self.transcript.notice(
            now,
            "the turn had ended before the message came; it is sent as a turn of its own",
        );
        let sent = self.send(text, Vec::new(), now);
        step.outgoing.extend(sent.outgoing);
        step.news.extend(sent.news);
    }

    pub(super) fn on_cleaned(
        &mut self,
        outcome: &Result<Reply, String>,
        now: Duration,
        step: &mut Step,
    ) {
        if !matches!(self.state, State::Cleaning { .. })
            || self
                .pending
                .values()
                .any(|pending| matches!(pending, Pending::Clean))
        {
            return;
        }
        match outcome {
            Ok(_) => {
                self.state = State::Ready { failure: None };
                self.next_turn(now, step);
            }
            // This Codex cannot end commands: end it, which does; the thread can be opened again.
            Err(_) => self.close(None, step),
        }
    }

    pub(super) fn on_event(
        &mut self,
        thread: Option<ThreadId>,
        event: Event,
        now: Duration,
        step: &mut Step,
    ) {
        if let Some(thread) = &thread
            && self.thread.as_ref().is_some_and(|main| main != thread)
        {
            self.on_sub_agent(thread, event, now);
            return;
        }
        match event {
            Event::TurnStarted { turn } => self.on_turn_named(&turn, step),
            Event::TurnCompleted {
                turn,
                status,
                error,
                took,
            } => self.on_turn_completed(&turn, status, error, took, now, step),
            Event::ItemStarted(item) => {
                self.note_activity();
                let root = self.settings.root.clone();
                self.transcript.item(now, item, &root, false);
            }
            Event::ItemCompleted(item) => {
                self.note_activity();
                self.note_broken_sandbox(&item, now);
                let root = self.settings.root.clone();
                self.transcript.item(now, item, &root, true);
            }
            Event::MessageDelta { item, text }
            | Event::ReasoningDelta { item, text }
            | Event::OutputDelta { item, text } => {
                self.note_activity();
                self.transcript.append(&item, &text);
            }
            Event::ReasoningBreak { item } => self.transcript.break_reasoning(&item),
            Event::Plan { explanation, steps } => {
                self.transcript.plan(now, explanation.as_deref(), steps);
            }
            Event::Diff { diff } => {
                let diff = Bounded::of(Keep::Head, DIFF_LIMIT, &diff);
                if self.diff.as_ref() != Some(&diff) {
                    self.diff = Some(diff);
                }
            }
            Event::Usage {
                turn,
                total,
                last,
                window,
            } => {
                if let Some(thread) = thread {
                    let is_of_this_turn = match &self.state {
                        State::Turn(running) => running.id == turn,
                        _ => false,
                    };
                    self.count(thread, total, last, is_of_this_turn);
                }
                self.usage.window = window.or(self.usage.window);
                self.usage.in_window = last.total();
            }
            Event::Error { error, will_retry } => self.on_error(error, will_retry, now),
            // Whether the sandbox works was tried; whose bubblewrap it uses is of no interest then.
            Event::Warning { message, .. }
                if message.starts_with("Codex could not find bubblewrap") => {}
            Event::Warning { message, details } => {
                let text = match details {
                    Some(details) => format!("{message}: {details}"),
                    None => message,
                };
                self.warn(&text, now);
            }
            Event::Resolved { key } => self.on_resolved(&key),
            Event::Rerouted { model } => {
                self.transcript
                    .notice(now, &format!("codex now uses the model {model}"));
                self.model = Some(line(&model));
            }
        }
    }

    fn on_error(&mut self, error: ModelError, will_retry: bool, now: Duration) {
        self.transcript
            .error(now, &error.message, error.details.as_deref(), will_retry);
        let State::Turn(turn) = &mut self.state else {
            return;
        };
        if will_retry {
            // The one error that Codex 0.169 repeats without end carries no mark but its words.
            if error.http_status.is_none() && error.message.contains("waiting for network") {
                let message = line(error.details.as_deref().unwrap_or(&error.message));
                turn.offline.get_or_insert((now, message));
            }
        } else {
            turn.error = Some(error);
        }
    }

    /// Something other than an error came: the service can be reached.
    pub(super) fn note_activity(&mut self) {
        if let State::Turn(turn) = &mut self.state {
            turn.offline = None;
        }
    }

    /// A sandbox that broke after the trial: Codex itself says nothing of it but in the output.
    fn note_broken_sandbox(&mut self, item: &WireItem, now: Duration) {
        if let ItemState::Command {
            output: Some(output),
            status: EntryStatus::Failed,
            ..
        } = &item.state
            && let Some(said) = output
                .lines()
                .next()
                .filter(|line| line.starts_with("bwrap: "))
        {
            let failure = Failure::no_sandbox(said);
            self.warn(&format!("{}; {}", failure.says, failure.what_to_do), now);
        }
    }

    fn on_turn_completed(
        &mut self,
        id: &TurnId,
        status: TurnStatus,
        error: Option<ModelError>,
        took: Option<Duration>,
        now: Duration,
        step: &mut Step,
    ) {
        let State::Turn(turn) = &mut self.state else {
            return;
        };
        // A late word of an earlier turn.
        if turn.id.as_ref().is_some_and(|known| known != id) {
            return;
        }
        if let Some(error) = error {
            turn.error = Some(error);
        }
        let State::Turn(turn) = mem::replace(&mut self.state, State::Off) else {
            return;
        };
        let failure = match (status, &turn.error) {
            (TurnStatus::Failed, Some(error)) => Some(Failure::model(error, self.model())),
            (TurnStatus::Failed, None) => Some(Failure::new(
                crate::agent::FailureKind::Model,
                "the turn failed, and codex does not say why",
                "send again, or see codex's own log",
            )),
            (TurnStatus::Completed | TurnStatus::Interrupted, _) => None,
        };
        self.end_turn(turn, status, failure.as_ref(), took, now, step);
        if status != TurnStatus::Interrupted {
            // A command that the turn left running could go on writing while its work is examined.
            self.write_clean(step);
        }
        match status {
            TurnStatus::Completed => {
                self.state = State::Ready { failure: None };
                self.next_turn(now, step);
            }
            TurnStatus::Failed => {
                self.held = true;
                if let Some(failure) = &failure {
                    step.news.push(News::Failed(failure.clone()));
                }
                self.state = State::Ready { failure };
            }
            TurnStatus::Interrupted => {
                self.held = true;
                self.state = State::Cleaning { since: now };
                self.write_clean(step);
                self.sub_turns.clear();
            }
        }
    }

    /// Write the end of a turn into the transcript and tell of it. The state is the caller's business.
    pub(super) fn end_turn(
        &mut self,
        turn: Turn,
        status: TurnStatus,
        failure: Option<&Failure>,
        took: Option<Duration>,
        now: Duration,
        step: &mut Step,
    ) {
        self.drop_approvals(None);
        self.transcript.close_open();
        let answer = self.transcript.answer_of_turn();
        self.entry(
            now,
            EntryBody::TurnEnd {
                status,
                took: Some(took.unwrap_or_else(|| now.saturating_sub(turn.since))),
                tokens: self.usage.turn,
                error: failure.map(|failure| format!("{}; {}", failure.says, failure.what_to_do)),
            },
        );
        step.news.push(News::TurnEnded {
            about: turn.about,
            status,
            answer,
        });
    }

    /// Codex tells the total of a thread after each call of the model, and tells it again on resume.
    fn count(&mut self, thread: ThreadId, total: Tokens, last: Tokens, is_of_this_turn: bool) {
        let came = match self.tokens.get(&thread) {
            _ if !is_of_this_turn => Tokens::default(),
            Some(&before) => total.since(before),
            None => last,
        };
        self.tokens.insert(thread, total);
        self.usage.thread = self
            .tokens
            .values()
            .fold(Tokens::default(), |sum, tokens| sum.plus(*tokens));
        self.usage.turn = self.usage.turn.plus(came);
    }

    /// A thread that is not ours: a sub-agent, shown as one line.
    fn on_sub_agent(&mut self, thread: &ThreadId, event: Event, now: Duration) {
        let doing = match event {
            Event::TurnStarted { turn } => {
                self.sub_turns.insert(thread.clone(), turn);
                Some(("started".to_owned(), EntryStatus::Running))
            }
            Event::TurnCompleted { status, .. } => {
                self.sub_turns.remove(thread);
                self.drop_approvals(Some(thread));
                Some(match status {
                    TurnStatus::Completed => ("completed".to_owned(), EntryStatus::Completed),
                    TurnStatus::Interrupted => ("interrupted".to_owned(), EntryStatus::Cut),
                    TurnStatus::Failed => ("failed".to_owned(), EntryStatus::Failed),
                })
            }
            Event::ItemStarted(item) | Event::ItemCompleted(item) => match item.state {
                ItemState::Command { command, .. } => {
                    Some((unwrapped(&command), EntryStatus::Running))
                }
                ItemState::FileChange { edits, .. } => {
                    let paths: Vec<_> = edits.iter().map(|edit| edit.path.as_str()).collect();
                    Some((format!("edits {}", paths.join(", ")), EntryStatus::Running))
                }
                ItemState::AgentMessage { text, .. } if !text.is_empty() => {
                    Some((text, EntryStatus::Running))
                }
                _ => None,
            },
            Event::Usage { total, last, .. } => {
                let is_of_this_turn = matches!(self.state, State::Turn(_));
                self.count(thread.clone(), total, last, is_of_this_turn);
                None
            }
            Event::Error { error, .. } => Some((error.message, EntryStatus::Running)),
            Event::Resolved { key } => {
                self.on_resolved(&key);
                None
            }
            _ => None,
        };
        // A thread that no item of ours has told of is not ours to show.
        if let Some((doing, status)) = doing
            && self.transcript.knows_sub_agent(thread)
        {
            let first = doing.lines().next().unwrap_or_default().to_owned();
            self.transcript.sub_agent(now, thread, None, &first, status);
        }
    }
}
