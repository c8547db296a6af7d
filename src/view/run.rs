//! The pane beside the session: the gaps of this run with their states, the coverage, the cost.

use ratatui::style::Style;

use crate::app::doc::{cost, count};
use crate::app::layout::{Area, RunParts};
use crate::app::marks::short_count;
use crate::app::run::RunGap;
use crate::app::text::width;
use crate::app::words::tone_of;
use crate::app::{App, Focus, RunRow};
use crate::coverage::Percent;
use crate::triage::GapState;

use super::{Canvas, row_of};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let parts = RunParts::of(area, app.history().points().len());
    draw_title(app, canvas, parts.title);
    draw_list(app, canvas, parts.list);
    draw_chart(app, canvas, parts.chart);
    draw_cost(app, canvas, parts.cost);
}

fn draw_title(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let tally = app.run().tally();
    let heading = if app.focus() == Focus::Run {
        theme.accent
    } else {
        theme.strong
    };
    let dot = format!(" {} ", canvas.glyphs.dot);
    let mut figures = Vec::new();
    if !app.run().is_empty() {
        figures.push((
            format!("{} closed", tally.closed),
            if tally.closed > 0 {
                theme.good
            } else {
                theme.dim
            },
        ));
        if tally.still_open > 0 {
            figures.push((format!("{} open", tally.still_open), theme.warn));
        }
        if tally.to_go > 0 {
            figures.push((format!("{} to go", tally.to_go), theme.dim));
        }
    }
    let cells = figures.iter().map(|(text, _)| width(text)).sum::<usize>()
        + figures.len().saturating_sub(1) * width(&dot);
    let title = if usize::from(area.width) > cells + 20 {
        "GAPS OF THIS RUN"
    } else {
        "GAPS"
    };
    let (left, right) = area.split_right(u16::try_from(cells + 1).unwrap_or(area.width));
    canvas.pen(left).skip(1).put(title, heading);
    let mut pen = canvas.pen(right);
    for (at, (text, style)) in figures.iter().enumerate() {
        if at > 0 {
            pen.put(&dot, theme.dim);
        }
        pen.put(text, *style);
    }
}

fn draw_list(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let (cursor, scroll) = app.run_window();
    if app.run().is_empty() {
        if let Some(line) = row_of(area, 1) {
            canvas
                .pen(line)
                .skip(1)
                .put("no gap was sent: pick some in the explorer", theme.dim);
        }
        return;
    }
    for (row, what) in app.run_list().iter().skip(scroll).enumerate() {
        let Some(place) = row_of(area, row) else {
            break;
        };
        match what {
            RunRow::Blank => {}
            RunRow::File(path) => {
                let mut pen = canvas.pen(place);
                pen.skip(3);
                let room = pen.room();
                pen.put_path(path.as_str(), room, theme.folder);
            }
            RunRow::Gap(idx) => {
                if let Some(own) = app.run().gaps().get(*idx) {
                    draw_gap(app, canvas, place, own, *idx == cursor);
                }
            }
        }
    }
}

fn draw_gap(app: &App, canvas: &mut Canvas<'_>, place: Area, own: &RunGap, current: bool) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let has_focus = app.focus() == Focus::Run;
    if current && has_focus {
        let style = canvas.row_style(true);
        canvas.wash(place, style);
    }
    let style = canvas.tone(tone_of(&own.state));
    let sign = match own.state {
        GapState::Closed => glyphs.closed,
        GapState::Working => glyphs.working,
        GapState::Queued => glyphs.dot,
        GapState::Untestable { .. } | GapState::Dismissed { .. } => glyphs.never_testable,
        GapState::Open | GapState::StillOpen { .. } | GapState::Regressed => glyphs.untaken,
    };
    let mut state = own.state.name().to_owned();
    if let GapState::StillOpen { rounds } = own.state
        && rounds > 1
    {
        state = format!("{state}, round {rounds}");
    }
    if let Some(note) = &own.note {
        state.clone_from(note);
    } else if own.arms_taken > 0 && own.arms_taken < own.gap.arms_untaken {
        state = format!("{} of {} arms", own.arms_taken, own.gap.arms_untaken);
    }
    let state_cells = width(&state).min(usize::from(place.width) / 2);
    let (left, right) = place.split_right(u16::try_from(state_cells + 1).unwrap_or(place.width));
    let mut pen = canvas.pen(left);
    if current && has_focus {
        pen.put(glyphs.cursor, theme.accent);
    } else {
        pen.skip(1);
    }
    pen.put(sign, style)
        .skip(1)
        .put_right(&own.gap.line.to_string(), 5, theme.text)
        .skip(1);
    let construct = own.gap.construct.as_deref().unwrap_or(own.gap.kind.name());
    let cells = if place.width >= 50 { 10 } else { 0 };
    if cells > 0 {
        let before = pen.x();
        pen.put_cut(construct, cells, theme.text);
        let used = usize::from(pen.x() - before);
        pen.skip(cells + 1 - used);
    }
    let brief = own.gap.brief.split(" · ").next().unwrap_or("");
    let room = pen.room().saturating_sub(1);
    pen.put_cut(brief, room, theme.dim);
    canvas.pen(right).put_cut(&state, state_cells, style);
}

/// Branch coverage over the time of this run: each column the latest figure at that time.
fn draw_chart(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let points = app.history().points();
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return;
    };
    if area.height < 5 || area.width < 24 || points.len() < 2 {
        return;
    }
    let (_, area) = area.split_top(1);
    let (title, rest) = area.split_top(1);
    let (bars, axis) = rest.split_bottom(1);
    let what = if last.totals.branches.is_some() {
        "BRANCHES"
    } else {
        "LINES"
    };
    let mut pen = canvas.pen(title);
    pen.skip(1)
        .put(what, theme.accent)
        .skip(2)
        .put("this run", theme.dim);
    let figures: Vec<(std::time::Duration, u16)> = points
        .iter()
        .filter_map(|point| Some((point.at, point.percent().map(Percent::hundredths)?)))
        .collect();
    let least = figures
        .iter()
        .map(|(_, percent)| *percent)
        .min()
        .unwrap_or(0);
    let most = figures
        .iter()
        .map(|(_, percent)| *percent)
        .max()
        .unwrap_or(0);
    let range = u32::from((most - least).max(10));
    let (scale, plot) = bars.split_left(9);
    let (plot, _) = plot.split_right(1);
    let height = usize::from(plot.height);
    for (row, value) in [(0, most), (height.saturating_sub(1), least)] {
        if let Some(place) = row_of(scale, row) {
            canvas.pen(place).put_right(
                &Percent::from_hundredths(value).one_decimal(),
                7,
                theme.dim,
            );
        }
    }
    let span = last.at.saturating_sub(first.at).as_millis().max(1);
    let levels = u32::try_from(height * 8).unwrap_or(8);
    for column in 0..plot.width {
        let at =
            first.at.as_millis() + span * u128::from(column) / u128::from(plot.width.max(2) - 1);
        let percent = figures
            .iter()
            .take_while(|(time, _)| time.as_millis() <= at)
            .last()
            .map_or(least, |(_, percent)| *percent);
        // At least one level, so that the least figure is seen too.
        let level = (u32::from(percent - least) * (levels - 1) / range).min(levels - 1) + 1;
        for row in 0..height {
            let below = u32::try_from(height - 1 - row).unwrap_or(0) * 8;
            let filled = level.saturating_sub(below).min(8);
            if filled == 0 {
                continue;
            }
            let sign = canvas
                .glyphs
                .spark
                .get(filled as usize - 1)
                .copied()
                .unwrap_or(" ");
            let style: Style = if percent > least {
                theme.good
            } else {
                theme.warn
            };
            if let Some(place) = row_of(plot, row) {
                let (_, cell) = place.split_left(column);
                canvas.pen(cell).put(sign, style);
            }
        }
    }
    let (_, axis) = axis.split_left(9);
    let (axis, _) = axis.split_right(1);
    let end = width(&last.clock);
    let mut pen = canvas.pen(axis);
    pen.put(&first.clock, theme.dim);
    let room = pen.room();
    if room > end + 1 {
        pen.put_right(&last.clock, room, theme.dim);
    }
}

fn draw_cost(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let usage = app.session().session.usage();
    let tally = app.run().tally();
    if usage.thread.total() == 0 {
        return;
    }
    if let Some(line) = row_of(area, 1) {
        canvas
            .pen(line)
            .skip(1)
            .put("COST", theme.accent)
            .skip(2)
            .put(&cost(usage.thread), theme.dim);
    }
    if let Some(line) = row_of(area, 2) {
        let mut pen = canvas.pen(line);
        pen.skip(7);
        let mut said = false;
        if tally.arms_closed > 0 {
            let each = usage.thread.total() / u64::from(tally.arms_closed);
            pen.put(&format!("{} tokens", short_count(each)), theme.text)
                .put(
                    &format!(
                        " per closed arm, {}",
                        count(tally.arms_closed as usize, "arm")
                    ),
                    theme.dim,
                );
            said = true;
        }
        if let Some(window) = usage.window.filter(|window| *window > 0) {
            let percent = usage.in_window.saturating_mul(100) / window;
            let before = if said { " · " } else { "" };
            pen.put(&format!("{before}window {percent} % full"), theme.dim);
        }
    }
}
