//! `untaken` finds the branches no test has ever taken and watches them close.

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
