//! Gaps: the untaken arms, never-run lines and never-called functions of a file, in words.
//!
//! A gap is the unit that a person picks and a session works on. It is found from a file's coverage
//! and, where the source is at hand, from its syntax; what neither proves is not said. Pure: texts are
//! handed in, none is opened here.

mod column;
mod decision;
mod delta;
mod find;
mod functions;
mod gap;
mod identity;
mod link;
mod meaning;
mod rank;
mod reading;
mod runs;
mod source;
mod words;

pub use column::byte_offset;
pub use decision::{Decided, DecidedArm, decisions};
pub use delta::{ArmRef, Delta, Facts, delta};
pub use find::find;
pub use gap::{Gap, GapArm, GapId, GapKind, Mark};
pub use rank::{Ranked, rank};
pub use source::Source;

#[cfg(test)]
mod tests;
