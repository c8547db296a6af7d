//! The main job from end to end, in a terminal: a project with a report, the real Codex with a scripted
//! model, the project's own test tools. Pick, send, and see the arms close.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

#[path = "support/codex_home.rs"]
mod codex_home;
#[path = "support/model_server.rs"]
mod model_server;
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use codex_home::CodexHome;
use model_server::{ModelServer, codex_config};
use serde_json::{Value, json};
use support::project::write;
use support::pty::{Pty, Start};

const BERTHS_PY: &str = r#"def assign(ship, berths):
    if ship is None:
        raise ValueError("no ship")
    for berth in berths:
        if berth["depth"] >= ship["draught"] and not berth["taken"]:
            return berth["name"]
    return None


def fee(tons):
    if tons > 100:
        return tons * 2
    return tons
"#;

const BERTHS_EDGES: &str = r#"import pytest

from harbour.berths import assign, fee


def test_no_ship_is_an_error():
    with pytest.raises(ValueError):
        assign(None, [])


def test_a_berth_that_is_too_shallow_is_passed_over():
    shallow = {"name": "A", "depth": 2, "taken": False}
    assert assign({"draught": 5}, [shallow]) is None


def test_heavy_ships_pay_double():
    assert fee(150) == 300
"#;

/// Four Python files, of which `berths.py` is the worst, and their tests.
fn python_harbour(project: &Path) {
    write(project, "harbour/__init__.py", "");
    write(project, "harbour/berths.py", BERTHS_PY);
    write(
        project,
        "harbour/customs.py",
        "def duty(value, free):\n    if free:\n        return 0\n    return value // 10\n",
    );
    write(
        project,
        "harbour/flags.py",
        "def flag(code):\n    return code.upper()\n",
    );
    write(
        project,
        "harbour/tides.py",
        "def tide(hour):\n    if hour % 12 < 6:\n        return \"in\"\n    return \"out\"\n",
    );
    write(
        project,
        "tests/test_harbour.py",
        r#"from harbour.berths import assign, fee
from harbour.customs import duty
from harbour.flags import flag
from harbour.tides import tide


def test_assign():
    deep = {"name": "B", "depth": 9, "taken": False}
    assert assign({"draught": 5}, [deep]) == "B"


def test_fee():
    assert fee(10) == 10


def test_duty():
    assert duty(100, free=True) == 0
    assert duty(100, free=False) == 10


def test_flag():
    assert flag("q") == "Q"


def test_tide():
    assert tide(1) == "in"
    assert tide(8) == "out"
"#,
    );
    write(
        project,
        "pyproject.toml",
        "[tool.pytest.ini_options]\npythonpath = [\".\"]\n",
    );
}

/// Python by its full path: the shell in which the agent runs commands may have another PATH.
fn pytest() -> String {
    let python = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .expect("python3 is there");
    let python = String::from_utf8(python.stdout).unwrap();
    format!(
        "{} -m pytest -q --cov=harbour --cov-branch --cov-report=json:coverage/coverage.json",
        python.trim()
    )
}

const BERTHS_EDGES_TS: &str = r#"import { expect, test } from "vitest";
import { assign, fee } from "../src/berths";

test("no ship is an error", () => {
  expect(() => assign(null, [])).toThrow("no ship");
});

test("a berth that is too shallow is passed over", () => {
  expect(assign({ draught: 5 }, [{ name: "A", depth: 2 }])).toBeUndefined();
});

test("heavy ships pay double", () => {
  expect(fee(150)).toBe(300);
});

test("the fee of no weight is that of ten tons", () => {
  expect(fee()).toBe(10);
});
"#;

/// The same harbour in TypeScript, measured by Vitest with Istanbul's provider.
fn typescript_harbour(project: &Path) {
    let modules = std::env::var_os("UNTAKEN_NODE_MODULES")
        .expect("UNTAKEN_NODE_MODULES names a node_modules folder with vitest");
    std::os::unix::fs::symlink(modules, project.join("node_modules")).unwrap();
    write(
        project,
        "package.json",
        "{\"name\": \"harbour\", \"type\": \"module\", \"devDependencies\": {\"vitest\": \"4\"}}\n",
    );
    write(
        project,
        "vitest.config.ts",
        r#"import { defineConfig } from "vitest/config";

export default defineConfig({
  cacheDir: ".vitest",
  test: { coverage: { provider: "istanbul", reporter: ["json"], include: ["src/**"] } },
});
"#,
    );
    write(
        project,
        "src/berths.ts",
        r#"export function assign(ship: { draught: number } | null, berths: { name: string; depth: number }[]) {
  if (ship === null) throw new Error("no ship");
  for (const berth of berths) {
    if (berth.depth >= ship.draught) return berth.name;
  }
  return undefined;
}

export function fee(tons = 10) {
  return tons > 100 ? tons * 2 : tons;
}
"#,
    );
    write(
        project,
        "src/flags.ts",
        "export const flag = (code: string) => code.toUpperCase();\n",
    );
    write(
        project,
        "tests/harbour.test.ts",
        r#"import { expect, test } from "vitest";
import { assign, fee } from "../src/berths";
import { flag } from "../src/flags";

test("assign", () => {
  expect(assign({ draught: 5 }, [{ name: "B", depth: 9 }])).toBe("B");
});

test("fee", () => {
  expect(fee(10)).toBe(10);
});

test("flag", () => {
  expect(flag("q")).toBe("Q");
});
"#,
    );
}

/// The header's figure as Istanbul's own counters give it.
fn istanbul_header(project: &Path) -> String {
    let report = fs::read(project.join("coverage/coverage-final.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let hits: Vec<u64> = report
        .as_object()
        .unwrap()
        .values()
        .flat_map(|file| file["b"].as_object().unwrap().values())
        .flat_map(|arms| arms.as_array().unwrap())
        .map(|hits| hits.as_u64().unwrap())
        .collect();
    let covered = hits.iter().filter(|hits| **hits > 0).count();
    let tenths = covered * 1000 / hits.len();
    format!(
        "branches {}.{} % {covered}/{}",
        tenths / 10,
        tenths % 10,
        hits.len()
    )
}

/// Runs a command of the project's own tools, which have to be there.
fn run(project: &Path, command: &str) {
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(project)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{command}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The header's figure as the tool's own totals give it: `branches 64.2 % 9/14`.
fn coverage_py_header(project: &Path) -> String {
    let report = fs::read(project.join("coverage/coverage.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let (covered, total) = (
        report["totals"]["covered_branches"].as_u64().unwrap(),
        report["totals"]["num_branches"].as_u64().unwrap(),
    );
    let tenths = covered * 1000 / total;
    format!(
        "branches {}.{} % {covered}/{total}",
        tenths / 10,
        tenths % 10
    )
}

/// The settings that name the Codex of a test.
fn name_codex(project: &Path, home: &CodexHome) {
    let command = home.command().display().to_string();
    write(
        project,
        "untaken.toml",
        &format!("[agent]\ncommand = {command:?}\n"),
    );
}

/// Opens the explorer, picks every gap of the worst file, sends them, and waits for the turn's end.
#[track_caller]
fn pick_and_send(home: &CodexHome, before: &str, worst: &str, n_gaps: usize) -> Pty {
    let mut pty = Start::untaken(&home.project())
        .env("XDG_STATE_HOME", home.outside().join("state"))
        // What npm writes into a home folder must not lie in the project.
        .env("HOME", home.outside())
        .size(140, 42)
        .start();
    pty.wait_for(before);
    pty.wait_for(worst);
    pty.type_keys(" ");
    pty.wait_for(&format!("PICKED  ◉ {n_gaps} gaps"));
    pty.type_keys("s");
    pty.wait_for(&format!("PROMPT  for {n_gaps} gaps in 1 file"));
    pty.type_keys("\r");
    // First the tests are measured as they are.
    pty.wait_for("measuring the tests as they are");
    pty.wait_for("round 1 of 3");
    pty
}

/// It leaves nothing behind.
#[track_caller]
fn quit(mut pty: Pty, home: &CodexHome) {
    pty.wait_for("codex idle");
    pty.type_keys("q");
    assert_eq!(pty.wait_end(), 0);
    pty.assert_restored();
    pty.wait_childless();
    home.assert_nothing_left();
}

#[test]
#[ignore = "needs codex, and python3 with pytest-cov"]
fn a_python_project_from_the_first_look_to_the_closed_arms() {
    let pytest = pytest();
    let server = ModelServer::start(json!({
        "replies": [
            {"output": [{"write": "tests/test_berths_edges.py", "text": BERTHS_EDGES}]},
            {"output": [{"run": pytest}]},
            // Whether the arms are closed shows before the turn ends.
            {"hold": "seen", "output": [{"say": "Four arms of berths.py have tests now."}]},
        ]
    }));
    let home = CodexHome::new(&codex_config(&server.base_url(), "gpt-5.5"));
    let project = home.project();
    python_harbour(&project);
    run(&project, &pytest);
    let before = coverage_py_header(&project);
    assert_eq!(before, "branches 66.6 % 8/12");
    name_codex(&project, &home);

    let mut pty = pick_and_send(&home, &before, "if ship is None", 4);
    pty.wait_for("branches 100.0 % 12/12 +33.3");
    pty.wait_for("4 arms taken   0 lost   0 vanished");
    assert_eq!(coverage_py_header(&project), "branches 100.0 % 12/12");
    assert!(pty.text().contains("● working"), "{}", pty.text());
    // By name: which decision, and which of its arms.
    pty.type_keys("d");
    for arm in ["berths.py:2", "berths.py:4", "berths.py:5", "berths.py:11"] {
        pty.wait_for(arm);
    }
    pty.type_keys("\x1b");
    server.open("seen");
    pty.wait_for("4 closed");
    pty.wait_for("Four arms of berths.py have tests now");
    // The prompt told what is open and how tests look here.
    let asked = server.received()[0].body.to_string();
    assert!(
        asked.contains("the condition was never true (would go on at line 3)"),
        "{asked}"
    );
    assert!(asked.contains("tests/test_harbour.py"), "{asked}");

    // What the run left waits for the person: out of the tree, and back, each measured by the whole suite.
    pty.wait_for("the run is done");
    pty.type_keys("R");
    pty.wait_for("1 to decide");
    pty.wait_for("4 arms closed");
    pty.type_keys("x");
    pty.wait_for("all decided");
    assert!(!project.join("tests/test_berths_edges.py").exists());
    pty.wait_for(&before);
    pty.wait_for("measured again after the last decision");
    pty.type_keys("u");
    pty.wait_for("1 to decide");
    pty.wait_for("branches 100.0 % 12/12");
    assert!(project.join("tests/test_berths_edges.py").exists());
    pty.type_keys("a");
    pty.wait_for("all decided");
    pty.wait_for("measured again after the last decision");
    quit(pty, &home);
}

#[test]
#[ignore = "needs codex, node, and vitest with its coverage in UNTAKEN_NODE_MODULES"]
fn a_typescript_project_from_the_first_look_to_the_closed_arms() {
    // Without a loader of its own Vite writes a bundle of the settings into node_modules, which is a link to
    // where the sandbox lets nobody write.
    let vitest = "npx vitest run --coverage --configLoader runner";
    let server = ModelServer::start(json!({
        "replies": [
            {"output": [{"write": "tests/berths.edges.test.ts", "text": BERTHS_EDGES_TS}]},
            {"output": [{"run": vitest}]},
            {"hold": "seen", "output": [{"say": "The edges of berths.ts have tests now."}]},
        ]
    }));
    let home = CodexHome::new(&codex_config(&server.base_url(), "gpt-5.5"));
    let project = home.project();
    typescript_harbour(&project);
    run(&project, vitest);
    let before = istanbul_header(&project);
    assert_eq!(before, "branches 42.8 % 3/7");
    name_codex(&project, &home);
    let settings = fs::read_to_string(project.join("untaken.toml")).unwrap();
    write(
        &project,
        "untaken.toml",
        &format!(
            "[tests]\ncommand = \"{vitest}\"\nfile_command = \"npx vitest run --configLoader runner {{files}}\"\n\n{settings}"
        ),
    );

    let mut pty = pick_and_send(&home, &before, "if (ship === null)", 5);
    pty.wait_for("branches 100.0 % 7/7 +57.");
    pty.wait_for("4 arms taken   0 lost   0 vanished");
    assert_eq!(istanbul_header(&project), "branches 100.0 % 7/7");
    pty.type_keys("d");
    pty.wait_for("berths.ts:2");
    pty.type_keys("\x1b");
    server.open("seen");
    pty.wait_for("5 closed");
    quit(pty, &home);
}

/// A harbour with its report, and a Codex whose model says this.
fn scripted_harbour(replies: &Value) -> (ModelServer, CodexHome) {
    let server = ModelServer::start(json!({"replies": replies}));
    let home = CodexHome::new(&codex_config(&server.base_url(), "gpt-5.5"));
    let project = home.project();
    python_harbour(&project);
    run(&project, &pytest());
    name_codex(&project, &home);
    (server, home)
}

/// `untaken` without a screen, beside the records of the test.
fn untaken(home: &CodexHome, args: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_untaken"))
        .args(args)
        .arg("--root")
        .arg(home.project())
        .env("XDG_STATE_HOME", home.outside().join("state"))
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap()
}

#[test]
#[ignore = "needs codex, and python3 with pytest-cov"]
fn a_cheat_is_put_back_and_the_second_round_knows_of_it() {
    let cheat =
        "sed -i 's/if ship is None:/if ship is None:  # pragma: no cover/' harbour/berths.py";
    let claim = "All covered.\n```json\n{\"files_processed\": 1, \"tests_generated\": 9, \"coverage_before\": null, \"coverage_after\": 100.0, \"remaining_gaps\": []}\n```";
    let (server, home) = scripted_harbour(&json!([
        {"output": [{"run": cheat}]},
        {"output": [{"say": claim}]},
        {"output": [{"write": "tests/test_berths_edges.py", "text": BERTHS_EDGES}]},
        {"hold": "second", "output": [{"say": "This time with tests."}]},
    ]));
    let project = home.project();
    let mut pty = pick_and_send(&home, "branches 66.6 % 8/12", "if ship is None", 4);
    // What the agent says is a claim; what was measured is said below it, and the source is as it was.
    pty.wait_for("claims: 9 tests, coverage 100.0 %");
    pty.wait_for("source-changed");
    pty.wait_for("round 2 of 3");
    assert_eq!(
        fs::read_to_string(project.join("harbour/berths.py")).unwrap(),
        BERTHS_PY
    );
    assert_eq!(coverage_py_header(&project), "branches 66.6 % 8/12");
    assert!(pty.text().contains("0 closed"), "{}", pty.text());
    server.open("second");
    pty.wait_for("the run is done: every gap that was sent is closed");
    pty.wait_for("4 closed");
    assert_eq!(coverage_py_header(&project), "branches 100.0 % 12/12");
    let asked = server.received()[2].body.to_string();
    assert!(asked.contains("source-changed"), "{asked}");
    pty.type_keys("d");
    for words in [
        "tests/test_berths_edges.py  kept",
        "repeats",
        "denominator-shrank",
        "claim-contradicted",
    ] {
        pty.wait_for(words);
    }
    pty.type_keys("d");
    pty.wait_for("SESSION");
    quit(pty, &home);

    // The record says the same.
    let list = untaken(&home, &["runs"]);
    assert!(
        list.contains("66.66 → 100.00") && list.contains("4 closed"),
        "{list}"
    );
    let record = fs::read_dir(home.outside().join("state/untaken"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("runs"))
        .find_map(|runs| fs::read_dir(runs).ok()?.next()?.ok())
        .unwrap();
    let id = record.file_name().into_string().unwrap();
    let shown = untaken(&home, &["runs", "show", &id, "--format", "json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["closed"].as_array().unwrap().len(), 4, "{shown:#}");
    assert_eq!(shown["rounds"], 2, "{shown:#}");
    assert_eq!(shown["coverage_after"], 100.0, "{shown:#}");
    assert_eq!(shown["tests"][0]["verdict"], "kept", "{shown:#}");
}

#[test]
#[ignore = "needs codex, and python3 with pytest-cov"]
fn codex_that_is_killed_goes_on_in_the_same_thread_with_one_key() {
    let (server, home) = scripted_harbour(&json!([
        {"output": [{"write": "tests/test_half.py", "text": "def test_half():\n    assert True\n"}]},
        {"hold": "never", "output": [{"say": "This is never said."}]},
        {"output": [{"write": "tests/test_berths_edges.py", "text": BERTHS_EDGES}]},
        {"output": [{"say": "Four arms of berths.py have tests now."}]},
    ]));
    let project = home.project();
    let mut pty = pick_and_send(&home, "branches 66.6 % 8/12", "if ship is None", 4);
    // The patch is through when the model is asked again.
    let patience = std::time::Instant::now();
    while server.received().len() < 2 {
        assert!(patience.elapsed().as_secs() < 60, "{}", pty.text());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let server_process = home
        .processes()
        .into_iter()
        .filter(|(_, command)| command.contains("app-server"))
        .map(|(pid, _)| pid)
        .max()
        .expect("codex runs");
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(server_process),
        nix::sys::signal::Signal::SIGKILL,
    )
    .unwrap();
    pty.wait_for("the run waits: C lets it go on");
    pty.wait_for("put back: tests/test_half.py");
    assert!(!project.join("tests/test_half.py").exists());
    pty.type_keys("C");
    pty.wait_for("the run is done: every gap that was sent is closed");
    pty.wait_for("4 closed");
    let threads: std::collections::BTreeSet<String> = server
        .received()
        .into_iter()
        .map(|received| received.thread)
        .collect();
    assert_eq!(threads.len(), 1, "{threads:?}");
    quit(pty, &home);
}

#[test]
#[ignore = "needs codex, and python3 with pytest-cov"]
fn what_was_picked_and_dismissed_is_there_at_the_next_start() {
    let (_server, home) = scripted_harbour(&json!([]));
    let start = || {
        Start::untaken(&home.project())
            .env("XDG_STATE_HOME", home.outside().join("state"))
            .size(140, 42)
            .start()
    };
    let mut pty = start();
    pty.wait_for("if ship is None");
    pty.type_keys("l");
    pty.type_keys("x");
    pty.wait_for("needs no test because");
    pty.type_keys("cannot happen here\r");
    pty.wait_for("dismissed");
    pty.type_keys("n ");
    pty.wait_for("PICKED  ◉ 1 gap");
    pty.type_keys("q");
    assert_eq!(pty.wait_end(), 0);
    let mut pty = start();
    pty.wait_for("PICKED  ◉ 1 gap");
    pty.wait_for("dismissed");
    pty.type_keys("q");
    assert_eq!(pty.wait_end(), 0);
}

#[test]
#[ignore = "needs codex, and python3 with pytest-cov"]
fn leaving_during_a_turn_leaves_tests_and_puts_the_rest_back() {
    let (server, home) = scripted_harbour(&json!([
        {"output": [{"write": "tests/test_half.py", "text": "def test_half():\n    assert True\n"}]},
        {"output": [{"run": "echo '# changed' >> harbour/berths.py"}]},
        {"hold": "never", "output": [{"say": "This is never said."}]},
    ]));
    let project = home.project();
    let mut pty = pick_and_send(&home, "branches 66.6 % 8/12", "if ship is None", 4);
    let patience = std::time::Instant::now();
    while server.received().len() < 3 {
        assert!(patience.elapsed().as_secs() < 60, "{}", pty.text());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    pty.type_keys("q");
    pty.wait_for("quit and end it?");
    pty.type_keys("y");
    assert_eq!(pty.wait_end(), 0);
    pty.wait_childless();
    home.assert_nothing_left();
    assert_eq!(
        fs::read_to_string(project.join("harbour/berths.py")).unwrap(),
        BERTHS_PY
    );
    assert!(project.join("tests/test_half.py").exists());
    assert_eq!(coverage_py_header(&project), "branches 66.6 % 8/12");
    let shown = untaken(&home, &["runs"]);
    assert!(shown.contains("left during a turn"), "{shown}");
    // At the next start it waits to be reviewed.
    let mut pty = Start::untaken(&project)
        .env("XDG_STATE_HOME", home.outside().join("state"))
        .size(140, 42)
        .start();
    pty.wait_for("if ship is None");
    pty.type_keys("R");
    pty.wait_for("test_half.py");
    pty.type_keys("q");
    assert_eq!(pty.wait_end(), 0);
}
