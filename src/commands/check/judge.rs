//! Figures against thresholds. Pure.

use crate::coverage::{Coverage, CoveredFile, FilePath, Percent, Ratio, Totals};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metric {
    Branches,
    Lines,
    Functions,
    Statements,
}

impl Metric {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Branches => "branches",
            Self::Lines => "lines",
            Self::Functions => "functions",
            Self::Statements => "statements",
        }
    }

    /// What one more of it is called, and what has to happen to it.
    pub(super) fn missing(self, n: u64) -> String {
        let (one, many, done) = match self {
            Self::Branches => ("arm", "arms", "taken"),
            Self::Lines => ("line", "lines", "run"),
            Self::Functions => ("function", "functions", "called"),
            Self::Statements => ("statement", "statements", "run"),
        };
        if n == 1 {
            format!("1 more {one} must be {done}")
        } else {
            format!("{n} more {many} must be {done}")
        }
    }

    pub(super) fn of(self, totals: Totals) -> Option<Ratio> {
        match self {
            Self::Branches => totals.branches,
            Self::Lines => totals.lines,
            Self::Functions => totals.functions,
            Self::Statements => totals.statements,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Threshold {
    pub(super) metric: Metric,
    pub(super) least: Percent,
}

/// How one figure stands against its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Holds,
    /// So many more are needed.
    Missed(u64),
    /// The report does not measure it: nobody can say that it holds.
    NoData,
    /// There is nothing to cover.
    Nothing,
}

/// One comparison.
#[derive(Clone, Debug)]
pub(super) struct Check {
    /// `None` for the whole.
    pub(super) file: Option<FilePath>,
    pub(super) threshold: Threshold,
    pub(super) figure: Option<Ratio>,
    pub(super) outcome: Outcome,
}

impl Check {
    fn new(file: Option<FilePath>, threshold: Threshold, figure: Option<Ratio>) -> Self {
        let outcome = match figure {
            None => Outcome::NoData,
            Some(Ratio { total: 0, .. }) => Outcome::Nothing,
            Some(ratio) => match needed(ratio, threshold.least) {
                0 => Outcome::Holds,
                n => Outcome::Missed(n),
            },
        };
        Self {
            file,
            threshold,
            figure,
            outcome,
        }
    }

    pub(super) fn holds(&self) -> bool {
        matches!(self.outcome, Outcome::Holds | Outcome::Nothing)
    }
}

/// How many more must be covered for a share to be reached.
fn needed(ratio: Ratio, least: Percent) -> u64 {
    let wanted = (u128::from(least.hundredths()) * u128::from(ratio.total)).div_ceil(10_000);
    u64::try_from(wanted)
        .unwrap_or(u64::MAX)
        .saturating_sub(ratio.covered)
}

/// Every comparison that was asked for.
#[derive(Debug)]
pub(super) struct Gate {
    /// One for each threshold: the whole, or all changed lines.
    pub(super) whole: Vec<Check>,
    /// With `--per-file`, for each file and threshold, worst first.
    pub(super) files: Vec<Check>,
    /// What the figures are about, file by file: of all lines, or of the changed ones.
    pub(super) counted: Vec<(FilePath, Totals)>,
}

impl Gate {
    pub(super) fn of(coverage: &Coverage, thresholds: &[Threshold], per_file: bool) -> Self {
        let counted: Vec<(FilePath, Totals)> = coverage
            .files
            .iter()
            .map(|file: &CoveredFile| (file.path.clone(), file.coverage.totals()))
            .collect();
        Self::new(coverage.totals, counted, thresholds, per_file)
    }

    /// The same for what lies on changed lines, as counted file by file.
    pub(super) fn of_changed(
        coverage: &Coverage,
        counted: &[(FilePath, Totals)],
        thresholds: &[Threshold],
        per_file: bool,
    ) -> Self {
        let zero = |ratio: Option<Ratio>| ratio.map(|_| Ratio::default());
        let mut totals = counted
            .iter()
            .map(|(_, totals)| *totals)
            .fold(Totals::default(), Totals::plus);
        // A figure that the report has is nothing, not unknown, where no changed line carries it.
        totals.branches = totals.branches.or(zero(coverage.totals.branches));
        totals.lines = totals.lines.or(zero(coverage.totals.run()));
        totals.functions = totals.functions.or(zero(coverage.totals.functions));
        let mut gate = Self::new(totals, counted.to_vec(), thresholds, per_file);
        let has_lines = totals.lines.is_some_and(|ratio| ratio.total > 0);
        if !has_lines {
            for check in &mut gate.whole {
                if check.outcome == Outcome::NoData {
                    check.outcome = Outcome::Nothing;
                }
            }
        }
        gate
    }

    fn new(
        totals: Totals,
        counted: Vec<(FilePath, Totals)>,
        thresholds: &[Threshold],
        per_file: bool,
    ) -> Self {
        let whole = thresholds
            .iter()
            .map(|&threshold| Check::new(None, threshold, threshold.metric.of(totals)))
            .collect();
        let mut files = Vec::new();
        if per_file {
            for &threshold in thresholds {
                files.extend(counted.iter().filter_map(|(path, totals)| {
                    // A file without the figure is no failure of its own: the whole says so once.
                    let figure = threshold.metric.of(*totals)?;
                    Some(Check::new(Some(path.clone()), threshold, Some(figure)))
                }));
            }
        }
        Self {
            whole,
            files,
            counted,
        }
    }

    pub(super) fn holds(&self) -> bool {
        self.whole.iter().chain(&self.files).all(Check::holds)
    }

    /// The files that lack most of a metric, most first.
    pub(super) fn worst(&self, metric: Metric) -> Vec<(&FilePath, Ratio)> {
        let mut files: Vec<(&FilePath, Ratio)> = self
            .counted
            .iter()
            .filter_map(|(path, totals)| Some((path, metric.of(*totals)?)))
            .filter(|(_, ratio)| ratio.missed() > 0)
            .collect();
        files.sort_by(|a, b| b.1.missed().cmp(&a.1.missed()).then_with(|| a.0.cmp(b.0)));
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(covered: u64, total: u64, least: u16) -> Outcome {
        let threshold = Threshold {
            metric: Metric::Branches,
            least: Percent::from_hundredths(least),
        };
        Check::new(None, threshold, Some(Ratio::new(covered, total))).outcome
    }

    #[test]
    fn a_threshold_is_never_reached_by_rounding() {
        assert_eq!(outcome(9999, 10_000, 10_000), Outcome::Missed(1));
        assert_eq!(outcome(2, 3, 6667), Outcome::Missed(1));
        assert_eq!(outcome(2, 3, 6666), Outcome::Holds);
        assert_eq!(outcome(0, 7, 0), Outcome::Holds);
        assert_eq!(outcome(0, 7, 1), Outcome::Missed(1));
        assert_eq!(outcome(1842, 2208, 8500), Outcome::Missed(35));
    }

    #[test]
    fn what_is_needed_is_enough_and_no_more() {
        for total in 1..40 {
            for covered in 0..total {
                for least in [1, 2500, 3333, 6667, 8000, 9999, 10_000] {
                    if let Outcome::Missed(n) = outcome(covered, total, least) {
                        assert_eq!(outcome(covered + n, total, least), Outcome::Holds);
                        assert_ne!(outcome(covered + n - 1, total, least), Outcome::Holds);
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_to_cover_holds_and_nothing_known_does_not() {
        assert_eq!(outcome(0, 0, 10_000), Outcome::Nothing);
        let threshold = Threshold {
            metric: Metric::Branches,
            least: Percent::from_hundredths(0),
        };
        assert!(!Check::new(None, threshold, None).holds());
    }
}
