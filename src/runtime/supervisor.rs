//! A small process between us and every command of the project: it ends the command's whole process
//! tree when we say so, and also when we are gone without a word (`kill -9`).
//!
//! It is this same binary, started again with a private first argument. Our end of its standard input is
//! its life line: when that closes, for whatever reason, it ends everything below it. On Linux it adopts
//! what its tree orphans, so that a daemonised grandchild is found as well.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

/// The private first argument of the supervisor, and that of the command's own last step.
const SUPERVISE: &str = "__supervise";
const LAUNCH: &str = "__launch";

/// How long a tree may take to end by itself after SIGTERM before it is killed.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The words that make this binary supervise `program`: put the program's arguments behind them.
#[must_use]
pub fn arguments(program: &OsStr) -> [OsString; 2] {
    [OsString::from(SUPERVISE), program.to_owned()]
}

/// When the process was started as a supervisor, does that job and returns its exit status. The first
/// thing `main` asks; anything else gets `None`.
#[must_use]
pub fn run_if_asked() -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    let first = words.next()?;
    if first == SUPERVISE {
        let program = words.next()?;
        return Some(supervise(&program, words.collect()));
    }
    if first == LAUNCH {
        let program = words.next()?;
        return Some(launch(&program, words.collect()));
    }
    None
}

enum Happening {
    /// The command ended: its exit status, 128 + n for a signal.
    Ended(u8),
    /// The life line closed, or we were asked to end.
    Stop,
}

fn supervise(program: &OsStr, arguments: Vec<OsString>) -> ExitCode {
    adopt_orphans();
    let (happen, happened) = mpsc::channel();
    // Blocked here, before any thread exists, so that only the waiting thread below receives them.
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        signals.add(signal);
    }
    if signals.thread_block().is_err() {
        return ExitCode::from(125);
    }
    let Ok(me) = std::env::current_exe() else {
        return ExitCode::from(125);
    };
    let started = Command::new(me)
        .arg(LAUNCH)
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn();
    let Ok(mut child) = started else {
        return ExitCode::from(127);
    };
    let group = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));

    let ended = happen.clone();
    thread::spawn(move || {
        let status = child
            .wait()
            .map_or(125, |status| match (status.code(), status.signal()) {
                (Some(code), _) => u8::try_from(code & 0xff).unwrap_or(255),
                (None, Some(signal)) => u8::try_from(128 + signal).unwrap_or(255),
                (None, None) => 255,
            });
        let _ = ended.send(Happening::Ended(status));
    });
    let asked = happen.clone();
    thread::spawn(move || {
        let _ = signals.wait();
        let _ = asked.send(Happening::Stop);
    });
    thread::spawn(move || {
        let mut lifeline = std::io::stdin().lock();
        let mut byte = [0_u8; 64];
        loop {
            match lifeline.read(&mut byte) {
                Ok(0) => break,
                Err(error) if error.kind() != std::io::ErrorKind::Interrupted => break,
                _ => {}
            }
        }
        let _ = happen.send(Happening::Stop);
    });

    let status = match happened.recv() {
        Ok(Happening::Ended(status)) => status,
        Ok(Happening::Stop) | Err(_) => 143,
    };
    end_tree(group);
    ExitCode::from(status)
}

/// The command's last step before it becomes the command: should the supervisor be killed, so is it.
fn launch(program: &OsStr, arguments: Vec<OsString>) -> ExitCode {
    die_with_parent();
    // The supervisor blocks its signals, and a blocked signal would stay so through the exec.
    let _ = SigSet::all().thread_unblock();
    let _error = Command::new(program).args(arguments).exec();
    ExitCode::from(127)
}

#[cfg(target_os = "linux")]
fn adopt_orphans() {
    let _ = nix::sys::prctl::set_child_subreaper(true);
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGTERM);
}

#[cfg(target_os = "linux")]
fn die_with_parent() {
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
}

#[cfg(not(target_os = "linux"))]
fn adopt_orphans() {}

#[cfg(not(target_os = "linux"))]
fn die_with_parent() {}

/// Ends what is left of the tree: politely first, then for good.
fn end_tree(group: Pid) {
    let me = Pid::this();
    let begun = Instant::now();
    let mut below = descendants(me);
    let _ = nix::sys::signal::killpg(group, Signal::SIGTERM);
    for pid in &below {
        let _ = kill(*pid, Signal::SIGTERM);
    }
    while !below.is_empty() && begun.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(10));
        below = descendants(me);
    }
    // New children may appear while the old are killed, so look again; a bound keeps a fork bomb from
    // holding us for ever.
    let _ = nix::sys::signal::killpg(group, Signal::SIGKILL);
    for _ in 0..100 {
        below = descendants(me);
        if below.is_empty() {
            return;
        }
        for pid in &below {
            let _ = kill(*pid, Signal::SIGKILL);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Every process below `ancestor` that is still running, from `/proc`; elsewhere none is known and the
/// process group has to do.
#[must_use]
pub(crate) fn descendants(ancestor: Pid) -> Vec<Pid> {
    let mut parents: Vec<(i32, i32)> = Vec::new();
    if let Ok(entries) = std::fs::read_dir("/proc") {
        for entry in entries.filter_map(Result::ok) {
            let Some(pid) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<i32>().ok())
            else {
                continue;
            };
            if let Some(parent) = running_parent(pid) {
                parents.push((pid, parent));
            }
        }
    }
    let mut found = vec![ancestor.as_raw()];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        next += 1;
        found.extend(
            parents
                .iter()
                .filter(|(_, of)| *of == parent)
                .map(|(pid, _)| *pid),
        );
    }
    found.into_iter().skip(1).map(Pid::from_raw).collect()
}

/// The parent of a process that is not a zombie. The name in parentheses may hold anything, so what
/// counts begins after the last one (proc(5), `/proc/pid/stat`).
fn running_parent(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(parent)
}
