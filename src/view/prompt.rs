//! The prompt, to be read and edited before it is sent.

use ratatui::style::Modifier;

use crate::app::App;
use crate::app::doc::count;
use crate::app::input::Input;
use crate::app::layout::Area;
use crate::app::prompt::PromptState;
use crate::app::text::{glyphs, width, wrap};

use super::{Canvas, row_of};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let prompt = app.prompt();
    let (title, body) = area.split_top(1);
    let mut pen = canvas.pen(title);
    pen.skip(1).put("PROMPT", theme.accent).skip(2);
    let n_files = {
        let mut paths: Vec<_> = prompt.about().iter().map(|(path, _)| path).collect();
        paths.dedup();
        paths.len()
    };
    if prompt.state() == PromptState::Writing {
        let text = if prompt.is_wanted() {
            "is being written, and sent as soon as it is …"
        } else {
            "is being written …"
        };
        pen.put(text, theme.dim);
        return;
    }
    pen.put(
        &format!(
            "for {} in {}",
            count(prompt.about().len(), "gap"),
            count(n_files, "file")
        ),
        theme.warn,
    );
    if prompt.n_turns() > 1 {
        pen.skip(2).put(
            &format!(
                "turn 1 of {}: its {}; the others follow by themselves",
                prompt.n_turns(),
                count(prompt.first().len(), "gap")
            ),
            theme.dim,
        );
    }
    if prompt.is_edited() {
        pen.skip(2).put("edited", theme.dim);
    }
    let words: usize = prompt
        .input()
        .lines()
        .iter()
        .map(String::len)
        .sum::<usize>()
        / 4;
    let about = format!(
        "about {} tokens",
        crate::app::marks::short_count(words as u64)
    );
    let room = pen.room().saturating_sub(1);
    pen.put_right(&about, room, theme.dim);
    let (_, body) = body.split_top(u16::from(body.height > 12));
    // Long lines are hard to read: a wide terminal keeps its margins.
    let (_, body) = body.split_left(2);
    let (body, _) = body.split_left(110);
    draw_input(canvas, body, prompt.input());
}

/// A text that is being typed, wrapped, with its cursor in sight.
pub(super) fn draw_input(canvas: &mut Canvas<'_>, area: Area, input: &Input) {
    let theme = canvas.theme;
    let ascii = canvas.glyphs.ascii;
    let cells = usize::from(area.width);
    let height = usize::from(area.height);
    if cells < 2 || height == 0 {
        return;
    }
    let (cursor_line, cursor_letter) = input.cursor();
    // Rows above the cursor's are needed only as far as the window goes: find its first row.
    let mut rows: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
    let mut cursor_row = 0;
    for (idx, line) in input.lines().iter().enumerate() {
        let at = line
            .char_indices()
            .nth(cursor_letter)
            .map_or(line.len(), |(at, _)| at);
        for range in wrap(line, cells - 1) {
            if idx == cursor_line && range.start <= at {
                cursor_row = rows.len();
            }
            rows.push((idx, range));
        }
    }
    let first = cursor_row
        .saturating_sub(height / 2)
        .min(rows.len().saturating_sub(height));
    for (row, (idx, range)) in rows.iter().enumerate().skip(first).take(height) {
        let Some(place) = row_of(area, row - first) else {
            break;
        };
        let Some(line) = input.lines().get(*idx) else {
            break;
        };
        let heading = line.starts_with('#');
        let style = if heading { theme.strong } else { theme.text };
        let text = line.get(range.clone()).unwrap_or("");
        canvas.pen(place).put(text, style);
        if row == cursor_row {
            let at = line
                .char_indices()
                .nth(cursor_letter)
                .map_or(line.len(), |(at, _)| at);
            let before = line.get(range.start..at).unwrap_or("");
            let under: usize = line
                .get(at..)
                .and_then(|rest| glyphs(rest, ascii).next().map(|glyph| glyph.width))
                .unwrap_or(1)
                .clamp(1, 2);
            let column = u16::try_from(width(before)).unwrap_or(u16::MAX);
            let (_, cursor) = place.split_left(column);
            let (cursor, _) = cursor.split_left(u16::try_from(under).unwrap_or(1));
            canvas.wash(cursor, theme.text.add_modifier(Modifier::REVERSED));
        }
    }
}
