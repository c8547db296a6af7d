//! Codex: found, its version, its login, its sandbox.

use std::time::Duration;

use tokio::sync::mpsc;

use super::Check;
use crate::agent::{Checkup, FailureKind, Outgoing};
use crate::app::message::Message;
use crate::runtime::codex::{self, Codex};
use crate::settings::{Sandbox, Settings};

/// Codex answers in a tenth of a second; its sandbox is given twenty.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks Codex about itself. Starts it once, and ends it.
#[must_use]
pub fn agent(settings: &Settings) -> Vec<Check> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let checkup = match runtime {
        Ok(runtime) => runtime.block_on(asked(settings)),
        Err(error) => {
            let says = format!("Codex cannot be asked: {error}");
            return vec![Check::unknown("codex", says, "try again")];
        }
    };
    let sandbox = sandbox(settings, &checkup);
    vec![version(settings, &checkup), login(&checkup), sandbox]
}

async fn asked(settings: &Settings) -> Checkup {
    let (sender, mut messages) = mpsc::channel(256);
    let mut codex = Codex::new(sender);
    codex.carry_out(Checkup::launch(
        &settings.agent.command,
        &settings.root.display().to_string(),
    ));
    let mut checkup = Checkup::default();
    let asking = async {
        while !checkup.is_done() {
            let Some(message) = messages.recv().await else {
                return;
            };
            if let Message::Agent(incoming) = message {
                for outgoing in checkup.handle(incoming) {
                    codex.carry_out(outgoing);
                }
            }
        }
    };
    // Whoever does not answer in time is said to be unknown.
    let _ = tokio::time::timeout(PATIENCE, asking).await;
    drop(messages);
    codex.carry_out(Outgoing::Stop);
    codex.end().await;
    checkup
}

fn version(settings: &Settings, checkup: &Checkup) -> Check {
    const NAME: &str = "codex";
    const TRIED: &str = codex::TESTED;
    if let Some(failure) = &checkup.failure
        && checkup.version.is_none()
    {
        return Check::wrong(NAME, failure.says.clone(), failure.what_to_do.clone());
    }
    let place = match codex::locate(&settings.agent.command, &settings.root) {
        codex::Located::At(program) => program.display().to_string(),
        codex::Located::Nowhere { .. } => settings.agent.command.clone(),
    };
    let Some(version) = &checkup.version else {
        return Check::unknown(
            NAME,
            format!("{place} did not say its version in time"),
            "run `codex app-server` by hand to see what it says",
        );
    };
    match order(version, TRIED) {
        Some(std::cmp::Ordering::Less) => Check::note(
            NAME,
            format!("{version}, older than {TRIED}, which untaken was tried with; {place}"),
            "npm install -g @openai/codex@latest",
        ),
        Some(std::cmp::Ordering::Greater) => Check::ok(
            NAME,
            format!("{version}, newer than {TRIED}, which untaken was tried with; {place}"),
        ),
        Some(std::cmp::Ordering::Equal) => Check::ok(
            NAME,
            format!("{version}, which untaken was tried with; {place}"),
        ),
        None => Check::unknown(
            NAME,
            format!("{version}, not a version that can be compared with {TRIED}; {place}"),
            format!("npm install -g @openai/codex@{TRIED} is the one that untaken was tried with"),
        ),
    }
}

/// By the numbers; a build from source calls itself 0.0.0, which says nothing.
fn order(version: &str, other: &str) -> Option<std::cmp::Ordering> {
    let numbers = |text: &str| -> Option<Vec<u32>> {
        text.split('-')
            .next()?
            .split('.')
            .map(|part| part.parse().ok())
            .collect()
    };
    let (version, other) = (numbers(version)?, numbers(other)?);
    version
        .iter()
        .any(|number| *number != 0)
        .then(|| version.cmp(&other))
}

fn login(checkup: &Checkup) -> Check {
    const NAME: &str = "login";
    match checkup.account {
        Some(account) if account.known => Check::ok(NAME, "logged in"),
        Some(account) if !account.required => Check::ok(
            NAME,
            "none needed: the configured model provider wants no login",
        ),
        Some(_) => Check::wrong(
            NAME,
            "not logged in, and the configured model provider wants it",
            "codex login; on a machine without a person: printf '%s' \"$KEY\" | codex login --with-api-key",
        ),
        None => Check::unknown(
            NAME,
            "Codex could not be asked",
            "see codex above; `codex login status` asks it by hand",
        ),
    }
}

fn sandbox(settings: &Settings, checkup: &Checkup) -> Check {
    const NAME: &str = "sandbox";
    let unused = !settings.tests.sandbox && settings.agent.sandbox == Sandbox::DangerFullAccess;
    match &checkup.sandbox {
        Some(Ok(())) if unused => Check::note(
            NAME,
            "it works, but the settings use it for neither the agent nor its tests",
            "take sandbox = false under [tests] and \"danger-full-access\" under [agent] out",
        ),
        Some(Ok(())) => Check::ok(NAME, "a command ran inside it"),
        Some(Err(said)) => Check::wrong(
            NAME,
            format!("no command can run inside it: {}", said.trim()),
            "allow unprivileged user namespaces (on Ubuntu: sudo sysctl -w \
             kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap); \
             `codex sandbox -- true` tries it",
        ),
        None => {
            let not_found = checkup
                .failure
                .as_ref()
                .is_some_and(|failure| failure.kind == FailureKind::NotFound);
            let says = if not_found {
                "it comes with Codex, which was not found"
            } else {
                "it did not answer"
            };
            Check::unknown(
                NAME,
                says,
                "see codex above; `codex sandbox -- true` tries it",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;
    use crate::agent::Account;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(order("0.169.0", "0.169.0"), Some(Ordering::Equal));
        assert_eq!(order("0.99.4", "0.169.0"), Some(Ordering::Less));
        assert_eq!(order("0.170.0-alpha.1", "0.169.0"), Some(Ordering::Greater));
        assert_eq!(order("0.0.0", "0.169.0"), None);
        assert_eq!(order("main", "0.169.0"), None);
    }

    #[test]
    fn what_is_not_right_has_something_to_do() {
        let account = |known, required| Checkup {
            account: Some(Account { known, required }),
            ..Checkup::default()
        };
        assert!(login(&account(true, true)).todo.is_none());
        assert!(login(&account(false, false)).todo.is_none());
        assert!(login(&account(false, true)).todo.is_some());
        assert!(login(&Checkup::default()).todo.is_some());
    }
}
