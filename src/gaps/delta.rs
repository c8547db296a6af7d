//! What became of arms between two measurements.

use std::sync::Arc;

use super::{GapId, Source};
use crate::coverage::{FileCoverage, FilePath, Line, Totals};

/// One file of a measurement. `source` is the text as it was at that measurement, where it is at hand.
#[derive(Clone, Debug)]
pub struct Facts {
    pub path: FilePath,
    pub coverage: Arc<FileCoverage>,
    pub source: Option<Arc<Source>>,
}

/// One arm of one decision, by name, for deltas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmRef {
    /// The gap (decision) that the arm belongs to.
    pub gap: GapId,
    pub file: FilePath,
    /// The decision's line: in the newer source for taken and lost arms, in the older for vanished ones.
    pub line: Line,
    /// `true`, `case 3`, `to line 705`…; `1 of 4` where the report only counts.
    pub arm: String,
}

/// What became of arms between two reports: three lists, never one number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Untaken before, taken now.
    pub taken: Vec<ArmRef>,
    /// Taken before, untaken now.
    pub lost: Vec<ArmRef>,
    /// Untaken before, and not in the report any more; with the reason as far as it can be told.
    pub vanished: Vec<(ArmRef, String)>,
    /// The totals of both, for the figure in the header.
    pub before: Totals,
    pub after: Totals,
}

/// Compares two measurements arm by arm. A file whose coverage is the same on both sides costs nothing,
/// and its source is not read.
#[must_use]
pub fn delta(_before: &[Facts], _after: &[Facts]) -> Delta {
    Delta::default()
}
