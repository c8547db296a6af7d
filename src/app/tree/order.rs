//! In which order files and folders stand.

use crate::coverage::{Coverage, Ratio, Totals};

use super::Node;

/// What the figures of the tree count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Measure {
    #[default]
    Branches,
    /// No report has branch data.
    Lines,
    /// Nor data on lines: Go measures statements alone.
    Statements,
}

impl Measure {
    /// Lines only where no report measured branches at all, statements where none measured lines either.
    #[must_use]
    pub fn of(coverage: &Coverage) -> Self {
        let any = |figure: fn(Totals) -> Option<Ratio>| {
            figure(coverage.totals).is_some()
                || coverage
                    .files
                    .iter()
                    .any(|file| figure(file.coverage.totals()).is_some())
        };
        if any(|totals| totals.branches) {
            Self::Branches
        } else if any(|totals| totals.lines) || !any(|totals| totals.statements) {
            Self::Lines
        } else {
            Self::Statements
        }
    }

    #[must_use]
    pub fn figure(self, totals: &Totals) -> Option<Ratio> {
        match self {
            Self::Branches => totals.branches,
            Self::Lines => totals.lines,
            Self::Statements => totals.statements,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// The contract's: coverage ascending, then untaken descending, then path.
    #[default]
    Worst,
    /// Most untaken arms first.
    Untaken,
    /// Line coverage ascending.
    Lines,
    Name,
    /// Most arms taken or lost since the program started first.
    Change,
}

impl Order {
    pub const ALL: [Self; 5] = [
        Self::Worst,
        Self::Untaken,
        Self::Lines,
        Self::Name,
        Self::Change,
    ];

    /// Its place in [`Self::ALL`].
    pub(super) fn place(self) -> usize {
        self as usize
    }

    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Worst => Self::Untaken,
            Self::Untaken => Self::Lines,
            Self::Lines => Self::Name,
            Self::Name => Self::Change,
            Self::Change => Self::Worst,
        }
    }

    /// In words, for the pane's title.
    #[must_use]
    pub fn title(self, measure: Measure) -> &'static str {
        match (self, measure) {
            (Self::Worst, Measure::Branches) => "worst branches first",
            (Self::Worst | Self::Lines, Measure::Statements) => "worst statements first",
            (Self::Worst, Measure::Lines) | (Self::Lines, _) => "worst lines first",
            (Self::Untaken, Measure::Branches) => "most untaken first",
            (Self::Untaken, Measure::Lines | Measure::Statements) => "most not run first",
            (Self::Name, _) => "by name",
            (Self::Change, _) => "most changed first",
        }
    }

    /// What a node is sorted by, ascending; among equals by path.
    pub(super) fn key(self, measure: Measure, node: &Node) -> [u64; 3] {
        let figure = node.figure(measure);
        let lines = node.totals.run();
        match self {
            Self::Worst => [share(figure), most_missed(figure), share(lines)],
            Self::Untaken => [most_missed(figure), share(figure), 0],
            Self::Lines => [share(lines), most_missed(lines), 0],
            Self::Name => [0; 3],
            Self::Change => [
                u64::from(u32::MAX - node.change.amount()),
                share(figure),
                most_missed(figure),
            ],
        }
    }
}

fn most_missed(ratio: Option<Ratio>) -> u64 {
    u64::MAX - ratio.map_or(0, Ratio::missed)
}

/// The exact share, not the cut percentage; without a figure last. Two different shares of fewer than 2³¹
/// are never the same.
fn share(ratio: Option<Ratio>) -> u64 {
    ratio
        .and_then(|ratio| (u128::from(ratio.covered) << 62).checked_div(u128::from(ratio.total)))
        .and_then(|share| u64::try_from(share).ok())
        .unwrap_or(u64::MAX)
}
