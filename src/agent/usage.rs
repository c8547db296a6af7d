//! What a conversation costs, in tokens. Knows no prices.

/// Counts of tokens, as the model's service reports them. `cached` is a part of `input`, `reasoning` of `output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    pub input: u64,
    pub cached: u64,
    pub output: u64,
    pub reasoning: u64,
}

impl Tokens {
    /// Input and output.
    #[must_use]
    pub fn total(self) -> u64 {
        self.input.saturating_add(self.output)
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
        }
    }

    /// What came on top of an earlier count.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            input: self.input.saturating_sub(earlier.input),
            cached: self.cached.saturating_sub(earlier.cached),
            output: self.output.saturating_sub(earlier.output),
            reasoning: self.reasoning.saturating_sub(earlier.reasoning),
        }
    }
}

/// What a session has cost. Codex counts a thread and each of its sub-agents apart; here they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the whole thread with its sub-agents, since it was made.
    pub thread: Tokens,
    /// Of the running turn, or of the last one.
    pub turn: Tokens,
    /// How many tokens the model's window holds, where Codex says so.
    pub window: Option<u64>,
    /// How full the window was at the last call of the model.
    pub in_window: u64,
}
