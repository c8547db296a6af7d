#![allow(unused_must_use, reason = "not every step is looked at")]

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::agent::{
    Account, ApprovalPolicy, Ask, Decision, EntryStatus, Event, FailureKind, ItemState,
    MessagePhase, ModelError, Question, Reply, RequestKey, SessionSettings, TurnId, WireItem,
};

const NOW: Duration = Duration::from_secs(1);

fn ok(id: u64, reply: Reply) -> Incoming {
    Incoming::Response {
        id,
        outcome: Ok(reply),
    }
}

fn refused(id: u64, message: &str) -> Incoming {
    Incoming::Response {
        id,
        outcome: Err(message.into()),
    }
}

fn main_thread() -> ThreadId {
    ThreadId("main".into())
}

fn event(event: Event) -> Incoming {
    Incoming::Event {
        thread: Some(main_thread()),
        event,
    }
}

fn ended(turn: &str, status: TurnStatus) -> Incoming {
    event(Event::TurnCompleted {
        turn: TurnId(turn.into()),
        status,
        error: None,
        took: None,
    })
}

/// The methods of what is written, and `<start>`, `<stop>`.
fn methods(step: &Step) -> Vec<String> {
    step.outgoing
        .iter()
        .map(|outgoing| match outgoing {
            Outgoing::Start(_) => "<start>".to_owned(),
            Outgoing::Stop => "<stop>".to_owned(),
            Outgoing::Write(line) => {
                let message: serde_json::Value = serde_json::from_str(line).unwrap();
                message["method"].as_str().unwrap_or("<answer>").to_owned()
            }
        })
        .collect()
}

/// The numbers of the requests that are written.
fn numbers(step: &Step) -> Vec<u64> {
    step.outgoing
        .iter()
        .filter_map(|outgoing| match outgoing {
            Outgoing::Write(line) => {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_u64()
            }
            _ => None,
        })
        .collect()
}

/// Take in, and expect these methods to be written.
#[track_caller]
fn takes(session: &mut Session, incoming: Incoming, written: &[&str]) -> Step {
    let step = session.handle(incoming, NOW);
    assert_eq!(methods(&step), written);
    step
}

/// A session with an open thread, idle.
fn idle() -> Session {
    let mut session = Session::new(SessionSettings::new("/p"));
    assert_eq!(methods(&session.start(NOW)), ["<start>"]);
    let step = takes(
        &mut session,
        Incoming::Started {
            program: "codex".into(),
        },
        &["initialize"],
    );
    let step = takes(
        &mut session,
        ok(numbers(&step)[0], Reply::default()),
        &["initialized", "account/read"],
    );
    let step = takes(
        &mut session,
        ok(
            numbers(&step)[0],
            Reply {
                account: Some(Account {
                    known: true,
                    required: true,
                }),
                ..Reply::default()
            },
        ),
        &["thread/start"],
    );
    takes(
        &mut session,
        ok(
            numbers(&step)[0],
            Reply {
                thread: Some(main_thread()),
                ..Reply::default()
            },
        ),
        &[],
    );
    assert!(
        matches!(session.phase(), Phase::Starting { .. }),
        "the sandbox is still being tried"
    );
    takes(&mut session, Incoming::Sandbox(Ok(())), &[]);
    assert_eq!(session.phase(), Phase::Idle);
    session
}

/// What a turn asks for: its model and its effort.
fn asked(step: &Step) -> (Option<String>, Option<String>) {
    let Some(Outgoing::Write(line)) = step.outgoing.first() else {
        panic!("nothing is written: {step:?}");
    };
    let message: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(message["method"], "turn/start");
    let text = |key: &str| message["params"][key].as_str().map(str::to_owned);
    (text("model"), text("effort"))
}

#[test]
fn a_turn_with_another_model_is_followed_by_one_with_the_threads_own() {
    let named = |text: &str| Some(text.to_owned());
    let mut session = idle();
    session.opened_with = Some((named("plain"), named("low")));
    let end = |session: &mut Session, step: &Step, name: &str| {
        session.handle(
            ok(
                numbers(step)[0],
                Reply {
                    turn: Some(TurnId(name.into())),
                    ..Reply::default()
                },
            ),
            NOW,
        );
        session.handle(ended(name, TurnStatus::Completed), NOW);
        assert_eq!(session.phase(), Phase::Idle);
    };
    let step = session.send("one".into(), vec![], NOW);
    assert_eq!(asked(&step), (None, None), "nobody asked for anything");
    end(&mut session, &step, "t1");
    session.work_with(named("thinker"), named("high"));
    let step = session.send("two".into(), vec![], NOW);
    assert_eq!(asked(&step), (named("thinker"), named("high")));
    assert_eq!(session.model(), Some("thinker"));
    end(&mut session, &step, "t2");
    session.work_with(None, None);
    let step = session.send("three".into(), vec![], NOW);
    assert_eq!(asked(&step), (named("plain"), named("low")));
}

/// A session in a turn called `t1`.
fn working() -> Session {
    let mut session = idle();
    let step = session.send("go".into(), vec![GapId(1)], NOW);
    assert_eq!(methods(&step), ["turn/start"]);
    let number = numbers(&step)[0];
    takes(
        &mut session,
        ok(
            number,
            Reply {
                turn: Some(TurnId("t1".into())),
                ..Reply::default()
            },
        ),
        &[],
    );
    session
}

fn command_question(key: i64) -> Incoming {
    Incoming::Request {
        key: RequestKey::Number(key),
        question: Question::Command {
            thread: main_thread(),
            item: "c1".into(),
            command: Some("/bin/bash -lc 'rm x'".into()),
            cwd: Some("/p/sub".into()),
            reason: None,
        },
    }
}

#[test]
fn a_prompt_to_nothing_starts_everything_and_is_sent_when_all_is_ready() {
    let mut session = Session::new(SessionSettings::new("/p"));
    let step = session.send("go".into(), Vec::new(), NOW);
    match &step.outgoing[..] {
        [Outgoing::Start(launch)] => {
            assert_eq!(launch.command, "codex");
            assert_eq!(launch.args[0], "app-server");
            assert_eq!(launch.cwd, "/p");
            assert_eq!(
                launch.probe.as_deref(),
                Some(&["sandbox".to_owned(), "--".into(), "true".into()][..])
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(session.queue().len(), 1);
}

#[test]
fn the_folder_is_never_marked_as_trusted() {
    let mut session = Session::new(SessionSettings::new("/p"));
    let step = session.send("go".into(), Vec::new(), NOW);
    drop(step);
    let step = session.handle(
        Incoming::Started {
            program: "codex".into(),
        },
        NOW,
    );
    let step = session.handle(ok(numbers(&step)[0], Reply::default()), NOW);
    let step = session.handle(ok(numbers(&step)[0], Reply::default()), NOW);
    let opened = format!("{:?}", step.outgoing);
    assert!(opened.contains("read-only"), "{opened}");
    assert!(!opened.contains("workspace-write"), "{opened}");
    drop(session.handle(Incoming::Sandbox(Ok(())), NOW));
    let step = session.handle(
        ok(
            numbers(&step)[0],
            Reply {
                thread: Some(main_thread()),
                ..Reply::default()
            },
        ),
        NOW,
    );
    assert_eq!(methods(&step), ["turn/start"]);
    let turn = format!("{:?}", step.outgoing);
    assert!(turn.contains("workspaceWrite"), "{turn}");
    assert!(turn.contains(r#"\"networkAccess\":false"#), "{turn}");
}

#[test]
fn no_sandbox_ends_the_process_before_anything_is_sent() {
    let mut session = Session::new(SessionSettings::new("/p"));
    drop(session.send("go".into(), Vec::new(), NOW));
    let step = takes(
        &mut session,
        Incoming::Sandbox(Err("bwrap: Creating new namespace failed".into())),
        &["<stop>"],
    );
    match &step.news[..] {
        [News::Failed(failure)] => {
            assert_eq!(failure.kind, FailureKind::NoSandbox);
            assert!(
                failure
                    .says
                    .contains("bwrap: Creating new namespace failed")
            );
        }
        other => panic!("{other:?}"),
    }
    takes(
        &mut session,
        Incoming::Exited {
            status: "exit status 0".into(),
            stderr_tail: String::new(),
        },
        &[],
    );
    assert!(matches!(session.phase(), Phase::Failed(_)));
    assert_eq!(session.queue().len(), 1, "the prompt is kept");
    assert_eq!(
        methods(&session.proceed(NOW)),
        ["<start>"],
        "and tried again"
    );
}

#[test]
fn what_is_missing_is_said_and_another_prompt_tries_again() {
    for (incoming, says) in [
        (
            Incoming::NotFound {
                command: "codex".into(),
                looked: "on PATH".into(),
            },
            "no program `codex` on PATH",
        ),
        (
            Incoming::NotStarted {
                command: "codex".into(),
                why: "Exec format error (os error 8)".into(),
            },
            "`codex` could not be started: Exec format error",
        ),
        (
            Incoming::Exited {
                status: "exit status 2".into(),
                stderr_tail: "a warning\n\u{1b}[31merror:\u{1b}[0m unrecognized subcommand 'app-server'\n\
                     \u{1b}[2m2026-11-22T16:14:17.372432Z\u{1b}[0m \u{1b}[31mERROR\u{1b}[0m codex_core: late\n\n"
                    .into(),
            },
            "codex ended at once (exit status 2): error: unrecognized subcommand 'app-server'",
        ),
    ] {
        let mut session = Session::new(SessionSettings::new("/p"));
        drop(session.send("go".into(), Vec::new(), NOW));
        takes(&mut session, incoming, &[]);
        match session.phase() {
            Phase::Failed(failure) => {
                assert!(failure.says.contains(says), "{failure:?}");
                assert!(!failure.what_to_do.is_empty());
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(
            methods(&session.send("again".into(), Vec::new(), NOW)),
            ["<start>"]
        );
        assert_eq!(session.queue().len(), 2);
    }
}

#[test]
fn prompts_wait_for_the_turn_and_follow_it() {
    let mut session = working();
    assert!(methods(&session.send("two".into(), vec![GapId(2)], NOW)).is_empty());
    assert!(methods(&session.send("three".into(), Vec::new(), NOW)).is_empty());
    assert_eq!(session.unqueue(1).unwrap().prompt, "three");
    let step = takes(
        &mut session,
        ended("t1", TurnStatus::Completed),
        &["thread/backgroundTerminals/clean", "turn/start"],
    );
    assert!(session.is_cleaning());
    assert_eq!(
        step.news,
        vec![
            News::TurnEnded {
                about: vec![GapId(1)],
                status: TurnStatus::Completed,
                answer: None,
            },
            News::TurnStarted {
                about: vec![GapId(2)]
            },
        ]
    );
    assert_eq!(session.about(), [GapId(2)]);
}

#[test]
fn after_an_interrupt_the_queue_is_held_until_a_person_says_so() {
    let mut session = working();
    drop(session.send("two".into(), Vec::new(), NOW));
    assert_eq!(methods(&session.interrupt(NOW)), ["turn/interrupt"]);
    let step = takes(
        &mut session,
        ended("t1", TurnStatus::Interrupted),
        &["thread/backgroundTerminals/clean"],
    );
    assert!(
        matches!(session.phase(), Phase::Interrupting { .. }),
        "until its commands have ended"
    );
    takes(&mut session, ok(numbers(&step)[0], Reply::default()), &[]);
    assert_eq!(session.phase(), Phase::Idle);
    assert!(session.is_held());
    assert_eq!(methods(&session.proceed(NOW)), ["turn/start"]);
}

#[test]
fn an_interrupt_before_the_turn_has_a_name_waits_for_the_name() {
    let mut session = idle();
    let step = session.send("go".into(), Vec::new(), NOW);
    assert!(methods(&session.interrupt(NOW)).is_empty());
    assert!(matches!(session.phase(), Phase::Interrupting { .. }));
    takes(
        &mut session,
        ok(
            numbers(&step)[0],
            Reply {
                turn: Some(TurnId("t1".into())),
                ..Reply::default()
            },
        ),
        &["turn/interrupt"],
    );
}

#[test]
fn where_commands_cannot_be_ended_the_process_is() {
    let mut session = working();
    drop(session.interrupt(NOW));
    let step = session.handle(ended("t1", TurnStatus::Interrupted), NOW);
    takes(
        &mut session,
        refused(numbers(&step)[0], "unknown variant"),
        &["<stop>"],
    );
    assert_eq!(session.phase(), Phase::Stopping);
}

#[test]
fn an_interrupt_reaches_the_turns_of_sub_agents() {
    let mut session = working();
    takes(
        &mut session,
        Incoming::Event {
            thread: Some(ThreadId("child".into())),
            event: Event::TurnStarted {
                turn: TurnId("t2".into()),
            },
        },
        &[],
    );
    assert_eq!(
        methods(&session.interrupt(NOW)),
        ["turn/interrupt", "turn/interrupt"]
    );
    takes(
        &mut session,
        ended("t1", TurnStatus::Interrupted),
        &[
            "thread/backgroundTerminals/clean",
            "thread/backgroundTerminals/clean",
        ],
    );
}

#[test]
fn a_question_is_answered_once() {
    let mut session = working();
    let step = takes(&mut session, command_question(7), &[]);
    let [News::ApprovalWanted(id)] = step.news[..] else {
        panic!("{:?}", step.news);
    };
    assert!(matches!(session.phase(), Phase::WaitingForApproval { .. }));
    assert_eq!(
        session.approvals()[0].ask,
        Ask::Command {
            outside: true,
            command: "rm x".into(),
            cwd: Some("sub".into()),
            reason: None,
        }
    );
    let step = session.answer(id, Decision::Decline);
    assert_eq!(
        step.outgoing,
        vec![Outgoing::Write(
            r#"{"id":7,"result":{"decision":"decline"}}"#.into()
        )]
    );
    assert!(matches!(session.phase(), Phase::Working { .. }));
    assert!(session.answer(id, Decision::Accept).outgoing.is_empty());
}

#[test]
fn what_is_asked_is_said_as_it_is() {
    let asked = |approval: ApprovalPolicy, params: &str| {
        let mut session = working();
        session.settings.approval = approval;
        let line = format!(
            r#"{{"id":1,"method":"item/commandExecution/requestApproval","params":{{"threadId":"main","itemId":"c",{params}}}}}"#
        );
        session.handle(crate::agent::decode(&line), NOW);
        session.approvals()[0].ask.says()
    };
    let on_request = ApprovalPolicy::OnRequest;
    assert_eq!(
        asked(on_request, r#""command":"bash -c ls""#),
        "run outside the sandbox: ls"
    );
    assert_eq!(
        asked(ApprovalPolicy::Untrusted, r#""command":"bash -c ls""#),
        "run: ls",
        "this policy asks about everything"
    );
    assert_eq!(
        asked(on_request, r#""kind":"writeStdin","command":"yes""#),
        "type into a running command: yes"
    );
    assert_eq!(
        asked(
            on_request,
            r#""networkApprovalContext":{"host":"example.org","protocol":"https"}"#
        ),
        "reach https://example.org"
    );
}

#[test]
fn an_old_codex_is_told_of_and_tried_all_the_same() {
    for (agent, is_told) in [
        ("untaken/0.98.0 (x)", true),
        ("untaken/0.169.0-alpha.2 (x)", false),
        ("untaken/1.0.0 (x)", false),
        ("untaken/0.0.0 (x)", false),
        ("something else", false),
    ] {
        let mut session = Session::new(SessionSettings::new("/p"));
        session.start(NOW);
        let step = session.handle(
            Incoming::Started {
                program: "codex".into(),
            },
            NOW,
        );
        takes(
            &mut session,
            ok(
                numbers(&step)[0],
                Reply {
                    user_agent: Some(agent.into()),
                    ..Reply::default()
                },
            ),
            &["initialized", "account/read"],
        );
        assert_eq!(
            !session.transcript().entries().is_empty(),
            is_told,
            "{agent}"
        );
    }
}

#[test]
fn a_question_falls_away_with_its_turn() {
    let mut session = working();
    drop(session.handle(command_question(7), NOW));
    let id = session.approvals()[0].id;
    let entry = session.approvals()[0].entry;
    drop(session.handle(ended("t1", TurnStatus::Interrupted), NOW));
    assert!(session.approvals().is_empty());
    assert!(session.answer(id, Decision::Accept).outgoing.is_empty());
    assert!(matches!(
        session.transcript().entry(entry).unwrap().body,
        EntryBody::Ask {
            answer: crate::agent::Answer::Gone,
            ..
        }
    ));
}

#[test]
fn what_cannot_be_answered_is_refused_and_said_once() {
    let mut session = working();
    for key in 0..3 {
        let step = session.handle(
            Incoming::Request {
                key: RequestKey::Text(format!("k{key}")),
                question: Question::Unknown {
                    method: "item/tool/call".into(),
                },
            },
            NOW,
        );
        let [Outgoing::Write(line)] = &step.outgoing[..] else {
            panic!("{step:?}");
        };
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["id"], format!("k{key}"));
        assert!(line["error"]["message"].is_string());
    }
    let notices = session
        .transcript()
        .entries()
        .iter()
        .filter(|entry| matches!(entry.body, EntryBody::Notice { .. }))
        .count();
    assert_eq!(notices, 1);
}

#[test]
fn quitting_ends_the_turn_its_commands_and_the_process_in_this_order() {
    let mut session = working();
    let step = session.stop(NOW);
    assert_eq!(
        methods(&step),
        [
            "turn/interrupt",
            "thread/backgroundTerminals/clean",
            "<stop>"
        ]
    );
    assert_eq!(session.phase(), Phase::Stopping);
    assert!(matches!(
        step.news[..],
        [News::TurnEnded {
            status: TurnStatus::Interrupted,
            ..
        }]
    ));
    let step = takes(
        &mut session,
        Incoming::Exited {
            status: "exit status 0".into(),
            stderr_tail: String::new(),
        },
        &[],
    );
    assert_eq!(step.news, vec![News::Stopped]);
    assert_eq!(session.phase(), Phase::Off);
}

#[test]
fn a_prompt_sent_while_the_process_ends_starts_the_next_one() {
    let mut session = idle();
    drop(session.stop(NOW));
    assert!(methods(&session.send("more".into(), Vec::new(), NOW)).is_empty());
    let step = takes(
        &mut session,
        Incoming::Exited {
            status: "exit status 0".into(),
            stderr_tail: String::new(),
        },
        &["<start>"],
    );
    drop(step);
    assert_eq!(session.thread(), Some("main"), "the same thread goes on");
}

#[test]
fn the_network_is_gone_until_anything_else_comes() {
    let mut session = working();
    let offline = || {
        event(Event::Error {
            error: ModelError {
                message: "Reconnecting... waiting for network".into(),
                kind: Some("responseStreamDisconnected".into()),
                http_status: None,
                details: Some("Connection failed".into()),
            },
            will_retry: true,
        })
    };
    for _ in 0..3 {
        takes(&mut session, offline(), &[]);
    }
    assert!(matches!(
        session.phase(),
        Phase::WaitingForNetwork { message, .. } if message == "Connection failed"
    ));
    let tries = session
        .transcript()
        .entries()
        .iter()
        .find_map(|entry| match entry.body {
            EntryBody::Error { tries, .. } => Some(tries),
            _ => None,
        });
    assert_eq!(tries, Some(3), "one entry");
    takes(
        &mut session,
        event(Event::ItemStarted(WireItem {
            id: "m".into(),
            state: ItemState::AgentMessage {
                text: String::new(),
                phase: MessagePhase::Unsaid,
            },
        })),
        &[],
    );
    assert!(matches!(session.phase(), Phase::Working { .. }));
}

#[test]
fn a_late_end_of_an_earlier_turn_ends_nothing() {
    let mut session = working();
    takes(&mut session, ended("t0", TurnStatus::Completed), &[]);
    assert!(matches!(session.phase(), Phase::Working { .. }));
    assert_eq!(
        session
            .handle(ended("t1", TurnStatus::Completed), NOW)
            .news
            .len(),
        1
    );
}

#[test]
fn a_sandbox_that_breaks_later_is_noticed_in_the_output() {
    let mut session = working();
    drop(session.handle(
        event(Event::ItemCompleted(WireItem {
            id: "c".into(),
            state: ItemState::Command {
                command: "pytest".into(),
                cwd: "/p".into(),
                output: Some("bwrap: Creating new namespace failed: nesting depth\n".into()),
                exit_code: Some(1),
                took: None,
                status: EntryStatus::Failed,
            },
        })),
        NOW,
    ));
    assert!(session.transcript().entries().iter().any(|entry| matches!(
        &entry.body,
        EntryBody::Notice { text } if text.contains("cannot make its sandbox") && text.contains("codex sandbox -- true")
    )));
}

#[test]
fn a_flood_of_text_stays_bounded() {
    let mut session = working();
    let command = |state| {
        event(Event::ItemStarted(WireItem {
            id: "c".into(),
            state,
        }))
    };
    drop(session.handle(
        command(ItemState::Command {
            command: "yes".repeat(10_000),
            cwd: "/p".into(),
            output: None,
            exit_code: None,
            took: None,
            status: EntryStatus::Running,
        }),
        NOW,
    ));
    for n in 0..1000 {
        drop(session.handle(
            event(Event::OutputDelta {
                item: "c".into(),
                text: format!("{n} {}\n", "y".repeat(1000)),
            }),
            NOW,
        ));
    }
    for n in 0..10_000 {
        drop(session.handle(
            event(Event::Warning {
                message: format!("warning {n}"),
                details: None,
            }),
            NOW,
        ));
    }
    assert!(session.transcript().entries().len() <= 4_000);
    assert!(session.transcript().dropped() > 0);
    let mut session = working();
    drop(session.handle(
        command(ItemState::Command {
            command: "yes".repeat(10_000),
            cwd: "/p".into(),
            output: Some("z".repeat(10 << 20)),
            exit_code: None,
            took: None,
            status: EntryStatus::Running,
        }),
        NOW,
    ));
    match &session.transcript().entries().last().unwrap().body {
        EntryBody::Command {
            command, output, ..
        } => {
            assert!(command.len() <= 4 << 10);
            assert!(output.as_str().len() <= 64 << 10);
            assert_eq!(output.as_str().len() as u64 + output.dropped(), 10 << 20);
        }
        other => panic!("{other:?}"),
    }
}

/// One thing that may happen to a session.
#[derive(Clone, Debug)]
enum Happening {
    Takes(Incoming),
    /// As the server sends it.
    Line(String),
    Send,
    Steer,
    Interrupt,
    Stop,
    Start,
    Proceed,
    Unqueue,
    Answer(u64, Decision),
}

fn thread_id() -> impl Strategy<Value = Option<ThreadId>> {
    prop_oneof![
        4 => Just(Some(main_thread())),
        1 => Just(Some(ThreadId("child".into()))),
        1 => Just(None),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("a"), Just("b"), Just("t1"), Just("t2")].prop_map(str::to_owned)
}

fn status() -> impl Strategy<Value = TurnStatus> {
    prop_oneof![
        Just(TurnStatus::Completed),
        Just(TurnStatus::Interrupted),
        Just(TurnStatus::Failed)
    ]
}

fn item_state() -> impl Strategy<Value = ItemState> {
    let entry_status = || {
        prop_oneof![
            Just(EntryStatus::Running),
            Just(EntryStatus::Completed),
            Just(EntryStatus::Failed),
            Just(EntryStatus::Declined)
        ]
    };
    prop_oneof![
        any::<String>().prop_map(|text| ItemState::UserMessage { text }),
        any::<String>().prop_map(|text| ItemState::AgentMessage {
            text,
            phase: MessagePhase::Final
        }),
        any::<String>().prop_map(|text| ItemState::Reasoning { text }),
        any::<String>().prop_map(|text| ItemState::Plan { text }),
        (any::<String>(), any::<Option<String>>(), entry_status()).prop_map(
            |(command, output, status)| ItemState::Command {
                command,
                cwd: "/p/x".into(),
                output,
                exit_code: None,
                took: None,
                status
            }
        ),
        entry_status().prop_map(|status| ItemState::FileChange {
            edits: Vec::new(),
            status
        }),
        any::<String>().prop_map(|path| ItemState::SubAgent {
            thread: ThreadId("child".into()),
            path,
            kind: "started".into()
        }),
    ]
}

fn some_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        name().prop_map(|turn| Event::TurnStarted { turn: TurnId(turn) }),
        (name(), status()).prop_map(|(turn, status)| Event::TurnCompleted {
            turn: TurnId(turn),
            status,
            error: None,
            took: None
        }),
        (name(), item_state()).prop_map(|(id, state)| Event::ItemStarted(WireItem { id, state })),
        (name(), item_state()).prop_map(|(id, state)| Event::ItemCompleted(WireItem { id, state })),
        (name(), any::<String>()).prop_map(|(item, text)| Event::MessageDelta { item, text }),
        (name(), any::<String>()).prop_map(|(item, text)| Event::OutputDelta { item, text }),
        (name(), any::<String>()).prop_map(|(item, text)| Event::ReasoningDelta { item, text }),
        name().prop_map(|item| Event::ReasoningBreak { item }),
        any::<bool>().prop_map(|will_retry| Event::Error {
            error: ModelError {
                message: "Reconnecting... waiting for network".into(),
                kind: None,
                http_status: None,
                details: None
            },
            will_retry
        }),
        (0..4_i64).prop_map(|key| Event::Resolved {
            key: RequestKey::Number(key)
        }),
        any::<String>().prop_map(|diff| Event::Diff { diff }),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let reply =
        (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(thread, turn, account)| Reply {
            thread: thread.then(main_thread),
            turn: turn.then(|| TurnId("t1".into())),
            account: account.then_some(Account {
                known: true,
                required: true,
            }),
            ..Reply::default()
        });
    prop_oneof![
        2 => Just(Happening::Takes(Incoming::Started { program: String::new() })),
        2 => Just(Happening::Takes(Incoming::Sandbox(Ok(())))),
        1 => Just(Happening::Takes(Incoming::Sandbox(Err("no".into())))),
        1 => Just(Happening::Takes(Incoming::NotFound { command: "c".into(), looked: "there".into() })),
        1 => Just(Happening::Takes(Incoming::Exited { status: "signal 9".into(), stderr_tail: String::new() })),
        10 => (1..20_u64, reply).prop_map(|(id, reply)| Happening::Takes(ok(id, reply))),
        2 => (1..20_u64).prop_map(|id| Happening::Takes(refused(id, "no"))),
        12 => (thread_id(), some_event()).prop_map(|(thread, event)| {
            Happening::Takes(Incoming::Event { thread, event })
        }),
        3 => (0..4_i64).prop_map(|key| Happening::Takes(command_question(key))),
        1 => any::<String>().prop_map(Happening::Line),
        3 => Just(Happening::Send),
        2 => Just(Happening::Steer),
        2 => Just(Happening::Interrupt),
        1 => Just(Happening::Stop),
        1 => Just(Happening::Start),
        1 => Just(Happening::Proceed),
        1 => Just(Happening::Unqueue),
        2 => (0..4_u64, prop_oneof![Just(Decision::Accept), Just(Decision::Cancel)])
            .prop_map(|(id, decision)| Happening::Answer(id, decision)),
    ]
}

proptest! {
    /// Whatever comes, in whatever order: no panic, no prompt lost, and the phase is never a lie.
    #[test]
    fn any_sequence_is_survived(
        is_working in any::<bool>(),
        happenings in proptest::collection::vec(happening(), 0..120),
    ) {
        let mut session = if is_working { working() } else { Session::new(SessionSettings::new("/p")) };
        let mut n_sent = 0;
        let mut n_taken_out = 0;
        for (second, happening) in happenings.into_iter().enumerate() {
            let now = Duration::from_secs(second as u64);
            let step = match happening {
                Happening::Takes(incoming) => session.handle(incoming, now),
                Happening::Line(line) => session.handle(crate::agent::decode(&line), now),
                Happening::Send => {
                    n_sent += 1;
                    session.send("prompt".into(), Vec::new(), now)
                }
                Happening::Steer => session.steer("steer".into(), now),
                Happening::Interrupt => session.interrupt(now),
                Happening::Stop => session.stop(now),
                Happening::Start => session.start(now),
                Happening::Proceed => session.proceed(now),
                Happening::Unqueue => {
                    // Only what was sent is counted; a refused message to a turn may wait there as well.
                    if session.unqueue(0).is_some_and(|queued| queued.prompt == "prompt") {
                        n_taken_out += 1;
                    }
                    Step::default()
                }
                Happening::Answer(id, decision) => session.answer(ApprovalId(id), decision),
            };
            for outgoing in &step.outgoing {
                if let Outgoing::Write(line) = outgoing {
                    prop_assert!(!line.contains('\n'));
                    prop_assert!(serde_json::from_str::<serde_json::Value>(line).is_ok());
                }
            }
            let waits = matches!(session.phase(), Phase::WaitingForApproval { .. });
            prop_assert!(!waits || !session.approvals().is_empty());
            prop_assert!(session.approvals().is_empty() || session.phase().is_busy());
            let n_shown = session
                .transcript()
                .entries()
                .iter()
                .filter(|entry| matches!(&entry.body, EntryBody::Prompt { text, .. } if text.as_str() == "prompt"))
                .count();
            let n_waiting = session.queue().iter().filter(|queued| queued.prompt == "prompt").count();
            prop_assert_eq!(n_sent, n_shown + n_waiting + n_taken_out);
        }
    }

    #[test]
    fn any_line_is_decoded(line in any::<String>()) {
        let _ = crate::agent::decode(&line);
    }

    /// Lines of the right shape with members of the wrong kind.
    #[test]
    fn any_message_is_decoded(
        method in prop_oneof![
            Just("item/started"), Just("turn/completed"), Just("error"), Just("turn/plan/updated"),
            Just("thread/tokenUsage/updated"), Just("item/commandExecution/requestApproval"),
            Just("serverRequest/resolved"), Just("warning"),
        ],
        member in prop_oneof![
            Just("item"), Just("turn"), Just("error"), Just("plan"), Just("tokenUsage"),
            Just("threadId"), Just("requestId"), Just("message"),
        ],
        value in prop_oneof![
            Just("null"), Just("1"), Just("\"x\""), Just("[]"), Just("{}"), Just("[{}]"),
            Just("{\"type\":\"commandExecution\",\"id\":\"x\"}"), Just("{\"id\":3}"),
        ],
        has_id in any::<bool>(),
    ) {
        let id = if has_id { "\"id\":1," } else { "" };
        let line = format!("{{{id}\"method\":\"{method}\",\"params\":{{\"{member}\":{value}}}}}");
        let decoded = crate::agent::decode(&line);
        prop_assert!(!matches!(decoded, Incoming::Garbled { .. }), "{line}");
        // A question must always be answered, however odd it is.
        prop_assert_eq!(has_id, matches!(decoded, Incoming::Request { .. }));
    }
}
