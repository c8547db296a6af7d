//! From nothing to an open thread: start, greet, ask who is logged in, open; try the sandbox beside it.

use std::time::Duration;

use super::{News, Pending, Session, State, Step};
use crate::agent::encode;
use crate::agent::failure::Failure;
use crate::agent::incoming::Reply;
use crate::agent::outgoing::{Launch, Outgoing};
use crate::agent::settings::Sandbox;

/// The oldest version whose interface was measured. Older ones are not refused: nobody knows.
const OLDEST_KNOWN: &str = "0.169";

/// The version in `untaken/0.169.0 (Debian 12.0.0; x86_64) …`: our own name, and Codex's version.
pub(in crate::agent) fn version_in(user_agent: &str) -> Option<&str> {
    user_agent.split_once('/')?.1.split_whitespace().next()
}

fn is_older_than_known(version: &str) -> bool {
    let numbers = |text: &str| -> Option<(u32, u32)> {
        let mut parts = text.split(['.', '-']);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    // 0.0.0 is what a build from source calls itself.
    matches!(
        (numbers(version), numbers(OLDEST_KNOWN)),
        (Some(it), Some(known)) if it != (0, 0) && it < known
    )
}

/// A process on its way to an open thread.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) since: Duration,
    /// The trial of the sandbox is over, and it works (or none is wanted).
    pub(super) sandbox_works: bool,
    /// The thread is open.
    pub(super) thread_open: bool,
}

impl Session {
    pub(super) fn open(&mut self, now: Duration, step: &mut Step) {
        let wants_sandbox = self.settings.sandbox != Sandbox::DangerFullAccess;
        self.state = State::Opening(Opening {
            since: now,
            sandbox_works: !wants_sandbox,
            thread_open: false,
        });
        step.outgoing.push(Outgoing::Start(Launch {
            command: self.settings.command.clone(),
            // A snapshot of the login shell would run the person's profile in the background, for seconds where
            // that is slow, beyond our own end; and no login shell is used.
            args: ["app-server", "-c", "features.shell_snapshot=false"]
                .map(str::to_owned)
                .to_vec(),
            cwd: self.settings.root.clone(),
            probe: wants_sandbox
                .then(|| vec!["sandbox".to_owned(), "--".to_owned(), "true".to_owned()]),
        }));
    }

    pub(super) fn on_started(&mut self, step: &mut Step) {
        if matches!(self.state, State::Opening(_)) {
            self.ask(Pending::Initialize, step, encode::initialize);
        }
    }

    pub(super) fn on_no_process(&mut self, failure: Failure, step: &mut Step) {
        match self.state {
            State::Opening(_) => self.fail(failure, step),
            State::Closing { .. } => {
                self.state = State::Off;
                step.news.push(News::Stopped);
            }
            State::Off
            | State::Ready { .. }
            | State::Turn(_)
            | State::Cleaning { .. }
            | State::Failed(_) => {}
        }
    }

    pub(super) fn on_sandbox(
        &mut self,
        outcome: Result<(), String>,
        now: Duration,
        step: &mut Step,
    ) {
        let State::Opening(opening) = &mut self.state else {
            return;
        };
        match outcome {
            Ok(()) => {
                opening.sandbox_works = true;
                self.ready_if_open(now, step);
            }
            Err(output) => self.close(Some(Failure::no_sandbox(&output)), step),
        }
    }

    pub(super) fn on_initialized(
        &mut self,
        outcome: Result<Reply, String>,
        now: Duration,
        step: &mut Step,
    ) {
        if !matches!(self.state, State::Opening(_)) {
            return;
        }
        match outcome {
            Ok(reply) => {
                self.version = reply
                    .user_agent
                    .as_deref()
                    .and_then(version_in)
                    .map(str::to_owned);
                if let Some(version) = self.version.clone()
                    && is_older_than_known(&version)
                {
                    self.warn(
                        &format!(
                            "codex {version} is older than what untaken was tried with ({OLDEST_KNOWN}); \
                             `npm install -g @openai/codex@latest` brings it up to date"
                        ),
                        now,
                    );
                }
                step.outgoing.push(Outgoing::Write(encode::initialized()));
                self.ask(Pending::Account, step, encode::account_read);
            }
            Err(message) => self.close(Some(Failure::refused("the greeting", &message)), step),
        }
    }

    pub(super) fn on_account(&mut self, outcome: &Result<Reply, String>, step: &mut Step) {
        if !matches!(self.state, State::Opening(_)) {
            return;
        }
        if let Ok(Reply {
            account: Some(account),
            ..
        }) = outcome
            && account.required
            && !account.known
        {
            self.close(Some(Failure::not_logged_in()), step);
            return;
        }
        self.open_thread(step);
    }

    fn open_thread(&mut self, step: &mut Step) {
        let settings = self.settings.clone();
        let thread = self.thread.clone();
        let resumed = thread.is_some();
        self.ask(Pending::OpenThread { resumed }, step, |id| {
            encode::thread_open(id, &settings, thread.as_ref())
        });
    }

    pub(super) fn on_thread(
        &mut self,
        resumed: bool,
        outcome: Result<Reply, String>,
        now: Duration,
        step: &mut Step,
    ) {
        let State::Opening(opening) = &mut self.state else {
            return;
        };
        match outcome {
            Ok(Reply {
                thread: Some(thread),
                model,
                effort,
                ..
            }) => {
                opening.thread_open = true;
                self.model = model;
                self.effort = effort.or_else(|| self.settings.effort.clone());
                self.opened_with
                    .get_or_insert_with(|| (self.model.clone(), self.effort.clone()));
                self.thread = Some(thread);
                self.ready_if_open(now, step);
            }
            Ok(_) => self.close(
                Some(Failure::refused("to open a thread", "it gave no thread")),
                step,
            ),
            // Nothing is left of the earlier thread: begin a new one, and say so.
            Err(message) if resumed && !message.contains("active writer") => {
                self.thread = None;
                self.transcript.notice(
                    now,
                    &format!(
                        "the earlier thread could not be opened again, a new one begins: {message}"
                    ),
                );
                self.open_thread(step);
            }
            Err(message) if resumed => self.close(
                Some(Failure::new(
                    crate::agent::FailureKind::NotUsable,
                    format!("another codex has this thread open: {message}"),
                    "close the other one, then send again",
                )),
                step,
            ),
            Err(message) => self.close(Some(Failure::refused("to open a thread", &message)), step),
        }
    }

    fn ready_if_open(&mut self, now: Duration, step: &mut Step) {
        if let State::Opening(opening) = &self.state
            && opening.thread_open
            && opening.sandbox_works
        {
            self.state = State::Ready { failure: None };
            self.next_turn(now, step);
        }
    }
}
