//! A Codex without a process: answers what is written to it as the real one does, and says what a test
//! wants it to say.

#![allow(dead_code, reason = "each test uses its own part of it")]

use serde_json::Value;

use untaken::agent::{
    Account, Edit, EditKind, EntryStatus, Event, Incoming, ItemState, MessagePhase, ModelError,
    Outgoing, Question, Reply, RequestKey, ThreadId, TurnId, TurnStatus, WireItem,
};
use untaken::agent::{Bounded, Keep, Tokens};
use untaken::app::effect::Effect;
use untaken::app::message::Message;

use crate::driver::Driver;

/// The thread of the fake.
pub(crate) fn thread() -> ThreadId {
    ThreadId("thread-1".to_owned())
}

/// Lets the fake answer all that was written since the last time. What else was asked of the world comes back.
pub(crate) fn answer(driver: &mut Driver) -> Vec<Effect> {
    let mut rest = Vec::new();
    loop {
        let asked = driver.asked();
        if asked.is_empty() {
            return rest;
        }
        for effect in asked {
            match effect {
                Effect::Agent(Outgoing::Start(_)) => {
                    driver.send(Message::Agent(Incoming::Started {
                        program: "codex".to_owned(),
                    }));
                    driver.send(Message::Agent(Incoming::Sandbox(Ok(()))));
                }
                Effect::Agent(Outgoing::Write(line)) => reply(driver, &line),
                other => rest.push(other),
            }
        }
    }
}

fn reply(driver: &mut Driver, line: &str) {
    let message: Value = serde_json::from_str(line).unwrap();
    let (Some(id), Some(method)) = (message["id"].as_u64(), message["method"].as_str()) else {
        return;
    };
    let mut reply = Reply::default();
    let mut event = None;
    match method {
        "initialize" => reply.user_agent = Some("untaken/0.169.0 (Debian)".to_owned()),
        "account/read" => {
            reply.account = Some(Account {
                known: true,
                required: true,
            });
        }
        "thread/start" => {
            reply.thread = Some(thread());
            reply.model = Some("gpt-6.1-sol".to_owned());
            reply.effort = Some("low".to_owned());
        }
        "turn/start" => {
            reply.turn = Some(TurnId("turn-1".to_owned()));
            event = Some(Event::TurnStarted {
                turn: TurnId("turn-1".to_owned()),
            });
        }
        "turn/interrupt" => event = Some(end(TurnStatus::Interrupted)),
        _ => {}
    }
    driver.send(Message::Agent(Incoming::Response {
        id,
        outcome: Ok(reply),
    }));
    if let Some(event) = event {
        tell(driver, event);
    }
}

/// Codex tells something.
pub(crate) fn tell(driver: &mut Driver, event: Event) {
    driver.send(Message::Agent(Incoming::Event {
        thread: Some(thread()),
        event,
    }));
}

pub(crate) fn end(status: TurnStatus) -> Event {
    Event::TurnCompleted {
        turn: TurnId("turn-1".to_owned()),
        status,
        error: None,
        took: None,
    }
}

fn item(driver: &mut Driver, id: &str, state: ItemState) {
    tell(
        driver,
        Event::ItemCompleted(WireItem {
            id: id.to_owned(),
            state,
        }),
    );
}

pub(crate) fn says(driver: &mut Driver, id: &str, text: &str) {
    item(
        driver,
        id,
        ItemState::AgentMessage {
            text: text.to_owned(),
            phase: MessagePhase::Commentary,
        },
    );
}

pub(crate) fn runs(driver: &mut Driver, id: &str, command: &str, output: &str, code: i32) {
    item(
        driver,
        id,
        ItemState::Command {
            command: format!("/bin/bash -c '{command}'"),
            cwd: "/work/harbour".to_owned(),
            output: Some(output.to_owned()),
            exit_code: Some(code),
            took: Some(std::time::Duration::from_millis(900)),
            status: if code == 0 {
                EntryStatus::Completed
            } else {
                EntryStatus::Failed
            },
        },
    );
}

pub(crate) fn edits(driver: &mut Driver, id: &str, path: &str, diff: &str) {
    item(
        driver,
        id,
        ItemState::FileChange {
            edits: vec![Edit {
                path: format!("/work/harbour/{path}"),
                kind: EditKind::Added,
                diff: Bounded::of(Keep::Head, 1 << 16, diff),
                added: u32::try_from(diff.lines().count()).unwrap(),
                removed: 0,
            }],
            status: EntryStatus::Completed,
        },
    );
}

pub(crate) fn asks(driver: &mut Driver, key: i64, command: &str, reason: &str) {
    driver.send(Message::Agent(Incoming::Request {
        key: RequestKey::Number(key),
        question: Question::Command {
            thread: thread(),
            item: format!("call_{key}"),
            command: Some(command.to_owned()),
            cwd: Some("/work/harbour".to_owned()),
            reason: Some(reason.to_owned()),
        },
    }));
}

pub(crate) fn costs(driver: &mut Driver, input: u64, cached: u64, output: u64) {
    let tokens = Tokens {
        input,
        cached,
        output,
        reasoning: 0,
    };
    tell(
        driver,
        Event::Usage {
            turn: None,
            total: tokens,
            last: tokens,
            window: Some(272_000),
        },
    );
}

pub(crate) fn fails(driver: &mut Driver, message: &str, will_retry: bool) {
    tell(
        driver,
        Event::Error {
            error: ModelError {
                message: message.to_owned(),
                kind: None,
                http_status: None,
                details: None,
            },
            will_retry,
        },
    );
}
