//! The demo's stand-ins, on the built program: what they say is what was recorded, and true of the folder.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use support::pty::{Pty, Start};
use tempfile::TempDir;
use untaken::coverage::Ratio;
use untaken::formats;
use untaken::runtime::demo::{Folder, PYTEST, TEST_COMMAND};

const ROUTE: &str = "pigeonpost/flight/route.py";
const TARIFF: &str = "pigeonpost/tariff.py";
const ROUTE_TESTS: &str = "tests/test_route_edges.py";

fn demo() -> Folder {
    Folder::create(Path::new(env!("CARGO_BIN_EXE_untaken"))).unwrap()
}

/// The branches of the report that lies in the folder.
fn branches(demo: &Folder) -> Ratio {
    let bytes = fs::read(demo.project().join("coverage/coverage.json")).unwrap();
    let report = formats::parse(&bytes).unwrap();
    report.totals.branches.unwrap()
}

fn pytest(demo: &Folder, words: &[&str]) -> Output {
    Command::new(demo.project().join(PYTEST))
        .args(words)
        .current_dir(demo.project())
        .env("UNTAKEN_DEMO_SPEED", "1000")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A client of the stand-in for Codex.
struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    next_id: u64,
}

impl Client {
    fn start(demo: &Folder, speed: &str) -> Self {
        let mut child = Command::new(demo.project().join(".venv/bin/codex"))
            .arg("app-server")
            .env("UNTAKEN_DEMO_SPEED", speed)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self {
            stdin: child.stdin.take(),
            child,
            stdout,
            next_id: 1,
        }
    }

    fn ask(&mut self, method: &str, params: &Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let line = json!({"id": id, "method": method, "params": params});
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
        id
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        assert!(self.stdout.read_line(&mut line).unwrap() > 0, "it ended");
        serde_json::from_str(&line).unwrap()
    }

    fn answer(&mut self, id: u64) -> Value {
        loop {
            let line = self.read();
            if line["id"] == id {
                return line;
            }
        }
    }

    fn send(&mut self, prompt: &str) -> u64 {
        let input = json!([{"type": "text", "text": prompt, "text_elements": []}]);
        self.ask("turn/start", &json!({"threadId": "t", "input": input}))
    }

    /// All lines until the turn is over.
    fn turn(&mut self, prompt: &str) -> Vec<Value> {
        self.send(prompt);
        let mut lines = Vec::new();
        loop {
            let line = self.read();
            let over = line["method"] == "turn/completed";
            lines.push(line);
            if over {
                return lines;
            }
        }
    }

    fn end(mut self) {
        drop(self.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

fn items<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines
        .iter()
        .filter(|line| line["method"] == "item/completed")
        .map(|line| &line["params"]["item"])
        .filter(|item| item["type"] == kind)
        .collect()
}

fn warnings(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .filter(|line| line["method"] == "warning")
        .map(|line| line["params"]["message"].as_str().unwrap())
        .collect()
}

#[test]
fn the_folder_holds_the_sample_and_is_removed() {
    fn files(folder: &Path, base: &Path, into: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, base, into);
            } else {
                into.insert(path.strip_prefix(base).unwrap().to_owned());
            }
        }
    }
    let demo = demo();
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/project");
    let mut in_assets = BTreeSet::new();
    files(&assets, &assets, &mut in_assets);
    for path in &in_assets {
        let copied = fs::read(demo.project().join(path)).unwrap();
        assert_eq!(copied, fs::read(assets.join(path)).unwrap(), "{path:?}");
    }
    let mut in_demo = BTreeSet::new();
    files(demo.project(), demo.project(), &mut in_demo);
    let own = [
        ".gitignore",
        ".venv/bin/codex",
        ".venv/bin/pytest",
        "coverage/coverage.json",
        "untaken.toml",
    ];
    in_assets.extend(own.map(PathBuf::from));
    assert_eq!(in_demo, in_assets);
    let whole = demo.project().parent().unwrap().to_owned();
    drop(demo);
    assert!(!whole.exists());
}

#[test]
fn what_a_killed_demo_left_is_swept_by_the_next() {
    let left = tempfile::Builder::new()
        .prefix("untaken-demo-")
        .tempdir()
        .unwrap();
    fs::write(left.path().join("in-use"), "").unwrap();
    let alive = demo();
    let next = demo();
    assert!(!left.path().exists());
    assert!(alive.project().exists());
    drop(next);
}

#[test]
fn the_sample_begins_with_open_branches_of_many_kinds() {
    let demo = demo();
    assert_eq!(branches(&demo), Ratio::new(81, 110));
    let report = fs::read(demo.project().join("coverage/coverage.json")).unwrap();
    let report = formats::parse(&report).unwrap();
    let with_gaps = report
        .files
        .iter()
        .filter(|file| file.totals().branches.is_some_and(|it| it.missed() > 0))
        .count();
    assert_eq!(with_gaps, 5);
    assert!(
        report
            .tool
            .is_some_and(|tool| tool.starts_with("coverage.py 7"))
    );
}

#[test]
fn pytest_says_what_it_said_and_leaves_the_report_that_it_left() {
    let demo = demo();
    let report = demo.project().join("coverage/coverage.json");
    let before = fs::read(&report).unwrap();
    fs::remove_file(&report).unwrap();
    let words: Vec<_> = TEST_COMMAND.split(' ').skip(1).collect();
    let done = pytest(&demo, &words);
    let said = text(&done.stdout);
    assert!(done.status.success(), "{said}");
    assert!(said.starts_with("recorded with Python 3."), "{said}");
    assert!(said.contains("30 passed in"), "{said}");
    assert_eq!(fs::read(&report).unwrap(), before);
}

#[test]
fn a_run_of_one_file_leaves_the_report_alone() {
    let demo = demo();
    let report = demo.project().join("coverage/coverage.json");
    let before = fs::read(&report).unwrap();
    let done = pytest(&demo, &["tests/test_route.py"]);
    assert!(text(&done.stdout).contains("6 passed in"));
    assert_eq!(fs::read(&report).unwrap(), before);
    // By itself it takes less than all together.
    let done = pytest(
        &demo,
        &[
            "--cov",
            "--cov-branch",
            "--cov-report=json:coverage/coverage.json",
            "tests/test_route.py",
        ],
    );
    assert!(done.status.success());
    assert!(branches(&demo).covered < 81);
}

#[test]
fn there_is_no_recording_for_changed_files_and_that_is_said() {
    let demo = demo();
    let source = demo.project().join(ROUTE);
    let changed = fs::read_to_string(&source).unwrap() + "\n";
    fs::write(&source, changed).unwrap();
    let done = pytest(&demo, &["tests/test_route.py"]);
    assert_eq!(done.status.code(), Some(4));
    let said = text(&done.stderr);
    assert!(
        said.contains(&format!("this is a recording: {ROUTE} is not as it was")),
        "{said}"
    );

    let demo = self::demo();
    fs::write(demo.project().join(ROUTE_TESTS), "def test(): pass\n").unwrap();
    let done = pytest(&demo, &[]);
    assert_eq!(done.status.code(), Some(4));
    assert!(text(&done.stderr).contains(ROUTE_TESTS));
    let mut client = Client::start(&demo, "1000");
    let lines = client.turn(&format!("# {ROUTE}"));
    assert_eq!(warnings(&lines).len(), 1);
    assert!(items(&lines, "fileChange").is_empty());
    client.end();
}

#[test]
fn a_turn_writes_its_test_file_and_its_report() {
    let demo = demo();
    let mut client = Client::start(&demo, "1000");
    let id = client.ask("initialize", &json!({}));
    let agent = client.answer(id)["result"]["userAgent"].clone();
    assert!(agent.as_str().unwrap().contains("/0.1"), "{agent}");
    let id = client.ask("thread/start", &json!({}));
    let opened = client.answer(id);
    let cwd = opened["result"]["cwd"].as_str().unwrap();
    assert_eq!(Path::new(cwd), demo.project());
    let said = client.read();
    let said = said["params"]["message"].as_str().unwrap();
    assert!(
        said.starts_with("this is a recording of codex-cli 0."),
        "{said}"
    );

    let lines = client.turn(&format!("Close the gaps of {ROUTE}, please."));
    let asked = &items(&lines, "userMessage")[0]["content"][0]["text"];
    assert_eq!(asked, &format!("Close the gaps of {ROUTE}, please."));
    assert!(demo.project().join(ROUTE_TESTS).exists());
    // Eight of nine: one arm is still open, as the recorded model's first try left it.
    assert_eq!(branches(&demo), Ratio::new(89, 110));
    let runs = items(&lines, "commandExecution");
    let suite = runs.last().unwrap();
    assert_eq!(suite["exitCode"], 0);
    assert!(
        suite["aggregatedOutput"]
            .as_str()
            .unwrap()
            .contains("41 passed in"),
        "what pytest says of these files, not of those there were when it was recorded: {suite}"
    );
    let usage = |lines: &[Value]| {
        lines
            .iter()
            .filter(|line| line["method"] == "thread/tokenUsage/updated")
            .map(|line| line["params"]["tokenUsage"].clone())
            .collect::<Vec<_>>()
    };
    let spent: u64 = usage(&lines)
        .iter()
        .map(|usage| usage["last"]["totalTokens"].as_u64().unwrap())
        .sum();
    let told = usage(&lines).last().unwrap()["total"]["totalTokens"].clone();
    assert_eq!(told, spent);

    let lines = client.turn(&format!("Still open in {ROUTE}: line 60"));
    assert_eq!(branches(&demo), Ratio::new(90, 110));
    assert_eq!(items(&lines, "fileChange").len(), 1);

    let lines = client.turn(&format!("And {ROUTE} again"));
    assert_eq!(warnings(&lines).len(), 1);
    assert!(warnings(&lines)[0].contains("no further turn"));
    assert_eq!(
        lines.last().unwrap()["params"]["turn"]["status"],
        "completed"
    );
    client.end();
}

#[test]
fn several_files_in_one_prompt_make_one_turn() {
    let demo = demo();
    let mut client = Client::start(&demo, "1000");
    let lines = client.turn(&format!("{TARIFF} and {ROUTE}"));
    let count = |method: &str| lines.iter().filter(|line| line["method"] == method).count();
    assert_eq!(count("turn/started"), 1);
    assert_eq!(count("turn/completed"), 1);
    assert_eq!(items(&lines, "userMessage").len(), 1);
    assert_eq!(items(&lines, "fileChange").len(), 2);
    let turns: BTreeSet<_> = lines
        .iter()
        .filter_map(|line| line["params"]["turnId"].as_str())
        .collect();
    assert_eq!(turns.len(), 1, "{turns:?}");
    assert_eq!(branches(&demo), Ratio::new(99, 110));
    client.end();
}

#[test]
fn an_arm_that_nothing_reaches_is_reported_and_nothing_is_written() {
    let demo = demo();
    let mut client = Client::start(&demo, "1000");
    let lines = client.turn("pigeonpost/flight/weather.py");
    assert!(items(&lines, "fileChange").is_empty());
    let said = items(&lines, "agentMessage");
    let last = said.last().unwrap()["text"].as_str().unwrap();
    let answer = untaken::triage::Answer::read(last);
    assert_eq!(answer.remaining.len(), 1);
    assert_eq!(answer.remaining[0].uncovered_lines, [27]);
    client.end();
}

#[test]
fn a_turn_can_be_interrupted_and_begun_again() {
    let demo = demo();
    let mut client = Client::start(&demo, "1");
    let id = client.send(TARIFF);
    let turn = client.answer(id)["result"]["turn"]["id"].clone();
    let id = client.ask(
        "turn/interrupt",
        &json!({"threadId": "t", "turnId": turn.clone()}),
    );
    assert!(client.answer(id).get("error").is_none());
    let over = client.read();
    assert_eq!(over["method"], "turn/completed");
    assert_eq!(over["params"]["turn"]["id"], turn);
    assert_eq!(over["params"]["turn"]["status"], "interrupted");
    assert_eq!(branches(&demo), Ratio::new(81, 110));
    client.end();

    let mut client = Client::start(&demo, "1000");
    client.turn(TARIFF);
    assert_eq!(branches(&demo), Ratio::new(91, 110));
    client.end();
}

#[test]
fn what_was_not_recorded_is_refused() {
    let demo = demo();
    let mut client = Client::start(&demo, "1000");
    let id = client.ask("model/list", &json!({}));
    let error = client.answer(id)["error"]["message"].clone();
    assert!(error.as_str().unwrap().contains("this is a recording"));
    let lines = client.turn("Close the gaps of src/other.py");
    assert!(warnings(&lines)[0].contains("no turn about any file"));
    client.end();
}

/// The demo in a terminal, with a temporary folder of its own to look into afterwards.
fn on_screen(speed: &str) -> (TempDir, Pty) {
    let temporary = tempfile::tempdir().unwrap();
    let pty = Start::new(env!("CARGO_BIN_EXE_untaken"), temporary.path())
        .arg("demo")
        .env("TMPDIR", temporary.path())
        .env("UNTAKEN_DEMO_SPEED", speed)
        .size(120, 36)
        .start();
    pty.wait_for("tariff.py");
    let made = fs::read_dir(temporary.path()).unwrap().count();
    assert_eq!(made, 1, "one folder, and nothing else");
    (temporary, pty)
}

#[test]
fn whoever_leaves_the_demo_leaves_nothing_behind() {
    type Leave = fn(&mut Pty);
    let ways: [(&str, u32, Leave); 4] = [
        ("q", 0, |pty| pty.type_keys("q")),
        ("ctrl-c", 0, |pty| pty.type_keys("\u{3}")),
        ("SIGTERM", 143, |pty| pty.signal(Signal::SIGTERM)),
        ("SIGHUP", 129, |pty| pty.signal(Signal::SIGHUP)),
    ];
    for (way, status, leave) in ways {
        let (temporary, mut pty) = on_screen("1000");
        leave(&mut pty);
        assert_eq!(pty.wait_end(), status, "{way}");
        let left: Vec<_> = fs::read_dir(temporary.path()).unwrap().collect();
        assert!(left.is_empty(), "{way}: {left:?}");
        pty.assert_restored();
    }
}

#[test]
fn what_is_picked_and_sent_closes() {
    let (temporary, mut pty) = on_screen("1000");
    pty.wait_for("recording");
    pty.wait_for("branches 73.6 % 81/110");
    pty.type_keys(" s");
    pty.wait_for("PROMPT");
    pty.wait_for(TARIFF);
    pty.type_keys("\r");
    pty.wait_for("82.7 % 91/110");
    pty.wait_for("10 arms taken");
    pty.wait_for("8 closed");
    // The tests are the person's own to run, too: the same stand-in, the same report.
    pty.type_keys("r");
    pty.wait_for("tests passed in");
    pty.type_keys("q");
    assert_eq!(pty.wait_end(), 0);
    pty.wait_childless();
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn what_one_report_closed_the_next_ones_leave_closed() {
    // Slow enough that each of the four reports is read by itself.
    let (_temporary, mut pty) = on_screen("12");
    // The folder above the worst file, and so every file with a gap.
    pty.type_keys("h s");
    pty.wait_for("# pigeonpost/flight/route.py");
    pty.type_keys("\r");
    // What a first round left open is sent again, until nothing moves any more.
    pty.wait_for("99.0 % 109/110");
    pty.wait_for("the run is done");
    pty.type_keys("d");
    pty.wait_for("28 arms taken   0 lost   0 vanished");
    assert!(!pty.text().contains("left the report"), "{}", pty.text());
    pty.type_keys("d");
    pty.wait_for("SESSION");
    pty.type_keys("q");
    assert_eq!(pty.wait_end(), 0);
}

#[test]
fn the_demo_needs_nothing_on_path() {
    let temporary = tempfile::tempdir().unwrap();
    let mut pty = Start::new(env!("CARGO_BIN_EXE_untaken"), temporary.path())
        .arg("demo")
        .env("PATH", "/nonexistent")
        .start();
    pty.wait_for("branches 73.6 % 81/110");
    pty.type_keys("q");
    assert_eq!(pty.wait_end(), 0);
}

/// The recordings against the tools that wrote them: the sample as it is now, run by the real pytest.
#[test]
#[ignore = "needs python3 with pytest and pytest-cov"]
fn the_real_pytest_still_finds_the_recorded_arms_untaken() {
    let demo = demo();
    let arms = |path: &Path| {
        let report: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let files = report["files"].as_object().unwrap();
        files
            .iter()
            .map(|(path, file)| (path.clone(), file["missing_branches"].clone()))
            .collect::<Vec<_>>()
    };
    let mut client = Client::start(&demo, "1000");
    for state in 0..3 {
        if state > 0 {
            client.turn(&format!(
                "{TARIFF} {ROUTE} pigeonpost/letters.py pigeonpost/loft.py"
            ));
        }
        let done = Command::new("pytest")
            .args(["--cov", "--cov-branch", "--cov-report=json:real.json"])
            .current_dir(demo.project())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", text(&done.stdout));
        assert_eq!(
            arms(&demo.project().join("real.json")),
            arms(&demo.project().join("coverage/coverage.json"))
        );
    }
    client.end();
}
