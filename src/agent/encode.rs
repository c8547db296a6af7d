//! What we write: requests, notifications and answers, one line each, without its end.

use serde_json::{Map, Value, json};

use super::approval::Decision;
use super::incoming::{RequestKey, ThreadId, TurnId};
use super::settings::{ApprovalPolicy, Sandbox, SessionSettings};

fn request(id: u64, method: &str, params: &Value) -> String {
    json!({"id": id, "method": method, "params": params}).to_string()
}

/// Who we are. The experimental interface has what ends a running command.
pub(super) fn initialize(id: u64) -> String {
    request(
        id,
        "initialize",
        &json!({
            "clientInfo": {
                "name": "untaken",
                "title": "untaken",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "capabilities": {"experimentalApi": true},
        }),
    )
}

pub(super) fn initialized() -> String {
    json!({"method": "initialized"}).to_string()
}

pub(super) fn account_read(id: u64) -> String {
    request(id, "account/read", &json!({"refreshToken": false}))
}

/// Open a thread, or an earlier one again.
///
/// The sandbox asked for here is always the read-only one: asking for workspace-write would make Codex
/// write `trust_level = "trusted"` for the folder into the person's own configuration (0.169). The real
/// one is given with each turn.
pub(super) fn thread_open(
    id: u64,
    settings: &SessionSettings,
    resume: Option<&ThreadId>,
) -> String {
    let mut params = Map::new();
    params.insert("cwd".into(), json!(settings.root));
    params.insert("sandbox".into(), json!("read-only"));
    params.insert("approvalPolicy".into(), json!(policy(settings.approval)));
    if let Some(model) = &settings.model {
        params.insert("model".into(), json!(model));
    }
    // A login shell would reset PATH by the person's profile, and a virtual environment would be lost.
    let mut config = Map::new();
    config.insert("allow_login_shell".into(), json!(false));
    if let Some(effort) = &settings.effort {
        config.insert("model_reasoning_effort".into(), json!(effort));
    }
    params.insert("config".into(), Value::Object(config));
    match resume {
        Some(thread) => {
            params.insert("threadId".into(), json!(thread.0));
            params.insert("excludeTurns".into(), json!(true));
            request(id, "thread/resume", &Value::Object(params))
        }
        None => request(id, "thread/start", &Value::Object(params)),
    }
}

pub(super) fn turn_start(
    id: u64,
    settings: &SessionSettings,
    model: Option<&str>,
    thread: &ThreadId,
    prompt: &str,
) -> String {
    let mut params = Map::new();
    params.insert("threadId".into(), json!(thread.0));
    params.insert("input".into(), input(prompt));
    // It holds for the turns after this one too (0.169).
    if let Some(model) = model {
        params.insert("model".into(), json!(model));
    }
    params.insert("approvalPolicy".into(), json!(policy(settings.approval)));
    params.insert("sandboxPolicy".into(), sandbox_policy(settings.sandbox));
    if let Some(effort) = &settings.effort {
        params.insert("effort".into(), json!(effort));
    }
    request(id, "turn/start", &Value::Object(params))
}

pub(super) fn turn_steer(id: u64, thread: &ThreadId, turn: &TurnId, text: &str) -> String {
    request(
        id,
        "turn/steer",
        &json!({"threadId": thread.0, "expectedTurnId": turn.0, "input": input(text)}),
    )
}

pub(super) fn turn_interrupt(id: u64, thread: &ThreadId, turn: &TurnId) -> String {
    request(
        id,
        "turn/interrupt",
        &json!({"threadId": thread.0, "turnId": turn.0}),
    )
}

/// End the commands of a thread that still run: an interrupt leaves them running (0.169).
pub(super) fn clean(id: u64, thread: &ThreadId) -> String {
    request(
        id,
        "thread/backgroundTerminals/clean",
        &json!({"threadId": thread.0}),
    )
}

pub(super) fn decision(key: &RequestKey, decision: Decision) -> String {
    let word = match decision {
        Decision::Accept => "accept",
        Decision::AcceptForSession => "acceptForSession",
        Decision::Decline => "decline",
        Decision::Cancel => "cancel",
    };
    json!({"id": raw(key), "result": {"decision": word}}).to_string()
}

/// The answer to a question that cannot be answered here; Codex takes it as a refusal and goes on.
pub(super) fn refusal(key: &RequestKey, method: &str) -> String {
    json!({
        "id": raw(key),
        "error": {"code": -32601, "message": format!("untaken does not answer {method}")},
    })
    .to_string()
}

fn raw(key: &RequestKey) -> Value {
    match key {
        RequestKey::Number(number) => json!(number),
        RequestKey::Text(text) => json!(text),
    }
}

fn input(text: &str) -> Value {
    json!([{"type": "text", "text": text, "text_elements": []}])
}

fn policy(policy: ApprovalPolicy) -> &'static str {
    match policy {
        ApprovalPolicy::OnRequest => "on-request",
        ApprovalPolicy::Untrusted => "untrusted",
        ApprovalPolicy::Never => "never",
    }
}

fn sandbox_policy(sandbox: Sandbox) -> Value {
    match sandbox {
        Sandbox::ReadOnly => json!({"type": "readOnly", "networkAccess": false}),
        Sandbox::WorkspaceWrite => json!({
            "type": "workspaceWrite",
            "writableRoots": [],
            "networkAccess": false,
            "excludeTmpdirEnvVar": false,
            "excludeSlashTmp": false,
        }),
        Sandbox::DangerFullAccess => json!({"type": "dangerFullAccess"}),
    }
}
