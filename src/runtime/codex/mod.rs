//! The process behind a session: `codex app-server`, its lines in both directions, its end.
//!
//! It knows nothing of what the lines mean. The reader awaits on the bounded channel of the loop, so
//! that a screen that cannot keep up slows the pipe and not the memory. One task owns the child and
//! reaps it exactly once; no task outlives [`Codex::end`] for longer than the stop recipe takes.

mod lines;
mod locate;
mod mount_points;
mod stop;
mod stragglers;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::debug;

use self::lines::{LineReader, MOST_LINE};
use self::stop::{describe, end_child, kill_group};
use self::stragglers::Mark;
use crate::agent::{Incoming, Launch, Outgoing, decode};
use crate::app::message::Message;
use crate::harmless;

pub use self::locate::{Located, locate};
pub(in crate::runtime) use self::mount_points::MountPoints;

/// The version of Codex that the tests with the real one ran against.
pub const TESTED: &str = "0.169.0";

/// How much of standard error is kept for the sentence about an unexpected end.
const STDERR_TAIL: usize = 8 << 10;
/// How long the trial of the sandbox may take.
const PROBE_LIMIT: Duration = Duration::from_secs(20);
/// A process outside our reach may hold the pipe open after Codex has gone; then we do not wait for its end.
const PIPE_LIMIT: Duration = Duration::from_millis(500);

/// The process of a session, if one runs, and the way to it.
#[derive(Debug)]
pub struct Codex {
    messages: mpsc::Sender<Message>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    lines: mpsc::UnboundedSender<String>,
    /// Begins the stop recipe.
    stop: CancellationToken,
    /// The child has been reaped, and its group is no more.
    gone: CancellationToken,
    keeper: JoinHandle<()>,
}

impl Codex {
    /// No process yet. What comes from one goes to `messages`, as [`Message::Agent`].
    #[must_use]
    pub fn new(messages: mpsc::Sender<Message>) -> Self {
        Self {
            messages,
            running: None,
        }
    }

    /// Do what the session asks. Never waits; it has to be called within a tokio runtime.
    pub fn carry_out(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Start(launch) => self.start(launch),
            Outgoing::Write(line) => {
                if let Some(running) = &self.running {
                    // The child may be gone already; then `Exited` is on its way.
                    drop(running.lines.send(line));
                }
            }
            Outgoing::Stop => {
                if let Some(running) = &self.running {
                    running.stop.cancel();
                }
            }
        }
    }

    fn start(&mut self, launch: Launch) {
        let (lines, to_write) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let gone = CancellationToken::new();
        let keeper = tokio::spawn(keep(
            launch,
            to_write,
            stop.clone(),
            gone.clone(),
            self.messages.clone(),
        ));
        // A session starts a process only after the one before has exited: there is nothing left to end.
        self.running = Some(Running {
            lines,
            stop,
            gone,
            keeper,
        });
    }

    /// End the process if one runs, and wait until it is gone: at most what the stop recipe takes, whether or
    /// not anybody still reads the messages.
    pub async fn end(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.cancel();
            running.gone.cancelled().await;
            running.keeper.abort();
        }
    }
}

/// One process from its start to its last word.
async fn keep(
    launch: Launch,
    to_write: mpsc::UnboundedReceiver<String>,
    stop: CancellationToken,
    gone: CancellationToken,
    messages: mpsc::Sender<Message>,
) {
    // Also should this task panic: its child is killed then, because it is dropped.
    let gone = gone.drop_guard();
    let last_word = live(launch, to_write, stop, &messages, gone).await;
    drop(messages.send(Message::Agent(last_word)).await);
}

/// Waits for nobody but the child until the child is gone.
async fn live(
    launch: Launch,
    to_write: mpsc::UnboundedReceiver<String>,
    stop: CancellationToken,
    messages: &mpsc::Sender<Message>,
    gone: DropGuard,
) -> Incoming {
    let cwd = PathBuf::from(&launch.cwd);
    let program = match locate(&launch.command, &cwd) {
        Located::At(program) => program,
        Located::Nowhere { looked } => {
            return Incoming::NotFound {
                command: launch.command,
                looked,
            };
        }
    };
    let mount_points = MountPoints::absent_from(&cwd);
    let mark = Mark::new();
    let mut child = match command(&program, &launch.args, &cwd)
        .env(stragglers::VARIABLE, mark.as_str())
        .stdin(Stdio::piped())
        .spawn()
    {
        Ok(child) => child,
        Err(error) => {
            return Incoming::NotStarted {
                command: launch.command,
                why: error.to_string(),
            };
        }
    };
    let group = child.id();
    debug!(program = %program.display(), pid = group, "codex started");
    let started = Incoming::Started {
        program: program.display().to_string(),
    };
    let reader = child
        .stdout
        .take()
        .map(|stdout| tokio::spawn(read(started, stdout, messages.clone())));
    let stderr = child
        .stderr
        .take()
        .map(|stderr| tokio::spawn(drain(stderr, true)));
    let writer = child
        .stdin
        .take()
        .map(|stdin| tokio::spawn(write(stdin, to_write, stop.clone())));
    let probe = launch
        .probe
        .map(|args| tokio::spawn(try_sandbox(program, args, cwd, messages.clone())));

    let status = tokio::select! {
        status = child.wait() => status,
        () = stop.cancelled() => end_child(&mut child, group).await,
    };
    // What was started along with it and does not die with it: the native program under a killed wrapper.
    kill_group(group);
    // Reads as many small files as there are processes: too long for the thread of the loop.
    drop(tokio::task::spawn_blocking(move || mark.kill_all()).await);
    mount_points.remove();
    drop(gone);
    for task in [writer, probe].into_iter().flatten() {
        task.abort();
    }
    if let Some(mut reader) = reader {
        // Its lines come before the last word. While the loop cannot keep up, the reader is waiting for it;
        // else somebody out of our reach holds the pipe open.
        while timeout(PIPE_LIMIT, &mut reader).await.is_err() {
            if messages.capacity() > 0 {
                reader.abort();
                break;
            }
        }
    }
    let stderr_tail = match stderr {
        Some(mut stderr) => {
            let tail = timeout(PIPE_LIMIT, &mut stderr).await;
            stderr.abort();
            tail.map(Result::unwrap_or_default).unwrap_or_default()
        }
        None => String::new(),
    };
    let status = describe(status);
    debug!(%status, "codex exited");
    Incoming::Exited {
        status,
        stderr_tail,
    }
}

/// A child in a process group of its own: a ctrl-c of the terminal is not for it.
fn command(program: &Path, args: &[String], cwd: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(cwd)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

async fn read(started: Incoming, stdout: impl AsyncRead + Unpin, messages: mpsc::Sender<Message>) {
    if messages.send(Message::Agent(started)).await.is_err() {
        return;
    }
    let mut lines = LineReader::new(stdout);
    while let Some(line) = lines.next().await {
        let incoming = match &line {
            Ok(line) => decode(line),
            Err(dropped) => {
                debug!(dropped, most = MOST_LINE, "a line of codex was too long");
                continue;
            }
        };
        match &incoming {
            Incoming::Garbled { line } => debug!(line = %harmless::line(line), "no message"),
            Incoming::Other { method } => debug!(method = %harmless::line(method), "passed over"),
            _ => {}
        }
        if messages.send(Message::Agent(incoming)).await.is_err() {
            return;
        }
    }
}

/// Write what is to be written; when asked to stop, write the rest, and close.
async fn write(
    mut stdin: ChildStdin,
    mut lines: mpsc::UnboundedReceiver<String>,
    stop: CancellationToken,
) {
    loop {
        let line = tokio::select! {
            biased;
            line = lines.recv() => line,
            () = stop.cancelled() => None,
        };
        let Some(mut line) = line else { return };
        line.push('\n');
        if stdin.write_all(line.as_bytes()).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

/// Read to the end, and keep the end of it.
async fn drain(mut from: impl AsyncRead + Unpin, logged: bool) -> String {
    let mut tail = Vec::new();
    let mut buffer = vec![0; 4096];
    while let Ok(n) = from.read(&mut buffer).await {
        if n == 0 {
            break;
        }
        let Some(new) = buffer.get(..n) else { break };
        if logged {
            debug!(text = %harmless::lines(&String::from_utf8_lossy(new)), "codex stderr");
        }
        tail.extend_from_slice(new);
        if tail.len() > 2 * STDERR_TAIL {
            tail.drain(..tail.len() - STDERR_TAIL);
        }
    }
    tail.drain(..tail.len().saturating_sub(STDERR_TAIL));
    String::from_utf8_lossy(&tail).into_owned()
}

/// Whether a command runs in Codex's sandbox here. Codex itself does not say when it cannot: each command
/// of the agent fails with a line of bubblewrap's, and the turn counts as completed (0.169).
async fn try_sandbox(
    program: PathBuf,
    args: Vec<String>,
    cwd: PathBuf,
    messages: mpsc::Sender<Message>,
) {
    let outcome = match command(&program, &args, &cwd).spawn() {
        Ok(child) => match timeout(PROBE_LIMIT, probed(child)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!(
                "no answer within {} seconds",
                PROBE_LIMIT.as_secs()
            )),
        },
        Err(error) => Err(error.to_string()),
    };
    drop(
        messages
            .send(Message::Agent(Incoming::Sandbox(outcome)))
            .await,
    );
}

async fn probed(mut child: Child) -> Result<(), String> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let stdout = async {
        match stdout {
            Some(stdout) => drain(stdout, false).await,
            None => String::new(),
        }
    };
    let stderr = async {
        match stderr {
            Some(stderr) => drain(stderr, true).await,
            None => String::new(),
        }
    };
    let (stdout, stderr, status) = tokio::join!(stdout, stderr, child.wait());
    match status {
        Ok(status) if status.success() => Ok(()),
        status => {
            // Warnings come first, the reason last.
            let said = [stderr.trim(), stdout.trim()]
                .into_iter()
                .find_map(|text| text.lines().last())
                .map_or_else(|| describe(status), str::to_owned);
            Err(said)
        }
    }
}

#[cfg(test)]
mod tests;
