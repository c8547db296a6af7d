//! The first row: what is looked at, and the figures of the whole.

use std::fmt::Write as _;

use crate::app::App;
use crate::app::layout::Area;

use super::Canvas;
use super::text::width;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let mut figures = String::new();
    if let Some(loaded) = app.loaded() {
        let totals = loaded.coverage.totals;
        match totals
            .branches
            .and_then(|ratio| Some((ratio, ratio.percent()?)))
        {
            Some((ratio, percent)) => {
                figures = format!(
                    "branches {} % {}/{}",
                    percent.one_decimal(),
                    ratio.covered,
                    ratio.total
                );
            }
            None => figures.push_str("no branch data"),
        }
        if let Some(percent) = totals.lines.and_then(crate::coverage::Ratio::percent) {
            let _ = write!(figures, "   lines {} %", percent.one_decimal());
        }
    }
    let (_, right) = area.split_right(u16::try_from(width(&figures)).unwrap_or(u16::MAX));
    canvas.pen(right).put(&figures, theme.text);
    let mut pen = canvas.pen(area);
    pen.keep_free(usize::from(right.width) + 1);
    pen.put(" untaken ", theme.badge).skip(2);
    pen.put(&app.settings().project, theme.strong).skip(3);
    if let Some(loaded) = app.loaded()
        && let Some(report) = loaded.coverage.reports.first()
    {
        let tool = report
            .tool
            .clone()
            .unwrap_or_else(|| report.format.name().to_owned());
        pen.put(&tool, theme.dim).skip(2);
        pen.put(report.path.as_str(), theme.dim).skip(2);
        pen.put(&loaded.clock, theme.dim);
    }
}
