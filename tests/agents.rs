//! What the program gives to agents, used by the real Codex with a scripted model: the server of gaps, and the
//! skill that `untaken init` writes.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/codex_home.rs"]
mod codex_home;
#[path = "support/model_server.rs"]
mod model_server;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use codex_home::CodexHome;
use model_server::{ModelServer, codex_config};

const REPORT: &str = "SF:src/berths.py\nDA:1,1\nDA:2,3\nDA:3,3\nDA:4,0\nDA:5,3\nBRDA:3,0,0,0\nBRDA:3,0,1,3\nend_of_record\n";
const SOURCE: &str =
    "def assign(ship):\n    berth = 1\n    if ship is None:\n        berth = 0\n    return berth\n";

/// Codex with the scripted model. A snapshot of the login shell would run on after it, where profiles are slow.
fn config(server: &ModelServer) -> String {
    codex_config(&server.base_url(), "gpt-5.5") + "[features]\nshell_snapshot = false\n"
}

fn harbour(home: &CodexHome) {
    // A root of its own.
    let made = Command::new("git")
        .args(["init", "-q"])
        .current_dir(home.project())
        .status();
    assert!(made.unwrap().success());
    for (path, text) in [("src/berths.py", SOURCE), ("lcov.info", REPORT)] {
        let path = home.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn untaken(home: &CodexHome, args: &[&str]) -> Output {
    let done = Command::new(env!("CARGO_BIN_EXE_untaken"))
        .args(args)
        .current_dir(home.project())
        .env("XDG_CONFIG_HOME", home.outside().join("config"))
        .env("XDG_STATE_HOME", home.outside().join("state"))
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    done
}

/// `codex exec`, with nothing to read from standard input.
fn exec(home: &CodexHome, prompt: &str) -> Output {
    Command::new(home.command())
        .args(["exec", "--skip-git-repo-check", "--json", prompt])
        .current_dir(home.project())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
#[ignore = "needs codex"]
fn codex_lists_the_gaps_through_the_server() {
    let server = ModelServer::start(json!({"replies": [
        {"output": [{"call": "gaps", "namespace": "mcp__untaken", "arguments": {"limit": 5}}]},
        {"output": [{"say": "One gap.", "phase": "final_answer"}]},
    ]}));
    let config = config(&server);
    let home = CodexHome::new(&config);
    harbour(&home);
    // As the README has it.
    let entry = format!(
        "{config}\n[mcp_servers.untaken]\ncommand = {:?}\nargs = [\"mcp\", \"--root\", {:?}]\n",
        env!("CARGO_BIN_EXE_untaken"),
        home.project().display().to_string()
    );
    fs::write(home.config(), entry).unwrap();
    let done = exec(&home, "Which gaps are there?");
    let said = String::from_utf8_lossy(&done.stdout);
    let received = server.received();
    assert_eq!(
        received.len(),
        2,
        "{said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    // What the tool answered went back to the model: the very id of the command.
    let told = untaken(&home, &["gaps", "--format", "json"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let id = told["files"][0]["gaps"][0]["id"].as_str().unwrap();
    let sent_back = received[1].body["input"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .to_string();
    assert!(sent_back.contains(id), "{id}\n{sent_back}\n{said}");
    assert!(sent_back.contains("the condition was never"), "{sent_back}");
    assert!(said.contains("mcp_tool_call"), "{said}");
    home.assert_nothing_left();
}

/// Speaks to `codex app-server`: each request waits for its answer.
fn app_server(home: &CodexHome, requests: &[(&str, Value)]) -> Vec<Value> {
    let mut child = Command::new(home.command())
        .arg("app-server")
        .current_dir(home.project())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answers = Vec::new();
    for (id, (method, params)) in requests.iter().enumerate() {
        writeln!(
            stdin,
            "{}",
            json!({"id": id, "method": method, "params": params})
        )
        .unwrap();
        let answer = lines
            .by_ref()
            .map(|line| -> Value { serde_json::from_str(&line.unwrap()).unwrap() });
        let answer = answer
            .into_iter()
            .find(|it| it["id"] == id && it.get("method").is_none());
        answers.push(answer.expect("an answer"));
        if *method == "initialize" {
            writeln!(stdin, "{}", json!({"method": "initialized"})).unwrap();
        }
    }
    drop(stdin);
    child.wait().unwrap();
    answers
}

#[test]
#[ignore = "needs codex"]
fn codex_lists_the_skill_and_invokes_it() {
    let server = ModelServer::start(json!({"replies": [
        {"output": [{"run": "untaken gaps --format json"}]},
        {"output": [{"say": "One gap matters.", "phase": "final_answer"}]},
    ]}));
    let home = CodexHome::new(&config(&server));
    harbour(&home);
    untaken(&home, &["init", "--yes", "skill", "schema"]);
    let client = json!({"clientInfo": {"name": "test", "title": "test", "version": "1"}, "capabilities": null});
    let answers = app_server(
        &home,
        &[
            ("initialize", client),
            ("skills/list", json!({"cwds": [home.project()]})),
        ],
    );
    let listed = &answers[1]["result"]["data"][0];
    let skill = listed["skills"]
        .as_array()
        .unwrap_or_else(|| panic!("{answers:#?}"))
        .iter()
        .find(|skill| skill["name"] == "coverage-audit")
        .unwrap_or_else(|| panic!("{listed:#}"));
    assert_eq!(skill["scope"], "repo", "{skill:#}");
    assert!(
        skill["description"]
            .as_str()
            .unwrap()
            .contains("branches that no test")
    );
    assert_eq!(listed["errors"], json!([]), "{listed:#}");
    home.assert_nothing_left();

    // By its name in a prompt: the whole of it goes to the model, which calls the program and reads no report.
    let done = exec(&home, "$coverage-audit");
    let said = String::from_utf8_lossy(&done.stdout);
    let received = server.received();
    let first = received[0].body["input"].to_string();
    assert!(
        first.contains("<skill>") && first.contains("untaken gaps --format json"),
        "{first}"
    );
    assert!(first.contains("never by hand"), "{first}");
    assert_eq!(received.len(), 2, "{said}");
    home.assert_nothing_left();
}
