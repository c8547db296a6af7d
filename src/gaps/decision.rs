//! Every decision of a file by its name for life, taken or not.

use super::{GapId, Mark, Source};
use crate::coverage::{FileCoverage, FilePath, Line, Ratio};

/// A branch of the report with what names it and its arms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub id: GapId,
    /// Its place among [`FileCoverage::branches`].
    pub branch: usize,
    /// Where it is shown: the report's line, or where that line is now.
    pub line: Line,
    pub function: Option<String>,
    pub construct: Option<String>,
    pub ratio: Ratio,
    /// In the report's order; empty where the report only counts.
    pub arms: Vec<DecidedArm>,
}

/// One arm of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedArm {
    /// Names the arm within its decision, the same when lines shift. Two arms of a decision never share one.
    pub key: String,
    /// As people read it; may hold a line number.
    pub label: String,
    pub line: Option<Line>,
    pub hits: Option<u64>,
    pub taken: bool,
    pub mark: Option<Mark>,
}

/// All decisions of a file, in the order of [`FileCoverage::branches`].
#[must_use]
pub fn decisions(
    _path: &FilePath,
    _coverage: &FileCoverage,
    _source: Option<&Source>,
) -> Vec<Decided> {
    Vec::new()
}
