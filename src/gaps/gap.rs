//! A gap and its parts.

use std::fmt;
use std::ops::Range;

use crate::coverage::Line;

/// A gap's name for life: twelve hexadecimal digits, made of what the gap is (file, function, kind,
/// the text of the decision) and not of where it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GapId(pub u64);

impl fmt::Display for GapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}

impl std::str::FromStr for GapId {
    type Err = std::num::ParseIntError;

    /// As it is displayed: hexadecimal.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
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

/// A piece of one line of the source, to underline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub line: Line,
    /// In bytes of the line, 0-based, on character boundaries, never empty.
    pub bytes: Range<usize>,
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
    /// The arm's own code on the line where it starts, where the report has columns for it.
    pub mark: Option<Mark>,
}

/// Something no test has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub id: GapId,
    pub kind: GapKind,
    /// The line it is shown at: the report's, or where that line is now when the source changed.
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
    /// The same without the place and in few words, for under the line: `never false · would go on at line 705`.
    pub brief: String,
    /// How many executable lines never ran because of it.
    pub lines_behind: u32,
    /// Whether it is on the way of an error: it throws, raises, or stands in an exception handler.
    pub error_path: bool,
}
