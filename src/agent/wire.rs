//! The wire of `codex app-server` (0.169): newline-delimited JSON-RPC without the version member.
//!
//! Only what is used is named. Every member that Codex might leave out, or might not know yet or any
//! more, has a default; unknown members are skipped.

use serde::Deserialize;
use serde_json::value::RawValue;

/// Any line of the server, not yet looked into.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) method: Option<String>,
    #[serde(borrow, default)]
    pub(super) params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) result: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) error: Option<RpcError>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RpcError {
    #[serde(default)]
    pub(super) message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Result_ {
    pub(super) user_agent: Option<String>,
    pub(super) requires_openai_auth: Option<bool>,
    /// Its members are of no interest, only whether there is one.
    pub(super) account: Option<serde::de::IgnoredAny>,
    pub(super) thread: Option<Named>,
    pub(super) model: Option<String>,
    pub(super) reasoning_effort: Option<String>,
    pub(super) turn: Option<Named>,
    pub(super) turn_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    /// Where the model decides the effort by itself, the answer's own member is null and so is this.
    #[serde(default, rename = "reasoningEffort")]
    pub(super) effort: Option<String>,
}

/// The parameters of the notifications and requests we know, all in one: none uses a name in two ways.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Params {
    pub(super) thread_id: Option<String>,
    pub(super) turn_id: Option<String>,
    pub(super) turn: Option<Turn>,
    pub(super) item: Option<serde_json::Value>,
    pub(super) item_id: Option<String>,
    pub(super) delta: Option<String>,
    pub(super) explanation: Option<String>,
    pub(super) plan: Option<Vec<Step>>,
    pub(super) diff: Option<String>,
    pub(super) token_usage: Option<TokenUsage>,
    pub(super) error: Option<TurnError>,
    pub(super) will_retry: bool,
    pub(super) message: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) details: Option<String>,
    pub(super) request_id: Option<serde_json::Value>,
    pub(super) to_model: Option<String>,
    pub(super) command: Option<String>,
    pub(super) cwd: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) grant_root: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) network_approval_context: Option<Network>,
}

/// A host that a command wants to reach.
#[derive(Debug, Deserialize)]
pub(super) struct Network {
    #[serde(default)]
    pub(super) host: String,
    #[serde(default)]
    pub(super) protocol: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Turn {
    pub(super) id: String,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) error: Option<TurnError>,
    #[serde(default)]
    pub(super) duration_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TurnError {
    #[serde(default)]
    pub(super) message: String,
    /// A word, or an object with one member named by the word.
    #[serde(default)]
    pub(super) codex_error_info: serde_json::Value,
    #[serde(default)]
    pub(super) additional_details: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Step {
    #[serde(default)]
    pub(super) step: String,
    #[serde(default)]
    pub(super) status: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenUsage {
    #[serde(default)]
    pub(super) total: TokenCounts,
    #[serde(default)]
    pub(super) last: TokenCounts,
    #[serde(default)]
    pub(super) model_context_window: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenCounts {
    #[serde(rename = "inputTokens")]
    pub(super) input: u64,
    #[serde(rename = "cachedInputTokens")]
    pub(super) cached: u64,
    #[serde(rename = "outputTokens")]
    pub(super) output: u64,
    #[serde(rename = "reasoningOutputTokens")]
    pub(super) reasoning: u64,
}

/// The members of all items we show; `type` says which of them are there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Item {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) text: Option<String>,
    pub(super) phase: Option<String>,
    pub(super) content: Vec<serde_json::Value>,
    /// Reasoning: its paragraphs.
    pub(super) summary: Vec<String>,
    pub(super) command: Option<String>,
    pub(super) cwd: Option<String>,
    pub(super) status: Option<String>,
    pub(super) aggregated_output: Option<String>,
    pub(super) exit_code: Option<i32>,
    pub(super) duration_ms: Option<u64>,
    pub(super) changes: Vec<FileChange>,
    pub(super) agent_thread_id: Option<String>,
    pub(super) agent_path: Option<String>,
    /// What a sub-agent did.
    #[serde(rename = "kind")]
    pub(super) activity: Option<String>,
    pub(super) server: Option<String>,
    pub(super) tool: Option<String>,
    pub(super) query: Option<String>,
    pub(super) path: Option<String>,
    pub(super) review: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FileChange {
    #[serde(default)]
    pub(super) path: String,
    #[serde(default)]
    pub(super) kind: ChangeKind,
    /// The whole content for an added or a deleted file, hunks of a unified diff for another.
    #[serde(default)]
    pub(super) diff: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChangeKind {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) move_path: Option<String>,
}
