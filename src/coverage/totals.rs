//! Figures: how many of how many, and the percentage that may be shown for it.

use std::fmt;

/// Covered out of total. Both count the same things: lines, arms, functions or statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Ratio {
    pub covered: u64,
    pub total: u64,
}

impl Ratio {
    #[must_use]
    pub fn new(covered: u64, total: u64) -> Self {
        Self { covered, total }
    }

    /// What is not covered.
    #[must_use]
    pub fn missed(self) -> u64 {
        self.total.saturating_sub(self.covered)
    }

    /// The share that is covered, cut to two decimals. `None` for 0 of 0: no figure is not 100 %.
    #[must_use]
    pub fn percent(self) -> Option<Percent> {
        if self.total == 0 {
            return None;
        }
        let hundredths = u128::from(self.covered.min(self.total)) * 10_000 / u128::from(self.total);
        Some(Percent(u16::try_from(hundredths).unwrap_or(10_000)))
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            covered: self.covered.saturating_add(other.covered),
            total: self.total.saturating_add(other.total),
        }
    }
}

/// A percentage in hundredths, 0 to 10,000: always cut, never rounded up, so that 100 means all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u16);

impl Percent {
    /// From hundredths of a percent; more than 10,000 is 10,000.
    #[must_use]
    pub fn from_hundredths(hundredths: u16) -> Self {
        Self(hundredths.min(10_000))
    }

    /// In hundredths: 83.42 % is 8342.
    #[must_use]
    pub fn hundredths(self) -> u16 {
        self.0
    }

    /// As a number with two decimals, for JSON.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// With one decimal, cut, as the screen shows it: `83.4`.
    #[must_use]
    pub fn one_decimal(self) -> String {
        format!("{}.{}", self.0 / 100, self.0 / 10 % 10)
    }
}

/// With two decimals, cut: `83.42`.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:02}", self.0 / 100, self.0 % 100))
    }
}

/// The figures of a file or a report. `None` where the report has no such figure at all, which is
/// not the same as `Some(0 of 0)`: a file without a single branch in a report that measured branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Totals {
    pub branches: Option<Ratio>,
    pub lines: Option<Ratio>,
    pub functions: Option<Ratio>,
    pub statements: Option<Ratio>,
}

impl Totals {
    /// What ran, where branches tell nothing: lines, or statements where the report has no lines (Go).
    #[must_use]
    pub fn run(self) -> Option<Ratio> {
        self.lines.or(self.statements)
    }

    /// The figure that a target is held against, with its name: branches, else lines, else statements.
    #[must_use]
    pub fn leading(self) -> Option<(&'static str, Ratio)> {
        let named = |name, ratio: Option<Ratio>| ratio.map(|ratio| (name, ratio));
        let branches = self.branches.filter(|ratio| ratio.total > 0);
        named("branches", branches)
            .or(named("lines", self.lines))
            .or(named("statements", self.statements))
    }

    /// The sum, figure by figure; a figure that only one side has stays as it is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        fn add(a: Option<Ratio>, b: Option<Ratio>) -> Option<Ratio> {
            match (a, b) {
                (Some(a), Some(b)) => Some(a.plus(b)),
                (a, b) => a.or(b),
            }
        }
        Self {
            branches: add(self.branches, other.branches),
            lines: add(self.lines, other.lines),
            functions: add(self.functions, other.functions),
            statements: add(self.statements, other.statements),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_lead_then_lines_then_statements() {
        let some = Some(Ratio::new(1, 2));
        let totals = |branches, lines, statements| Totals {
            branches,
            lines,
            functions: None,
            statements,
        };
        let led_by = |totals: Totals| totals.leading().map(|(name, _)| name);
        assert_eq!(led_by(totals(some, some, some)), Some("branches"));
        assert_eq!(led_by(totals(None, some, some)), Some("lines"));
        assert_eq!(led_by(totals(None, None, some)), Some("statements"));
        assert_eq!(led_by(totals(None, None, None)), None);
        let none = Some(Ratio::default());
        assert_eq!(led_by(totals(none, some, None)), Some("lines"));
    }
}
