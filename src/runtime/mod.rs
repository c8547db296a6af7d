//! Filled in by the changes that follow.

pub mod codex;
pub mod demo;
pub mod snapshot;
pub mod store;
pub mod supervisor;
pub mod tests_run;
