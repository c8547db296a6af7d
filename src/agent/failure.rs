//! Why it does not go on, and what a person can do about it: one sentence each.

use super::incoming::ModelError;

/// Why the session does not go on by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    /// What happened. Lower case, no full stop; may carry text of Codex, so it is not terminal-safe.
    pub says: String,
    /// What to do next.
    pub what_to_do: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    NotFound,
    /// It could not be started, or does not speak as expected.
    NotUsable,
    NotLoggedIn,
    NoSandbox,
    /// The model's service refused or failed.
    Model,
    /// The process ended when nobody asked it to.
    Ended,
}

/// How much of a message of Codex goes into a sentence, in characters.
const QUOTE: usize = 300;

impl Failure {
    pub(super) fn new(
        kind: FailureKind,
        says: impl Into<String>,
        what_to_do: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            says: says.into(),
            what_to_do: what_to_do.into(),
        }
    }

    pub(super) fn not_found(command: &str, looked: &str) -> Self {
        Self::new(
            FailureKind::NotFound,
            format!("codex was not found: no program `{command}` {looked}"),
            "install it with `npm install -g @openai/codex`, or name it as `command` under [agent] in untaken.toml",
        )
    }

    pub(super) fn not_started(command: &str, why: &str) -> Self {
        Self::new(
            FailureKind::NotUsable,
            format!("`{command}` could not be started: {}", quote(why)),
            "check `command` under [agent] in untaken.toml, and that the file may be executed",
        )
    }

    pub(super) fn not_logged_in() -> Self {
        Self::new(
            FailureKind::NotLoggedIn,
            "codex is not logged in",
            "run `codex login` in another terminal, then send again",
        )
    }

    pub(super) fn no_sandbox(output: &str) -> Self {
        Self::new(
            FailureKind::NoSandbox,
            format!("codex cannot make its sandbox here: {}", quote(output)),
            "allow unprivileged user namespaces (on Ubuntu: an AppArmor profile for bwrap), or set \
             `sandbox = \"danger-full-access\"` under [agent] in untaken.toml to go without one; \
             `codex sandbox -- true` tries it",
        )
    }

    pub(super) fn refused(what: &str, message: &str) -> Self {
        Self::new(
            FailureKind::NotUsable,
            format!("codex refused {what}: {}", quote(message)),
            "untaken speaks to codex 0.169 and later; `npm install -g @openai/codex@latest` brings it up to date",
        )
    }

    /// The process ended before a thread was open.
    pub(super) fn ended_early(status: &str, stderr_tail: &str) -> Self {
        Self::new(
            FailureKind::NotUsable,
            format!(
                "codex ended at once ({status}){}",
                last_line(stderr_tail).map_or(String::new(), |line| format!(": {}", quote(&line)))
            ),
            "run `codex app-server` by hand to see what it says; untaken needs codex 0.169 or later",
        )
    }

    /// The process ended later.
    pub(super) fn ended(status: &str, stderr_tail: &str) -> Self {
        Self::new(
            FailureKind::Ended,
            format!(
                "codex ended unexpectedly ({status}){}",
                last_line(stderr_tail).map_or(String::new(), |line| format!(": {}", quote(&line)))
            ),
            "send again: it goes on in the same thread",
        )
    }

    /// What an error of the model's service means.
    pub(super) fn model(error: &ModelError, model: Option<&str>) -> Self {
        let message = quote(&error.message);
        let (says, what_to_do) = match (error.kind.as_deref(), error.http_status) {
            (Some("unauthorized"), _) | (_, Some(401 | 403)) => (
                format!("the model's service refused the login: {message}"),
                "run `codex login` again, or check the key of the provider in codex's config.toml; then send again".to_owned(),
            ),
            (Some("usageLimitExceeded"), _) => (
                format!("the usage limit is reached: {message}"),
                "wait until it is reset, or check plan and billing; then send again".to_owned(),
            ),
            (Some("modelNotFound"), _) | (_, Some(404)) => (
                format!("the model is not available: {message}"),
                match model {
                    Some(model) => format!("`{model}` is what was asked for: set another `model` under [agent] in untaken.toml, then send again"),
                    None => "set another `model` under [agent] in untaken.toml, then send again".to_owned(),
                },
            ),
            (Some("rateLimitExceeded"), _) | (_, Some(429)) => (
                format!("the model's service asks for fewer requests: {message}"),
                "wait a minute, then send again".to_owned(),
            ),
            (Some("contextWindowExceeded"), _) => (
                format!("the conversation no longer fits into the model: {message}"),
                "begin a new thread, and send fewer gaps at once".to_owned(),
            ),
            (Some("sandboxError"), _) => (
                format!("codex's sandbox failed: {message}"),
                "`codex sandbox -- true` tries it".to_owned(),
            ),
            (Some("serverOverloaded" | "internalServerError" | "flexUnavailable"), _)
            | (_, Some(500..)) => (
                format!("the model's service failed: {message}"),
                "send again later".to_owned(),
            ),
            (
                Some(
                    "responseStreamDisconnected"
                    | "responseStreamConnectionFailed"
                    | "httpConnectionFailed"
                    | "responseTooManyFailedAttempts",
                ),
                _,
            ) => (
                format!("the connection to the model's service was lost: {message}"),
                "check the network, then send again".to_owned(),
            ),
            _ => (
                format!("the model's service failed: {message}"),
                "send again, or see codex's own log".to_owned(),
            ),
        };
        Self::new(FailureKind::Model, says, what_to_do)
    }
}

/// The last line with anything in it that is not of Codex's log: `2026-11-22T16:14:17Z ERROR …` tells what
/// went wrong on the way, and hardly ever why it ended.
fn last_line(text: &str) -> Option<String> {
    text.lines()
        .rev()
        .map(|line| without_colours(line).trim().to_owned())
        .find(|line| !line.is_empty() && !is_of_log(line))
}

fn is_of_log(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let begins_with_time = words
        .next()
        .is_some_and(|word| word.ends_with('Z') && word.contains('T') && word.contains(':'));
    begins_with_time
        && words
            .next()
            .is_some_and(|word| matches!(word, "ERROR" | "WARN" | "INFO" | "DEBUG" | "TRACE"))
}

/// Without the escape sequences that set colours.
fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let end = after.find(|c: char| c.is_ascii_alphabetic());
        rest = end.and_then(|end| after.get(end + 1..)).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// A foreign text in one line of bearable length, without the full stop.
fn quote(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.chars().count() > QUOTE {
        line = line.chars().take(QUOTE).collect();
        line.push('…');
    }
    line.trim_end_matches('.').to_owned()
}
