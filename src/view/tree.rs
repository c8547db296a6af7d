//! The tree pane: files and folders with their figures, the worst first.

use crate::app::layout::Area;
use crate::app::tree::NodeKind;
use crate::app::{App, Focus};

use super::Canvas;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let glyphs = canvas.glyphs;
    let tree = app.tree();
    let (title, body) = area.split_top(1);
    canvas
        .pen(title)
        .skip(1)
        .put("FILES", theme.accent)
        .skip(2)
        .put(tree.order().title(tree.measure()), theme.dim);
    if let Some(failure) = app.failure().filter(|_| app.loaded().is_none()) {
        let (line, _) = body.split_top(1);
        canvas
            .pen(line)
            .skip(1)
            .put(failure.path.as_str(), theme.text)
            .put(": ", theme.dim)
            .put(&failure.message, theme.bad);
        return;
    }
    for row in 0..body.height {
        let at = tree.scroll() + usize::from(row);
        let Some(node) = tree.rows().get(at).and_then(|&idx| tree.node(idx)) else {
            break;
        };
        let line = Area::new(body.x, body.y + row, body.width, 1);
        if at == tree.cursor() {
            let look = if app.focus() == Focus::Tree {
                theme.row
            } else {
                theme.row_away
            };
            canvas.wash(line, look);
        }
        let (names, figures) = line.split_right(14);
        let mut pen = canvas.pen(names);
        pen.skip(3 + 2 * usize::from(node.depth).min(usize::from(names.width) / 4));
        match node.kind {
            NodeKind::Folder { open } => {
                let sign = if open {
                    glyphs.folder_open
                } else {
                    glyphs.folder_closed
                };
                pen.put(sign, theme.dim).skip(1);
                let room = pen.room();
                pen.put_path(&node.label, room, theme.folder);
            }
            NodeKind::File { .. } => {
                pen.skip(2);
                let room = pen.room();
                pen.put_cut(&node.label, room, theme.text);
            }
        }
        let mut pen = canvas.pen(figures);
        if let Some((ratio, percent)) = node
            .figure(tree.measure())
            .and_then(|ratio| Some((ratio, ratio.percent()?)))
        {
            pen.put_right(&percent.one_decimal(), 6, theme.text);
            let missed = if ratio.missed() == 0 {
                glyphs.dot.to_owned()
            } else {
                ratio.missed().to_string()
            };
            pen.put_right(&missed, 7, theme.dim);
        }
    }
}
