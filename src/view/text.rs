//! Writing text into cells: along one row, never past its end, and only what `app::text` made harmless.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::layout::Area;
use crate::app::text::{Glyph, Sign, fits, glyphs, width};

/// Writes along one row, never past its end.
pub struct Pen<'b> {
    buf: &'b mut Buffer,
    ascii: bool,
    x: u16,
    y: u16,
    end: u16,
}

impl<'b> Pen<'b> {
    /// A pen at the start of the first row of an area, clipped to the screen.
    pub fn new(buf: &'b mut Buffer, area: Area, ascii: bool) -> Self {
        let area = rect(area).intersection(buf.area);
        let end = if area.height == 0 {
            area.x
        } else {
            area.right()
        };
        Self {
            ascii,
            x: area.x,
            y: area.y,
            end,
            buf,
        }
    }

    /// The cells left in the row.
    #[must_use]
    pub fn room(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    #[must_use]
    pub fn x(&self) -> u16 {
        self.x
    }

    /// Gives up the last cells of the row, for what is written there by another pen.
    pub fn keep_free(&mut self, cells: usize) -> &mut Self {
        let cells = u16::try_from(cells).unwrap_or(u16::MAX);
        self.end = self.end.saturating_sub(cells).max(self.x);
        self
    }

    pub fn skip(&mut self, cells: usize) -> &mut Self {
        let cells = u16::try_from(cells).unwrap_or(u16::MAX);
        self.x = self.x.saturating_add(cells).min(self.end);
        self
    }

    /// Writes a text; what does not fit is cut off.
    pub fn put(&mut self, text: &str, style: Style) -> &mut Self {
        for glyph in glyphs(text, self.ascii) {
            if !self.glyph(&glyph, style) {
                break;
            }
        }
        self
    }

    /// Writes a text into so many cells at most, with a sign for what was cut off its end.
    pub fn put_cut(&mut self, text: &str, cells: usize, style: Style) -> &mut Self {
        let cells = cells.min(self.room());
        if fits(text, cells) {
            return self.put(text, style);
        }
        let mut used = 0;
        for glyph in glyphs(text, self.ascii) {
            if used + glyph.width > cells.saturating_sub(1) {
                break;
            }
            used += glyph.width;
            self.glyph(&glyph, style);
        }
        if cells > 0 {
            self.put(if self.ascii { "~" } else { "…" }, style);
        }
        self
    }

    /// Writes a path into so many cells at most, cut at its beginning: the end tells most.
    pub fn put_path(&mut self, path: &str, cells: usize, style: Style) -> &mut Self {
        let cells = cells.min(self.room());
        if fits(path, cells) {
            return self.put(path, style);
        }
        if cells == 0 {
            return self;
        }
        let all: Vec<Glyph<'_>> = glyphs(path, self.ascii).collect();
        let mut used = 1;
        let kept = all
            .iter()
            .rev()
            .take_while(|glyph| {
                used += glyph.width;
                used <= cells
            })
            .count();
        self.put(if self.ascii { "~" } else { "…" }, style);
        for glyph in all.iter().skip(all.len() - kept) {
            self.glyph(glyph, style);
        }
        self
    }

    /// Writes a text so that it ends `cells` cells from here; a longer one is cut.
    pub fn put_right(&mut self, text: &str, cells: usize, style: Style) -> &mut Self {
        let used = width(text).min(cells);
        self.skip(cells - used);
        self.put_cut(text, cells, style)
    }

    /// Writes a text into a column of so many cells, cut or filled up, and leaves one cell after it.
    pub fn put_column(&mut self, text: &str, cells: usize, style: Style) -> &mut Self {
        let before = self.x;
        self.put_cut(text, cells, style);
        let used = usize::from(self.x - before);
        self.skip((cells + 1).saturating_sub(used))
    }

    /// Repeats a sign of one cell.
    pub fn repeat(&mut self, sign: &str, n: usize, style: Style) -> &mut Self {
        for _ in 0..n.min(self.room()) {
            self.put(sign, style);
        }
        self
    }

    /// Draws one glyph; `false` where it does not fit any more.
    pub fn glyph(&mut self, glyph: &Glyph<'_>, style: Style) -> bool {
        let room = self.room();
        if room == 0 {
            return false;
        }
        if glyph.width > room {
            self.blank(room, style);
            return false;
        }
        match glyph.sign {
            Sign::Tab => self.blank(glyph.width, style),
            Sign::Instead(sign) => {
                if let Some(cell) = self.buf.cell_mut((self.x, self.y)) {
                    cell.set_char(sign).set_style(style);
                }
                self.x += 1;
                self.blank(glyph.width - 1, style);
            }
            Sign::Text(text) => {
                if let Some(cell) = self.buf.cell_mut((self.x, self.y)) {
                    cell.set_symbol(text).set_style(style);
                }
                if glyph.width == 2
                    && let Some(cell) = self.buf.cell_mut((self.x + 1, self.y))
                {
                    cell.set_symbol(" ").set_style(style);
                }
                self.x += if glyph.width == 2 { 2 } else { 1 };
            }
        }
        true
    }

    fn blank(&mut self, cells: usize, style: Style) {
        for _ in 0..cells.min(self.room()) {
            if let Some(cell) = self.buf.cell_mut((self.x, self.y)) {
                cell.set_symbol(" ").set_style(style);
            }
            self.x += 1;
        }
    }
}

/// An area as ratatui has it.
#[must_use]
pub fn rect(area: Area) -> Rect {
    Rect::new(area.x, area.y, area.width, area.height)
}
