//! The program as a picture: reads [`App`], writes cells. It changes nothing and decides nothing.
//!
//! Outside text goes through [`text`], looks come from [`theme`], places from `app::layout`.

mod footer;
pub mod glyphs;
mod header;
mod source;
pub mod text;
pub mod theme;
mod tree;

use ratatui::Frame;
use ratatui::buffer::Buffer;

use crate::app::layout::{Area, LEAST, Panes};
use crate::app::{App, Focus};

use glyphs::Glyphs;
use text::{Pen, rect};
use theme::Theme;

/// Draws the whole screen.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let look = app.settings().look;
    let mut canvas = Canvas {
        theme: Theme::of(look),
        glyphs: if look.ascii {
            glyphs::ASCII
        } else {
            glyphs::UNICODE
        },
        buf: frame.buffer_mut(),
    };
    screen(app, &mut canvas);
}

/// What everything is drawn with.
struct Canvas<'b> {
    theme: Theme,
    glyphs: Glyphs,
    buf: &'b mut Buffer,
}

impl Canvas<'_> {
    fn pen(&mut self, area: Area) -> Pen<'_> {
        Pen::new(self.buf, area, self.glyphs.ascii)
    }

    /// Puts a look on a whole area without writing into it.
    fn wash(&mut self, area: Area, style: ratatui::style::Style) {
        let area = rect(area).intersection(self.buf.area);
        self.buf.set_style(area, style);
    }
}

fn screen(app: &App, canvas: &mut Canvas<'_>) {
    let Some(layout) = app.layout() else {
        let size = app.size();
        let line = format!(
            "untaken needs {}x{}, this is {}x{} · q quits",
            LEAST.columns, LEAST.rows, size.columns, size.rows
        );
        let text = canvas.theme.text;
        canvas.pen(Area::new(0, 0, size.columns, 1)).put_cut(
            &line,
            usize::from(size.columns),
            text,
        );
        return;
    };
    header::draw(app, canvas, layout.header);
    match layout.panes {
        Panes::Two {
            left,
            divider,
            right,
        } => {
            tree::draw(app, canvas, left);
            let (faint, sign) = (canvas.theme.faint, canvas.glyphs.divider);
            for row in 0..divider.height {
                canvas
                    .pen(Area::new(divider.x, divider.y + row, 1, 1))
                    .put(sign, faint);
            }
            source::draw(app, canvas, right);
        }
        Panes::One(area) => match app.focus() {
            Focus::Tree => tree::draw(app, canvas, area),
            Focus::Source => source::draw(app, canvas, area),
        },
    }
    let (faint, sign) = (canvas.theme.faint, canvas.glyphs.rule);
    canvas
        .pen(layout.rule)
        .repeat(sign, usize::from(layout.rule.width), faint);
    footer::draw(app, canvas, layout.footer);
}
