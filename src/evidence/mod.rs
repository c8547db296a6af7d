//! Why we believe that a test is worth keeping: findings, and the rungs a test file has to climb.
//!
//! Pure. The runs themselves happen in `runtime`; here is what to run next and what its outcome means.

pub mod contexts;
pub mod elsewhere;
mod examined;
mod finding;
pub mod guard;
pub mod judge;
pub mod smell;
pub mod suite;
pub mod suspect;

pub use examined::{Examined, PutBack, TestFile};
pub use finding::{Finding, FindingCode, Rung, RungResult, Verdict};
