//! What the session asks of the world.

/// What the session asks of the agent's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// Start the process, and try whether its sandbox works.
    Start(Launch),
    /// Write one line (without its end) to the process's standard input.
    Write(String),
    /// What was written before goes out; then: close standard input, wait, SIGTERM, wait, SIGKILL to the group.
    Stop,
}

/// What is started, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The program, a name on PATH or a path; its npm wrapper is passed over if that can be told.
    pub command: String,
    pub args: Vec<String>,
    /// The working folder, absolute.
    pub cwd: String,
    /// Arguments with which the same program tries its sandbox; `None` where none is wanted.
    pub probe: Option<Vec<String>>,
}
