//! A project in a repository, and the record of a run that worked in it: a new test file and a changed one that
//! were kept, one that was rejected, a source that was put back.

#![allow(dead_code, reason = "each test uses its own part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use untaken::app::review::{Diff, Left, Now, OnDisk};
use untaken::coverage::FilePath;
use untaken::runtime::store::{RunRecord, Store};
use untaken::triage::record::{ArmRecord, Event, Figures, RunResult, TokenRecord};
use untaken::triage::review::{Review, Side};

pub(crate) const NEW: &str = "tests/test_more.py";
pub(crate) const CHANGED: &str = "tests/test_berths.py";
pub(crate) const MOCKED: &str = "tests/test_mocked.py";
pub(crate) const SOURCE: &str = "src/berths.py";

pub(crate) const NEW_TEXT: &str =
    "from src.berths import assign\n\n\ndef test_no_ship():\n    assert assign(None) == 0\n";
pub(crate) const BEFORE_TEXT: &str = "def test_assign():\n    assert True\n";
pub(crate) const CHANGED_TEXT: &str = "def test_assign():\n    assert 1 + 1 == 2\n";
pub(crate) const MOCKED_TEXT: &str = "def test_mocked():\n    assert mock()\n";
pub(crate) const SOURCE_TEXT: &str = "def assign(ship):\n    return 1 if ship else 0\n";
pub(crate) const SOURCE_EXCLUDED: &str =
    "def assign(ship):  # pragma: no cover\n    return 1 if ship else 0\n";

const REPORT: &str = "TN:\nSF:src/berths.py\nBRDA:2,0,0,1\nBRDA:2,0,1,1\nBRF:2\nBRH:2\nDA:1,1\nDA:2,2\nLF:2\nLH:2\nend_of_record\n";

/// What the tests would do: with the new file both arms are taken, without it one.
const SUITE: &str = "mkdir -p coverage\n[ -e tests/test_more.py ] && n=1 || n=0\n\
     sed \"s/BRDA:2,0,1,1/BRDA:2,0,1,$n/;s/BRH:2/BRH:$((1 + n))/\" base.info > coverage/lcov.info\n\
     echo \"$((1 + n)) passed in 0.01s\"\n";

pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) run: String,
}

pub(crate) fn git(root: &Path, args: &[&str]) -> String {
    let done = Command::new("git")
        .args(args)
        .current_dir(root)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap()
}

impl Place {
    /// The tree as such a run leaves it.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut place = Self {
            folder,
            run: String::new(),
        };
        place.write(SOURCE, SOURCE_TEXT);
        place.write(CHANGED, BEFORE_TEXT);
        place.write("mine.py", "mine = 1\n");
        place.write("base.info", REPORT);
        place.write("coverage/lcov.info", REPORT);
        place.write(".gitignore", "coverage/\n");
        place.write("suite.sh", SUITE);
        place.write(
            "untaken.toml",
            "[tests]\ncommand = \"sh suite.sh\"\nsandbox = false\n[reports]\npaths = [\"coverage/lcov.info\"]\n",
        );
        let root = place.root();
        git(&root, &["init", "-q"]);
        git(&root, &["config", "user.name", "t"]);
        git(&root, &["config", "user.email", "t@example.org"]);
        git(&root, &["add", "-A"]);
        git(&root, &["commit", "-qm", "start"]);
        place.write(NEW, NEW_TEXT);
        place.write(CHANGED, CHANGED_TEXT);
        place.run = place.record();
        place
    }

    pub(crate) fn root(&self) -> PathBuf {
        let root = self.folder.path().join("harbour");
        fs::create_dir_all(&root).unwrap();
        root.canonicalize().unwrap()
    }

    /// For `XDG_STATE_HOME`.
    pub(crate) fn state_home(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.state_home().join("untaken")
    }

    pub(crate) fn store(&self) -> Store {
        Store::open_in(&self.state(), &self.root()).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root().join(path)).ok()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.store().find(&self.run).unwrap().events
    }

    fn record(&self) -> String {
        let mut record = self.store().start().unwrap();
        for event in run_events(&mut |text| record.keep(text.as_bytes(), "txt").unwrap()) {
            record.append(&event).unwrap();
        }
        record.id().to_owned()
    }

    pub(crate) fn reopen(&self) -> RunRecord {
        self.store().reopen(&self.run).unwrap()
    }
}

/// The events of the run; `keep` names a text of the record.
pub(crate) fn run_events(keep: &mut dyn FnMut(&str) -> String) -> Vec<Event> {
    let mut changed = |path: &str, kind: &str, before: Option<&str>, after: &str| Event::Changed {
        at: 10,
        turn: 1,
        path: path.into(),
        change: if before.is_some() {
            "modified"
        } else {
            "added"
        }
        .into(),
        kind: kind.into(),
        patch: "00ff00ff00ff00ff.patch".into(),
        put_back: kind == "source",
        before: before.map(&mut *keep),
        after: Some(keep(after)),
    };
    let mut events = vec![
        Event::Started {
            at: 1,
            version: "0.1.0".into(),
            root: "/work/harbour".into(),
            by: "close".into(),
            engine: "codex app-server".into(),
            test_command: "sh suite.sh".into(),
            reports: vec!["coverage/lcov.info".into()],
            before: Some(Figures {
                covered: 1,
                total: 2,
                percent: Some(50.0),
            }),
            measure: "branches".into(),
        },
        Event::Thread {
            at: 2,
            id: "01a2b3c4".into(),
        },
        Event::TurnEnded {
            at: 3,
            turn: 1,
            status: "completed".into(),
            answer: String::new(),
            tokens: TokenRecord::default(),
        },
        changed(NEW, "test", None, NEW_TEXT),
        changed(CHANGED, "test", Some(BEFORE_TEXT), CHANGED_TEXT),
        changed(MOCKED, "test", None, MOCKED_TEXT),
        changed(SOURCE, "source", Some(SOURCE_TEXT), SOURCE_EXCLUDED),
    ];
    for (path, verdict, text, last) in [
        (NEW, "kept", NEW_TEXT, ("gains", true, "1 arm")),
        (CHANGED, "kept", CHANGED_TEXT, ("gains", true, "1 arm")),
        (
            MOCKED,
            "rejected",
            MOCKED_TEXT,
            (
                "static",
                false,
                "line 2: the function under test is replaced by a mock",
            ),
        ),
    ] {
        let mut rungs = vec![
            ("static", true, "an assertion in each of 1 tests"),
            ("untouched", true, "nothing but tests changed"),
            ("passes", true, "1 passed in 0.01s"),
            ("repeats", true, "the same 3 times"),
            ("suite", true, "2 passed; 1 before"),
        ];
        if verdict != "kept" {
            rungs.clear();
        }
        rungs.push(last);
        for (rung, ok, evidence) in rungs {
            events.push(Event::Rung {
                at: 20,
                turn: 1,
                path: path.into(),
                rung: rung.into(),
                ok,
                evidence: evidence.into(),
            });
        }
        events.push(Event::Verdict {
            at: 21,
            turn: 1,
            path: path.into(),
            verdict: verdict.into(),
            tests: u64::from(verdict == "kept"),
            text: keep(text),
        });
    }
    for (code, path, evidence, blocking) in [
        ("over-mocked", MOCKED, "line 2: assign is replaced", true),
        (
            "source-changed",
            SOURCE,
            "1 lines added, 1 removed; put back",
            true,
        ),
        ("sleep", NEW, "line 5: waits on the clock", false),
    ] {
        events.push(Event::Finding {
            at: 22,
            turn: 1,
            code: code.into(),
            path: path.into(),
            evidence: evidence.into(),
            blocking,
        });
    }
    events.push(Event::Closed {
        at: 23,
        turn: 1,
        arm: ArmRecord {
            id: "4f1c9a0e77d2".into(),
            file: SOURCE.into(),
            line: 2,
            arm: "else".into(),
        },
        by: NEW.into(),
    });
    events.push(Event::Measured {
        at: 24,
        figures: Figures {
            covered: 2,
            total: 2,
            percent: Some(100.0),
        },
    });
    events.push(Event::Ended {
        at: 25,
        reason: "every gap is closed".into(),
        rounds: 1,
        files: 1,
    });
    events
}

/// What the runtime would say of these events, on a tree that is just as they say. The sides of their files are
/// the texts themselves.
pub(crate) fn left_of(events: &[Event]) -> Left {
    let review = Review::of(events);
    let files = review
        .pieces
        .iter()
        .map(|piece| {
            let text = |side: &Side| match side {
                Side::Kept(text) => Some(text.clone().into_bytes()),
                Side::Absent | Side::Unknown => None,
            };
            let (before, after) = (text(&piece.without), text(&piece.with));
            let path = FilePath::new(&piece.id.path);
            OnDisk {
                now: if piece.should_be_in_tree() {
                    Now::With
                } else {
                    Now::Without
                },
                is_committed: piece.commit.is_some(),
                diff: Arc::new(Diff::of(&path, before.as_deref(), after.as_deref())),
            }
        })
        .collect();
    Left {
        run: "20261122-143400-1a".into(),
        clock: "22 Nov 14:34".into(),
        result: RunResult::of(events),
        review,
        files,
        is_written: false,
        folder: "/state/files".into(),
    }
}

/// The events of the run, with texts instead of names of files.
pub(crate) fn told_events() -> Vec<Event> {
    run_events(&mut str::to_owned)
}

pub(crate) fn reviewed(path: &str, action: &str) -> Event {
    Event::Reviewed {
        at: 30,
        path: path.into(),
        turn: 1,
        action: action.into(),
        wrote: None,
    }
}
