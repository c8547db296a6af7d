//! What a session is told before it begins.

/// How Codex is started and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSettings {
    /// The project's root, absolute: the agent's working folder and the only place it may write.
    pub root: String,
    /// The program, as in `[agent] command`: a name looked up on PATH, or a path.
    pub command: String,
    /// `read-only`, `workspace-write` or `danger-full-access`.
    pub sandbox: Sandbox,
    /// When Codex asks: `on-request`, `untrusted` or `never`.
    pub approval: ApprovalPolicy,
    /// `None`: as the person's own Codex configuration says.
    pub model: Option<String>,
    pub effort: Option<String>,
    /// A thread of an earlier session to go on with.
    pub resume: Option<String>,
}

impl SessionSettings {
    /// The defaults for a project: Codex from PATH, workspace-write, approval on request.
    #[must_use]
    pub fn new(root: impl Into<String>) -> Self {
        Self {
            root: root.into(),
            command: "codex".to_owned(),
            sandbox: Sandbox::WorkspaceWrite,
            approval: ApprovalPolicy::OnRequest,
            model: None,
            effort: None,
            resume: None,
        }
    }
}

/// What the agent's commands may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sandbox {
    ReadOnly,
    /// The root and the temporary folders; no network.
    WorkspaceWrite,
    /// No sandbox at all. Only where the person wrote so.
    DangerFullAccess,
}

/// When Codex asks a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalPolicy {
    /// Only for what the sandbox does not allow.
    OnRequest,
    /// For each command and each patch.
    Untrusted,
    /// Never; what the sandbox does not allow is refused.
    Never,
}
