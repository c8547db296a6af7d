//! In which order files and folders stand.

use std::cmp::Ordering;

use crate::coverage::{Coverage, Ratio, Totals};

use super::{Node, Shape};

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
}

impl Order {
    pub const ALL: [Self; 4] = [Self::Worst, Self::Untaken, Self::Lines, Self::Name];

    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Worst => Self::Untaken,
            Self::Untaken => Self::Lines,
            Self::Lines => Self::Name,
            Self::Name => Self::Worst,
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
        }
    }

    pub(super) fn compare(self, measure: Measure, a: &Node, b: &Node, shape: Shape) -> Ordering {
        let name = || match shape {
            Shape::Folders => a.label.cmp(&b.label),
            Shape::Flat => a.path.cmp(&b.path),
        };
        match self {
            Self::Worst => by_share(a.figure(measure), b.figure(measure))
                .then_with(|| missed(b.figure(measure)).cmp(&missed(a.figure(measure))))
                .then_with(|| by_share(a.totals.run(), b.totals.run()))
                .then_with(name),
            Self::Untaken => missed(b.figure(measure))
                .cmp(&missed(a.figure(measure)))
                .then_with(|| by_share(a.figure(measure), b.figure(measure)))
                .then_with(name),
            Self::Lines => by_share(a.totals.run(), b.totals.run())
                .then_with(|| missed(b.totals.run()).cmp(&missed(a.totals.run())))
                .then_with(name),
            Self::Name => name(),
        }
    }
}

fn missed(ratio: Option<Ratio>) -> u64 {
    ratio.map_or(0, Ratio::missed)
}

/// By the exact share, not the cut percentage; without a figure last.
fn by_share(a: Option<Ratio>, b: Option<Ratio>) -> Ordering {
    let known = |ratio: Option<Ratio>| ratio.filter(|ratio| ratio.total > 0);
    match (known(a), known(b)) {
        (Some(a), Some(b)) => (u128::from(a.covered) * u128::from(b.total))
            .cmp(&(u128::from(b.covered) * u128::from(a.total))),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
