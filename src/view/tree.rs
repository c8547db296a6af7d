//! The tree pane: files and folders with their figures, the worst first.

use crate::app::layout::{Area, tree_details};
use crate::app::text::width;
use crate::app::tree::{Change, Measure, Node, NodeIdx, NodeKind, Shape};
use crate::app::{App, Focus};
use crate::coverage::{Percent, Ratio};

use super::{Canvas, row_of};

/// Cells of the bar, where there is room for it, and where there is little.
const BAR: usize = 8;
const SHORT_BAR: usize = 6;
const LONG_BAR: usize = 16;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let (title, body) = area.split_top(1);
    draw_title(app, canvas, title);
    let Some(loaded) = app.loaded() else {
        return;
    };
    if loaded.coverage.files.is_empty() {
        draw_lines(
            canvas,
            body,
            &["the report names no file", "run the tests with coverage: r"],
        );
        return;
    }
    let (body, details) = body.split_bottom(tree_details(body));
    draw_details(app, canvas, details);
    let tree = app.tree();
    if tree.rows().is_empty() {
        let [what, how] = super::nothing_fits(app);
        draw_lines(canvas, body, &[&what, &how]);
        return;
    }
    for row in 0..usize::from(body.height) {
        let at = tree.scroll() + row;
        let (Some(line), Some(&idx)) = (row_of(body, row), tree.rows().get(at)) else {
            break;
        };
        if let Some(node) = tree.node(idx) {
            draw_row(app, canvas, line, idx, node, at == tree.cursor());
        }
    }
}

/// How the cells of a row are shared: the same for every row, so that figures stand below each other.
struct Columns {
    /// Arms taken and lost since the start; 0 where none was, or there is no room to say so.
    change: usize,
    bar: usize,
    percent: usize,
    missed: usize,
}

impl Columns {
    fn of(app: &App, area: Area) -> Self {
        let missed = app
            .loaded()
            .and_then(|loaded| app.tree().measure().figure(&loaded.coverage.totals))
            .map_or(1, |ratio| ratio.missed().to_string().len());
        let changed = app
            .since_start()
            .is_some_and(|delta| !delta.taken.is_empty() || !delta.lost.is_empty());
        Self {
            change: if changed && area.width >= 44 { 8 } else { 0 },
            bar: match area.width {
                0..38 => 0,
                // Names come first: what changed takes the place of the bar.
                44..48 if changed => 0,
                38..54 => SHORT_BAR,
                54..64 => BAR,
                _ => LONG_BAR,
            },
            percent: 6,
            missed: missed.max(if area.width >= 44 { 7 } else { 3 }),
        }
    }

    fn cells(&self) -> u16 {
        let bar = if self.bar == 0 { 0 } else { self.bar + 1 };
        self.figures() + u16::try_from(self.change + bar).unwrap_or(0)
    }

    /// Without the bar, which has no heading.
    fn figures(&self) -> u16 {
        u16::try_from(self.percent + 1 + self.missed + 1).unwrap_or(u16::MAX)
    }
}

fn draw_title(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let tree = app.tree();
    let columns = Columns::of(app, area);
    let filter = app.filter();
    let typed = app.is_filtering() || !filter.query().is_empty();
    let (names, figures) = area.split_right(if typed || app.loaded().is_none() {
        0
    } else {
        columns.figures()
    });
    let mut pen = canvas.pen(names);
    let heading = if app.focus() == Focus::Tree {
        theme.accent
    } else {
        theme.strong
    };
    pen.skip(1).put("FILES", heading).skip(2);
    if typed {
        pen.put("/", theme.accent);
        let n = filter.n_fitting().map(|n| {
            format!(
                "{n} of {}",
                app.loaded().map_or(0, |loaded| loaded.coverage.files.len())
            )
        });
        let n = n.unwrap_or_default();
        let room = pen.room().saturating_sub(width(&n) + 2);
        let query = filter.input().text();
        pen.put_path(&query, room, theme.text);
        if app.is_filtering() {
            pen.put(if glyphs.ascii { "_" } else { "▏" }, theme.accent);
        }
        let rest = pen.room().saturating_sub(1);
        pen.put_right(&n, rest, theme.dim);
        return;
    }
    if app.loaded().is_none() {
        return;
    }
    let order = tree.order().title(tree.measure());
    super::put_shown(app, &mut pen, theme.warn);
    let room = pen.room();
    pen.put_cut(order, room, theme.dim);
    let mut pen = canvas.pen(figures);
    let missed = match (tree.measure(), columns.missed >= 7) {
        (Measure::Branches, true) => "untaken",
        (Measure::Branches, false) => glyphs.untaken,
        (Measure::Lines | Measure::Statements, true) => "not run",
        (Measure::Lines, false) => "ln",
        (Measure::Statements, false) => "st",
    };
    pen.put_right("%", columns.percent, theme.dim)
        .skip(1)
        .put_right(missed, columns.missed, theme.dim);
}

fn draw_row(
    app: &App,
    canvas: &mut Canvas<'_>,
    line: Area,
    idx: NodeIdx,
    node: &Node,
    current: bool,
) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let tree = app.tree();
    let has_focus = app.focus() == Focus::Tree;
    if current {
        let style = canvas.row_style(has_focus);
        canvas.wash(line, style);
    }
    let columns = Columns::of(app, line);
    let (names, figures) = line.split_right(columns.cells());

    let mut pen = canvas.pen(names);
    if current && has_focus {
        pen.put(glyphs.cursor, theme.accent);
    } else {
        pen.skip(1);
    }
    let picked = app.pick_count(idx);
    if picked.any == 0 {
        pen.skip(1);
    } else if picked.whole >= picked.pickable {
        pen.put(glyphs.picked, theme.warn);
    } else {
        pen.put(glyphs.half, theme.warn);
    }
    pen.skip(1);
    let depth = match tree.shape() {
        Shape::Folders => usize::from(node.depth),
        Shape::Flat => 0,
    };
    let step = if line.width >= 36 { 2 } else { 1 };
    let indent = (step * depth).min(usize::from(names.width) / 3);
    pen.skip(indent);
    match node.kind {
        NodeKind::Folder => {
            let sign = if tree.is_open(idx) {
                glyphs.folder_open
            } else {
                glyphs.folder_closed
            };
            pen.put(sign, theme.dim).skip(1);
            let room = pen.room().saturating_sub(1);
            pen.put_path(&node.label, room, theme.folder);
        }
        NodeKind::File { .. } if tree.shape() == Shape::Flat => {
            let room = pen.room().saturating_sub(1);
            let path = node.path.as_str();
            let name = node.path.name();
            let folder = path.strip_suffix(name).unwrap_or("");
            if width(path) <= room {
                pen.put(folder, theme.dim).put(name, theme.text);
            } else {
                pen.put_path(path, room, theme.text);
            }
        }
        NodeKind::File { .. } => {
            pen.skip(2);
            let room = pen.room().saturating_sub(1);
            let style = if current { theme.strong } else { theme.text };
            pen.put_cut(&node.label, room, style);
        }
    }
    draw_figures(app, canvas, figures, &columns, node);
}

fn draw_figures(app: &App, canvas: &mut Canvas<'_>, area: Area, columns: &Columns, node: &Node) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let target = app.settings().target;
    let measure = app.tree().measure();
    let Some((ratio, percent)) = node
        .figure(measure)
        .and_then(|ratio| Some((ratio, ratio.percent()?)))
    else {
        // Not measured, or nothing there to measure: that is no percentage.
        let missed = node.totals.lines.map_or(0, Ratio::missed);
        let lines = if missed == 0 {
            glyphs.dot.to_owned()
        } else {
            format!("{missed} ln")
        };
        let mut pen = canvas.pen(area);
        pen.skip(columns.change)
            .skip(if columns.bar > 0 { columns.bar + 1 } else { 0 })
            .put_right(glyphs.bar_rest, columns.percent, theme.faint)
            .skip(1)
            .put_right(&lines, columns.missed, theme.dim);
        return;
    };
    let style = canvas.percent_style(percent, target);
    let below = target.is_some_and(|target| percent < target);
    let (change, area) = area.split_left(u16::try_from(columns.change).unwrap_or(0));
    draw_change(canvas, change, node.change);
    let mut pen = canvas.pen(area);
    if columns.bar > 0 {
        let full = bar_cells(percent, columns.bar);
        pen.repeat(glyphs.bar, full, style)
            .repeat(glyphs.bar_rest, columns.bar - full, theme.faint)
            .skip(1);
    }
    let figure = percent.one_decimal();
    let figure = if below {
        format!("{}{figure}", glyphs.below)
    } else {
        figure
    };
    pen.put_right(&figure, columns.percent, style).skip(1);
    let missed = if ratio.missed() == 0 {
        glyphs.dot.to_owned()
    } else {
        ratio.missed().to_string()
    };
    pen.put_right(&missed, columns.missed, theme.dim);
}

/// The full cells of a bar: all of them only for all, none only for nothing.
fn bar_cells(percent: Percent, cells: usize) -> usize {
    match percent.hundredths() {
        0 => 0,
        10_000 => cells,
        hundredths => (usize::from(hundredths) * cells / 10_000).clamp(1, cells - 1),
    }
}

/// How far the reading of the reports is.
fn draw_reading(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    draw_lines(canvas, area, &["reading the reports …"]);
    let (Some(reading), Some(line)) = (app.reading(), row_of(area, 2)) else {
        return;
    };
    let cells = usize::from(area.width).min(60).saturating_sub(24);
    let full = usize::try_from(
        u128::from(reading.done) * cells as u128 / u128::from(reading.total.max(1)),
    )
    .unwrap_or(cells)
    .min(cells);
    let megabytes = |bytes: u64| format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10);
    canvas
        .pen(line)
        .skip(1)
        .repeat(glyphs.bar, full, theme.accent)
        .repeat(glyphs.bar_rest, cells - full, theme.faint)
        .skip(1)
        .put(&megabytes(reading.done), theme.text)
        .put(&format!(" of {} MB", megabytes(reading.total)), theme.dim);
    if let Some(line) = row_of(area, 3).filter(|_| reading.files > 0) {
        let files = crate::app::doc::count(reading.files, "file");
        let text = if reading.done >= reading.total {
            format!("{files}, looking for their sources")
        } else {
            format!("{files} so far")
        };
        canvas.pen(line).skip(1).put(&text, theme.dim);
    }
}

/// `+2 -1`: arms taken and lost since the start.
fn draw_change(canvas: &mut Canvas<'_>, area: Area, change: Change) {
    let theme = canvas.theme;
    let part = |sign: char, n: u32| match n {
        0 => String::new(),
        n => format!("{sign}{n}"),
    };
    let (taken, lost) = (part('+', change.taken), part('-', change.lost));
    let air = usize::from(!taken.is_empty() && !lost.is_empty());
    let cells = usize::from(area.width).saturating_sub(1);
    canvas
        .pen(area)
        .skip(cells.saturating_sub(taken.len() + air + lost.len()))
        .put(&taken, theme.good)
        .skip(air)
        .put(&lost, theme.bad);
}

/// There are no figures (yet): why, and what to do next.
pub(super) fn draw_nothing(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let Some(failure) = app.failure() else {
        draw_reading(app, canvas, area);
        return;
    };
    let cells = usize::from(area.width.saturating_sub(2));
    let text = format!("{}: {}", failure.path.as_str(), failure.message);
    let mut row = 1;
    for range in crate::app::text::wrap(&text, cells) {
        if let Some(line) = row_of(area, row) {
            canvas
                .pen(line)
                .skip(1)
                .put(text.get(range).unwrap_or(""), theme.warn);
        }
        row += 1;
    }
    row += 1;
    let keys = |action| {
        app.keys()
            .keys(action)
            .into_iter()
            .next()
            .unwrap_or_default()
    };
    let hints = [
        (
            keys(crate::app::keymap::Action::RunTests),
            "runs the tests, with coverage",
        ),
        (
            keys(crate::app::keymap::Action::Reload),
            "looks for reports again",
        ),
        ("untaken FILE".to_owned(), "opens a report by name"),
    ];
    for (key, what) in hints {
        if let Some(line) = row_of(area, row) {
            canvas
                .pen(line)
                .skip(1)
                .put(&key, theme.accent)
                .skip(1)
                .put(what, theme.dim);
        }
        row += 1;
    }
}

/// All figures of what the cursor is on, where there is room for more than the tree.
fn draw_details(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let Some((_, node)) = app.tree().current().filter(|_| !area.is_empty()) else {
        return;
    };
    let theme = canvas.theme;
    if let Some(line) = row_of(area, 1) {
        let mut pen = canvas.pen(line);
        pen.skip(1);
        let room = pen.room().saturating_sub(1);
        pen.put_path(node.path.as_str(), room, theme.strong);
    }
    let mut row = 2;
    for (what, ratio) in [
        ("branches", node.totals.branches),
        ("lines", node.totals.lines),
        ("functions", node.totals.functions),
        ("statements", node.totals.statements),
    ] {
        let (Some(line), Some(ratio)) = (row_of(area, row), ratio) else {
            continue;
        };
        let figure = super::figure(canvas, app, Some(ratio));
        let mut pen = canvas.pen(line);
        pen.skip(1).put(&format!("{what:<12}"), theme.dim);
        match figure {
            Some((percent, style)) => pen.put_right(&percent, 6, style).put(" %", theme.dim),
            None => pen.put_right("none", 8, theme.dim),
        };
        pen.put_right(&format!("{}/{}", ratio.covered, ratio.total), 16, theme.dim);
        row += 1;
    }
    if let (Some(line), NodeKind::Folder) = (row_of(area, row), node.kind) {
        canvas
            .pen(line)
            .skip(1)
            .put(&format!("{:<12}", "files"), theme.dim)
            .put_right(&node.n_files.to_string(), 6, theme.text);
    }
}

fn draw_lines(canvas: &mut Canvas<'_>, area: Area, lines: &[&str]) {
    let dim = canvas.theme.dim;
    for (row, text) in lines.iter().enumerate() {
        if let Some(line) = row_of(area, row + 1) {
            let room = usize::from(line.width).saturating_sub(2);
            canvas.pen(line).skip(1).put_cut(text, room, dim);
        }
    }
}
