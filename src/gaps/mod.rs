//! Gaps: the untaken arms, never-run lines and never-called functions of a file, in words.
//!
//! A gap is the unit that a person picks and a session works on. It is found from a file's coverage
//! and, where the source is at hand, from its syntax; what neither proves is not said.

use std::fmt;

use crate::coverage::{FilePath, Line, Totals};

/// A gap's name for life: twelve hexadecimal digits, made of what the gap is (file, function, kind,
/// the text of the decision) and not of where it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GapId(pub u64);

impl fmt::Display for GapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}

impl fmt::Debug for GapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GapKind {
    /// A decision with at least one untaken arm.
    Branch,
    /// A run of lines never executed that no untaken arm and no uncalled function explains.
    Line,
    /// A function never called.
    Function,
}

impl GapKind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Line => "line",
            Self::Function => "function",
        }
    }
}

/// One arm of a gap's decision, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapArm {
    /// `true`, `false`, `case 3`, `else`… where the report or the source proves it, else `to line N` or `exit`.
    pub label: String,
    /// Where it goes on.
    pub line: Option<Line>,
    /// `None` where the report does not count.
    pub hits: Option<u64>,
    pub taken: bool,
}

/// Something no test has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub id: GapId,
    pub kind: GapKind,
    /// The line it is shown at.
    pub line: Line,
    /// The last line of the decision or the run, inclusive.
    pub end_line: Line,
    /// 0-based, in the unit of the report; `None` where the report has no columns.
    pub column: Option<u32>,
    /// The enclosing function with its class: `Port.assign`.
    pub function: Option<String>,
    /// `if`, `for`, `switch`, `&&` …
    pub construct: Option<String>,
    pub arms_total: u32,
    pub arms_untaken: u32,
    /// Empty where the report does not tell the arms apart.
    pub arms: Vec<GapArm>,
    /// One sentence, lower case: what never happened, and where it would have gone.
    pub says: String,
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
