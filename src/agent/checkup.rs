//! Whether Codex could work here, asked without opening a thread: its version, its login, its sandbox.
//!
//! A thread would leave a file behind in the person's Codex folder, and a turn would cost tokens; this asks
//! the two questions of a session's beginning and goes. `codex login status` is not asked: it says "not
//! logged in" also where a provider of the person's own wants no login (0.169).

use super::encode;
use super::failure::Failure;
use super::incoming::{Account, Incoming};
use super::outgoing::{Launch, Outgoing};
use super::session::version_in;

/// The ids of the two questions.
const INITIALIZE: u64 = 1;
const ACCOUNT: u64 = 2;

/// What has been found out so far. `None`: not yet, or never, where `failure` says why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkup {
    /// `0.169.0`, as Codex calls itself.
    pub version: Option<String>,
    pub account: Option<Account>,
    /// What the sandbox said where it failed.
    pub sandbox: Option<Result<(), String>>,
    /// Why Codex could not be asked.
    pub failure: Option<Failure>,
}

impl Checkup {
    /// What to start: the program that a session would start, and the sandbox that tests would run in.
    #[must_use]
    pub fn launch(command: &str, root: &str) -> Outgoing {
        Outgoing::Start(Launch {
            command: command.to_owned(),
            args: vec!["app-server".to_owned()],
            cwd: root.to_owned(),
            probe: Some(
                [
                    "sandbox",
                    "-c",
                    "sandbox_mode=\"workspace-write\"",
                    "--",
                    "true",
                ]
                .map(str::to_owned)
                .to_vec(),
            ),
        })
    }

    /// Takes in what came, and answers with what to write.
    pub fn handle(&mut self, incoming: Incoming) -> Vec<Outgoing> {
        match incoming {
            Incoming::Started { .. } => vec![Outgoing::Write(encode::initialize(INITIALIZE))],
            Incoming::Response {
                id: INITIALIZE,
                outcome,
            } => match outcome {
                Ok(reply) => {
                    self.version = reply
                        .user_agent
                        .as_deref()
                        .and_then(version_in)
                        .map(str::to_owned);
                    vec![
                        Outgoing::Write(encode::initialized()),
                        Outgoing::Write(encode::account_read(ACCOUNT)),
                    ]
                }
                Err(message) => self.fail(Failure::refused("the greeting", &message)),
            },
            Incoming::Response {
                id: ACCOUNT,
                outcome,
            } => match outcome {
                Ok(reply) => {
                    // An answer without the member: nothing is wanted.
                    self.account = Some(reply.account.unwrap_or(Account {
                        known: false,
                        required: false,
                    }));
                    Vec::new()
                }
                Err(message) => self.fail(Failure::refused("to say who is logged in", &message)),
            },
            Incoming::Sandbox(outcome) => {
                self.sandbox = Some(outcome);
                Vec::new()
            }
            Incoming::NotFound { command, looked } => {
                self.fail(Failure::not_found(&command, &looked))
            }
            Incoming::NotStarted { command, why } => {
                self.fail(Failure::not_started(&command, &why))
            }
            Incoming::Exited {
                status,
                stderr_tail,
            } => self.fail(Failure::ended_early(&status, &stderr_tail)),
            Incoming::Response { .. }
            | Incoming::Request { .. }
            | Incoming::Event { .. }
            | Incoming::Other { .. }
            | Incoming::Garbled { .. } => Vec::new(),
        }
    }

    fn fail(&mut self, failure: Failure) -> Vec<Outgoing> {
        self.failure.get_or_insert(failure);
        Vec::new()
    }

    /// Whether there is nothing more to wait for. The sandbox is tried by a process of its own, so it may still
    /// answer where Codex itself did not.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let asked = self.account.is_some() || self.failure.is_some();
        let never_ran = self.failure.as_ref().is_some_and(|failure| {
            matches!(
                failure.kind,
                super::FailureKind::NotFound | super::FailureKind::NotUsable
            )
        });
        asked && (self.sandbox.is_some() || never_ran)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::decode;

    fn checked(lines: &[&str]) -> (Checkup, usize) {
        let mut checkup = Checkup::default();
        let mut n_written = checkup
            .handle(Incoming::Started {
                program: "/usr/bin/codex".into(),
            })
            .len();
        for line in lines {
            n_written += checkup.handle(decode(line)).len();
        }
        (checkup, n_written)
    }

    #[test]
    fn version_and_login_are_asked_for_and_no_thread_is_opened() {
        let (mut checkup, n_written) = checked(&[
            r#"{"id":1,"result":{"userAgent":"untaken/0.169.0 (Debian 12.0.0; x86_64) dumb"}}"#,
            r#"{"id":2,"result":{"account":null,"requiresOpenaiAuth":true}}"#,
        ]);
        assert_eq!(n_written, 3, "initialize, initialized, account/read");
        assert_eq!(checkup.version.as_deref(), Some("0.169.0"));
        let account = checkup.account.unwrap();
        assert!(account.required && !account.known);
        assert!(!checkup.is_done(), "the sandbox has not answered");
        checkup.handle(Incoming::Sandbox(Err("bwrap: no".into())));
        assert!(checkup.is_done());
    }

    #[test]
    fn a_codex_that_cannot_be_asked_is_a_failure_with_what_to_do() {
        let mut checkup = Checkup::default();
        checkup.handle(Incoming::NotFound {
            command: "codex".into(),
            looked: "on PATH".into(),
        });
        assert!(checkup.is_done());
        assert!(
            checkup
                .failure
                .unwrap()
                .what_to_do
                .contains("npm install -g @openai/codex")
        );
        let (checkup, _) = checked(&[r#"{"id":1,"error":{"code":-32600,"message":"no"}}"#]);
        assert!(checkup.failure.is_some());
    }
}
