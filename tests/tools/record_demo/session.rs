//! The real Codex, asked turn by turn to close the sample's gaps, with a model that follows `turns.toml`.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};
use untaken::runtime::demo::recording::{
    About, Came, ROOT, SessionLine, TurnHead, Written, digest, method_of,
};
use untaken::runtime::demo::{PYTEST, TEST_COMMAND};

use super::model_server::{ModelServer, codex_config};
use super::{on_path, package, sample};

/// A model that Codex knows, so that it offers its tools. It is not the one that answers, and so the
/// recording does not name it.
const MODEL: &str = "gpt-5.5";
const ANSWERS: &str = "scripted";

#[derive(Deserialize)]
struct Script {
    turn: Vec<ScriptTurn>,
}

#[derive(Deserialize)]
struct ScriptTurn {
    file: String,
    thinks: String,
    says: String,
    reads: Option<String>,
    path: Option<String>,
    writes: Option<String>,
    ends: String,
}

impl ScriptTurn {
    fn text(&self) -> Option<String> {
        let name = self.writes.as_ref()?;
        Some(fs::read_to_string(package().join("tests/tools/demo").join(name)).unwrap())
    }
}

pub(crate) fn record(work: &Path) {
    let script = fs::read_to_string(package().join("tests/tools/demo/turns.toml")).unwrap();
    let script: Script = toml::from_str(&script).unwrap();
    let project = work.join("session");
    sample(&project);
    // Codex names the files of a diff from the root of the work tree.
    let made = Command::new("git")
        .args(["init", "-q"])
        .current_dir(&project)
        .status();
    assert!(made.unwrap().success());
    let server = ModelServer::start(model(&script));
    let home = work.join("codex-home");
    fs::create_dir_all(&home).unwrap();
    fs::write(
        home.join("config.toml"),
        codex_config(&server.base_url(), MODEL),
    )
    .unwrap();
    let version = Command::new(on_path("codex"))
        .arg("--version")
        .output()
        .unwrap();
    let mut codex = Codex::start(&project, &home);
    codex.lines.push(SessionLine::About(About {
        codex: String::from_utf8(version.stdout).unwrap().trim().to_owned(),
        model: "a scripted model".to_owned(),
    }));
    let thread = codex.open(&project);
    let mut rounds = std::collections::BTreeMap::new();
    for turn in &script.turn {
        let round = rounds.entry(&turn.file).or_insert(0);
        *round += 1;
        println!("{}, round {round}", turn.file);
        let before = turn
            .path
            .as_ref()
            .and_then(|path| fs::read_to_string(project.join(path)).ok());
        codex.lines.push(SessionLine::Turn(TurnHead {
            file: turn.file.clone(),
            round: *round,
            writes: turn.path.as_ref().map(|path| Written {
                path: path.clone(),
                before: before.as_deref().map(digest),
                text: turn.text().unwrap(),
            }),
        }));
        codex.turn(&thread, &turn.file);
        if let (Some(path), Some(text)) = (&turn.path, turn.text()) {
            let written = fs::read_to_string(project.join(path)).unwrap();
            assert_eq!(written, text, "{path} is not what the script wanted");
        }
    }
    let lines = codex.end();
    let root = project.to_str().unwrap();
    let mut text = String::new();
    for line in &lines {
        let line = serde_json::to_string(line).unwrap();
        let line = line
            .replace(root, ROOT)
            .replace(home.to_str().unwrap(), "$CODEX_HOME")
            .replace(&format!("\"{MODEL}\""), &format!("\"{ANSWERS}\""));
        let _ = writeln!(text, "{line}");
    }
    for secret in [package().to_str().unwrap(), &whoami()] {
        assert!(!text.contains(secret), "the recording names {secret}");
    }
    fs::write(package().join("assets/demo/session.jsonl"), text).unwrap();
}

/// The home of whoever records: no recording may name it.
fn whoami() -> String {
    std::env::var("HOME").unwrap()
}

/// The script in the words of the model server: what the model answers to each request, in order.
fn model(script: &Script) -> Value {
    let mut replies = Replies {
        all: Vec::new(),
        context: 5200,
    };
    for turn in &script.turn {
        // An answer without a call of a tool would end the turn.
        let mut opening = vec![
            json!({"think": turn.thinks}),
            json!({"say": turn.says, "phase": "commentary"}),
        ];
        let mut steps: Vec<Value> = Vec::new();
        steps.extend(turn.reads.as_ref().map(|command| json!({"run": command})));
        if let (Some(path), Some(text)) = (&turn.path, turn.text()) {
            steps.push(written(script, turn, path, &text));
            steps.push(json!({"run": format!("{PYTEST} {path}")}));
            steps.push(json!({"run": TEST_COMMAND}));
        }
        let mut steps = steps.into_iter();
        opening.extend(steps.next());
        replies.push(&opening, 180);
        for step in steps {
            replies.push(&[step], 90);
        }
        replies.push(&[json!({"say": turn.ends, "phase": "final_answer"})], 140);
    }
    json!({"pace_ms": 30, "chunk": 6, "replies": replies.all})
}

struct Replies {
    all: Vec<Value>,
    /// Tokens that the conversation has come to.
    context: u64,
}

impl Replies {
    fn push(&mut self, output: &[Value], said: u64) {
        let cached = if self.all.is_empty() {
            0
        } else {
            self.context - self.context % 1024
        };
        let tokens = json!({
            "input": self.context, "cached": cached, "output": said, "reasoning": said / 4,
        });
        self.context += said + 400;
        self.all
            .push(json!({"delay_ms": 700, "output": output, "tokens": tokens}));
    }
}

/// The call that brings a test file to its text: a new file, or lines at the end of what an earlier turn wrote.
fn written(script: &Script, turn: &ScriptTurn, path: &str, text: &str) -> Value {
    let earlier = script
        .turn
        .iter()
        .take_while(|it| !std::ptr::eq(*it, turn))
        .filter(|it| it.path == turn.path)
        .filter_map(ScriptTurn::text)
        .last();
    let Some(earlier) = earlier else {
        return json!({"write": path, "text": text});
    };
    let more = text
        .strip_prefix(&earlier)
        .expect("a later round only adds to the end");
    let mut patch = format!("*** Begin Patch\n*** Update File: {path}\n@@\n");
    let known: Vec<_> = earlier.lines().collect();
    for line in known.iter().rev().take(3).rev() {
        let _ = writeln!(patch, " {line}");
    }
    for line in more.lines() {
        let _ = writeln!(patch, "+{line}");
    }
    patch.push_str("*** End Patch");
    json!({"patch": patch})
}

/// The app-server and all that was said.
struct Codex {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    lines: Vec<SessionLine>,
    next_id: u64,
    /// Since when the times are counted.
    since: Instant,
    /// Items that are commands with pytest.
    of_pytest: Vec<String>,
}

impl Codex {
    fn start(project: &Path, home: &Path) -> Self {
        let mut child = Command::new(on_path("codex"))
            .arg("app-server")
            .current_dir(project)
            .env("CODEX_HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
            lines: Vec::new(),
            next_id: 1,
            since: Instant::now(),
            of_pytest: Vec::new(),
        }
    }

    fn open(&mut self, project: &Path) -> Value {
        self.ask(
            "initialize",
            &json!({
                "clientInfo": {"name": "untaken", "title": "untaken", "version": env!("CARGO_PKG_VERSION")},
                "capabilities": {"experimentalApi": true},
            }),
        );
        self.write(json!({"method": "initialized"}));
        self.ask("account/read", &json!({"refreshToken": false}));
        let opened = self.ask(
            "thread/start",
            &json!({
                "cwd": project, "sandbox": "read-only", "approvalPolicy": "on-request",
                "config": {"allow_login_shell": false},
            }),
        );
        opened["thread"]["id"].clone()
    }

    fn turn(&mut self, thread: &Value, file: &str) {
        self.since = Instant::now();
        self.ask(
            "turn/start",
            &json!({
                "threadId": thread,
                "input": [{"type": "text", "text": format!("Close the gaps of {file}."), "text_elements": []}],
                "approvalPolicy": "on-request",
                "sandboxPolicy": {
                    "type": "workspaceWrite", "writableRoots": [], "networkAccess": false,
                    "excludeTmpdirEnvVar": false, "excludeSlashTmp": false,
                },
            }),
        );
        loop {
            let came = self.read();
            if method_of(&came) == Some("turn/completed") {
                let status = &came["params"]["turn"]["status"];
                assert_eq!(status, "completed", "the turn about {file}: {came}");
                break;
            }
            assert_ne!(
                came["params"]["item"]["status"], "failed",
                "something in the turn about {file} failed: {came}"
            );
        }
        // What a client asks after an interrupt.
        if !self.lines.iter().any(|line| {
            matches!(line, SessionLine::Sent(line) if method_of(line) == Some("thread/backgroundTerminals/clean"))
        }) {
            self.ask(
                "thread/backgroundTerminals/clean",
                &json!({"threadId": thread}),
            );
        }
    }

    fn end(mut self) -> Vec<SessionLine> {
        drop(self.stdin);
        assert!(self.child.wait().unwrap().success());
        self.lines
    }

    fn write(&mut self, line: Value) {
        writeln!(self.stdin, "{line}").unwrap();
        self.lines.push(SessionLine::Sent(line));
    }

    /// A request and its result; what comes before it is kept as well.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        self.write(json!({"id": id, "method": method, "params": params}));
        loop {
            let mut came = self.read();
            if came["id"] == id && came.get("method").is_none() {
                assert!(came.get("error").is_none(), "{method}: {came}");
                return came["result"].take();
            }
        }
    }

    /// The next line of Codex. Kept is what a client could look at.
    fn read(&mut self) -> Value {
        let mut line = String::new();
        assert!(
            self.stdout.read_line(&mut line).unwrap() > 0,
            "codex is gone"
        );
        let line: Value = serde_json::from_str(&line).unwrap();
        let at_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap();
        if self.is_wanted(&line) {
            self.lines.push(SessionLine::Came(Came {
                at_ms,
                line: line.clone(),
            }));
        }
        line
    }

    /// Whether a player of the recording can have a use for a line: not the settings of this machine, and not
    /// what pytest printed bit by bit, since it says that by what lies there when it plays.
    fn is_wanted(&mut self, line: &Value) -> bool {
        let params = &line["params"];
        if params["item"]["command"]
            .as_str()
            .is_some_and(|command| command.contains(PYTEST))
        {
            self.of_pytest
                .extend(params["item"]["id"].as_str().map(str::to_owned));
        }
        match method_of(line) {
            None => true,
            Some("item/commandExecution/outputDelta") => {
                !self.of_pytest.iter().any(|id| params["itemId"] == **id)
            }
            Some(method) => {
                method.starts_with("item/")
                    || method.starts_with("turn/")
                    || method == "thread/tokenUsage/updated"
            }
        }
    }
}
