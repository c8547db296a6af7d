//! Bytes to [`Report`]: one file for each format, known by content and never by name.
//!
//! A parser never panics, never hangs, never opens another file. It returns the report with warnings
//! beside it, or an error that names the place in the input. It imports only the `coverage` room.
//!
//! To add a format: a row in [`crate::coverage::Format`], a file here with
//! `pub(super) fn parse(text: &[u8]) -> Result<Report, ParseError>`, a row in `reading.rs` and one in
//! `sniff.rs`. The bytes that a parser gets are UTF-8 or Latin-1 without a byte order mark; [`Place`]s
//! are offsets in them. `json.rs`, `xml.rs`, `text.rs` and `oddities.rs` are shared by all of them.

mod blocks;
mod bounds;
mod by_path;
mod clover;
mod cobertura;
mod coverage_py;
mod error;
mod foreign;
mod gcovr;
mod go_cover;
mod istanbul;
mod istanbul_summary;
mod jacoco_csv;
mod jacoco_xml;
mod json;
mod lcov;
mod llvm_cov;
mod oddities;
mod reading;
mod simplecov;
mod sniff;
mod text;
mod xml;

pub use blocks::Blocks;
pub use error::{ParseError, Place};
pub use reading::{Part, Reading};
pub use sniff::{HEAD, sniff};

use crate::coverage::Report;

/// Reads a whole report, whatever format it is in.
///
/// A byte order mark is skipped and UTF-16 is decoded first; places in errors are then those of the
/// decoded text.
///
/// # Errors
/// When the bytes are no report of a known format, or one that is cut off or contradicts itself.
pub fn parse(bytes: &[u8]) -> Result<Report, ParseError> {
    let reading = Reading::new(bytes, 1)?;
    let parts = (0..reading.n_parts()).map(|idx| reading.part(idx));
    reading.join(parts.collect())
}
