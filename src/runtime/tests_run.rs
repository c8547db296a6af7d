//! Runs the project's tests as a child: streamed and bounded output, a time limit, and an end of the
//! whole process tree, under a supervisor that outlives us just long enough to clean up.
//!
//! Tests that an agent wrote run only inside Codex's sandbox unless the person decided otherwise.

use std::ffi::OsString;
use std::io::Read;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::codex::MountPoints;
use super::supervisor;
use crate::evidence::suite::{TestOutcome, misses_threshold, test_counts, without_escapes};

/// How much of the output is kept for its closing lines. A runner prints its counts at the very end.
const KEPT_OUTPUT: usize = 256 * 1024;
/// How much of it is told onwards, to the next prompt and the record.
const TOLD_OUTPUT: usize = 8 * 1024;

/// Where a command may write and connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sandbox {
    /// As the user runs it.
    None,
    /// Inside the sandbox that Codex gives the agent's own commands: it writes the project, the
    /// temporary folders and `writable`, and reaches no network.
    Codex {
        program: PathBuf,
        writable: Vec<PathBuf>,
    },
}

/// One command to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCommand {
    /// A shell command line, as the user would type it.
    pub shell: String,
    pub folder: PathBuf,
    /// Set on top of our own environment.
    pub environment: Vec<(OsString, OsString)>,
    pub sandbox: Sandbox,
    pub timeout: Duration,
    /// This program's own binary, which is started again as the supervisor.
    pub supervisor: PathBuf,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRun {
    pub outcome: TestOutcome,
    pub took: Duration,
    pub end: RunEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    ByItself,
    /// The time limit ended it.
    TimedOut,
    /// We were asked to end it.
    Stopped,
}

/// Why nothing ran.
#[derive(Debug, thiserror::Error)]
pub enum TestRunError {
    #[error("the test command could not be started: {0}")]
    Start(#[from] std::io::Error),
    /// The sandbox itself failed; the tests never began.
    #[error(
        "the sandbox is not available: {said}; install bubblewrap and allow user namespaces until `codex sandbox -- true` works, or set sandbox = false under [tests] to run the agent's tests without it"
    )]
    NoSandbox { said: String },
}

impl TestCommand {
    /// Runs it to its end. `output` gets what it prints, both streams in the order they came, raw.
    ///
    /// # Errors
    /// When it cannot be started, or the sandbox it was to run in is not to be had.
    pub async fn run(
        &self,
        output: Option<mpsc::Sender<String>>,
        stop: CancellationToken,
    ) -> Result<TestRun, TestRunError> {
        let begun = Instant::now();
        // A run that is cut off leaves them behind; other sandboxes of ours stand still meanwhile.
        let mount_points = match &self.sandbox {
            Sandbox::Codex { .. } => MountPoints::absent_from(&self.folder),
            Sandbox::None => MountPoints::default(),
        };
        let (reader, writer) = std::io::pipe()?;
        let mut command = Command::new(&self.supervisor);
        let (program, arguments) = self.words();
        command
            .args(supervisor::arguments(&program))
            .args(arguments);
        command
            .current_dir(&self.folder)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            // A life line and not a channel: nothing is ever written to it.
            .stdin(Stdio::piped())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .kill_on_drop(true);
        if self.sandbox != Sandbox::None {
            for (name, _) in std::env::vars_os() {
                if is_secret(&name.to_string_lossy()) {
                    command.env_remove(name);
                }
            }
        }
        let mut child = command.spawn()?;
        let lifeline = child.stdin.take();
        // The command holds the writing ends; ours have to go, or the reader never sees the end.
        drop(command);

        let reading = tokio::task::spawn_blocking(move || read_all(reader, output.as_ref()));
        let limit = tokio::time::sleep(self.timeout);
        let end = tokio::select! {
            _ = child.wait() => RunEnd::ByItself,
            () = limit => RunEnd::TimedOut,
            () = stop.cancelled() => RunEnd::Stopped,
        };
        // The supervisor ends the tree when its life line closes, and only then ends itself.
        drop(lifeline);
        let status = child.wait().await?;
        mount_points.remove();
        let kept = reading.await.unwrap_or_default();
        let took = begun.elapsed();

        let text = without_escapes(&String::from_utf8_lossy(&kept));
        if let (Sandbox::Codex { .. }, false, Some(said)) =
            (&self.sandbox, status.success(), sandbox_refusal(&text))
        {
            return Err(TestRunError::NoSandbox { said });
        }
        let exit_code = match end {
            RunEnd::ByItself => status.code().filter(|code| *code < 128),
            RunEnd::TimedOut | RunEnd::Stopped => None,
        };
        let counts = test_counts(&text);
        Ok(TestRun {
            outcome: TestOutcome {
                exit_code,
                counts,
                timed_out: end == RunEnd::TimedOut,
                missed_threshold: misses_threshold(&text),
                tail: tail(&text),
            },
            took,
            end,
        })
    }

    /// The program and its arguments, sandbox included.
    fn words(&self) -> (OsString, Vec<OsString>) {
        let shell = ["sh".into(), "-c".into(), OsString::from(&self.shell)];
        match &self.sandbox {
            Sandbox::None => {
                let [program, rest @ ..] = shell;
                (program, rest.into())
            }
            Sandbox::Codex { program, writable } => {
                let mut words: Vec<OsString> = vec![
                    "sandbox".into(),
                    "-c".into(),
                    "sandbox_mode=\"workspace-write\"".into(),
                ];
                if !writable.is_empty() {
                    let folders: Vec<String> = writable
                        .iter()
                        .map(|folder| {
                            toml::Value::from(folder.to_string_lossy().as_ref()).to_string()
                        })
                        .collect();
                    words.push("-c".into());
                    words.push(
                        format!(
                            "sandbox_workspace_write.writable_roots=[{}]",
                            folders.join(",")
                        )
                        .into(),
                    );
                }
                words.push("--".into());
                words.extend(shell);
                (program.clone().into(), words)
            }
        }
    }
}

/// Whether a variable holds what opens an account, by its name. Tests that an agent wrote get none of these:
/// what they print goes into the next prompt. `SECRET_KEY` is not among them, suites of web frameworks
/// cannot start without one.
fn is_secret(name: &str) -> bool {
    const ENDS: [&str; 9] = [
        "API_KEY",
        "APIKEY",
        "ACCESS_KEY",
        "PRIVATE_KEY",
        "TOKEN",
        "_SECRET",
        "PASSWORD",
        "PASSPHRASE",
        "CREDENTIALS",
    ];
    const WHOLE: [&str; 4] = [
        "AWS_ACCESS_KEY_ID",
        "SSH_AUTH_SOCK",
        "GPG_AGENT_INFO",
        "DOCKER_AUTH_CONFIG",
    ];
    let name = name.to_ascii_uppercase();
    WHOLE.contains(&name.as_str()) || ENDS.iter().any(|end| name.ends_with(end))
}

/// The line with which bubblewrap says that it cannot work here. Codex passes it on as the command's
/// own output (codex 0.169), so it is the only sign there is.
fn sandbox_refusal(output: &str) -> Option<String> {
    let line = output
        .lines()
        .take(20)
        .find(|line| line.starts_with("bwrap: "))?;
    Some(line.chars().filter(|c| !c.is_control()).take(200).collect())
}

/// Reads to the end and keeps the last [`KEPT_OUTPUT`] bytes.
fn read_all(mut reader: impl Read, output: Option<&mpsc::Sender<String>>) -> Vec<u8> {
    let mut kept: Vec<u8> = Vec::new();
    let mut chunk = vec![0_u8; 16 * 1024];
    let mut cut_character = Vec::new();
    loop {
        let n = match reader.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let Some(fresh) = chunk.get(..n) else { break };
        kept.extend_from_slice(fresh);
        if kept.len() > 2 * KEPT_OUTPUT {
            kept.drain(..kept.len() - KEPT_OUTPUT);
        }
        if let Some(output) = output {
            cut_character.extend_from_slice(fresh);
            let whole = whole_characters(&cut_character);
            let rest = cut_character.split_off(whole);
            let text = String::from_utf8_lossy(&cut_character).into_owned();
            cut_character = rest;
            // A screen that fell behind loses output, the tests never wait for it.
            let _ = output.try_send(text);
        }
    }
    if kept.len() > KEPT_OUTPUT {
        kept.drain(..kept.len() - KEPT_OUTPUT);
    }
    kept
}

/// How many bytes from the start end on a character's end; a character cut in two waits for its rest.
fn whole_characters(bytes: &[u8]) -> usize {
    let last = bytes
        .iter()
        .rev()
        .take(3)
        .position(|byte| *byte & 0xC0 != 0x80);
    match last.and_then(|back| bytes.len().checked_sub(back + 1).map(|at| (at, back))) {
        Some((at, back)) => {
            let needs = match bytes.get(at) {
                Some(0xC2..=0xDF) => 2,
                Some(0xE0..=0xEF) => 3,
                Some(0xF0..=0xF4) => 4,
                _ => 1,
            };
            if needs > back + 1 { at } else { bytes.len() }
        }
        None => bytes.len(),
    }
}

/// The end of the output without control characters, cut at a line's start.
fn tail(text: &str) -> String {
    let mut from = text.len().saturating_sub(TOLD_OUTPUT);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let cut = text.get(from..).unwrap_or_default();
    let cut = if from == 0 {
        cut
    } else {
        cut.split_once('\n').map_or(cut, |(_, rest)| rest)
    };
    cut.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{is_secret, sandbox_refusal, tail, whole_characters};

    #[test]
    fn what_opens_an_account_is_no_variable_for_tests() {
        for name in [
            "OPENAI_API_KEY",
            "CODEX_API_KEY",
            "GITHUB_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "aws_session_token",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "PGPASSWORD",
            "SSH_AUTH_SOCK",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "PATH",
            "HOME",
            "SECRET_KEY",
            "CODEX_HOME",
            "TOKENIZERS_PARALLELISM",
            "KEYMAP",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_character_cut_in_two_waits_for_its_rest() {
        let text = "naïve €".as_bytes();
        assert_eq!(whole_characters(text), text.len());
        assert_eq!(whole_characters(&text[..text.len() - 1]), text.len() - 3);
        assert_eq!(whole_characters(&text[..3]), 2);
        assert_eq!(whole_characters(b"\xff\xff"), 2);
        assert_eq!(whole_characters(b""), 0);
    }

    #[test]
    fn the_tail_begins_with_a_whole_line_and_holds_no_control_character() {
        let long = format!("first\n{}\nlast\u{7} line\r\n", "x".repeat(9000));
        assert_eq!(tail(&long), "last line\n");
        assert_eq!(tail("short\n"), "short\n");
    }

    #[test]
    fn only_bubblewraps_own_words_are_a_refusal() {
        assert!(
            sandbox_refusal("bwrap: Creating new namespace failed: No space left on device\n")
                .is_some()
        );
        assert!(sandbox_refusal("test_bwrap: ok\n1 failed\n").is_none());
    }
}
