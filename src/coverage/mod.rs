//! What is covered: one model for every tool's report, and the arithmetic on it.
//!
//! Terms, as coverage tools use them:
//! - a **report** is one parsed file of a coverage tool;
//! - a **line** is executable or absent; its **hit count** may be known, or only whether it ran;
//! - a **branch** is a decision point, an **arm** one of its outcomes;
//! - **totals** are the tool's own stored figures wherever it stores any.
//!
//! This room imports no other room and does no I/O. It never guesses: what a report does not know
//! (which arm it was, how often, whether branches were measured at all) is `None` or a type of its own.

mod branch;
mod file;
mod hits;
pub mod merge;
mod pack;
mod path;
mod position;
mod report;
pub mod resolve;
pub mod shift;
mod totals;

pub use branch::{Arm, Arms, Branch, Construct, Outcome};
pub use file::{FileBuilder, FileCoverage, Function};
pub use hits::Hits;
pub use path::FilePath;
pub use position::{Column, ColumnUnit, Line, Position, Span};
pub use report::{Coverage, CoveredFile, Format, Report, ReportInfo, SourceState, Warning};
pub use totals::{Percent, Ratio, Totals};
