//! What a source text is made of: its functions, its decisions and the way each arm goes on.
//!
//! tree-sitter reads the text; nothing here runs, resolves or imports it. A broken text gives what
//! could be read of it. Pure, and this room never says what a report covers: it does not know reports.

mod language;
mod names;
mod outline;
mod text;
mod walk;

pub use language::Language;
pub use outline::{Arm, Callable, Decision, DecisionKind, Onward, Outline, Role};
pub use text::{Extent, Place, fold, squeeze};
pub use walk::outline;

#[cfg(test)]
mod tests;
