//! Filled in by the changes that follow.

pub mod codex;
pub mod demo;
pub mod git;
pub mod project;
pub mod prompts;
pub mod reports;
pub mod settle;
pub mod snapshot;
pub mod sources;
pub mod store;
pub mod supervisor;
pub mod tests_run;
pub mod watch;
