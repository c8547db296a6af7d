//! The built program without a screen: what it answers, and with which exit status.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod changed;
mod check;
mod close;
mod diff;
mod doctor;
mod finding;
mod gaps;
mod result;
mod sources;
mod world;
