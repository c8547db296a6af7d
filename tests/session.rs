//! Sessions that were recorded from the real Codex, taken in again by the state machine.
//!
//! What the recording's client asked is asked here by the session itself: where the recording has a
//! `turn/start`, a prompt is sent, and the session's own request must appear; the recorded answer goes to
//! it. What the session makes of it all is compared with a snapshot.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use untaken::agent::{
    Decision, Entry, EntryBody, Incoming, News, Outgoing, Phase, Session, SessionSettings, Step,
    decode, join,
};
use untaken::gaps::GapId;

const ROOT: &str = "$WORK/scratch";

struct Replay {
    session: Session,
    now: Duration,
    /// Our requests that the recording has not answered yet: method and number.
    asked: VecDeque<(String, Value)>,
    written: Vec<Value>,
    out: String,
    phase: Phase,
}

impl Replay {
    fn new(settings: SessionSettings) -> Self {
        let session = Session::new(settings);
        Self {
            phase: session.phase(),
            session,
            now: Duration::ZERO,
            asked: VecDeque::new(),
            written: Vec::new(),
            out: String::new(),
        }
    }

    fn act(&mut self, step: Step) {
        for outgoing in step.outgoing {
            match outgoing {
                Outgoing::Write(line) => {
                    let message: Value = serde_json::from_str(&line).unwrap();
                    assert!(!line.contains('\n'), "one line each: {line}");
                    if let (Some(method), Some(id)) =
                        (message["method"].as_str(), message.get("id"))
                    {
                        self.asked.push_back((method.to_owned(), id.clone()));
                    }
                    self.written.push(message);
                }
                Outgoing::Start(_) => self.note("* start"),
                Outgoing::Stop => self.note("* stop"),
            }
        }
        for news in step.news {
            self.note(&match news {
                News::TurnStarted { about } => format!("* turn started about {about:?}"),
                News::TurnEnded {
                    about,
                    status,
                    answer,
                } => format!("* turn ended {status:?} about {about:?}: {answer:?}"),
                News::ApprovalWanted(id) => format!("* approval {} wanted", id.0),
                News::Failed(failure) => {
                    format!("* failed: {}; {}", failure.says, failure.what_to_do)
                }
                News::Stopped => "* stopped".to_owned(),
            });
        }
        let phase = self.session.phase();
        if phase != self.phase {
            self.note(&format!("* phase {}", phase.says()));
            self.phase = phase;
        }
    }

    fn note(&mut self, text: &str) {
        writeln!(self.out, "{text}").unwrap();
    }

    fn take_in(&mut self, incoming: Incoming) {
        let step = self.session.handle(incoming, self.now);
        self.act(step);
    }

    fn line(&mut self, message: &Value) {
        self.take_in(decode(&message.to_string()));
    }

    /// Answer the oldest of our requests of a kind.
    fn answer(&mut self, method: &str, message: &Value) -> bool {
        let Some(idx) = self.asked.iter().position(|(asked, _)| asked == method) else {
            return false;
        };
        let (_, id) = self.asked.remove(idx).unwrap();
        let mut message = message.clone();
        message["id"] = id;
        self.line(&message);
        true
    }
}

/// Play a recording, and tell what happened and what the transcript is in the end.
fn played(name: &str, settings: SessionSettings) -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/codex/{name}.jsonl"));
    let text = fs::read_to_string(path).unwrap();
    let recording: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let resumes = settings.resume.is_some();
    let mut replay = Replay::new(settings);
    // What the recording's client asked, by number: to know what an answer is an answer to.
    let mut theirs: Vec<(Value, String)> = Vec::new();
    for entry in &recording {
        replay.now = Duration::from_secs_f64(entry["t"].as_f64().unwrap());
        let message = &entry["msg"];
        match entry["dir"].as_str().unwrap() {
            "client->server" => client(&mut replay, message, &mut theirs),
            "server->client" => {
                let answers = message.get("method").is_none();
                if answers {
                    let method = theirs
                        .iter()
                        .find(|(id, _)| *id == message["id"])
                        .map_or("", |(_, method)| method);
                    let is_ours = match method {
                        // A second thread of the recording's client is a thread of somebody else's for us.
                        "thread/start" => !resumes && replay.session.thread().is_none(),
                        "thread/resume" => resumes,
                        _ => true,
                    };
                    if is_ours {
                        replay.answer(method, message);
                    }
                } else {
                    replay.line(message);
                }
                // None of these recordings asked for the account, and few ended commands.
                replay.answer(
                    "account/read",
                    &json!({"result": {"account": null, "requiresOpenaiAuth": false}}),
                );
                if !text.contains("thread/backgroundTerminals/clean") {
                    while replay.answer("thread/backgroundTerminals/clean", &json!({"result": {}}))
                    {
                    }
                }
            }
            "eof" => replay.take_in(Incoming::Exited {
                status: "exit status 0".into(),
                stderr_tail: String::new(),
            }),
            other => panic!("{other}"),
        }
    }
    let usage = replay.session.usage();
    let mut out = replay.out;
    writeln!(
        out,
        "\nmodel {:?}, effort {:?}, version {:?}",
        replay.session.model(),
        replay.session.effort(),
        replay.session.version()
    )
    .unwrap();
    writeln!(
        out,
        "tokens of the thread {}/{}/{}/{}, of the turn {}/{}/{}/{}",
        usage.thread.input,
        usage.thread.cached,
        usage.thread.output,
        usage.thread.reasoning,
        usage.turn.input,
        usage.turn.cached,
        usage.turn.output,
        usage.turn.reasoning
    )
    .unwrap();
    for entry in replay.session.transcript().entries() {
        writeln!(out, "{}", shown(entry)).unwrap();
    }
    out
}

fn client(replay: &mut Replay, message: &Value, theirs: &mut Vec<(Value, String)>) {
    let Some(method) = message["method"].as_str() else {
        // An answer to a question.
        let decision = match message["result"]["decision"].as_str() {
            Some("accept") => Decision::Accept,
            Some("acceptForSession") => Decision::AcceptForSession,
            Some("decline") => Decision::Decline,
            Some("cancel") => Decision::Cancel,
            other => panic!("{other:?}"),
        };
        let approval = replay.session.approvals()[0].clone();
        replay.note(&format!("* asked {:?}", approval.ask));
        let step = replay.session.answer(approval.id, decision);
        replay.act(step);
        assert_eq!(
            replay.written.last().unwrap(),
            message,
            "the recorded answer, byte for byte"
        );
        return;
    };
    if let Some(id) = message.get("id") {
        theirs.push((id.clone(), method.to_owned()));
    }
    let text = || {
        message["params"]["input"][0]["text"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let is_our_thread = replay.session.thread().is_none()
        || message["params"]["threadId"].as_str() == replay.session.thread();
    let step = match method {
        "initialize" => {
            let step = replay.session.start(replay.now);
            replay.act(step);
            replay.take_in(Incoming::Started {
                program: "codex".into(),
            });
            replay.take_in(Incoming::Sandbox(Ok(())));
            return;
        }
        "turn/start" if is_our_thread => replay.session.send(text(), vec![GapId(0xa)], replay.now),
        "turn/steer" if is_our_thread => replay.session.steer(text(), replay.now),
        "turn/interrupt" if is_our_thread => replay.session.interrupt(replay.now),
        _ => return,
    };
    replay.act(step);
}

fn shown(entry: &Entry) -> String {
    let body = match &entry.body {
        EntryBody::Prompt {
            text,
            about,
            steered,
        } => format!("prompt {about:?} steered={steered}: {:?}", text.as_str()),
        EntryBody::Message { text, phase, done } => {
            format!("message {phase:?} done={done}: {:?}", text.as_str())
        }
        EntryBody::Reasoning { text, done } => {
            format!("reasoning done={done}: {:?}", text.as_str())
        }
        EntryBody::Command {
            command,
            cwd,
            output,
            exit_code,
            took,
            status,
        } => format!(
            "command {status:?} in {cwd:?} exit {exit_code:?} took {took:?}: {command:?} said {:?}",
            output.as_str()
        ),
        EntryBody::FileChange { edits, status } => {
            let edits: Vec<_> = edits
                .iter()
                .map(|edit| {
                    format!(
                        "{:?} {} +{} -{}\n{}",
                        edit.kind,
                        edit.path,
                        edit.added,
                        edit.removed,
                        edit.diff.as_str()
                    )
                })
                .collect();
            format!("files {status:?}: {}", edits.join("; "))
        }
        other => format!("{other:?}"),
    };
    format!("{:>7.3} {} {body}", entry.at.as_secs_f64(), entry.turn)
}

fn settings() -> SessionSettings {
    SessionSettings::new(ROOT)
}

macro_rules! recordings {
    ($($test:ident: $name:literal,)*) => {$(
        #[test]
        fn $test() {
            insta::assert_snapshot!(played($name, settings()));
        }
    )*};
}

recordings! {
    a_turn_with_a_patch_and_a_command: "basic",
    an_accepted_command: "approval_on-request_accept",
    a_declined_command: "approval_on-request_decline",
    a_cancelled_command: "approval_on-request_cancel",
    an_accepted_patch: "approval_patch",
    a_question_nobody_answers: "approval_unanswered",
    everything_is_asked_for: "untrusted_plain_command",
    an_interrupt_ends_the_command: "interrupt_then_clean",
    an_interrupt_in_the_middle_of_a_sentence: "interrupt_stream",
    refused_login: "error_unauthorized_401",
    too_many_requests: "error_rate_limit_429",
    spent_quota: "error_quota_429",
    unknown_model: "error_unknown_model_404",
    no_network: "error_conn_refused",
    a_stream_that_broke_once: "error_stream_cut",
    a_sub_agent: "subagent",
    a_plan: "plan",
    a_message_to_a_running_turn: "steer",
    killed_in_the_middle: "killed_midturn",
    an_updated_file: "env_and_diff",
    a_thread_of_somebody_else: "two_threads",
    another_model_in_the_turn: "turn_options",
}

#[test]
fn nobody_logged_in() {
    let mut replay = Replay::new(settings());
    let step = replay.session.send("go".into(), Vec::new(), Duration::ZERO);
    replay.act(step);
    replay.take_in(Incoming::Started {
        program: "codex".into(),
    });
    replay.answer(
        "initialize",
        &json!({"result": {"userAgent": "untaken/0.169.0 (x)"}}),
    );
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/codex/account_nologin.jsonl"),
    )
    .unwrap();
    let answer: Value = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|entry| entry["msg"]["result"]["requiresOpenaiAuth"].is_boolean())
        .unwrap();
    assert!(replay.answer("account/read", &answer["msg"]));
    assert_eq!(
        replay.out,
        "* start\n\
         * phase starting\n\
         * stop\n\
         * failed: codex is not logged in; run `codex login` in another terminal, then send again\n\
         * phase failed\n"
    );
    assert_eq!(replay.session.queue().len(), 1, "the prompt is kept");
}

#[test]
fn an_earlier_thread_is_opened_again_and_its_tokens_are_not_of_this_turn() {
    let mut settings = settings();
    settings.resume = Some("01a20245-4e52-73d1-9f58-0a359e895128".into());
    insta::assert_snapshot!(played("resume_2", settings));
}

#[test]
fn a_thread_that_is_open_elsewhere() {
    let mut settings = settings();
    settings.resume = Some("01a20246-4e9b-7313-91ce-86ecff4499da".into());
    insta::assert_snapshot!(played("lock_b", settings));
}

/// Joined or not, the session comes to the same.
#[test]
fn joining_deltas_changes_nothing() {
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/codex/basic.jsonl"),
    )
    .unwrap();
    let lines: Vec<Incoming> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|entry| entry["dir"] == "server->client")
        .map(|entry| decode(&entry["msg"].to_string()))
        .collect();
    let entries = |batch: Vec<Incoming>| {
        let mut session = Session::new(settings());
        for incoming in batch {
            let _ = session.handle(incoming, Duration::ZERO);
        }
        session
            .transcript()
            .entries()
            .iter()
            .map(|entry| entry.body.clone())
            .collect::<Vec<_>>()
    };
    let joined = join(lines.clone());
    assert!(joined.len() < lines.len());
    assert_eq!(entries(joined), entries(lines));
}
