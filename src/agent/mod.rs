//! The conversation with Codex. Pure: it decodes lines, keeps the session's state, and says what to write.

/// Something from, or about, the agent's process, decoded.
#[derive(Clone, Debug)]
pub enum Incoming {}

/// What the session asks of the agent's process.
#[derive(Clone, Debug, PartialEq)]
pub enum Outgoing {}
