//! `untaken` finds the branches no test has ever taken, hands the ones a person picked to a background
//! Codex session, and watches the coverage report prove which arms are closed.
//!
//! This page is the map of the house. One thing happened, and it came through the door as a message; the
//! core thought about it and left a list of wishes; the world carried them out and answered with messages.
//!
//! ```text
//!   report ──bytes──► formats ──Report──► coverage ──+ syntax──► gaps ──┬──► app ──► view ──► screen
//!     ▲                                                                 │     │
//!     │ runtime::watch                                                  │     │ Effect
//!     │                                                                 │     ▼
//!   tests run ◄── evidence ◄── triage ◄── agent ◄──lines── codex ◄──── runtime (the only room with a clock,
//!                                                                        files, processes, a terminal)
//! ```
//!
//! # The rooms, in reading order
//!
//! | room | what it is for |
//! |---|---|
//! | [`coverage`] | what is covered: one model for every tool's report, and the arithmetic on it |
//! | [`formats`] | bytes to a report: one file for each format, known by content |
//! | [`syntax`] | what the source text itself proves: functions, decisions, where an arm would go on |
//! | [`gaps`] | untaken arms, lines and functions, in words; names that survive edits; what a new report changed |
//! | [`agent`] | the conversation with Codex: what it says, what to write to it, the prompt |
//! | [`triage`] | what became of each gap: batches, rounds, states, the record of a run |
//! | [`evidence`] | why a test is believed: the rungs, the findings, the verdict |
//! | [`highlight`] | source text to coloured spans |
//! | [`app`] | the whole program as a value: state, messages, effects |
//! | [`view`] | that value to a frame |
//! | [`runtime`] | the world: the loop, the terminal, files, processes, the watcher, Codex |
//! | [`commands`] | the same without a screen |
//! | [`cli`], [`settings`] | what the person typed, and what we will therefore do |
//! | [`harmless`] | text from outside made harmless to a terminal; everyone may use it |
//!
//! # What always holds
//!
//! - Rooms above `runtime` are pure: the same input gives the same output, and nothing else happens.
//! - A figure on the screen is the tool's own. What a report does not know is `None`, never a guess.
//! - A gap is closed when a report written after the work counts its arm as taken, and never before.
//! - What comes from outside is hostile: no byte of it reaches the terminal, or an index, unchecked.
//! - `tests/tidy.rs` reads the sources and fails when a room imports whom it may not.

pub mod agent;
pub mod app;
pub mod cli;
pub mod commands;
pub mod coverage;
pub mod evidence;
pub mod formats;
pub mod gaps;
pub mod harmless;
pub mod highlight;
pub mod runtime;
pub mod settings;
pub mod syntax;
pub mod triage;
pub mod view;
