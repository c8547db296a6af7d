//! The log: a file, only when asked for, and never the terminal.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts writing the log to a file, after what is already in it.
///
/// # Errors
/// When the file cannot be written to.
pub(super) fn start(file: &Path) -> anyhow::Result<()> {
    let opened = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .with_context(|| {
            format!(
                "cannot write the log to {}; give --log a file in a folder you can write to",
                file.display()
            )
        })?;
    tracing_subscriber::registry()
        // Our own doings in detail; of the libraries only what is wrong.
        .with(
            Targets::new()
                .with_default(LevelFilter::WARN)
                .with_target("untaken", LevelFilter::DEBUG),
        )
        .with(
            tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .with_writer(Mutex::new(opened)),
        )
        .try_init()
        .context("the log is already started")
}
