//! The last row: the keys that count here, from the one table.

use crate::app::App;
use crate::app::keymap::TABLE;
use crate::app::layout::Area;

use super::Canvas;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let places = app.places();
    let mut pen = canvas.pen(area);
    if let Some(notice) = app.notice() {
        pen.put_cut(notice, usize::from(area.width), theme.warn);
        return;
    }
    for entry in TABLE {
        if entry.hint.is_empty() || !entry.places.iter().any(|place| places.contains(place)) {
            continue;
        }
        let Some(key) = app.keys().keys(entry.action).into_iter().next() else {
            continue;
        };
        if pen.room() < key.len() + 1 + entry.hint.len() {
            break;
        }
        pen.put(&key, theme.accent)
            .skip(1)
            .put(entry.hint, theme.dim)
            .skip(3);
    }
}
