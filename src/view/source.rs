//! The source pane: one file, its coverage, and the words of the current gap.

use std::ops::Range;

use ratatui::style::Style;

use crate::app::layout::Area;
use crate::app::marks::{MOST_DOTS, Ran, dots, ran, short_count};
use crate::app::message::SourceView;
use crate::app::source_pane::{GutterColumns, SourcePane, Text};
use crate::app::text::{Glyph, Sign, glyphs, width, wrap};
use crate::app::{App, Focus};
use crate::coverage::{FileCoverage, Hits, Line, SourceState};
use crate::gaps::{Gap, GapKind};
use crate::highlight::SyntaxClass;
use crate::triage::GapState;

use super::text::Pen;
use super::{Canvas, row_of};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let (title, body) = area.split_top(1);
    draw_title(app, canvas, title);
    let note = app.source_note();
    let (above, body) = body.split_top(u16::from(note.is_some()));
    if let Some(note) = note {
        let warn = canvas.theme.warn;
        let room = usize::from(above.width).saturating_sub(2);
        canvas.pen(above).skip(1).put_cut(note, room, warn);
    }
    match app.source().text() {
        Text::Ready(view) => draw_text(app, canvas, body, view),
        Text::Absent(why) => draw_absence(app, canvas, body, why),
        Text::None | Text::Loading => {}
    }
}

fn draw_title(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let source = app.source();
    let Some(file) = source.file() else {
        return;
    };
    let mut right: Vec<(String, Style)> = Vec::new();
    if let Some(view) = source.view() {
        let n = view.gaps.len();
        match source.current_gap() {
            Some((idx, _)) => {
                right.push(("gap ".to_owned(), theme.dim));
                right.push(((idx + 1).to_string(), theme.strong));
                right.push((format!(" of {n}"), theme.dim));
            }
            None if n > 0 => right.push((crate::app::doc::count(n, "gap"), theme.dim)),
            None if app.source_note().is_none() => {
                right.push(("no gap".to_owned(), theme.good));
            }
            None => {}
        }
    }
    let totals = file.coverage.totals();
    match totals.branches {
        Some(ratio) if ratio.total > 0 => {
            if let Some((percent, style)) = super::figure(canvas, app, totals.branches) {
                right.push((format!("   {percent} %"), style));
                right.push((
                    format!("  {}/{} arms", ratio.covered, ratio.total),
                    theme.dim,
                ));
            }
        }
        Some(_) => right.push(("   no branches".to_owned(), theme.dim)),
        None => right.push(("   no branch data".to_owned(), theme.warn)),
    }
    let room = usize::from(area.width).saturating_sub(2);
    let path = file.path.as_str();
    let cells =
        |right: &[(String, Style)]| right.iter().map(|(text, _)| width(text)).sum::<usize>();
    // The name stays; then the gap's number; the figures go first.
    let name = width(path).min(room / 2).max(width(file.path.name()));
    while !right.is_empty() && name + cells(&right) + 4 > room {
        right.pop();
    }
    let right_cells = cells(&right);
    let (left, figures) = area.split_right(u16::try_from(right_cells + 2).unwrap_or(area.width));
    let mut pen = canvas.pen(figures);
    for (text, style) in &right {
        pen.put(text, *style);
    }
    let has_focus = app.focus() == Focus::Source;
    let mut pen = canvas.pen(left);
    let heading = if has_focus {
        theme.accent
    } else {
        theme.strong
    };
    let for_path = pen.room().saturating_sub(1);
    pen.put_path(path, for_path, heading);
    if let Some(function) = function_at(source)
        && pen.room() > 8
    {
        let room = pen.room().saturating_sub(4);
        pen.put(" ", theme.dim)
            .put(glyphs.then, theme.dim)
            .put(" ", theme.dim)
            .put_cut(&function, room, theme.text);
    }
}

/// The function around the cursor: the gap's own, else the innermost that the report knows there.
fn function_at(source: &SourcePane) -> Option<String> {
    if let Some((_, gap)) = source.current_gap() {
        return gap.function.clone();
    }
    let line = source.report_line(source.cursor())?;
    source
        .file()?
        .coverage
        .functions()
        .iter()
        .take_while(|function| function.span.start.line <= line)
        .filter(|function| function.span.end.line >= line)
        .last()
        .map(|function| function.name.to_string())
}

fn draw_absence(app: &App, canvas: &mut Canvas<'_>, area: Area, why: &str) {
    let theme = canvas.theme;
    let cells = usize::from(area.width).saturating_sub(4);
    let mut row = 1;
    let mut write = |canvas: &mut Canvas<'_>, text: &str, style: Style| {
        for range in wrap(text, cells) {
            if let Some(line) = row_of(area, row) {
                canvas
                    .pen(line)
                    .skip(2)
                    .put(text.get(range).unwrap_or(""), style);
            }
            row += 1;
        }
    };
    write(canvas, why, theme.warn);
    let Some(file) = app.source().file() else {
        return;
    };
    if file.coverage.reported() != file.path.as_str() {
        write(
            canvas,
            &format!("the report calls it {}", file.coverage.reported()),
            theme.dim,
        );
    }
    let totals = file.coverage.totals();
    for (what, ratio) in [
        ("arms taken", totals.branches),
        ("lines run", totals.lines),
        ("functions called", totals.functions),
        (
            "statements run",
            totals.statements.filter(|_| totals.lines.is_none()),
        ),
    ] {
        if let Some(ratio) = ratio {
            write(
                canvas,
                &format!("{} of {} {what}", ratio.covered, ratio.total),
                theme.dim,
            );
        }
    }
    if matches!(
        file.source,
        SourceState::Missing | SourceState::Ambiguous(_)
    ) {
        write(
            canvas,
            "where the paths were written on another machine: [reports] strip and prefix in untaken.toml tell what stands for what",
            theme.dim,
        );
    }
}

fn draw_text(app: &App, canvas: &mut Canvas<'_>, area: Area, view: &SourceView) {
    let source = app.source();
    let Some(coverage) = source.file().map(|file| file.coverage.clone()) else {
        return;
    };
    let (text, map) = area.split_right(1);
    draw_map(app, canvas, map, view);
    let words = app.words();
    let columns = GutterColumns::of(source, area);
    let mut row = 0;
    let mut idx = source.scroll();
    while let Some(line) = view.lines.get(idx) {
        let Some(place) = row_of(text, row) else {
            break;
        };
        draw_line(app, canvas, place, &columns, &coverage, idx, line);
        row += 1;
        if idx == source.cursor() {
            for (at, pieces) in words.lines.iter().enumerate() {
                let Some(place) = row_of(text, row) else {
                    break;
                };
                let (_, place) = place.split_left(u16::try_from(words.column).unwrap_or(0));
                draw_words(app, canvas, place, at == 0, pieces);
                row += 1;
            }
        }
        idx += 1;
    }
}

fn draw_line(
    app: &App,
    canvas: &mut Canvas<'_>,
    place: Area,
    columns: &GutterColumns,
    coverage: &FileCoverage,
    idx: usize,
    text: &str,
) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let source = app.source();
    let current = idx == source.cursor();
    let has_focus = app.focus() == Focus::Source;
    if current {
        let style = canvas.row_style(has_focus);
        canvas.wash(place, style);
    }
    let line = source.report_line(idx);
    let marks = line.map(|line| dots(coverage, line)).unwrap_or_default();
    let ran = line.map_or(Ran::NotCode, |line| ran(coverage, line, &marks));
    let (sign, style) = match ran {
        Ran::Wholly => (0, theme.good),
        Ran::Partly => (1, theme.warn),
        Ran::Never => (2, theme.bad),
        Ran::NotCode => (3, theme.faint),
    };
    let mut pen = canvas.pen(place);
    pen.put(glyphs.ran.get(sign).copied().unwrap_or(" "), style);
    let number = (idx + 1).to_string();
    pen.put_right(
        &number,
        columns.number,
        if current { theme.strong } else { theme.dim },
    );
    if current && has_focus && theme.row.bg.is_none() {
        // Where the row has no colour of its own.
        pen.put(glyphs.then, theme.accent);
    } else {
        pen.skip(1);
    }
    if columns.hits > 0 {
        let hits = line
            .and_then(|line| coverage.line(line))
            .and_then(Hits::count);
        let text = hits.map(short_count).unwrap_or_default();
        let style = if hits == Some(0) {
            theme.bad
        } else {
            theme.faint_text
        };
        pen.put_right(&text, columns.hits - 1, style).skip(1);
    }
    if columns.dots > 0 {
        let before = pen.x();
        if marks.counted.is_some() || marks.arms.len() > MOST_DOTS {
            let ratio = marks.ratio();
            let style = match ratio.missed() {
                0 => theme.good,
                missed if missed == ratio.total => theme.bad,
                _ => theme.warn,
            };
            pen.put(&format!("{}/{}", ratio.covered, ratio.total), style);
        } else {
            for taken in &marks.arms {
                let (sign, style) = if *taken {
                    (glyphs.taken, theme.good)
                } else {
                    (glyphs.untaken, theme.bad)
                };
                pen.put(sign, style);
            }
        }
        let used = usize::from(pen.x() - before);
        pen.skip(columns.dots.saturating_sub(used));
    }
    pen.skip(1);
    let underlined = underlined(
        source.current_gap().map(|(_, gap)| gap),
        Line::from_index(idx),
    );
    let colours = source.colours(idx).unwrap_or(&[]);
    let mut spans = colours.iter();
    let mut class = SyntaxClass::Plain;
    let mut class_end = 0;
    draw_glyphs(
        &mut pen,
        text,
        source.shift,
        glyphs.ascii,
        |bytes| {
            while bytes.start >= class_end {
                if let Some(span) = spans.next() {
                    class = span.class;
                    class_end += span.len;
                } else {
                    class = SyntaxClass::Plain;
                    class_end = usize::MAX;
                }
            }
            let style = theme.syntax(class);
            if underlined.iter().any(|range| range.contains(&bytes.start)) {
                style.patch(theme.underline)
            } else {
                style
            }
        },
        (glyphs.cut, theme.dim),
    );
}

/// The pieces of a line that the untaken arms of the current gap are.
fn underlined(gap: Option<&Gap>, line: Line) -> Vec<Range<usize>> {
    let Some(gap) = gap else { return Vec::new() };
    gap.arms
        .iter()
        .filter(|arm| !arm.taken)
        .filter_map(|arm| arm.mark.as_ref())
        .filter(|mark| mark.line == line)
        .map(|mark| mark.bytes.clone())
        .collect()
}

/// Writes a text from a column on, each glyph in its own look, with a sign where it is cut off.
pub(super) fn draw_glyphs(
    pen: &mut Pen<'_>,
    text: &str,
    shift: usize,
    ascii: bool,
    mut style_of: impl FnMut(&Range<usize>) -> Style,
    (cut, cut_style): (&str, Style),
) {
    let mut column = 0;
    let mut all = glyphs(text, ascii).peekable();
    while let Some(glyph) = all.next() {
        let end = column + glyph.width;
        let start = column;
        column = end;
        if end <= shift {
            continue;
        }
        let style = style_of(&glyph.bytes);
        let glyph = if start < shift {
            // Half of it is to the left of the window.
            Glyph {
                sign: Sign::Tab,
                width: end - shift,
                bytes: glyph.bytes,
            }
        } else {
            glyph
        };
        // The last cell says that there is more.
        let last = pen.room() <= glyph.width && (all.peek().is_some() || pen.room() < glyph.width);
        if last {
            let room = pen.room();
            if room > 0 {
                pen.skip(room - 1).put(cut, cut_style);
            }
            return;
        }
        if !pen.glyph(&glyph, style) {
            return;
        }
    }
}

fn draw_words(
    app: &App,
    canvas: &mut Canvas<'_>,
    place: Area,
    first: bool,
    pieces: &crate::app::words::Line,
) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let source = app.source();
    let pieces: Vec<(&str, Style)> = pieces
        .iter()
        .map(|(text, tone)| (text.as_str(), canvas.tone(*tone)))
        .collect();
    let mut pen = canvas.pen(place);
    if first {
        pen.put(glyphs.elbow, theme.dim)
            .put(glyphs.dash, theme.dim)
            .put(" ", theme.dim);
        let sign = match source.current_gap().map(|(_, gap)| gap.kind) {
            Some(GapKind::Branch) => glyphs.untaken,
            _ => glyphs.bar_rest,
        };
        pen.put(sign, theme.bad).skip(1);
    } else {
        pen.skip(crate::app::words::ELBOW);
    }
    for (text, style) in pieces {
        let text = if glyphs.ascii {
            text.replace('●', glyphs.taken)
                .replace('○', glyphs.untaken)
                .replace('·', glyphs.dash)
        } else {
            text.to_owned()
        };
        pen.put(&text, style);
    }
}

/// The map of the whole file at the right edge: where its gaps are, and what part of it is in the window.
fn draw_map(app: &App, canvas: &mut Canvas<'_>, area: Area, view: &SourceView) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let source = app.source();
    let height = usize::from(area.height);
    if height == 0 {
        return;
    }
    let mut worst = vec![0_u8; height];
    let n = view.lines.len().max(1);
    let path = source.path();
    for gap in &view.gaps {
        let line = gap.line.index();
        let row = if n <= height { line } else { line * height / n };
        let closed = path
            .and_then(|path| app.run().state(path, gap.id))
            .is_some_and(|state| *state == GapState::Closed);
        let rank = if path.is_some_and(|path| app.picks().has(path, gap.id)) {
            4
        } else if closed {
            1
        } else if gap.kind == GapKind::Branch && gap.arms_untaken < gap.arms_total {
            2
        } else {
            3
        };
        if let Some(worst) = worst.get_mut(row) {
            *worst = rank.max(*worst);
        }
    }
    let first = source.scroll();
    let last = first + height;
    for (row, rank) in worst.into_iter().enumerate() {
        let Some(place) = row_of(area, row) else {
            break;
        };
        let lines = source.map_lines(row, height);
        let in_view = n > height && lines.start < last && lines.end > first;
        let (sign, style) = match rank {
            4 => (glyphs.mark, theme.accent),
            3 => (glyphs.mark, theme.bad),
            2 => (glyphs.mark, theme.warn),
            1 => (glyphs.mark, theme.good),
            _ if in_view => (glyphs.in_view, theme.dim),
            _ if n > height => (glyphs.divider, theme.faint),
            _ => (" ", theme.faint),
        };
        canvas.pen(place).put(sign, style);
    }
}
