//! Decision points and their outcomes, as views into a file's compact storage.

use super::{Hits, Line, Position, Ratio, Span};

/// What kind of decision a report says a branch is. Most formats do not say; the source text often
/// does (see the `syntax` room), and then the gap carries the better word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Construct {
    /// The report does not tell.
    #[default]
    Unknown,
    If,
    /// `c ? a : b`, `a if c else b`.
    Conditional,
    /// `&&`, `||`, `??`: an arm for each operand.
    Logical,
    Switch,
    /// A parameter's default value: one arm, taken when the default was needed.
    DefaultArgument,
    /// A block that V8 counted: one arm, the block itself. No arm exists for not entering it.
    Block,
    Loop,
    /// A Go or similar statement block, one arm.
    Case,
    Match,
    Try,
}

/// Where an arm goes, as far as the report itself knows. Never a guess from the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome<'a> {
    /// Known only by its place among the arms.
    Nth,
    /// The condition held.
    True,
    /// The condition did not hold.
    False,
    /// An arc: the next line that would run (coverage.py).
    ToLine(Line),
    /// The code object is left: return, or the end of a function, lambda or module (coverage.py).
    Exit,
    /// The arm's own code starts here (Istanbul's `locations`).
    At(Position),
    /// The `else` that nobody wrote (Istanbul's location without a line).
    ImplicitElse,
    /// An exception leaves here (gcc's exception edges).
    Throw,
    /// The report's own words for it (coverage.py's LCOV: `jump to line 5`).
    Text(&'a str),
}

/// One outcome of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Arm<'a> {
    pub outcome: Outcome<'a>,
    pub hits: Hits,
}

/// The arms of a branch: told apart, or only counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arms<'a> {
    /// Each arm by itself, in the report's own order.
    Listed(Vec<Arm<'a>>),
    /// So many of so many taken; which ones, the report cannot know (`JaCoCo`, Cobertura).
    Counted(Ratio),
}

/// A decision point of a file.
#[derive(Clone, Copy, Debug)]
pub struct Branch<'a> {
    pub(super) file: &'a super::FileCoverage,
    pub(super) idx: usize,
}

impl<'a> Branch<'a> {
    /// Its place among [`super::FileCoverage::branches`], 0-based.
    #[must_use]
    pub fn idx(self) -> usize {
        self.idx
    }

    /// Where the decision stands. Without columns in the report, whole lines.
    #[must_use]
    pub fn span(self) -> Span {
        self.file
            .branch_row(self.idx)
            .map_or(Span::line(Line::FIRST), |row| row.span)
    }

    /// The line the decision starts on: the one that every tool shows it at.
    #[must_use]
    pub fn line(self) -> Line {
        self.span().start.line
    }

    #[must_use]
    pub fn construct(self) -> Construct {
        self.file
            .branch_row(self.idx)
            .map_or(Construct::Unknown, |row| row.construct)
    }

    /// Covered and total arms.
    #[must_use]
    pub fn ratio(self) -> Ratio {
        self.file.arm_ratio(self.idx)
    }

    /// The arms themselves.
    #[must_use]
    pub fn arms(self) -> Arms<'a> {
        self.file.arms(self.idx)
    }
}
