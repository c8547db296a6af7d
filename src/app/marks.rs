//! What a line of the source shows beside it: whether it ran, how often, and a dot for each arm.

use crate::coverage::{Arms, FileCoverage, Hits, Line, Ratio};

/// Whether a line ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// Nothing to run here.
    NotCode,
    /// It ran, and every arm that starts here was taken.
    Wholly,
    /// It ran, and some arm that starts here never did.
    Partly,
    Never,
}

/// The arms of the decisions on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dots {
    /// Taken or not, in the report's order.
    pub arms: Vec<bool>,
    /// Arms that the report only counts: which of them, it cannot know.
    pub counted: Option<Ratio>,
}

impl Dots {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arms.is_empty() && self.counted.is_none()
    }

    /// All arms, listed or counted.
    #[must_use]
    pub fn ratio(&self) -> Ratio {
        let listed = Ratio::new(
            self.arms.iter().filter(|taken| **taken).count() as u64,
            self.arms.len() as u64,
        );
        listed.plus(self.counted.unwrap_or_default())
    }
}

/// The dots of a line.
#[must_use]
pub fn dots(coverage: &FileCoverage, line: Line) -> Dots {
    let mut dots = Dots::default();
    let mut idx = first_branch(coverage, line);
    while let Some(branch) = coverage.branch(idx).filter(|branch| branch.line() == line) {
        match branch.arms() {
            Arms::Listed(arms) => dots.arms.extend(arms.iter().map(|arm| arm.hits.is_taken())),
            Arms::Counted(ratio) => {
                dots.counted = Some(dots.counted.unwrap_or_default().plus(ratio));
            }
        }
        idx += 1;
    }
    dots
}

/// Whether a line ran.
#[must_use]
pub fn ran(coverage: &FileCoverage, line: Line, dots: &Dots) -> Ran {
    match coverage.line(line).map(Hits::is_taken) {
        Some(false) => Ran::Never,
        Some(true) if dots.ratio().missed() > 0 => Ran::Partly,
        Some(true) => Ran::Wholly,
        // A decision on a line that the report does not list as one, as in the middle of a statement.
        None if dots.is_empty() => Ran::NotCode,
        None if dots.ratio().missed() == 0 => Ran::Wholly,
        None if dots.ratio().covered == 0 => Ran::Never,
        None => Ran::Partly,
    }
}

/// The first decision at or after a line; decisions are in the order of the text.
fn first_branch(coverage: &FileCoverage, line: Line) -> usize {
    let (mut low, mut high) = (0, coverage.branches().len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if coverage
            .branch(middle)
            .is_some_and(|branch| branch.line() < line)
        {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// How wide the columns beside the text of a file must be, in cells; the same for all of it, so that nothing
/// jumps while scrolling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gutter {
    /// For the dots: 0 where there is no branch in the file.
    pub dots: u16,
    /// For hit counts: 0 where the report has none.
    pub hits: u16,
}

/// More arms than this on one line are written as a figure.
pub const MOST_DOTS: usize = 6;

impl Gutter {
    #[must_use]
    pub fn of(coverage: &FileCoverage) -> Self {
        let mut most = 0;
        let mut at = (None, 0_usize, Ratio::default());
        for branch in coverage.branches() {
            if at.0 != Some(branch.line()) {
                at = (Some(branch.line()), 0, Ratio::default());
            }
            at.2 = at.2.plus(branch.ratio());
            at.1 += match branch.arms() {
                Arms::Listed(arms) => arms.len(),
                Arms::Counted(_) => MOST_DOTS + 1,
            };
            let cells = if at.1 > MOST_DOTS {
                format!("{}/{}", at.2.covered, at.2.total).len()
            } else {
                at.1
            };
            most = most.max(cells);
        }
        let hits = coverage
            .lines()
            .filter_map(|(_, hits)| hits.count())
            .map(|count| short_count(count).len())
            .max()
            .unwrap_or(0);
        Self {
            dots: u16::try_from(most).unwrap_or(u16::MAX).min(9),
            hits: u16::try_from(hits).unwrap_or(4),
        }
    }
}

/// A count in at most four signs, cut like every figure: `999`, `3.1k`, `31k`, `2M`.
#[must_use]
pub fn short_count(count: u64) -> String {
    const UNITS: [(u64, char); 6] = [
        (1_000_000_000_000_000_000, 'E'),
        (1_000_000_000_000_000, 'P'),
        (1_000_000_000_000, 'T'),
        (1_000_000_000, 'G'),
        (1_000_000, 'M'),
        (1_000, 'k'),
    ];
    for (unit, sign) in UNITS {
        if count >= unit {
            let tenths = count / (unit / 10);
            return if tenths < 100 && !tenths.is_multiple_of(10) {
                format!("{}.{}{sign}", tenths / 10, tenths % 10)
            } else {
                format!("{}{sign}", tenths / 10)
            };
        }
    }
    count.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::{Construct, Outcome, Span};

    fn line(n: u32) -> Line {
        Line::new(n).unwrap()
    }

    fn file() -> FileCoverage {
        let mut file = FileCoverage::builder("a.py");
        for (n, hits) in [(1, 1), (2, 3100), (3, 0), (5, 2)] {
            file.line(line(n), Hits::times(hits));
        }
        file.branch(Span::line(line(2)), Construct::If)
            .arm(Outcome::True, Hits::times(1))
            .arm(Outcome::False, Hits::ZERO);
        file.branch(Span::line(line(2)), Construct::If)
            .arm(Outcome::True, Hits::times(1));
        file.branch(Span::line(line(3)), Construct::If)
            .arm(Outcome::True, Hits::ZERO);
        file.counted_branch(line(5), Construct::Unknown, 4, 6);
        file.finish()
    }

    #[test]
    fn a_line_has_a_dot_for_each_arm_of_all_its_decisions() {
        let file = file();
        assert_eq!(dots(&file, line(2)).arms, [true, false, true]);
        assert_eq!(dots(&file, line(1)), Dots::default());
        assert_eq!(dots(&file, line(5)).counted, Some(Ratio::new(4, 6)));
    }

    #[test]
    fn a_line_that_ran_with_an_untaken_arm_ran_partly() {
        let file = file();
        let at = |n| ran(&file, line(n), &dots(&file, line(n)));
        assert_eq!(at(1), Ran::Wholly);
        assert_eq!(at(2), Ran::Partly);
        assert_eq!(at(3), Ran::Never);
        assert_eq!(at(4), Ran::NotCode);
        assert_eq!(at(5), Ran::Partly);
    }

    #[test]
    fn the_gutter_holds_the_widest_line() {
        assert_eq!(Gutter::of(&file()), Gutter { dots: 3, hits: 4 });
        let plain = FileCoverage::builder("b.py").finish();
        assert_eq!(Gutter::of(&plain), Gutter::default());
    }

    #[test]
    fn counts_are_short_and_cut() {
        for (count, short) in [
            (0, "0"),
            (999, "999"),
            (1000, "1k"),
            (3199, "3.1k"),
            (31_999, "31k"),
            (999_999, "999k"),
            (2_050_000, "2M"),
            (u64::MAX, "18E"),
        ] {
            assert_eq!(short_count(count), short);
        }
    }
}
