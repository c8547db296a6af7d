//! The stand-in for Codex: an app-server on standard input and output that plays the recorded session.
//!
//! It answers what a client may ask in the order in which the client asks it, and plays a turn at the pace
//! at which it was recorded. What the recorded turn did to the folder happens to this folder: the test file
//! is written when its patch is through, and a command that ran pytest shows, and leaves behind, what the
//! real pytest did with the files that lie here now. Where no recorded turn fits, it says so and ends the
//! turn; it never makes one up.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead as _, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::part::{Deed, Ids, Part, set, texts};
use super::pytest::{self, Played};
use super::recording::{ROOT, Runs, Session, Turn, Written, digest, method_of};

/// Serves until standard input ends.
///
/// # Errors
/// When nobody reads any more.
pub(super) fn serve(root: &Path, session: &Session, runs: &Runs, speed: f64) -> io::Result<()> {
    let (sender, lines) = mpsc::channel();
    // Reading blocks, and playing must not wait for it. The thread ends with the process.
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let mut player = Player::new(root, session, runs);
    let mut out = io::stdout().lock();
    let started = Instant::now();
    loop {
        let now = started.elapsed().mul_f64(speed);
        let patience = player.next_due().map_or(Duration::from_secs(3600), |due| {
            due.saturating_sub(now).div_f64(speed)
        });
        let line = match lines.recv_timeout(patience) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        let now = started.elapsed().mul_f64(speed);
        let mut said = match line {
            Some(line) => player.take(&line, now),
            None => Vec::new(),
        };
        said.extend(player.play(now));
        for line in said {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
    }
}

/// The recorded session, played for one client.
struct Player<'a> {
    root: PathBuf,
    session: &'a Session,
    runs: &'a Runs,
    playing: Option<Playing>,
    /// Turns that were asked for, to tell the ids of two plays of one turn apart.
    turns: usize,
    /// The thread's tokens so far: a recorded total is that of another order of turns.
    tokens: Map<String, Value>,
}

/// The turn that is being played.
struct Playing {
    thread: Value,
    turn: String,
    /// What still comes, and when.
    lines: VecDeque<(Duration, Value, Deed)>,
}

impl<'a> Player<'a> {
    fn new(root: &Path, session: &'a Session, runs: &'a Runs) -> Self {
        Self {
            root: root.to_owned(),
            session,
            runs,
            playing: None,
            turns: 0,
            tokens: Map::new(),
        }
    }

    /// When the next line has to go out, since the start.
    fn next_due(&self) -> Option<Duration> {
        let (due, ..) = self.playing.as_ref()?.lines.front()?;
        Some(*due)
    }

    /// Answers a line of the client.
    fn take(&mut self, line: &str, now: Duration) -> Vec<Value> {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            return Vec::new();
        };
        // Notifications, and answers to questions that a recording does not ask.
        let (Some(id), Some(method)) = (line.get("id"), method_of(&line)) else {
            return Vec::new();
        };
        let params = line.get("params").unwrap_or(&Value::Null);
        match method {
            "turn/start" if self.playing.is_none() => {
                let accepted = self.start(params, now);
                vec![json!({"id": id, "result": accepted})]
            }
            "turn/start" | "turn/steer" => vec![refusal(
                id,
                "this is a recording: a turn that is under way cannot be changed",
            )],
            "turn/interrupt" => match self.playing.take() {
                Some(playing) => vec![
                    json!({"id": id, "result": {}}),
                    turn_completed(&playing.thread, &playing.turn, "interrupted"),
                ],
                None => vec![refusal(id, "no active turn to interrupt")],
            },
            _ => match self.session.answer(method) {
                Some(result) => {
                    let mut said = vec![json!({"id": id, "result": self.here(result)})];
                    if let Some(thread) = result.pointer("/thread/id") {
                        said.push(self.introduction(thread));
                    }
                    said
                }
                None => vec![refusal(
                    id,
                    &format!("this is a recording: it has no answer to {method}"),
                )],
            },
        }
    }

    /// What is due.
    fn play(&mut self, now: Duration) -> Vec<Value> {
        let mut said = Vec::new();
        while self.next_due().is_some_and(|due| due <= now) {
            let Some(playing) = &mut self.playing else {
                break;
            };
            let Some((_, line, deed)) = playing.lines.pop_front() else {
                break;
            };
            if playing.lines.is_empty() {
                self.playing = None;
            }
            said.extend(self.send(line, deed));
        }
        said
    }

    fn send(&mut self, mut line: Value, deed: Deed) -> Vec<Value> {
        let mut said = Vec::new();
        match deed {
            Deed::Nothing => {}
            Deed::Write(written) => {
                if let Err(error) = self.write(&written) {
                    set(&mut line, "/params/item/status", json!("failed"));
                    let message = format!("{}: {error}", written.path);
                    said.push(json!({"method": "warning", "params": {"message": message}}));
                }
            }
            Deed::Test(asked) => {
                let played = pytest::play(&self.root, &asked, self.runs);
                tested(&mut line, played);
            }
        }
        self.count(&mut line);
        said.push(line);
        said
    }

    fn write(&self, written: &Written) -> io::Result<()> {
        let path = self.root.join(&written.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, &written.text)
    }

    /// Says at the beginning what this is.
    fn introduction(&self, thread: &Value) -> Value {
        let about = &self.session.about;
        json!({"method": "warning", "params": {"threadId": thread, "message": format!(
            "this is a recording of {} with {}: nothing leaves this machine, and whatever the prompt says, \
             the turns about the files in it are played as they were",
            about.codex, about.model
        )}})
    }

    /// Lays out what the prompt is answered with; returns the answer to `turn/start`.
    fn start(&mut self, params: &Value, now: Duration) -> Value {
        self.turns += 1;
        let thread = params.get("threadId").cloned().unwrap_or_default();
        let input = params.get("input").cloned().unwrap_or_default();
        let prompt: String = input
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|part| part.get("text").and_then(Value::as_str))
            .collect();
        let turn = format!("recorded-turn-{}", self.turns);
        let (accepted, lines) = match self.fitting(&prompt) {
            Ok(turns) => self.joined(&turns, &turn, &thread, &input, now),
            Err(why) => {
                let begun = json!({"id": turn, "items": [], "status": "inProgress"});
                let lines = [
                    json!({"method": "turn/started", "params": {"threadId": thread, "turn": begun}}),
                    json!({"method": "warning", "params": {"threadId": thread, "message": why}}),
                    turn_completed(&thread, &turn, "completed"),
                ];
                (
                    json!({"turn": begun}),
                    lines.map(|line| (now, line, Deed::Nothing)).into(),
                )
            }
        };
        self.playing = Some(Playing {
            thread,
            turn,
            lines,
        });
        accepted
    }

    /// Several recorded turns as one: the answer to `turn/start`, and what comes when.
    fn joined(
        &self,
        turns: &[&Turn],
        turn: &str,
        thread: &Value,
        input: &Value,
        now: Duration,
    ) -> (Value, VecDeque<(Duration, Value, Deed)>) {
        let mut accepted = Value::Null;
        let mut lines = VecDeque::new();
        let mut begins = now;
        for (nth, recorded) in turns.iter().enumerate() {
            let part = Part {
                is_first: nth == 0,
                is_last: nth + 1 == turns.len(),
                ids: Ids::of(recorded, turn, &format!("{}-{nth}", self.turns)),
                thread,
                input,
            };
            if part.is_first {
                accepted = part.ids.rename(&self.here(&recorded.accepted));
            }
            let mut ends = begins;
            for came in &recorded.lines {
                let due = begins + Duration::from_millis(came.at_ms);
                ends = ends.max(due);
                if let Some((mut line, deed)) =
                    part.line(&self.here(&came.line), recorded.head.writes.as_ref())
                {
                    let took = due.saturating_sub(now).as_millis();
                    set(
                        &mut line,
                        "/params/turn/durationMs",
                        json!(u64::try_from(took).unwrap_or(u64::MAX)),
                    );
                    lines.push_back((due, line, deed));
                }
            }
            begins = ends;
        }
        (accepted, lines)
    }

    /// The recorded turns about files that the prompt names, those that go on from what lies here.
    fn fitting(&self, prompt: &str) -> Result<Vec<&'a Turn>, String> {
        for (path, digest_then) in &self.runs.project {
            let now = fs::read_to_string(self.root.join(path)).ok();
            if now.map(|text| digest(&text)).as_ref() != Some(digest_then) {
                return Err(format!(
                    "this is a recording: {path} is not as it was then, and no recorded turn fits it"
                ));
            }
        }
        let named: Vec<_> = self
            .session
            .turns
            .iter()
            .filter(|turn| prompt.contains(&turn.head.file))
            .collect();
        if named.is_empty() {
            return Err(
                "this is a recording: it has no turn about any file in this prompt".to_owned(),
            );
        }
        let fitting: Vec<_> = named
            .into_iter()
            .filter(|turn| {
                turn.head.writes.as_ref().is_none_or(|written| {
                    let now = fs::read_to_string(self.root.join(&written.path)).ok();
                    now.map(|text| digest(&text)) == written.before
                })
            })
            .collect();
        if fitting.is_empty() {
            return Err(
                "this is a recording: it has no further turn about these files as they are now"
                    .to_owned(),
            );
        }
        Ok(fitting)
    }

    /// A recorded value with this folder for the one that was recorded.
    fn here(&self, value: &Value) -> Value {
        let root = self.root.to_string_lossy();
        texts(value, &|text| text.replace(ROOT, &root))
    }

    /// Adds the tokens of one answer of the model to those of the thread.
    fn count(&mut self, line: &mut Value) {
        if method_of(line) != Some("thread/tokenUsage/updated") {
            return;
        }
        if let Some(Value::Object(last)) = line.pointer("/params/tokenUsage/last") {
            for (name, number) in last {
                let so_far = self.tokens.get(name).and_then(Value::as_u64).unwrap_or(0);
                let sum = so_far + number.as_u64().unwrap_or(0);
                self.tokens.insert(name.clone(), json!(sum));
            }
        }
        let total = Value::Object(self.tokens.clone());
        set(line, "/params/tokenUsage/total", total);
    }
}

/// Puts what pytest did into the item of the command that ran it, and its report into the folder.
fn tested(line: &mut Value, played: Result<Played, String>) {
    let (output, exit) = match played {
        Ok(played) => match played.write_report() {
            Ok(()) => (played.output, played.exit),
            Err(error) => (format!("{}{error}\n", played.output), 1),
        },
        Err(why) => (format!("{why}\n"), 4),
    };
    set(line, "/params/item/aggregatedOutput", json!(output));
    set(line, "/params/item/exitCode", json!(exit));
    let status = if exit == 0 { "completed" } else { "failed" };
    set(line, "/params/item/status", json!(status));
}

fn refusal(id: &Value, message: &str) -> Value {
    json!({"id": id, "error": {"code": -32600, "message": message}})
}

fn turn_completed(thread: &Value, turn: &str, status: &str) -> Value {
    json!({"method": "turn/completed", "params": {
        "threadId": thread, "turn": {"id": turn, "items": [], "status": status, "error": null},
    }})
}
