//! The rooms that are fuzzed, without the rest of the program: it takes a minute to build, not ten.

#[path = "../../src/coverage/mod.rs"]
pub mod coverage;
#[path = "../../src/formats/mod.rs"]
pub mod formats;
#[path = "../../src/harmless.rs"]
pub mod harmless;
