//! The review: what a run left at the left, one file of it with its evidence and its diff at the right.

use ratatui::style::Style;

use crate::app::doc::{Tone, count, duration};
use crate::app::keymap::Action;
use crate::app::layout::{Area, ReviewParts};
use crate::app::review::{ListRow, Measuring, Now, OnDisk, Row, Sign, page};
use crate::app::text::width;
use crate::app::{App, Focus};
use crate::highlight::SyntaxClass;
use crate::triage::record::Figures;
use crate::triage::review::{Fate, Piece};

use super::source::draw_glyphs;
use super::{Canvas, row_of};

/// Cells for the number of a line of the diff, at least.
const NUMBER: usize = 5;

/// The files.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let parts = ReviewParts::of(area);
    draw_title(app, canvas, parts.title);
    draw_list(app, canvas, parts.list);
    draw_status(app, canvas, parts.status);
}

fn heading(app: &App, canvas: &Canvas<'_>, focus: Focus) -> Style {
    if app.focus() == focus {
        canvas.theme.accent
    } else {
        canvas.theme.strong
    }
}

fn draw_title(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let style = heading(app, canvas, Focus::Review);
    let review = app.review();
    let (waits, tone) = match (review.left(), review.n_open()) {
        (None, _) => (String::new(), theme.dim),
        (Some(_), 0) => ("all decided".to_owned(), theme.good),
        (Some(_), n) => (format!("{n} to decide"), theme.warn),
    };
    let (left, right) = area.split_right(u16::try_from(width(&waits) + 1).unwrap_or(area.width));
    canvas.pen(right).put(&waits, tone);
    let mut pen = canvas.pen(left);
    pen.skip(1).put("REVIEW", style).skip(2);
    if let Some(left) = review.left() {
        let words = format!("run of {}", left.clock);
        let room = pen.room().saturating_sub(1);
        if width(&words) <= room {
            pen.put(&words, theme.dim);
        }
    }
}

fn draw_list(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let review = app.review();
    let Some(left) = review.left() else {
        let words = if review.is_known {
            "no run of this project has left anything"
        } else {
            "looking for what the last run left"
        };
        if let Some(place) = row_of(area, 1) {
            let mut pen = canvas.pen(place);
            let room = pen.skip(1).room();
            pen.put_cut(words, room, theme.dim);
        }
        return;
    };
    let rows = review.rows();
    for (at, row) in rows.iter().skip(review.scroll()).enumerate() {
        let Some(place) = row_of(area, at) else { break };
        match row {
            ListRow::Blank => {}
            ListRow::Heading(fate) => {
                let words = match fate {
                    Fate::Kept => "kept",
                    Fate::Alongside => "kept along with them",
                    Fate::Unexamined => "not examined to the end",
                    Fate::Aside => "aside: a suspected bug",
                    Fate::Rejected => "rejected",
                    Fate::PutBack => "outside tests, put back",
                };
                canvas.pen(place).skip(1).put(words, theme.dim);
            }
            ListRow::Piece(idx) => {
                if let (Some(piece), Some(file)) =
                    (left.review.pieces.get(*idx), left.files.get(*idx))
                {
                    draw_piece(app, canvas, place, piece, file, *idx == review.cursor());
                }
            }
        }
    }
}

fn draw_piece(
    app: &App,
    canvas: &mut Canvas<'_>,
    place: Area,
    piece: &Piece,
    file: &OnDisk,
    current: bool,
) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let has_focus = app.focus() == Focus::Review;
    if current {
        let style = canvas.row_style(has_focus);
        canvas.wash(place, style);
    }
    let (cross, back) = if glyphs.ascii {
        ("x", "<")
    } else {
        ("✗", "↶")
    };
    let (sign, style) = match (piece.decision(), piece.fate) {
        _ if piece.commit.is_some() => (glyphs.closed, theme.dim),
        (Some(decision), _) if decision.wants_it() => (glyphs.closed, theme.good),
        (Some(_), _) => (cross, theme.bad),
        (None, _) if file.is_committed && piece.fate.is_in_tree() => (glyphs.closed, theme.dim),
        (None, Fate::Kept | Fate::Alongside | Fate::Unexamined) => (glyphs.untaken, theme.warn),
        (None, Fate::Aside) => (glyphs.half, theme.warn),
        (None, Fate::Rejected) => (cross, theme.dim),
        (None, Fate::PutBack) => (back, theme.dim),
    };
    let (words, tone) = brief(canvas, piece, file);
    let cells = width(&words).min(usize::from(place.width) / 2);
    let (left, right) = place.split_right(u16::try_from(cells + 1).unwrap_or(place.width));
    let mut pen = canvas.pen(left);
    if current && has_focus {
        pen.put(glyphs.cursor, theme.accent);
    } else {
        pen.skip(1);
    }
    pen.put(sign, style).skip(1);
    let room = pen.room().saturating_sub(1);
    let style = if piece.is_open() {
        theme.text
    } else {
        theme.dim
    };
    pen.put_path(&piece.id.path, room, style);
    canvas.pen(right).put_cut(&words, cells, tone);
}

/// What stands at the right of a file: what was decided, else what there is to say in short.
fn brief(canvas: &Canvas<'_>, piece: &Piece, file: &OnDisk) -> (String, Style) {
    let theme = &canvas.theme;
    if let Some(commit) = &piece.commit {
        return (format!("committed {commit}"), theme.dim);
    }
    if let Some(decision) = piece.decision() {
        let style = if decision.wants_it() {
            theme.good
        } else {
            theme.bad
        };
        return (decision.name().to_owned(), style);
    }
    if piece.fate.is_in_tree() {
        match file.now {
            Now::Other => return ("edited since".to_owned(), theme.warn),
            Now::Without => return ("not there any more".to_owned(), theme.warn),
            Now::With if file.is_committed => return ("committed".to_owned(), theme.dim),
            Now::With => {}
        }
    }
    let blocking = piece.findings.iter().find(|finding| finding.blocking);
    match (piece.fate, blocking) {
        (Fate::Kept, _) if piece.closes_nothing() => ("closes nothing".to_owned(), theme.warn),
        (Fate::Kept, _) if piece.gains_lines() => ("lines only".to_owned(), theme.dim),
        (Fate::Kept, _) => (count(piece.closed.len(), "arm"), theme.good),
        (_, Some(finding)) => (finding.code.clone(), theme.bad),
        (Fate::PutBack, None) => (
            format!("+{} −{}", file.diff.added, file.diff.removed),
            theme.dim,
        ),
        (Fate::Alongside | Fate::Unexamined | Fate::Aside | Fate::Rejected, None) => {
            (String::new(), theme.dim)
        }
    }
}

/// The figures, and whether they are of the tree as it is.
fn draw_status(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let Some(left) = app.review().left() else {
        return;
    };
    let (words, style) = match &app.review().measuring {
        Measuring::Due => ("measured again in a moment".to_owned(), theme.live),
        Measuring::Running { since, step } => (
            format!("{step} {}", duration(app.now().saturating_sub(*since))),
            theme.live,
        ),
        Measuring::Failed(why) => (format!("not measured again: {why}"), theme.bad),
        Measuring::Idle if left.review.is_stale => (
            match app.keys().keys(Action::RunTests).into_iter().next() {
                Some(key) => format!("not measured since the last decision: {key}"),
                None => "not measured since the last decision".to_owned(),
            },
            theme.warn,
        ),
        Measuring::Idle => {
            let is_reviewed = left
                .review
                .pieces
                .iter()
                .any(|piece| !piece.decisions.is_empty());
            let words = if is_reviewed {
                "measured again after the last decision"
            } else {
                ""
            };
            (words.to_owned(), theme.dim)
        }
    };
    let figure = |figures: Option<Figures>| {
        figures
            .and_then(|figures| figures.percent)
            .map_or_else(|| "–".to_owned(), |percent| format!("{percent:.2}"))
    };
    let change = left
        .review
        .before
        .zip(left.review.after)
        .and_then(|(before, after)| after.percent?.partial_cmp(&before.percent?));
    let trend = match change {
        _ if left.review.is_stale => theme.dim,
        Some(std::cmp::Ordering::Greater) => theme.good,
        Some(std::cmp::Ordering::Less) => theme.bad,
        Some(std::cmp::Ordering::Equal) | None => theme.text,
    };
    let (before, after) = (figure(left.review.before), figure(left.review.after));
    let arrow = if canvas.glyphs.ascii { "->" } else { "→" };
    let last = u16::from(area.height > 1);
    let (figures, status) = area.split_top(last);
    let mut pen = canvas.pen(figures);
    pen.skip(1)
        .put(&format!("{} ", left.review.measure), theme.dim)
        .put(&before, theme.text)
        .put(&format!(" {arrow} "), theme.dim)
        .put(&after, trend)
        .put(" %", theme.dim);
    let mut pen = canvas.pen(status);
    let room = pen.skip(1).room();
    if words.is_empty() && last == 0 {
        pen.put_cut(
            &format!("{} {before} {arrow} {after} %", left.review.measure),
            room,
            theme.dim,
        );
    } else {
        pen.put_cut(&words, room, style);
    }
}

/// The file under the cursor.
pub(super) fn draw_page(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let style = heading(app, canvas, Focus::ReviewPage);
    let (title, body) = area.split_top(1);
    let Some((piece, file)) = app.review().current() else {
        canvas.pen(title).skip(1).put("FILE", style);
        return;
    };
    let cells = usize::from(body.width.saturating_sub(2));
    let lines = page(app.review().left(), piece, file, cells);
    let rows = lines.len() + file.diff.rows.len();
    let (top, height) = (app.review().top, usize::from(body.height));
    let shown = if rows > height {
        format!("{}-{} of {rows}", top + 1, (top + height).min(rows))
    } else {
        String::new()
    };
    let (left, right) = title.split_right(u16::try_from(width(&shown) + 1).unwrap_or(title.width));
    canvas.pen(right).put(&shown, theme.dim);
    let mut pen = canvas.pen(left);
    let room = pen.skip(1).room().saturating_sub(2);
    pen.put_path(&piece.id.path, room, style);
    // Only what is in the window is drawn, however long the diff is.
    for (at, line) in lines.iter().enumerate().skip(top) {
        let Some(place) = row_of(body, at - top) else {
            return;
        };
        let parts: Vec<(&str, Style)> = line
            .parts
            .iter()
            .map(|(text, tone)| (text.as_str(), canvas.tone(*tone)))
            .collect();
        let ascii = canvas.glyphs.ascii;
        let mut pen = canvas.pen(place);
        pen.skip(1);
        for (text, style) in parts {
            let room = pen.room();
            if ascii {
                pen.put_cut(&plain(text), room, style);
            } else {
                pen.put_cut(text, room, style);
            }
        }
    }
    let first = top.saturating_sub(lines.len());
    let offset = lines.len().saturating_sub(top);
    let last = file.diff.rows.last().map_or(0, |row| row.line);
    let number = NUMBER.max(last.to_string().len() + 1);
    for (at, row) in file.diff.rows.iter().skip(first).enumerate() {
        let Some(place) = row_of(body, offset + at) else {
            return;
        };
        draw_row(app, canvas, place, row, number);
    }
}

/// Our own signs, where only ASCII can be shown.
fn plain(text: &str) -> String {
    text.replace('✓', "v")
        .replace('✗', "x")
        .replace(['·', '−'], "-")
}

fn draw_row(app: &App, canvas: &mut Canvas<'_>, place: Area, row: &Row, number: usize) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let mut pen = canvas.pen(place);
    let (sign, style) = match row.sign {
        Sign::Added => ("+", theme.good),
        Sign::Removed => ("-", theme.bad),
        Sign::Same => (" ", theme.dim),
        Sign::Gap => {
            pen.skip(number + 2).put(glyphs.cut, theme.dim);
            return;
        }
    };
    pen.put_right(&row.line.to_string(), number, theme.faint_text)
        .skip(1)
        .put(sign, style)
        .skip(1);
    let mut spans = row.spans.iter();
    let (mut class, mut end) = (SyntaxClass::Plain, 0);
    draw_glyphs(
        &mut pen,
        &row.text,
        app.review().shift,
        glyphs.ascii,
        |bytes| {
            while bytes.start >= end {
                if let Some(span) = spans.next() {
                    class = span.class;
                    end += span.len;
                } else {
                    class = SyntaxClass::Plain;
                    end = usize::MAX;
                }
            }
            match row.sign {
                Sign::Removed => theme.dim,
                Sign::Added | Sign::Same | Sign::Gap => theme.syntax(class),
            }
        },
        (glyphs.cut, theme.dim),
    );
}

/// The commit that is asked about: a line of words each, with its tone.
pub(super) fn commit(app: &App, cells: usize) -> Vec<Vec<(String, Tone)>> {
    let Some(commit) = &app.review().commit else {
        return Vec::new();
    };
    let key = |action| {
        app.keys()
            .keys(action)
            .into_iter()
            .next()
            .unwrap_or_default()
    };
    let mut rows = vec![vec![
        (
            format!("Commit {}?  ", count(commit.paths.len(), "file")),
            Tone::Warn,
        ),
        (key(Action::Yes), Tone::Accent),
        (" yes   ".to_owned(), Tone::Dim),
        (key(Action::No), Tone::Accent),
        (" no".to_owned(), Tone::Dim),
    ]];
    rows.push(vec![(
        "only these files; what else is staged stays staged, and nothing is pushed".to_owned(),
        Tone::Dim,
    )]);
    rows.push(Vec::new());
    for path in &commit.paths {
        let mut row = vec![(format!("  {path}"), Tone::Text)];
        if commit.edited.contains(path) {
            row.push((
                "  with what was edited since the run".to_owned(),
                Tone::Warn,
            ));
        }
        rows.push(row);
    }
    rows.push(Vec::new());
    for (nth, line) in commit.message.lines().enumerate() {
        let tone = if nth == 0 { Tone::Strong } else { Tone::Text };
        let wrapped = crate::app::text::wrap(line, cells);
        if wrapped.is_empty() {
            rows.push(Vec::new());
        }
        for range in wrapped {
            let text = line.get(range).unwrap_or("").to_owned();
            rows.push(vec![(text, tone)]);
        }
    }
    rows
}
