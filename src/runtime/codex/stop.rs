//! How a child is ended: gently, then firmly, then for certain.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::time::timeout;

/// How long each step waits for the child.
const PATIENCE: Duration = Duration::from_secs(2);

/// End a child whose standard input is being closed: wait, SIGTERM to its group, wait, SIGKILL, reap.
///
/// Codex ends its commands with itself on the first two; on SIGKILL only those in its sandbox die with
/// it (0.169), so that is the last resort.
pub(super) async fn end_child(child: &mut Child, group: Option<u32>) -> io::Result<ExitStatus> {
    if let Ok(status) = timeout(PATIENCE, child.wait()).await {
        return status;
    }
    signal_group(group, Signal::SIGTERM);
    if let Ok(status) = timeout(PATIENCE, child.wait()).await {
        return status;
    }
    kill_group(group);
    child.wait().await
}

/// SIGKILL to a process group; nothing happens if it is empty already.
pub(super) fn kill_group(group: Option<u32>) {
    signal_group(group, Signal::SIGKILL);
}

fn signal_group(group: Option<u32>, signal: Signal) {
    let group = group.and_then(|group| i32::try_from(group).ok());
    // 0 and 1 would be our own group and everybody's.
    if let Some(group) = group.filter(|group| *group > 1) {
        // ESRCH: all of them are gone, which is what was wanted.
        let _ = killpg(Pid::from_raw(group), signal);
    }
}

/// How a child ended, in words.
pub(super) fn describe(status: io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => match (status.code(), signal_of(status)) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "an unknown status".to_owned(),
        },
        Err(error) => format!("status unknown: {error}"),
    }
}

fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}
