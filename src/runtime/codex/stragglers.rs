//! What outlives Codex although it was started by it.
//!
//! A command that a person accepted runs outside the sandbox, in a session and a process group of its own;
//! when Codex is killed nothing ends it (0.169). What we start carries a mark in its environment, which its
//! children inherit: so they can be found, on Linux.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, process};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The variable that holds the mark.
pub(super) const VARIABLE: &str = "UNTAKEN_SESSION";

/// What marks the processes of one session.
#[derive(Clone, Debug)]
pub(super) struct Mark(String);

impl Mark {
    /// A mark that nothing else carries.
    pub(super) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(format!(
            "{}-{}-{}",
            process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed),
            since.as_nanos()
        ))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Kill everything that carries the mark. Looks again, because what is killed may just have forked; a
    /// bound keeps something that forks faster than that from holding us.
    pub(super) fn kill_all(&self) {
        let entry = format!("{VARIABLE}={}", self.0).into_bytes();
        for _ in 0..50 {
            let marked = marked(&entry);
            if marked.is_empty() {
                return;
            }
            for pid in marked {
                let _ = kill(pid, Signal::SIGKILL);
            }
        }
    }
}

/// The processes with this entry in their environment; none where there is no `/proc`. One that has ended
/// and waits to be reaped has no environment any more.
fn marked(entry: &[u8]) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .filter_map(|process| {
            let process = process.ok()?;
            let pid: i32 = process.file_name().to_str()?.parse().ok()?;
            let environment = fs::read(process.path().join("environ")).ok()?;
            environment
                .split(|byte| *byte == 0)
                .any(|other| other == entry)
                .then(|| Pid::from_raw(pid))
        })
        .collect()
}
