//! A line of the server to an [`Incoming`]. Never an error: what is not understood is said to be so.

use std::time::Duration;

use serde_json::Value;

use super::bounded::{Bounded, Keep};
use super::incoming::{
    Account, Event, Incoming, ItemState, ModelError, Question, Reply, RequestKey, ThreadId, TurnId,
    WireItem,
};
use super::transcript::{
    DIFF_LIMIT, Edit, EditKind, EntryStatus, MessagePhase, PlanStep, StepStatus, TurnStatus,
};
use super::usage::Tokens;
use super::wire;

/// How much of a line that is no message is kept for the log.
const GARBLED_LIMIT: usize = 200;

/// Decode one line, without its end.
#[must_use]
pub fn decode(line: &str) -> Incoming {
    let Ok(envelope) = serde_json::from_str::<wire::Envelope<'_>>(line) else {
        return Incoming::Garbled {
            line: Bounded::of(Keep::Head, GARBLED_LIMIT, line)
                .as_str()
                .to_owned(),
        };
    };
    match (envelope.method, envelope.id) {
        (Some(method), None) => notification(method, envelope.params.map_or("{}", |raw| raw.get())),
        (Some(method), Some(id)) => match request_key(id.get()) {
            Some(key) => Incoming::Request {
                key,
                question: question(method, envelope.params.map_or("{}", |raw| raw.get())),
            },
            None => Incoming::Other { method },
        },
        (None, Some(id)) => match id.get().parse::<u64>() {
            Ok(id) => Incoming::Response {
                id,
                outcome: match envelope.error {
                    Some(error) => Err(error.message),
                    None => Ok(reply(envelope.result.map_or("{}", |raw| raw.get()))),
                },
            },
            Err(_) => Incoming::Other {
                method: String::new(),
            },
        },
        (None, None) => Incoming::Other {
            method: String::new(),
        },
    }
}

fn request_key(raw: &str) -> Option<RequestKey> {
    key_of(&serde_json::from_str(raw).ok()?)
}

fn key_of(value: &Value) -> Option<RequestKey> {
    match value {
        Value::Number(number) => number.as_i64().map(RequestKey::Number),
        Value::String(text) => Some(RequestKey::Text(text.clone())),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn reply(raw: &str) -> Reply {
    let result: wire::Result_ = serde_json::from_str(raw).unwrap_or_default();
    let thread_effort = result
        .thread
        .as_ref()
        .and_then(|thread| thread.effort.clone());
    Reply {
        user_agent: result.user_agent,
        account: result.requires_openai_auth.map(|required| Account {
            known: result.account.is_some(),
            required,
        }),
        thread: result.thread.map(|thread| ThreadId(thread.id)),
        model: result.model,
        effort: result.reasoning_effort.or(thread_effort),
        turn: result
            .turn
            .map(|turn| turn.id)
            .or(result.turn_id)
            .map(TurnId),
    }
}

fn question(method: String, raw: &str) -> Question {
    let params: wire::Params = serde_json::from_str(raw).unwrap_or_default();
    match (method.as_str(), params.thread_id, params.item_id) {
        ("item/commandExecution/requestApproval", Some(thread), Some(item)) => {
            let thread = ThreadId(thread);
            if let Some(network) = params.network_approval_context {
                Question::Network {
                    thread,
                    host: format!("{}://{}", network.protocol, network.host),
                    reason: params.reason,
                }
            } else if params.kind.as_deref() == Some("writeStdin") {
                Question::Input {
                    thread,
                    text: params.command,
                    reason: params.reason,
                }
            } else {
                Question::Command {
                    thread,
                    item,
                    command: params.command,
                    cwd: params.cwd,
                    reason: params.reason,
                }
            }
        }
        ("item/fileChange/requestApproval", Some(thread), Some(item)) => Question::FileChange {
            thread: ThreadId(thread),
            item,
            reason: params.reason,
            grant_root: params.grant_root,
        },
        _ => Question::Unknown { method },
    }
}

fn notification(method: String, raw: &str) -> Incoming {
    if !is_of_interest(&method) {
        return Incoming::Other { method };
    }
    let Ok(params) = serde_json::from_str::<wire::Params>(raw) else {
        return Incoming::Other { method };
    };
    let thread = params.thread_id.clone().map(ThreadId);
    match event(&method, params) {
        Some(event) => Incoming::Event { thread, event },
        None => Incoming::Other { method },
    }
}

/// The methods that [`event`] knows; the parameters of the others are not even parsed.
fn is_of_interest(method: &str) -> bool {
    matches!(
        method,
        "turn/started"
            | "turn/completed"
            | "turn/plan/updated"
            | "turn/diff/updated"
            | "item/started"
            | "item/completed"
            | "item/agentMessage/delta"
            | "item/reasoning/summaryTextDelta"
            | "item/reasoning/summaryPartAdded"
            | "item/commandExecution/outputDelta"
            | "thread/tokenUsage/updated"
            | "serverRequest/resolved"
            | "model/rerouted"
            | "error"
            | "warning"
            | "guardianWarning"
            | "configWarning"
    )
}

fn event(method: &str, params: wire::Params) -> Option<Event> {
    Some(match method {
        "turn/started" => Event::TurnStarted {
            turn: TurnId(params.turn?.id),
        },
        "turn/completed" => {
            let turn = params.turn?;
            Event::TurnCompleted {
                turn: TurnId(turn.id),
                status: match turn.status.as_str() {
                    "completed" => TurnStatus::Completed,
                    "interrupted" => TurnStatus::Interrupted,
                    _ => TurnStatus::Failed,
                },
                error: turn.error.map(model_error),
                took: turn.duration_ms.map(Duration::from_millis),
            }
        }
        "turn/plan/updated" => Event::Plan {
            explanation: params.explanation,
            steps: params.plan?.into_iter().map(plan_step).collect(),
        },
        "turn/diff/updated" => Event::Diff { diff: params.diff? },
        "item/started" => Event::ItemStarted(item(params.item?)?),
        "item/completed" => Event::ItemCompleted(item(params.item?)?),
        "item/agentMessage/delta" => Event::MessageDelta {
            item: params.item_id?,
            text: params.delta?,
        },
        "item/reasoning/summaryTextDelta" => Event::ReasoningDelta {
            item: params.item_id?,
            text: params.delta?,
        },
        "item/reasoning/summaryPartAdded" => Event::ReasoningBreak {
            item: params.item_id?,
        },
        "item/commandExecution/outputDelta" => Event::OutputDelta {
            item: params.item_id?,
            text: params.delta?,
        },
        "thread/tokenUsage/updated" => {
            let usage = params.token_usage?;
            Event::Usage {
                turn: params.turn_id.map(TurnId),
                total: tokens(&usage.total),
                last: tokens(&usage.last),
                window: usage.model_context_window,
            }
        }
        "serverRequest/resolved" => Event::Resolved {
            key: key_of(&params.request_id?)?,
        },
        "model/rerouted" => Event::Rerouted {
            model: params.to_model?,
        },
        "error" => Event::Error {
            error: model_error(params.error?),
            will_retry: params.will_retry,
        },
        "warning" | "guardianWarning" | "configWarning" => Event::Warning {
            message: params.message.or(params.summary)?,
            details: params.details,
        },
        _ => return None,
    })
}

fn tokens(counts: &wire::TokenCounts) -> Tokens {
    Tokens {
        input: counts.input,
        cached: counts.cached,
        output: counts.output,
        reasoning: counts.reasoning,
    }
}

fn plan_step(step: wire::Step) -> PlanStep {
    PlanStep {
        text: step.step,
        status: match step.status.as_str() {
            "completed" => StepStatus::Completed,
            "inProgress" => StepStatus::Running,
            _ => StepStatus::Pending,
        },
    }
}

fn model_error(error: wire::TurnError) -> ModelError {
    let (kind, http_status) = match error.codex_error_info {
        Value::String(word) => (Some(word), None),
        Value::Object(members) => {
            members
                .into_iter()
                .next()
                .map_or((None, None), |(word, value)| {
                    let status = value
                        .get("httpStatusCode")
                        .and_then(Value::as_u64)
                        .and_then(|status| u16::try_from(status).ok());
                    (Some(word), status)
                })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => (None, None),
    };
    ModelError {
        message: error.message,
        kind,
        http_status,
        details: error.additional_details,
    }
}

fn item(value: Value) -> Option<WireItem> {
    let item: wire::Item = serde_json::from_value(value).ok()?;
    let status = match item.status.as_deref() {
        Some("inProgress") => EntryStatus::Running,
        Some("failed") => EntryStatus::Failed,
        Some("declined") => EntryStatus::Declined,
        Some("interrupted") => EntryStatus::Cut,
        _ => EntryStatus::Completed,
    };
    let took = item.duration_ms.map(Duration::from_millis);
    let state = match item.kind.as_str() {
        "userMessage" => ItemState::UserMessage {
            text: texts(&item.content),
        },
        "agentMessage" => ItemState::AgentMessage {
            text: item.text?,
            phase: match item.phase.as_deref() {
                Some("commentary") => MessagePhase::Commentary,
                Some("final_answer") => MessagePhase::Final,
                _ => MessagePhase::Unsaid,
            },
        },
        "reasoning" => ItemState::Reasoning {
            text: item.summary.join("\n\n"),
        },
        "commandExecution" => ItemState::Command {
            command: item.command?,
            cwd: item.cwd.unwrap_or_default(),
            output: item.aggregated_output,
            exit_code: item.exit_code,
            took,
            status,
        },
        "fileChange" => ItemState::FileChange {
            edits: item.changes.into_iter().map(edit).collect(),
            status,
        },
        "plan" => ItemState::Plan { text: item.text? },
        "subAgentActivity" => ItemState::SubAgent {
            thread: ThreadId(item.agent_thread_id?),
            path: item.agent_path.unwrap_or_default(),
            kind: item.activity.unwrap_or_default(),
        },
        "mcpToolCall" | "dynamicToolCall" => tool(
            match (item.server, item.tool) {
                (Some(server), Some(tool)) => format!("{server} {tool}"),
                (None, Some(tool)) => tool,
                _ => item.kind,
            },
            None,
            status,
        ),
        // Waiting for a sub-agent and the like: the sub-agent has a line of its own.
        "collabAgentToolCall" => tool(
            format!("agents {}", item.tool.unwrap_or_default()),
            None,
            status,
        ),
        "webSearch" => tool("web search".to_owned(), item.query, status),
        "imageView" => tool("look at image".to_owned(), item.path, status),
        "enteredReviewMode" => tool("review".to_owned(), item.review, status),
        "contextCompaction" => tool("context compacted".to_owned(), None, status),
        _ => return None,
    };
    Some(WireItem { id: item.id, state })
}

fn tool(name: String, detail: Option<String>, status: EntryStatus) -> ItemState {
    ItemState::Tool {
        name,
        detail,
        status,
    }
}

fn texts(content: &[Value]) -> String {
    let parts: Vec<&str> = content
        .iter()
        .filter_map(|part| part.get("text").and_then(Value::as_str))
        .collect();
    parts.join("\n")
}

/// One file of a patch, its diff brought to one form: Codex sends the bare content of added and
/// deleted files, and hunks for others.
fn edit(change: wire::FileChange) -> Edit {
    let (kind, sign) = match (change.kind.kind.as_str(), change.kind.move_path) {
        ("add", _) => (EditKind::Added, Some('+')),
        ("delete", _) => (EditKind::Deleted, Some('-')),
        (_, Some(to)) => (EditKind::Moved { to }, None),
        _ => (EditKind::Updated, None),
    };
    let mut diff = Bounded::new(Keep::Head, DIFF_LIMIT);
    let (mut added, mut removed) = (0, 0);
    for line in change.diff.lines() {
        match sign.or_else(|| line.chars().next()) {
            Some('+') => added += 1,
            Some('-') => removed += 1,
            _ => {}
        }
        if let Some(sign) = sign {
            diff.push(sign.encode_utf8(&mut [0; 4]));
        }
        diff.push(line);
        diff.push("\n");
    }
    Edit {
        path: change.path,
        kind,
        diff,
        added,
        removed,
    }
}
