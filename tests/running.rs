//! Running tests: what comes out, what it costs to stop, and what is left behind. Linux's `/proc` tells.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use untaken::evidence::suite::TestCounts;
use untaken::runtime::tests_run::{RunEnd, Sandbox, TestCommand, TestRun};

fn command(folder: &Path, shell: &str) -> TestCommand {
    TestCommand {
        shell: shell.to_owned(),
        folder: folder.to_owned(),
        environment: Vec::new(),
        sandbox: Sandbox::None,
        timeout: Duration::from_secs(60),
        supervisor: PathBuf::from(env!("CARGO_BIN_EXE_untaken")),
    }
}

fn run(command: &TestCommand, stop: CancellationToken) -> TestRun {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(command.run(None, stop)).unwrap()
}

/// Processes whose command line holds `mark`, zombies left out.
fn alive(mark: &str) -> usize {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|pid| {
            let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&words)
                .replace('\0', " ")
                .contains(mark)
        })
        .count()
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{what} did not happen in 20 s"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A number of seconds to sleep that no other test and no other program uses.
fn mark(n: u32) -> String {
    format!("{}.{n}", 100_000 + std::process::id())
}

#[test]
fn what_a_runner_prints_is_read_in_its_order() {
    let place = tempfile::tempdir().unwrap();
    let shell = "echo one; echo two >&2; echo '3 passed, 1 failed in 0.10s'; exit 1";
    let ran = run(&command(place.path(), shell), CancellationToken::new());
    assert_eq!(ran.end, RunEnd::ByItself);
    assert_eq!(ran.outcome.exit_code, Some(1));
    assert_eq!(
        ran.outcome.counts,
        Some(TestCounts {
            passed: 3,
            failed: 1,
            skipped: 0
        })
    );
    assert!(
        ran.outcome.tail.starts_with("one\ntwo\n"),
        "{:?}",
        ran.outcome.tail
    );
}

#[test]
fn standard_input_is_empty_and_a_flood_is_bounded() {
    let place = tempfile::tempdir().unwrap();
    let shell = "cat; yes 0123456789012345678901234567890123456789 | head -c 20000000; echo; echo '2 passed in 0.1s'";
    let ran = run(&command(place.path(), shell), CancellationToken::new());
    assert_eq!(
        ran.outcome.counts,
        Some(TestCounts {
            passed: 2,
            failed: 0,
            skipped: 0
        })
    );
    assert!(ran.outcome.tail.len() <= 8 * 1024);
}

#[test]
fn the_time_limit_ends_the_whole_tree_also_what_moved_into_a_session_of_its_own() {
    let place = tempfile::tempdir().unwrap();
    let mark = mark(1);
    let shell = format!("setsid sleep {mark} & (trap '' TERM; sleep {mark}) & sleep {mark}");
    let mut limited = command(place.path(), &shell);
    limited.timeout = Duration::from_millis(600);
    let ran = run(&limited, CancellationToken::new());
    assert_eq!(ran.end, RunEnd::TimedOut);
    assert_eq!(ran.outcome.exit_code, None);
    assert_eq!(alive(&mark), 0);
}

#[test]
fn what_a_command_leaves_running_is_ended_with_it() {
    let place = tempfile::tempdir().unwrap();
    let mark = mark(2);
    let begun = Instant::now();
    let ran = run(
        &command(place.path(), &format!("setsid sleep {mark} & exit 7")),
        CancellationToken::new(),
    );
    assert_eq!(ran.outcome.exit_code, Some(7));
    assert_eq!(alive(&mark), 0);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn being_asked_to_stop_ends_it_at_once() {
    let place = tempfile::tempdir().unwrap();
    let mark = mark(3);
    let stop = CancellationToken::new();
    let later = stop.clone();
    let name = mark.clone();
    let watcher = std::thread::spawn(move || {
        until("the start", || alive(&name) > 0);
        later.cancel();
    });
    let ran = run(&command(place.path(), &format!("sleep {mark}")), stop);
    watcher.join().unwrap();
    assert_eq!(ran.end, RunEnd::Stopped);
    assert_eq!(alive(&mark), 0);
}

/// The supervisor as its parent uses it: with an open pipe for its life line.
fn supervisor(shell: &str) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_untaken"))
        .args(["__supervise", "sh", "-c", shell])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn no_command_survives_the_death_of_its_parent() {
    let (held, below) = (mark(7), mark(4));
    // The life line is held by a process that can be killed without a word, as we can be.
    let exe = env!("CARGO_BIN_EXE_untaken");
    let tree = format!("setsid sleep {below} & sleep {below}");
    let script = format!("sleep {held} | {exe} __supervise sh -c '{tree}'");
    let mut parent = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    until("the start", || alive(&format!("sleep {below}")) >= 2);
    Command::new("pkill")
        .args(["-KILL", "-f", &format!("^sleep {held}$")])
        .status()
        .unwrap();
    until("the end of the tree", || alive(&below) == 0);
    parent.wait().unwrap();
}

#[test]
fn killing_the_supervisor_kills_the_command() {
    let mark = mark(5);
    let mut supervisor = supervisor(&format!("exec sleep {mark}"));
    until("the start", || alive(&format!("sleep {mark}")) > 0);
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    until("the end of the command", || {
        alive(&format!("sleep {mark}")) == 0
    });
}

#[test]
fn a_terminated_supervisor_ends_its_tree_first() {
    let mark = mark(6);
    let mut supervisor = supervisor(&format!("setsid sleep {mark} & sleep {mark}"));
    until("the start", || alive(&format!("sleep {mark}")) >= 2);
    Command::new("kill")
        .args(["-TERM", &supervisor.id().to_string()])
        .status()
        .unwrap();
    let status = supervisor.wait().unwrap();
    assert_eq!(status.code(), Some(143));
    assert_eq!(alive(&format!("sleep {mark}")), 0);
}
