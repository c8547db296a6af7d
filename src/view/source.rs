//! The source pane: one file, its coverage, and the words of the current gap.

use crate::app::layout::Area;
use crate::app::source_pane::Text;
use crate::app::{App, Focus};

use super::Canvas;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let source = app.source();
    let (title, body) = area.split_top(1);
    let Some(path) = source.path() else { return };
    canvas.pen(title).put(path.as_str(), theme.accent);
    let view = match source.text() {
        Text::Ready(view) => view,
        Text::Absent(why) => {
            canvas.pen(body).skip(1).put(why, theme.warn);
            return;
        }
        Text::None | Text::Loading => return,
    };
    let mut y = body.y;
    for (idx, line) in view.lines.iter().enumerate().skip(source.scroll()) {
        if y >= body.y + body.height {
            break;
        }
        let row = Area::new(body.x, y, body.width, 1);
        y += 1;
        if idx == source.cursor() {
            let look = if app.focus() == Focus::Source {
                theme.row
            } else {
                theme.row_away
            };
            canvas.wash(row, look);
        }
        let mut pen = canvas.pen(row);
        pen.put(glyphs.gutter, theme.faint);
        pen.put_right(&(idx + 1).to_string(), 6, theme.dim).skip(4);
        pen.put(line, theme.text);
        if let Some((_, gap)) = source.current_gap().filter(|_| idx == source.cursor())
            && y < body.y + body.height
        {
            let row = Area::new(body.x, y, body.width, 1);
            y += 1;
            canvas
                .pen(row)
                .skip(11)
                .put(glyphs.elbow, theme.dim)
                .skip(1)
                .put(glyphs.untaken, theme.bad)
                .skip(1)
                .put(&gap.says, theme.bad);
        }
    }
}
