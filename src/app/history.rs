//! How the coverage went while the program was open.

use std::time::Duration;

use crate::coverage::{Percent, Totals};

/// The figures of one good read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Since the program started.
    pub at: Duration,
    /// Local time of the report, `09:41:12`.
    pub clock: String,
    pub totals: Totals,
}

impl Point {
    /// Branch coverage, or that of lines or statements where no branches were measured.
    #[must_use]
    pub fn percent(&self) -> Option<Percent> {
        self.totals.leading()?.1.percent()
    }
}

/// Points in the order they came; a read that changed no figure is none.
#[derive(Clone, Debug, Default)]
pub struct History {
    points: Vec<Point>,
}

/// Hours of work; older ones go.
const MOST: usize = 500;

impl History {
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    pub fn add(&mut self, point: Point) {
        if self
            .points
            .last()
            .is_some_and(|last| last.totals == point.totals)
        {
            return;
        }
        if self.points.len() == MOST {
            // The first stays: it is what everything is compared with.
            self.points.remove(1);
        }
        self.points.push(point);
    }

    /// The last `n` percentages, as heights from 0 to `top` between the least and the greatest of them.
    #[must_use]
    pub fn heights(&self, n: usize, top: u16) -> Vec<u16> {
        let percents: Vec<u16> = self
            .points
            .iter()
            .filter_map(|point| point.percent().map(Percent::hundredths))
            .collect();
        let shown = percents
            .get(percents.len().saturating_sub(n)..)
            .unwrap_or(&[]);
        let least = shown.iter().copied().min().unwrap_or(0);
        let range = shown.iter().copied().max().unwrap_or(0) - least;
        shown
            .iter()
            .map(|&percent| {
                if range == 0 {
                    return 0;
                }
                let height = u32::from(percent - least) * u32::from(top) / u32::from(range);
                u16::try_from(height).unwrap_or(top)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Ratio;

    fn point(covered: u64) -> Point {
        Point {
            at: Duration::ZERO,
            clock: String::new(),
            totals: Totals {
                branches: Some(Ratio::new(covered, 100)),
                ..Totals::default()
            },
        }
    }

    #[test]
    fn the_same_figures_again_are_no_point() {
        let mut history = History::default();
        for covered in [50, 50, 60, 60, 50] {
            history.add(point(covered));
        }
        assert_eq!(history.points().len(), 3);
        assert_eq!(history.heights(8, 7), [0, 7, 0]);
        assert_eq!(history.heights(1, 7), [0]);
    }

    #[test]
    fn the_first_point_is_never_forgotten() {
        let mut history = History::default();
        for n in 0..2000 {
            history.add(point(n % 100));
        }
        assert_eq!(history.points().len(), MOST);
        assert_eq!(history.points()[0], point(0));
    }
}
