//! The functions with gaps, or all gaps grouped by function, in the place of the tree.

use crate::app::doc::count;
use crate::app::filter::Show;
use crate::app::gap_list::{Group, ListRow};
use crate::app::layout::Area;
use crate::app::text::width;
use crate::app::tree::Order;
use crate::app::{App, Focus, View};
use crate::gaps::{Gap, GapKind};

use super::{Canvas, row_of};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let (title, body) = area.split_top(1);
    draw_title(app, canvas, title);
    let theme = canvas.theme;
    let list = app.list();
    if list.rows().is_empty() {
        let all = app.filter().query().is_empty() && app.show() == Show::All;
        let texts = match (list.awaited, all) {
            (0, true) => ["nothing is untaken".to_owned(), String::new()],
            (0, false) => super::nothing_fits(app),
            _ => ["finding the gaps …".to_owned(), String::new()],
        };
        for (row, text) in texts.iter().enumerate() {
            if let Some(line) = row_of(body, row + 1) {
                let room = usize::from(line.width).saturating_sub(2);
                canvas.pen(line).skip(1).put_cut(text, room, theme.dim);
            }
        }
        return;
    }
    for row in 0..usize::from(body.height) {
        let at = list.scroll() + row;
        let (Some(line), Some(what)) = (row_of(body, row), list.rows().get(at)) else {
            break;
        };
        let current = at == list.cursor();
        if current {
            let style = canvas.row_style(app.focus() == Focus::Tree);
            canvas.wash(line, style);
        }
        match what {
            ListRow::Function(group) => draw_function(app, canvas, line, group, current),
            ListRow::Gap { group, idx } => {
                if let Some((gap, reason)) = group.gaps.get(*idx) {
                    draw_gap(app, canvas, line, group, gap, reason, current);
                }
            }
        }
    }
}

fn draw_title(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let list = app.list();
    let heading = if app.focus() == Focus::Tree {
        theme.accent
    } else {
        theme.strong
    };
    let filter = app.filter();
    let untaken = canvas.glyphs.untaken;
    let figures = match (list.awaited, app.view()) {
        (0, View::Functions) => format!("gaps {untaken:>5}"),
        (0, _) => untaken.to_owned(),
        (awaited, _) => format!("{} to look at", count(awaited, "file")),
    };
    let mut pen = canvas.pen(area);
    pen.skip(1).put(
        match app.view() {
            View::Functions => "FUNCTIONS",
            _ => "GAPS",
        },
        heading,
    );
    pen.skip(2);
    if app.is_filtering() || !filter.query().is_empty() {
        let query = filter.input().text();
        pen.put("/", theme.accent).put(&query, theme.text);
        if app.is_filtering() {
            let caret = if app.settings().look.ascii {
                "_"
            } else {
                "▏"
            };
            pen.put(caret, theme.accent);
        }
    } else {
        super::put_shown(app, &mut pen, theme.warn);
        let n = list
            .rows()
            .iter()
            .filter(|row| matches!(row, ListRow::Function(_)) == (app.view() == View::Functions))
            .count();
        let order = match app.tree().order() {
            Order::Worst | Order::Change => "by worth",
            Order::Untaken => "most untaken first",
            Order::Lines => "most lines first",
            Order::Name => "by name",
        };
        let room = pen.room().saturating_sub(width(&figures) + 2);
        pen.put_cut(&format!("{n} {order}"), room, theme.dim);
    }
    let room = pen.room().saturating_sub(1);
    pen.put_right(&figures, room, theme.dim);
}

fn draw_function(app: &App, canvas: &mut Canvas<'_>, line: Area, group: &Group, current: bool) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let has_focus = app.focus() == Focus::Tree;
    let alone = app.view() == View::Functions;
    let figures = if alone {
        format!("{:>4} {:>5}", group.gaps.len(), group.arms)
    } else {
        format!("{}", group.arms)
    };
    let (names, right) = line.split_right(u16::try_from(width(&figures) + 1).unwrap_or(line.width));
    canvas.pen(right).put(&figures, theme.dim);
    let picked = group
        .gaps
        .iter()
        .filter(|(gap, _)| app.picks().has(&group.path, gap.id))
        .count();
    let mut pen = canvas.pen(names);
    if current && has_focus {
        pen.put(glyphs.cursor, theme.accent);
    } else {
        pen.skip(1);
    }
    match picked {
        0 => pen.skip(1),
        n if n == group.gaps.len() => pen.put(glyphs.picked, theme.warn),
        _ => pen.put(glyphs.half, theme.warn),
    };
    pen.skip(1);
    let name = group.name.as_deref().unwrap_or("outside of functions");
    let style = match (&group.name, current) {
        (None, _) => theme.dim,
        (Some(_), true) => theme.strong,
        (Some(_), false) => theme.folder,
    };
    let room = pen.room().saturating_sub(1);
    pen.put_cut(name, room, style).skip(2);
    let room = pen.room().saturating_sub(1);
    if room > 6 {
        pen.put_path(group.path.as_str(), room, theme.dim);
    }
}

fn draw_gap(
    app: &App,
    canvas: &mut Canvas<'_>,
    line: Area,
    group: &Group,
    gap: &Gap,
    reason: &str,
    current: bool,
) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let has_focus = app.focus() == Focus::Tree;
    let mut pen = canvas.pen(line);
    if current && has_focus {
        pen.put(glyphs.cursor, theme.accent);
    } else {
        pen.skip(1);
    }
    if app.picks().has(&group.path, gap.id) {
        pen.put(glyphs.picked, theme.warn);
    } else {
        pen.skip(1);
    }
    let narrow = line.width < 40;
    pen.put_right(&gap.line.to_string(), if narrow { 5 } else { 6 }, theme.dim)
        .skip(1);
    let construct = gap.construct.as_deref().unwrap_or(gap.kind.name());
    pen.put_column(
        construct,
        if narrow { 5 } else { 9 },
        if current { theme.strong } else { theme.text },
    );
    // What the reason says as well is not said twice.
    let brief = gap.brief.split(" · ").next().unwrap_or("");
    let says = match gap.kind {
        GapKind::Branch => brief,
        GapKind::Line | GapKind::Function => reason,
    };
    let room = pen.room().saturating_sub(1);
    pen.put_cut(says, room, theme.bad).skip(2);
    let room = pen.room().saturating_sub(1);
    if gap.kind == GapKind::Branch && room >= width(reason) {
        pen.put_right(reason, room, theme.dim);
    }
}
