//! The record of earlier runs, as the built program tells it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use untaken::runtime::store::Store;
use untaken::triage::record::{ArmRecord, Event, Figures};

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        Self { folder }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("project").canonicalize().unwrap()
    }

    fn store(&self) -> Store {
        Store::open_in(&self.folder.path().join("state/untaken"), &self.root()).unwrap()
    }

    fn runs(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_untaken"))
            .arg("--root")
            .arg(self.root())
            .arg("runs")
            .args(args)
            .current_dir(self.root())
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .output()
            .unwrap()
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn events() -> Vec<Event> {
    let arm = ArmRecord {
        id: "4f1c9a0e77d2".into(),
        file: "src/cart.py".into(),
        line: 18,
        arm: "true".into(),
    };
    let path = "tests/test_\u{1b}[31mcart|.py".to_owned();
    vec![
        Event::Started {
            at: 1,
            version: "0.1.0".into(),
            root: "/p".into(),
            by: "close".into(),
            engine: "codex app-server".into(),
            test_command: "pytest".into(),
            reports: vec!["coverage.json".into()],
            before: Some(Figures {
                covered: 37,
                total: 52,
                percent: Some(71.15),
            }),
            measure: "branches".into(),
        },
        Event::TurnStarted {
            at: 2,
            turn: 1,
            round: 1,
            file: "src/cart.py".into(),
            gaps: vec![],
            prompt: String::new(),
        },
        Event::Rung {
            at: 3,
            turn: 1,
            path: path.clone(),
            rung: "static".into(),
            ok: true,
            evidence: "assertions found".into(),
        },
        Event::Verdict {
            at: 4,
            turn: 1,
            path: path.clone(),
            verdict: "kept".into(),
            tests: 2,
            text: String::new(),
        },
        Event::Closed {
            at: 5,
            turn: 1,
            arm,
            by: path,
        },
        Event::Measured {
            at: 6,
            figures: Figures {
                covered: 44,
                total: 52,
                percent: Some(84.61),
            },
        },
        Event::Changed {
            at: 6,
            turn: 1,
            path: "src/cart.py".into(),
            change: "modified".into(),
            kind: "source".into(),
            patch: "00ff.patch".into(),
            put_back: true,
            before: None,
            after: None,
        },
        Event::Ended {
            at: 7,
            reason: "the target is reached".into(),
            rounds: 1,
            files: 1,
        },
    ]
}

#[test]
fn a_project_without_a_run_says_so() {
    let place = Place::new();
    let output = place.runs(&[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output), "no run is recorded for this project\n");
}

#[test]
fn a_run_is_listed_and_shown_and_nothing_in_it_reaches_the_terminal_raw() {
    let place = Place::new();
    let mut run = place.store().start().unwrap();
    for event in events() {
        run.append(&event).unwrap();
    }
    let id = run.id().to_owned();
    drop(run);

    let list = stdout(&place.runs(&[]));
    assert!(
        list.starts_with(&id)
            && list.contains("71.15 →  84.61")
            && list.contains("the target is reached"),
        "{list}"
    );
    let json: Value = serde_json::from_str(&stdout(&place.runs(&["--format", "json"]))).unwrap();
    assert_eq!(json[0]["closed"], 1);

    let shown = stdout(&place.runs(&["show", &id[..8]]));
    assert!(
        shown.contains("src/cart.py:18 true") && shown.contains("✓ static"),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    let markdown = stdout(&place.runs(&["show", &id, "--format", "markdown"]));
    assert!(
        markdown.contains("# Run ") && markdown.contains("\\|.py") && !markdown.contains('\u{1b}'),
        "{markdown}"
    );
    let audit: Value =
        serde_json::from_str(&stdout(&place.runs(&["show", &id, "--format", "json"]))).unwrap();
    assert_eq!(audit["version"], 1);
    assert_eq!(audit["coverage_after"], 84.61);
    assert_eq!(audit["closed"][0]["id"], "4f1c9a0e77d2");
    assert_eq!(audit["tests_generated"], 2);
    assert_eq!(audit["put_back"][0]["patch"], "00ff.patch");
    assert!(
        audit["files"].as_str().unwrap().ends_with("/files"),
        "{audit}"
    );
}

#[test]
fn what_was_decided_and_committed_is_in_the_audit() {
    let place = Place::new();
    let mut run = place.store().start().unwrap();
    for event in events() {
        run.append(&event).unwrap();
    }
    let id = run.id().to_owned();
    drop(run);
    let mut again = place.store().reopen(&id).unwrap();
    let path = "tests/test_\u{1b}[31mcart|.py".to_owned();
    for action in ["rejected", "undone", "accepted"] {
        again
            .append(&Event::Reviewed {
                at: 1_709_210_096_789,
                path: path.clone(),
                turn: 1,
                action: action.into(),
                wrote: None,
            })
            .unwrap();
    }
    again
        .append(&Event::Committed {
            at: 1_709_210_096_789,
            commit: "abc1234".into(),
            paths: vec![path],
        })
        .unwrap();
    drop(again);
    let audit: Value =
        serde_json::from_str(&stdout(&place.runs(&["show", &id, "--format", "json"]))).unwrap();
    let actions: Vec<&str> = audit["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["rejected", "undone", "accepted"]);
    assert_eq!(audit["commits"][0]["commit"], "abc1234");
    assert_eq!(audit["tests"][0]["verdict"], "kept");
    assert_eq!(audit["closed"][0]["id"], "4f1c9a0e77d2");
    for format in ["text", "markdown"] {
        let shown = stdout(&place.runs(&["show", &id, "--format", format]));
        assert!(
            shown.contains("2024-02-29 12:34:56Z")
                && shown.contains("abc1234")
                && shown.contains("00ff.patch")
                && !shown.contains('\u{1b}'),
            "{shown}"
        );
    }
}

#[test]
fn a_record_cut_off_by_a_crash_is_shown_as_far_as_it_goes() {
    let place = Place::new();
    let mut run = place.store().start().unwrap();
    for event in &events()[..3] {
        run.append(event).unwrap();
    }
    let (id, file) = (run.id().to_owned(), run.folder().join("events.jsonl"));
    drop(run);
    fs::OpenOptions::new()
        .append(true)
        .open(file)
        .unwrap()
        .write_all(b"{\"event\":\"clo")
        .unwrap();
    assert!(stdout(&place.runs(&[])).contains("cut off"));
    let shown = place.runs(&["show", &id]);
    assert_eq!(shown.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&shown.stderr).contains("1 lines of the record were cut off"));
}

#[test]
fn an_unknown_run_is_wrong_use() {
    let output = Place::new().runs(&["show", "2026"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`untaken runs` lists them"));
}
