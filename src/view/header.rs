//! The first row: what is looked at, and the figures of the whole.

use ratatui::style::Style;

use crate::app::App;
use crate::app::layout::Area;
use crate::app::text::width;
use crate::coverage::{Percent, Ratio, Totals};

use super::Canvas;

/// Pieces of the header, each with how long it stays when there is little room: 0 stays longest.
struct Piece {
    text: String,
    style: Style,
    /// Cells before it.
    air: usize,
    rank: u8,
}

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let mut left = left(app, canvas);
    let mut right = right(app, canvas);
    // Whatever matters least goes first, wherever it stands.
    while cells(&left) + cells(&right) + 2 > usize::from(area.width) {
        let least = left.iter().chain(&right).map(|piece| piece.rank).max();
        let Some(least) = least.filter(|rank| *rank > 0) else {
            break;
        };
        left.retain(|piece| piece.rank < least);
        right.retain(|piece| piece.rank < least);
    }
    if let Some(first) = right.first_mut() {
        first.air = 0;
    }
    let (rest, figures) = area.split_right(u16::try_from(cells(&right)).unwrap_or(area.width));
    let mut pen = canvas.pen(rest);
    for piece in &left {
        pen.skip(piece.air).put(&piece.text, piece.style);
    }
    let mut pen = canvas.pen(figures);
    for piece in &right {
        pen.skip(piece.air).put(&piece.text, piece.style);
    }
}

fn cells(pieces: &[Piece]) -> usize {
    pieces
        .iter()
        .map(|piece| width(&piece.text) + piece.air)
        .sum()
}

fn left(app: &App, canvas: &Canvas<'_>) -> Vec<Piece> {
    let theme = &canvas.theme;
    let piece = |text: &str, style: Style, air: usize, rank: u8| Piece {
        text: text.to_owned(),
        style,
        air,
        rank,
    };
    let mut pieces = vec![
        piece(" untaken ", theme.badge, 0, 0),
        piece(&app.settings().project, theme.strong, 2, 4),
    ];
    if let Some(banner) = &app.settings().banner {
        pieces.push(piece(banner, theme.warn, 2, 1));
    }
    let Some(loaded) = app.loaded() else {
        return pieces;
    };
    match loaded.coverage.reports.as_slice() {
        [] => {}
        [report] => {
            let tool = report.tool.as_deref().unwrap_or(report.format.name());
            pieces.push(piece(tool, theme.dim, 3, 6));
            pieces.push(piece(report.path.as_str(), theme.dim, 2, 5));
        }
        reports => {
            let first = reports.first().map_or("", |report| report.format.name());
            let same = reports.iter().all(|report| report.format.name() == first);
            pieces.push(piece(
                if same { first } else { "several tools" },
                theme.dim,
                3,
                6,
            ));
            pieces.push(piece(
                &format!("{} reports", reports.len()),
                theme.dim,
                2,
                5,
            ));
        }
    }
    pieces.push(piece(&loaded.clock, theme.dim, 2, 6));
    pieces
}

fn right(app: &App, canvas: &Canvas<'_>) -> Vec<Piece> {
    let theme = &canvas.theme;
    let mut pieces = Vec::new();
    let Some(loaded) = app.loaded() else {
        return pieces;
    };
    let mut push = |text: String, style: Style, air: usize, rank: u8| {
        pieces.push(Piece {
            text,
            style,
            air,
            rank,
        });
    };
    let history = app.history().heights(10, 7);
    if history.len() > 1 {
        let line: String = history
            .iter()
            .map(|&height| {
                canvas
                    .glyphs
                    .spark
                    .get(usize::from(height))
                    .copied()
                    .unwrap_or(" ")
            })
            .collect();
        push(line, theme.accent, 0, 7);
    }
    let totals = loaded.coverage.totals;
    let before = app.since_start().map(|delta| delta.before);
    if let Some((percent, style)) = super::figure(canvas, app, totals.branches) {
        push("branches".to_owned(), theme.dim, 3, 1);
        push(format!("{percent} %"), style, 1, 0);
        if let Some(ratio) = totals.branches {
            push(
                format!("{}/{}", ratio.covered, ratio.total),
                theme.dim,
                1,
                2,
            );
        }
        if let Some((delta, rose)) = change(before.and_then(|it| it.branches), totals.branches) {
            push(delta, if rose { theme.good } else { theme.bad }, 1, 1);
        }
    } else {
        let text = match totals.branches {
            Some(_) => "no branches",
            None => "no branch data",
        };
        push(text.to_owned(), theme.warn, 3, 0);
    }
    if let Some((percent, style)) = super::figure(canvas, app, totals.run()) {
        // Two percentages side by side say nothing without their names: they go together.
        let name = match totals.lines {
            Some(_) => "lines",
            None => "statements",
        };
        push(name.to_owned(), theme.dim, 3, 3);
        push(format!("{percent} %"), style, 1, 3);
        if totals.branches.is_none()
            && let Some((delta, rose)) = change(before.and_then(Totals::run), totals.run())
        {
            push(delta, if rose { theme.good } else { theme.bad }, 1, 1);
        }
    }
    pieces
}

/// `+2.1`: in points of a percentage, cut towards nothing; `None` where nothing changed.
fn change(before: Option<Ratio>, after: Option<Ratio>) -> Option<(String, bool)> {
    let before = before?.percent().map(Percent::hundredths)?;
    let after = after?.percent().map(Percent::hundredths)?;
    let tenths = before.abs_diff(after) / 10;
    let rose = after > before;
    let sign = if rose { '+' } else { '-' };
    (before != after).then(|| (format!("{sign}{}.{}", tenths / 10, tenths % 10), rose))
}
