//! The coverage over the reports that were read while the program is open, one bar for each.

use std::cmp::Ordering;

use crate::app::App;
use crate::app::layout::Area;
use crate::app::text::width;
use crate::coverage::Percent;

use super::{Canvas, row_of};

/// Cells before the bars: the figures of the highest and the lowest.
const SCALE: u16 = 9;

/// Cells of a bar at most, with the one after it.
const WIDEST: usize = 6;

/// Nothing is drawn where there is no room, or only one figure.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let points: Vec<(&str, u16)> = app
        .history()
        .points()
        .iter()
        .filter_map(|point| {
            let percent = point.percent().map(Percent::hundredths)?;
            Some((point.clock.as_str(), percent))
        })
        .collect();
    if area.height < 5 || area.width < 24 || points.len() < 2 {
        return;
    }
    let (_, area) = area.split_top(1);
    let (title, rest) = area.split_top(1);
    let (bars, axis) = rest.split_bottom(1);
    let (scale, plot) = bars.split_left(SCALE);
    let (plot, _) = plot.split_right(1);
    let room = usize::from(plot.width);
    // The newest that there is room for, and the first of all: it is what the others are compared with.
    let step = (room / points.len()).clamp(1, WIDEST);
    let n = points.len().min(room / step);
    let newest = points.get(points.len() - n + 1..).unwrap_or(&[]);
    let shown: Vec<(&str, u16)> = points.first().into_iter().chain(newest).copied().collect();
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
        return;
    };
    let least = shown.iter().map(|(_, percent)| *percent).min().unwrap_or(0);
    let most = shown.iter().map(|(_, percent)| *percent).max().unwrap_or(0);

    let branches = app
        .loaded()
        .is_some_and(|loaded| loaded.coverage.totals.branches.is_some());
    let what = if branches { "BRANCHES" } else { "LINES" };
    let mut pen = canvas.pen(title);
    pen.skip(1)
        .put(what, theme.accent)
        .skip(2)
        .put(&crate::app::doc::count(points.len(), "report"), theme.dim);
    let height = usize::from(plot.height);
    for (row, value) in [(0, most), (height.saturating_sub(1), least)] {
        if let Some(place) = row_of(scale, row) {
            let figure = Percent::from_hundredths(value).one_decimal();
            canvas.pen(place).put_right(&figure, 7, theme.dim);
        }
    }
    let range = u32::from(most - least).max(1);
    let levels = u32::try_from(height * 8).unwrap_or(8);
    for (at, (_, percent)) in shown.iter().enumerate() {
        // At least one level, so that the least figure is seen too.
        let level = u32::from(percent - least) * (levels - 1) / range + 1;
        let style = match percent.cmp(&first.1) {
            Ordering::Greater => theme.good,
            Ordering::Less => theme.bad,
            Ordering::Equal => theme.dim,
        };
        for row in 0..height {
            let below = u32::try_from(height - 1 - row).unwrap_or(0) * 8;
            let filled = level.saturating_sub(below).min(8) as usize;
            let sign = filled
                .checked_sub(1)
                .and_then(|at| canvas.glyphs.spark.get(at));
            if let (Some(sign), Some(place)) = (sign.copied(), row_of(plot, row)) {
                canvas
                    .pen(place)
                    .skip(at * step)
                    .repeat(sign, (step - 1).max(1), style);
            }
        }
    }
    let (_, axis) = axis.split_left(SCALE);
    let mut pen = canvas.pen(axis);
    pen.put(first.0, theme.dim);
    let end = (shown.len() * step)
        .saturating_sub(1)
        .max(2 * width(first.0) + 1);
    let cells = end.min(room).saturating_sub(width(first.0));
    pen.put_right(last.0, cells, theme.dim);
}
