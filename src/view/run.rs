//! The pane beside the session: the gaps of this run with their states, the coverage, the cost.

use crate::app::doc::{cost, count};
use crate::app::keymap::Action;
use crate::app::layout::Area;
use crate::app::marks::short_count;
use crate::app::run::RunGap;
use crate::app::text::width;
use crate::app::words::tone_of;
use crate::app::{App, Focus, RunRow};
use crate::evidence::{Rung, Verdict};
use crate::triage::GapState;

use super::{Canvas, chart, row_of};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let parts = app.run_parts(area);
    draw_title(app, canvas, parts.title);
    draw_list(app, canvas, parts.list);
    draw_evidence(app, canvas, parts.evidence);
    chart::draw(app, canvas, parts.chart);
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
        if tally.settled > 0 {
            figures.push((format!("{} settled", tally.settled), theme.dim));
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
    let sign = glyphs.of_state(&own.state);
    let mut state = own.state.name().to_owned();
    match own.state {
        GapState::StillOpen { rounds } if rounds > 1 => {
            state = format!("{state}, round {rounds}");
        }
        GapState::Queued => {
            if let Some(place) = app.run().place_in_queue(own.gap.id) {
                state = format!("{state} {place}");
            }
        }
        _ => {}
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
    let brief = match &own.state {
        GapState::Untestable { reason } | GapState::Dismissed { reason } => reason.as_str(),
        _ => own.gap.brief.split(" · ").next().unwrap_or(""),
    };
    let room = pen.room().saturating_sub(1);
    pen.put_cut(brief, room, theme.dim);
    canvas.pen(right).put_cut(&state, state_cells, style);
}

/// The test files of the run with a dot for each rung, and what was found.
fn draw_evidence(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    if area.height < 3 {
        return;
    }
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let found = app.run().found();
    let (_, area) = area.split_top(1);
    let (title, rows) = area.split_top(1);
    let (kept, rejected) = found.n_tests();
    let mut pen = canvas.pen(title);
    pen.skip(1)
        .put("TESTS", theme.accent)
        .skip(2)
        .put(&format!("{kept} kept"), theme.dim);
    if rejected > 0 {
        pen.put(&format!(", {rejected} not"), theme.warn);
    }
    if let Some(key) = app.keys().keys(Action::Changes).into_iter().next() {
        pen.skip(2)
            .put(&key, theme.accent)
            .put(" tells all", theme.dim);
    }
    let mut row = 0;
    for (_, test) in found.tests.iter().rev() {
        let Some(place) = row_of(rows, row) else {
            return;
        };
        row += 1;
        let style = match test.verdict {
            Verdict::Kept => theme.good,
            Verdict::Rejected => theme.bad,
            Verdict::Aside => theme.warn,
        };
        let mut words = test.verdict.name().to_owned();
        if let Some(rung) = test.failed_rung() {
            words = format!("{words}: {}", rung.rung.name());
        }
        let cells = 6 + 1 + width(&words) + 1;
        let (left, right) = place.split_right(u16::try_from(cells).unwrap_or(place.width));
        let mut pen = canvas.pen(left);
        pen.skip(1);
        let room = pen.room().saturating_sub(1);
        pen.put_path(test.path.as_str(), room, theme.text);
        let mut pen = canvas.pen(right);
        for rung in Rung::ALL {
            match test.rungs.iter().find(|tried| tried.rung == rung) {
                Some(tried) if tried.ok => pen.put(glyphs.taken, theme.good),
                Some(_) => pen.put(glyphs.untaken, theme.bad),
                None => pen.put(glyphs.dot, theme.faint),
            };
        }
        pen.skip(1).put(&words, style);
    }
    for (_, finding) in found.all_findings() {
        let Some(place) = row_of(rows, row) else {
            return;
        };
        row += 1;
        let style = if finding.code.is_blocking() {
            theme.bad
        } else {
            theme.warn
        };
        let mut pen = canvas.pen(place);
        pen.skip(1).put(finding.code.name(), style).skip(1);
        let room = pen.room().saturating_sub(1);
        pen.put_cut(
            &format!("{} {}", finding.path.name(), finding.evidence),
            room,
            theme.dim,
        );
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
        let mut pen = canvas.pen(line);
        pen.skip(1).put("COST", theme.accent).skip(2);
        let room = pen.room().saturating_sub(1);
        pen.put_cut(&cost(usage.thread), room, theme.dim);
    }
    if let Some(line) = row_of(area, 2) {
        let mut pen = canvas.pen(line);
        pen.skip(7);
        let mut said = false;
        if tally.arms_closed > 0 {
            let each = usage.thread.total() / u64::from(tally.arms_closed);
            let arms = count(tally.arms_closed as usize, "arm");
            pen.put(&format!("{} tokens", short_count(each)), theme.text);
            let room = pen.room().saturating_sub(1);
            pen.put_cut(&format!(" per closed arm, {arms}"), room, theme.dim);
            said = true;
        }
        if let Some(window) = usage.window.filter(|window| *window > 0) {
            let percent = usage.in_window.saturating_mul(100) / window;
            let before = if said { " · " } else { "" };
            let room = pen.room().saturating_sub(1);
            pen.put_cut(&format!("{before}window {percent} % full"), room, theme.dim);
        }
    }
}
