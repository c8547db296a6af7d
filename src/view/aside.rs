//! Beside the source, where the terminal is wide: the gaps of the shown file with what became of them, and
//! the coverage over the time the program is open.

use crate::app::doc::count;
use crate::app::layout::{Area, AsideParts};
use crate::app::words::tone_of;
use crate::app::{App, Focus};
use crate::gaps::{Gap, GapKind};
use crate::triage::GapState;

use super::{Canvas, chart, row_of};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let parts = AsideParts::of(area, app.history().points().len());
    let Some(view) = app.source().view() else {
        return;
    };
    draw_title(app, canvas, parts.title, &view.gaps);
    let (first, gaps) = app.aside_window();
    for (row, gap) in view.gaps.iter().enumerate().skip(first).take(gaps) {
        let Some(line) = row_of(parts.list, row - first) else {
            break;
        };
        let current = app
            .source()
            .current_gap()
            .is_some_and(|(idx, _)| idx == row);
        draw_gap(app, canvas, line, gap, current);
    }
    if let Some(line) = row_of(parts.list, 0).filter(|_| view.gaps.is_empty()) {
        let (text, style) = if app.source_note().is_some() {
            ("no gap can be told", canvas.theme.dim)
        } else {
            ("nothing is untaken here", canvas.theme.good)
        };
        canvas.pen(line).skip(1).put(text, style);
    }
    chart::draw(app, canvas, parts.chart);
}

fn draw_title(app: &App, canvas: &mut Canvas<'_>, area: Area, gaps: &[Gap]) {
    let theme = canvas.theme;
    let heading = if app.focus() == Focus::Source {
        theme.accent
    } else {
        theme.strong
    };
    let arms: usize = gaps.iter().map(|gap| gap.arms_untaken as usize).sum();
    let lines: usize = gaps.iter().map(|gap| gap.lines_behind as usize).sum();
    let mut pen = canvas.pen(area);
    pen.skip(1).put("GAPS", heading).skip(2);
    if !gaps.is_empty() {
        let room = pen.room();
        pen.put_cut(
            &format!(
                "{} here, {}, {}",
                gaps.len(),
                count(arms, "arm"),
                count(lines, "line")
            ),
            room,
            theme.dim,
        );
    }
}

fn draw_gap(app: &App, canvas: &mut Canvas<'_>, line: Area, gap: &Gap, current: bool) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    if current {
        let style = canvas.row_style(false);
        canvas.wash(line, style);
    }
    let path = app.source().path();
    let state = path.and_then(|path| app.run().state(path, gap.id));
    let picked = path.is_some_and(|path| app.picks().has(path, gap.id));
    let (sign, style) = match state {
        Some(state) if *state != GapState::Open => {
            (glyphs.of_state(state), canvas.tone(tone_of(state)))
        }
        _ if picked => (glyphs.picked, theme.warn),
        _ => (" ", theme.dim),
    };
    let mut pen = canvas.pen(line);
    pen.skip(1)
        .put(sign, style)
        .skip(1)
        .put_right(&gap.line.to_string(), 5, theme.dim)
        .skip(1);
    let construct = gap.construct.as_deref().unwrap_or(gap.kind.name());
    pen.put_column(
        construct,
        8,
        if current { theme.strong } else { theme.text },
    );
    let brief = gap.brief.split(" · ").next().unwrap_or("");
    let behind = match (gap.lines_behind, gap.kind) {
        (0, _) | (_, GapKind::Line) => String::new(),
        (n, _) => format!("{n} ln"),
    };
    let cells = pen.room().saturating_sub(behind.len() + 2);
    pen.put_cut(brief, cells, theme.bad);
    let rest = pen.room().saturating_sub(1);
    pen.put_right(&behind, rest, theme.dim);
}
