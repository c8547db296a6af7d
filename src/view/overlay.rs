//! What lies over the panes: the keys, the warnings about the reports, the arms that changed.

use crate::app::doc::count;
use crate::app::keymap::{Action, Group, TABLE};
use crate::app::layout::Area;
use crate::app::text::{width, wrap};
use crate::app::{App, Overlay};
use crate::evidence::Verdict;
use crate::gaps::{ArmRef, Delta};

use super::{Canvas, row_of};

use ratatui::style::Style;

/// A line in pieces, each with its look.
type Row = Vec<(String, Style)>;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let (title, rows, scroll) = match app.overlay() {
        None => return,
        Some(Overlay::Help { scroll }) => ("KEYS", help(app, canvas, area), scroll),
        Some(Overlay::Warnings { scroll }) => ("WARNINGS", warnings(app, canvas, area), scroll),
        Some(Overlay::Changes { scroll }) => ("CHANGES", changes(app, canvas), scroll),
        Some(Overlay::Commit { scroll }) => ("COMMIT", commit(app, canvas, area), scroll),
    };
    let theme = canvas.theme;
    let (head, body) = area.split_top(1);
    let (_, body) = body.split_top(u16::from(body.height > 14));
    let height = usize::from(body.height);
    let scroll = scroll.min(rows.len().saturating_sub(height));
    let mut pen = canvas.pen(head);
    pen.skip(1).put(title, theme.accent).skip(2);
    pen.put("esc leaves", theme.dim);
    if rows.len() > height {
        let shown = format!(
            "{}-{} of {}",
            scroll + 1,
            (scroll + height).min(rows.len()),
            rows.len()
        );
        let room = pen.room().saturating_sub(1);
        pen.put_right(&shown, room, theme.dim);
    }
    for (at, row) in rows.iter().skip(scroll).enumerate() {
        let Some(place) = row_of(body, at) else { break };
        let mut pen = canvas.pen(place);
        pen.skip(1);
        for (text, style) in row {
            pen.put(text, *style);
        }
    }
}

/// The table, group by group; in two columns where there is room.
fn help(app: &App, canvas: &Canvas<'_>, area: Area) -> Vec<Row> {
    let theme = &canvas.theme;
    let group = |group: Group| -> Vec<Row> {
        let mut rows = vec![vec![(group.title().to_owned(), theme.strong)]];
        for entry in TABLE.iter().filter(|entry| entry.group == group) {
            let keys = app.keys().keys(entry.action);
            // Yes and no are said where the question is.
            if keys.is_empty() || matches!(entry.action, Action::Yes | Action::No) {
                continue;
            }
            let keys = keys.join(" ");
            rows.push(vec![
                (format!("  {keys:<16} "), theme.accent),
                (entry.help.to_owned(), theme.text),
            ]);
        }
        rows.push(Vec::new());
        rows
    };
    let all: Vec<Vec<Row>> = Group::ALL.into_iter().map(group).collect();
    let widest = all.iter().flatten().map(cells).max().unwrap_or(0);
    let half = (usize::from(area.width) / 2 - 1).min(widest + 4);
    if half < widest.min(66) {
        return all.into_iter().flatten().collect();
    }
    // Whole groups go to the right once half of all rows are at the left.
    let total: usize = all.iter().map(Vec::len).sum();
    let (mut left, mut right): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
    for rows in all {
        if left.len() + rows.len() <= total.div_ceil(2) + 3 && right.is_empty() {
            left.extend(rows);
        } else {
            right.extend(rows);
        }
    }
    let mut right = right.into_iter();
    let n = left.len().max(right.len());
    let mut left = left.into_iter();
    (0..n)
        .map(|_| {
            let mut row = cut(left.next().unwrap_or_default(), half - 1);
            row.push((" ".repeat(half.saturating_sub(cells(&row))), theme.text));
            row.extend(right.next().unwrap_or_default());
            row
        })
        .collect()
}

fn cells(row: &Row) -> usize {
    row.iter().map(|(text, _)| width(text)).sum()
}

/// A row that takes so many cells at most.
fn cut(row: Row, most: usize) -> Row {
    let mut used = 0;
    row.into_iter()
        .filter_map(|(text, style)| {
            let room = most.saturating_sub(used);
            used += width(&text);
            if width(&text) <= room {
                return Some((text, style));
            }
            // The table is ours: plain letters of one cell each.
            let kept: String = text.chars().take(room.saturating_sub(1)).collect();
            (room > 1).then(|| (kept + "…", style))
        })
        .collect()
}

fn commit(app: &App, canvas: &Canvas<'_>, area: Area) -> Vec<Row> {
    let cells = usize::from(area.width).saturating_sub(2);
    super::review::commit(app, cells)
        .into_iter()
        .map(|row| {
            row.into_iter()
                .map(|(text, tone)| (text, canvas.tone(tone)))
                .collect()
        })
        .collect()
}

fn warnings(app: &App, canvas: &Canvas<'_>, area: Area) -> Vec<Row> {
    let theme = &canvas.theme;
    let Some(loaded) = app
        .loaded()
        .filter(|loaded| !loaded.coverage.warnings.is_empty())
    else {
        return vec![vec![(
            "nothing was odd about the reports".to_owned(),
            theme.dim,
        )]];
    };
    let cells = usize::from(area.width).saturating_sub(4);
    let mut rows = Vec::new();
    for (path, warning) in &loaded.coverage.warnings {
        rows.push(vec![(path.as_str().to_owned(), theme.folder)]);
        for range in wrap(&warning.message, cells) {
            let text = warning.message.get(range).unwrap_or("");
            rows.push(vec![(format!("  {text}"), theme.text)]);
        }
        rows.push(Vec::new());
    }
    rows
}

fn changes(app: &App, canvas: &Canvas<'_>) -> Vec<Row> {
    let theme = &canvas.theme;
    let none = Delta::default();
    let found = app.run().found();
    let mut rows = Vec::new();
    let delta = app.since_start().unwrap_or(&none);
    if app.since_start().is_none() {
        rows.push(vec![(
            "only one report was read so far: there is nothing to compare it with".to_owned(),
            theme.dim,
        )]);
        if found.is_empty() {
            return rows;
        }
        rows.push(Vec::new());
    }
    let mut list = |title: &str, what: &str, style: Style, arms: Vec<(&ArmRef, &str)>| {
        rows.push(vec![
            (format!("{title}  "), theme.strong),
            (format!("{} {what}", count(arms.len(), "arm")), style),
        ]);
        for (arm, why) in arms {
            let mut row = vec![
                (
                    format!("  {}:{}  ", arm.file.as_str(), arm.line),
                    theme.text,
                ),
                (arm.arm.clone(), style),
            ];
            if !why.is_empty() {
                row.push((format!("  {why}"), theme.dim));
            }
            rows.push(row);
        }
        rows.push(Vec::new());
    };
    list(
        "TAKEN",
        "untaken at the start, taken now",
        theme.good,
        delta.taken.iter().map(|arm| (arm, "")).collect(),
    );
    list(
        "LOST",
        "taken at the start, untaken now",
        theme.bad,
        delta.lost.iter().map(|arm| (arm, "")).collect(),
    );
    list(
        "VANISHED",
        "left the report without being taken",
        theme.warn,
        delta
            .vanished
            .iter()
            .map(|(arm, why)| (arm, why.as_str()))
            .collect(),
    );
    if !found.unstable.is_empty() {
        list(
            "UNSTABLE",
            "not the same from run to run: credited to nobody",
            theme.warn,
            found.unstable.iter().map(|arm| (arm, "")).collect(),
        );
    }
    tests_of_run(app, canvas, &mut rows);
    rows
}

/// Each test file with its rungs and the arms that it closed, and every finding.
fn tests_of_run(app: &App, canvas: &Canvas<'_>, rows: &mut Vec<Row>) {
    let theme = &canvas.theme;
    let glyphs = &canvas.glyphs;
    let found = app.run().found();
    for (turn, test) in &found.tests {
        let style = match test.verdict {
            Verdict::Kept => theme.good,
            Verdict::Rejected => theme.bad,
            Verdict::Aside => theme.warn,
        };
        rows.push(vec![
            (format!("{}  ", test.path.as_str()), theme.strong),
            (test.verdict.name().to_owned(), style),
            (
                format!("  turn {turn}, {} closed", count(test.closed.len(), "arm")),
                theme.dim,
            ),
        ]);
        for rung in &test.rungs {
            let (sign, style) = if rung.ok {
                (glyphs.taken, theme.good)
            } else {
                (glyphs.untaken, theme.bad)
            };
            rows.push(vec![
                (format!("  {sign} "), style),
                (format!("{:<10}", rung.rung.name()), theme.text),
                (rung.evidence.clone(), theme.dim),
            ]);
        }
        for arm in &test.closed {
            rows.push(vec![
                (
                    format!("    {}:{}  ", arm.file.as_str(), arm.line),
                    theme.dim,
                ),
                (arm.arm.clone(), theme.good),
            ]);
        }
        rows.push(Vec::new());
    }
    if found.all_findings().next().is_some() {
        rows.push(vec![("FINDINGS".to_owned(), theme.strong)]);
    }
    for (turn, finding) in found.all_findings() {
        let style = if finding.code.is_blocking() {
            theme.bad
        } else {
            theme.warn
        };
        rows.push(vec![
            (format!("  {:<20}", finding.code.name()), style),
            (format!("{}  ", finding.path.as_str()), theme.text),
            (finding.evidence.clone(), theme.dim),
            (format!("  turn {turn}"), theme.faint),
        ]);
    }
}
