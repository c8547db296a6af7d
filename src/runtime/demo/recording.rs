//! What was recorded: a session with the real Codex, and runs of the real pytest, line by line.
//!
//! Pure: text in, values out. Both files are written by `tests/tools/record_demo.rs` with these very types,
//! and every figure, report and output in them is what a real tool wrote. Nothing here makes one up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

/// What stands in a recording where the project's folder, absolute, stood.
pub const ROOT: &str = "$ROOT";

/// Names a text by what is in it: sixteen hexadecimal digits.
#[must_use]
pub fn digest(text: &str) -> String {
    let sum = Sha256::digest(text.as_bytes());
    sum.iter()
        .take(8)
        .fold(String::with_capacity(16), |mut name, byte| {
            use std::fmt::Write as _;
            let _ = write!(name, "{byte:02x}");
            name
        })
}

/// Test files by path, relative to the project, with the digest of each.
pub type TestFiles = BTreeMap<String, String>;

/// A line of `runs.jsonl`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunsLine {
    /// What ran, in words: `Python 3.11.7`, `pytest 9.2.0`…
    Tools(Vec<String>),
    /// The files of the sample project, by path, with their digests.
    Project(BTreeMap<String, String>),
    /// A part of a report as its tool wrote it, under its digest. Most reports share most of their parts.
    Piece {
        digest: String,
        text: Box<RawValue>,
    },
    Run(RecordedRun),
}

/// One run of pytest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedRun {
    /// The test files that it ran, all there were or those it was given.
    pub tests: TestFiles,
    pub exit: i32,
    pub took_ms: u64,
    /// Both streams.
    pub output: String,
    /// Only of a run with coverage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Pieces>,
}

/// A coverage.py JSON report, as the digests of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pieces {
    pub meta: String,
    /// In the order of the report.
    pub files: Vec<(String, String)>,
    pub totals: String,
}

/// A report taken apart, with the text of each part; put together again it is the same, byte for byte.
#[derive(Debug, Deserialize)]
pub struct Parts {
    pub meta: Box<RawValue>,
    /// Sorted by path, as coverage.py writes them.
    pub files: BTreeMap<String, Box<RawValue>>,
    pub totals: Box<RawValue>,
}

/// Runs of pytest, by what they ran.
#[derive(Debug, Default)]
pub struct Runs {
    pub tools: Vec<String>,
    /// The files of the sample project, by path, with their digests.
    pub project: BTreeMap<String, String>,
    pieces: BTreeMap<String, Box<RawValue>>,
    recorded: Vec<RecordedRun>,
}

impl Runs {
    /// # Errors
    /// When a line is none of [`RunsLine`]; with its number, 1-based.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut all = Self::default();
        for (at, line) in text.lines().enumerate() {
            match serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))? {
                RunsLine::Tools(tools) => all.tools = tools,
                RunsLine::Project(project) => all.project = project,
                RunsLine::Piece { digest, text } => {
                    all.pieces.insert(digest, text);
                }
                RunsLine::Run(run) => all.recorded.push(run),
            }
        }
        Ok(all)
    }

    /// The run of exactly these test files in exactly this state, with or without coverage.
    #[must_use]
    pub fn find(&self, tests: &TestFiles, with_coverage: bool) -> Option<&RecordedRun> {
        self.recorded
            .iter()
            .find(|run| run.tests == *tests && run.report.is_some() == with_coverage)
    }

    /// The text of a report, as coverage.py wrote it.
    #[must_use]
    pub fn report(&self, pieces: &Pieces) -> Option<String> {
        let piece = |digest: &str| self.pieces.get(digest).map(|text| text.get());
        let mut files = Vec::with_capacity(pieces.files.len());
        for (path, digest) in &pieces.files {
            files.push((path.as_str(), piece(digest)?));
        }
        Some(join(piece(&pieces.meta)?, &files, piece(&pieces.totals)?))
    }

    pub fn all(&self) -> impl Iterator<Item = &RecordedRun> {
        self.recorded.iter()
    }
}

/// The parts of a report to its text.
#[must_use]
pub fn join(meta: &str, files: &[(&str, &str)], totals: &str) -> String {
    let files: Vec<String> = files
        .iter()
        .map(|(path, text)| format!("{}: {text}", Value::from(*path)))
        .collect();
    format!(
        "{{\"meta\": {meta}, \"files\": {{{}}}, \"totals\": {totals}}}",
        files.join(", ")
    )
}

/// A line of `session.jsonl`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionLine {
    About(About),
    /// What follows belongs to this turn, until the next such line.
    Turn(TurnHead),
    /// Something that was written to Codex.
    Sent(Value),
    /// Something that Codex wrote.
    Came(Came),
}

/// Where a recording comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// `codex-cli 0.169.0`.
    pub codex: String,
    /// Who answered, in words.
    pub model: String,
}

/// What a turn is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnHead {
    /// The source file whose gaps were sent, relative to the project.
    pub file: String,
    /// 1-based.
    pub round: u32,
    /// The test file that the turn writes, relative to the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<Written>,
}

/// A file that a turn leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    pub path: String,
    /// The digest of the text that was there before; `None` where the file is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    pub text: String,
}

/// A line of Codex and when it came, in milliseconds since the turn was asked for (before the first turn: since the start).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Came {
    pub at_ms: u64,
    pub line: Value,
}

/// One recorded turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    pub head: TurnHead,
    /// The answer to `turn/start`.
    pub accepted: Value,
    /// All that came until the turn was over, in order.
    pub lines: Vec<Came>,
}

/// A recorded session.
#[derive(Debug, Default)]
pub struct Session {
    pub about: About,
    /// What was answered outside of turns: method and result.
    pub answers: Vec<(String, Value)>,
    pub turns: Vec<Turn>,
}

impl Session {
    /// # Errors
    /// When a line is none of [`SessionLine`], or a turn was never accepted; with the line's number, 1-based.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut session = Self::default();
        let mut asked: BTreeMap<u64, String> = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let wrong = |why: String| format!("line {}: {why}", at + 1);
            match serde_json::from_str(line).map_err(|error| wrong(error.to_string()))? {
                SessionLine::About(about) => session.about = about,
                SessionLine::Turn(head) => session.turns.push(Turn {
                    head,
                    accepted: Value::Null,
                    lines: Vec::new(),
                }),
                SessionLine::Sent(line) => {
                    if let (Some(id), Some(method)) = (id_of(&line), method_of(&line)) {
                        asked.insert(id, method.to_owned());
                    }
                }
                SessionLine::Came(came) => session.take(came, &mut asked).map_err(wrong)?,
            }
        }
        match session.turns.iter().find(|turn| turn.accepted.is_null()) {
            Some(turn) => Err(format!(
                "the turn about {} was never accepted",
                turn.head.file
            )),
            None => Ok(session),
        }
    }

    fn take(&mut self, came: Came, asked: &mut BTreeMap<u64, String>) -> Result<(), String> {
        if method_of(&came.line).is_some() {
            // Before the first turn nothing is told that the answers do not tell as well.
            if let Some(turn) = self.turns.last_mut() {
                turn.lines.push(came);
            }
            return Ok(());
        }
        let method = id_of(&came.line)
            .and_then(|id| asked.remove(&id))
            .ok_or("an answer to nothing")?;
        let result = came.line.get("result").cloned().unwrap_or_default();
        match (method.as_str(), self.turns.last_mut()) {
            ("turn/start", Some(turn)) => turn.accepted = result,
            _ => self.answers.push((method, result)),
        }
        Ok(())
    }

    /// The result that was recorded for a method.
    #[must_use]
    pub fn answer(&self, method: &str) -> Option<&Value> {
        self.answers
            .iter()
            .find(|(name, _)| name == method)
            .map(|(_, result)| result)
    }
}

/// The number of a request or an answer.
#[must_use]
pub fn id_of(line: &Value) -> Option<u64> {
    line.get("id").and_then(Value::as_u64)
}

/// What a request or a notification is called.
#[must_use]
pub fn method_of(line: &Value) -> Option<&str> {
    line.get("method").and_then(Value::as_str)
}
