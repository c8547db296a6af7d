//! `untaken mcp`, asked by a real client of the protocol over the pipes of the built program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod support;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::{RoleClient, RunningService, ServiceExt as _};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use support::project::{HARBOUR_REPORT, harbour, harbour_after, write};

struct Client {
    service: RunningService<RoleClient, ()>,
    child: Child,
}

fn command(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_untaken"));
    command
        .arg("mcp")
        .current_dir(root)
        .env("XDG_CONFIG_HOME", root.join("../no-config"))
        .env("XDG_STATE_HOME", root.join("../no-state"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

impl Client {
    async fn start(root: &Path) -> Self {
        let mut child = command(root).spawn().unwrap();
        let (stdout, stdin) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
        let service = ().serve((stdout, stdin)).await.unwrap();
        Self { service, child }
    }

    async fn raw(&self, tool: &str, arguments: &Value) -> CallToolResult {
        let request = CallToolRequestParams::new(tool.to_owned())
            .with_arguments(arguments.as_object().unwrap().clone());
        self.service.call_tool(request).await.unwrap()
    }

    async fn call(&self, tool: &str, arguments: Value) -> (bool, Value) {
        let result = self.raw(tool, &arguments).await;
        let text = text(&result);
        (
            result.is_error == Some(true),
            serde_json::from_str(&text).unwrap(),
        )
    }

    async fn ask(&self, tool: &str, arguments: Value) -> Value {
        let (is_error, answer) = self.call(tool, arguments).await;
        assert!(!is_error, "{answer:#}");
        answer
    }

    async fn refused(&self, tool: &str, arguments: Value) -> (String, String) {
        let (is_error, answer) = self.call(tool, arguments).await;
        assert!(is_error, "{answer:#}");
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        (text("error"), text("message"))
    }

    /// Ends as every client does: its end of the pipe closes.
    async fn end(mut self) {
        self.service.cancel().await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(10), self.child.wait());
        assert!(ended.await.expect("it ends by itself").unwrap().success());
    }
}

fn text(result: &CallToolResult) -> String {
    result.content[0].as_text().unwrap().text.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_finds_gaps_reads_one_and_sees_it_closed() {
    let folder = harbour();
    let client = Client::start(folder.path()).await;
    let info = client.service.peer_info().unwrap();
    assert_eq!(info.server_info.as_ref().unwrap().name, "untaken");
    assert!(info.instructions.as_ref().unwrap().contains("delta"));
    let mut tools: Vec<String> = client
        .service
        .list_all_tools()
        .await
        .unwrap()
        .iter()
        .map(|tool| tool.name.to_string())
        .collect();
    tools.sort();
    assert_eq!(tools, ["delta", "files", "gap", "gaps"]);

    let files = client.ask("files", json!({})).await;
    assert_eq!(
        files["totals"]["branches"],
        json!({"covered": 1, "total": 2, "percent": 50.0})
    );
    assert_eq!(files["n_files"], 2);
    assert_eq!(files["files"][0]["path"], "src/berths.py");

    // The very ids and shapes of the command.
    let gaps = client.ask("gaps", json!({})).await;
    let command = std::process::Command::new(env!("CARGO_BIN_EXE_untaken"))
        .args(["gaps", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let mut told: Value = serde_json::from_slice(&command.stdout).unwrap();
    told["files"]
        .as_array_mut()
        .unwrap()
        .retain(|file| !file["gaps"].as_array().unwrap().is_empty());
    told["truncated"] = json!(false);
    assert_eq!(gaps, told);

    let id = gaps["files"][0]["gaps"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let gap = client.ask("gap", json!({"id": id, "context": 1})).await;
    assert_eq!(gap["path"], "src/berths.py");
    assert_eq!(gap["gap"], gaps["files"][0]["gaps"][0]);
    let lines: Vec<(u64, &str, &Value)> = gap["source"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["line"].as_u64().unwrap(),
                line["text"].as_str().unwrap(),
                &line["hits"],
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            (2, "    berth = 1", &json!(3)),
            (3, "    if ship is None:", &json!(3)),
            (4, "        berth = 0", &json!(0)),
        ]
    );

    let nothing = client.ask("delta", json!({})).await;
    assert_eq!(
        (&nothing["n_taken"], &nothing["before"]),
        (&json!(0), &nothing["after"])
    );
    write(folder.path(), HARBOUR_REPORT, &harbour_after());
    let delta = client.ask("delta", json!({})).await;
    assert_eq!(delta["taken"][0]["id"], id.as_str(), "{delta:#}");
    assert_eq!(delta["taken"][0]["file"], "src/berths.py");
    assert_eq!(
        (&delta["lost"], &delta["vanished"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(delta["after"]["branches"]["percent"], 100.0);
    let (error, message) = client.refused("gap", json!({"id": id})).await;
    assert_eq!(error, "no-such-gap");
    assert!(message.contains("delta"), "{message}");
    client.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arms_that_are_lost_and_that_vanish_are_told_apart() {
    let folder = harbour();
    write(folder.path(), HARBOUR_REPORT, &harbour_after());
    let client = Client::start(folder.path()).await;
    let before = std::fs::read_to_string(folder.path().join(HARBOUR_REPORT))
        .unwrap()
        .replace("BRDA:3,0,0,1", "BRDA:3,0,0,0");
    write(folder.path(), HARBOUR_REPORT, &before);
    let delta = client.ask("delta", json!({})).await;
    assert_eq!(delta["n_lost"], 1, "{delta:#}");
    client.end().await;

    // Untaken at the start, and gone with its file.
    let client = Client::start(folder.path()).await;
    let rest = before.split_inclusive("end_of_record\n").nth(1).unwrap();
    write(folder.path(), HARBOUR_REPORT, rest);
    let delta = client.ask("delta", json!({})).await;
    assert_eq!(delta["n_vanished"], 1, "{delta:#}");
    assert_eq!(delta["vanished"][0]["why"], "the file left the report");
    client.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_questions_are_answers_with_a_name() {
    let folder = harbour();
    let client = Client::start(folder.path()).await;
    for (tool, arguments, name) in [
        ("gap", json!({"id": "ffffffffffff"}), "no-such-gap"),
        ("gap", json!({"id": "../../etc/passwd"}), "bad-argument"),
        (
            "gap",
            json!({"id": "ff", "file": "no/such.py"}),
            "no-such-file",
        ),
        ("gap", json!({"id": "ff", "context": 101}), "bad-argument"),
        ("gaps", json!({"limit": 0}), "bad-argument"),
        ("gaps", json!({"below": 101}), "bad-argument"),
        ("gaps", json!({"diff": "main"}), "no-such-revision"),
        ("files", json!({"limit": 501}), "bad-argument"),
    ] {
        assert_eq!(
            client.refused(tool, arguments.clone()).await.0,
            name,
            "{tool} {arguments}"
        );
    }
    // What is no question at all is a fault of the protocol, and the server goes on.
    let nonsense = CallToolRequestParams::new("gap")
        .with_arguments(json!({"nothing": 1}).as_object().unwrap().clone());
    assert!(
        client
            .service
            .call_tool(nonsense)
            .await
            .map_or(true, |it| it.is_error == Some(true))
    );
    client.ask("files", json!({})).await;
    client.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_report_it_serves_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::start(folder.path()).await;
    let (error, message) = client.refused("gaps", json!({})).await;
    assert_eq!(error, "no-report");
    assert!(message.contains("run the tests with coverage"), "{message}");
    // The first report that comes is what later ones are compared with.
    write(
        folder.path(),
        "src/berths.py",
        "def assign(ship):\n    berth = 1\n    if ship is None:\n        berth = 0\n    return berth\n",
    );
    write(
        folder.path(),
        HARBOUR_REPORT,
        support::project::HARBOUR_BEFORE,
    );
    assert_eq!(client.ask("delta", json!({})).await["n_taken"], 0);
    write(folder.path(), HARBOUR_REPORT, &harbour_after());
    assert_eq!(client.ask("delta", json!({})).await["n_taken"], 1);
    // While it is being written the last good one is served, and that is said.
    write(folder.path(), HARBOUR_REPORT, "");
    let files = client.ask("files", json!({})).await;
    assert_eq!(files["totals"]["branches"]["percent"], 100.0);
    assert_eq!(files["warnings"][0]["path"], HARBOUR_REPORT, "{files:#}");
    client.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_text_stays_text_and_answers_stay_small() {
    let folder = tempfile::tempdir().unwrap();
    let mut report = String::new();
    for n in 0..600 {
        use std::fmt::Write as _;
        let name = format!("src/f{n}\u{202e}\u{9b}31m.py");
        write(
            folder.path(),
            &name,
            &format!("if '\u{1b}]0;x\u{7}' {}:\n    y()\n", "x".repeat(5_000)),
        );
        writeln!(
            report,
            "SF:{name}\nDA:1,1\nDA:2,0\nBRDA:1,0,0,0\nBRDA:1,0,1,1\nend_of_record"
        )
        .unwrap();
    }
    write(folder.path(), "lcov.info", &report);
    let client = Client::start(folder.path()).await;
    let raw = client.raw("gaps", &json!({"limit": 500})).await;
    let shown = text(&raw);
    assert!(
        !shown
            .chars()
            .any(|c| c != '\n' && untaken::harmless::acts_on_terminal(c)),
        "what a client prints must not act on a terminal"
    );
    assert!(shown.len() <= 256 * 1024, "{} bytes", shown.len());
    let gaps: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(gaps["truncated"], true);
    assert!(gaps["files"].as_array().unwrap().len() > 50);
    let (file, id) = (
        &gaps["files"][0]["path"],
        &gaps["files"][0]["gaps"][0]["id"],
    );
    assert!(
        file.as_str().unwrap().contains('\u{202e}'),
        "the name is whole"
    );
    let gap = client.ask("gap", json!({"id": id, "file": file})).await;
    assert!(gap["source"][0]["text"].as_str().unwrap().chars().count() <= 400);
    client.end().await;
}

/// Standard output carries messages and nothing else, whatever there is to complain about.
#[test]
fn stdout_is_the_protocol_alone() {
    use std::io::Write as _;
    let folder = harbour();
    write(folder.path(), "coverage/other.xml", "<not-a-report/>");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_untaken"))
        .args(["mcp", "coverage/lcov.info", "coverage/gone.info"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for line in [
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"gaps","arguments":{}}}"#,
    ] {
        writeln!(stdin, "{line}").unwrap();
    }
    // The answers, and only then the end.
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut lines = Vec::new();
    for _ in 0..2 {
        use std::io::BufRead as _;
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        lines.push(line);
    }
    drop(stdin);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stdout, &mut rest).unwrap();
    assert_eq!(rest, "");
    assert!(child.wait().unwrap().success());
    for line in &lines {
        let message: Value = serde_json::from_str(line).unwrap();
        assert_eq!(message["jsonrpc"], "2.0");
    }
    assert!(
        lines[1].contains("no-report") && lines[1].contains("gone.info"),
        "{}",
        lines[1]
    );
}
