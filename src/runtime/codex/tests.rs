//! The transport with shell scripts in Codex's place.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::*;

/// A program that is this script. Written by another process: were it open for writing here, a child that
/// another test just forks would hold it open, and it could not be run ("text file busy").
fn program(folder: &Path, script: &str) -> String {
    let path = folder.join("codex");
    let status = std::process::Command::new("/bin/sh")
        .args([
            "-c",
            "printf '%s\n' '#!/bin/sh' \"$1\" > \"$2\" && chmod +x \"$2\"",
            "sh",
            script,
        ])
        .arg(&path)
        .status();
    assert!(status.unwrap().success());
    path.display().to_string()
}

struct Started {
    codex: Codex,
    messages: mpsc::Receiver<Message>,
    folder: tempfile::TempDir,
}

fn start(script: &str, probe: Option<&str>, capacity: usize) -> Started {
    let folder = tempfile::tempdir().unwrap();
    let (sender, messages) = mpsc::channel(capacity);
    let mut codex = Codex::new(sender);
    codex.carry_out(Outgoing::Start(Launch {
        command: program(folder.path(), script),
        args: vec!["app-server".into()],
        cwd: folder.path().display().to_string(),
        probe: probe.map(|word| vec![word.to_owned()]),
    }));
    Started {
        codex,
        messages,
        folder,
    }
}

impl Started {
    async fn next(&mut self) -> Incoming {
        match timeout(Duration::from_secs(20), self.messages.recv()).await {
            Ok(Some(Message::Agent(incoming))) => incoming,
            other => panic!("{other:?}"),
        }
    }

    async fn until_exited(&mut self) -> (Vec<Incoming>, String, String) {
        let mut before = Vec::new();
        loop {
            match self.next().await {
                Incoming::Exited {
                    status,
                    stderr_tail,
                } => return (before, status, stderr_tail),
                other => before.push(other),
            }
        }
    }
}

fn method(name: &str) -> Incoming {
    Incoming::Other {
        method: name.to_owned(),
    }
}

#[tokio::test]
async fn lines_go_in_and_come_out_and_the_last_word_comes_last() {
    let mut started = start(
        r#"while read -r line; do printf '{"method":"%s"}\n' "$line"; done; echo '{"method":"over"}'; echo bye >&2; exit 3"#,
        None,
        8,
    );
    started.codex.carry_out(Outgoing::Write("one".into()));
    started.codex.carry_out(Outgoing::Write("two".into()));
    started.codex.carry_out(Outgoing::Stop);
    let (before, status, stderr) = started.until_exited().await;
    assert!(matches!(&before[0], Incoming::Started { program } if program.ends_with("/codex")));
    assert_eq!(before[1..], [method("one"), method("two"), method("over")]);
    assert_eq!(status, "exit status 3");
    assert_eq!(stderr, "bye\n");
}

#[tokio::test]
async fn a_slow_reader_slows_the_child_and_loses_nothing() {
    let mut started = start(
        r#"i=0; while [ $i -lt 3000 ]; do echo '{"method":"'$i'"}'; i=$((i+1)); done; echo done > done"#,
        None,
        2,
    );
    // The pipe holds 64 kB and the reader as much: not all of it.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (before, status, _) = started.until_exited().await;
    assert_eq!(before.len(), 3001);
    assert_eq!(before[3000], method("2999"));
    assert_eq!(status, "exit status 0");
}

#[tokio::test]
async fn a_child_that_will_not_end_is_killed_with_its_group() {
    let mut started = start(
        "trap '' TERM; sleep 1000 & echo $! > pid; while :; do sleep 1; done",
        None,
        8,
    );
    assert!(matches!(started.next().await, Incoming::Started { .. }));
    let pid = started.folder.path().join("pid");
    while fs::read_to_string(&pid).unwrap_or_default().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let begun = Instant::now();
    started.codex.end().await;
    let took = begun.elapsed();
    assert!(
        (Duration::from_secs(4)..Duration::from_secs(8)).contains(&took),
        "{took:?}"
    );
    let pid = fs::read_to_string(&pid).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
}

#[tokio::test]
async fn ending_waits_for_nobody_who_does_not_read() {
    let mut started = start(
        r#"while :; do echo '{"method":"x"}' || exit; done"#,
        None,
        1,
    );
    // Nobody reads, the channel is full, and the child is stuck in its pipe.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    started.codex.end().await;
    assert!(begun.elapsed() < Duration::from_secs(6));
}

#[tokio::test]
async fn the_trial_of_the_sandbox_tells_what_it_said_last() {
    for (script, outcome) in [
        ("exit 0", Ok(())),
        (
            "echo warning >&2; echo 'bwrap: Creating new namespace failed' >&2; exit 1",
            Err("bwrap: Creating new namespace failed".to_owned()),
        ),
        ("exit 5", Err("exit status 5".to_owned())),
    ] {
        let mut started = start(
            &format!("[ \"$1\" = app-server ] && {{ cat; exit; }}\n{script}"),
            Some("sandbox"),
            8,
        );
        let told = loop {
            if let Incoming::Sandbox(told) = started.next().await {
                break told;
            }
        };
        assert_eq!(told, outcome);
        started.codex.end().await;
    }
}

#[tokio::test]
async fn what_is_no_program_is_told_apart_from_what_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let (sender, mut messages) = mpsc::channel(8);
    let mut codex = Codex::new(sender);
    let command = program(folder.path(), "");
    fs::write(&command, "no interpreter, no format\u{0}").unwrap();
    for (command, cwd) in [
        ("./nothing".to_owned(), folder.path().display().to_string()),
        // A folder that is gone by now.
        (command, "/nowhere/at/all".to_owned()),
    ] {
        codex.carry_out(Outgoing::Start(Launch {
            command,
            args: Vec::new(),
            cwd,
            probe: None,
        }));
        match messages.recv().await {
            Some(Message::Agent(Incoming::NotFound { looked, .. })) => {
                assert!(looked.starts_with("at "));
            }
            Some(Message::Agent(Incoming::NotStarted { why, .. })) => {
                assert!(why.contains("No such file"), "{why}");
            }
            other => panic!("{other:?}"),
        }
        codex.end().await;
    }
}
