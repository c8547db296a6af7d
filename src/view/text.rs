//! Outside text made harmless, and measured: the only way any text reaches the screen.
//!
//! A terminal obeys control characters, reorders by bidi overrides, and disagrees with us about what
//! zero-width characters take. So every text is turned into glyphs of one or two cells each; what
//! has no cell of its own is shown as a sign for it, attached to the letter before it, or dropped. What
//! is counted here is what is drawn, so columns stay aligned whatever the text.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthChar;

use crate::app::layout::Area;

/// Columns between tab stops.
const TAB: usize = 4;

/// At most so many combining marks stay on one letter.
const MARKS: usize = 3;

/// One thing on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glyph<'a> {
    pub sign: Sign<'a>,
    /// In cells: 1 or 2, more only for a tab.
    pub width: usize,
    /// Its bytes in the text.
    pub bytes: Range<usize>,
}

/// What is drawn for a glyph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign<'a> {
    /// A letter, perhaps with marks on it.
    Text(&'a str),
    /// A sign in the place of what must not be drawn.
    Instead(char),
    /// Spaces up to the next tab stop.
    Tab,
}

/// The glyphs of a text, from column 0 on.
pub fn glyphs(text: &str, ascii: bool) -> impl Iterator<Item = Glyph<'_>> {
    let mut at = 0;
    let mut column = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let letter = rest.chars().next()?;
            let start = at;
            at += letter.len_utf8();
            let (sign, width) = match sign_of(letter, ascii) {
                Drawn::Dropped => continue,
                Drawn::Tab => (Sign::Tab, TAB - column % TAB),
                Drawn::Instead(sign) => (Sign::Instead(sign), 1),
                Drawn::Letter(width) => {
                    let end = at + marks(text.get(at..).unwrap_or(""), ascii);
                    let sign = Sign::Text(text.get(start..end).unwrap_or(" "));
                    at = end;
                    (sign, width)
                }
            };
            column += width;
            return Some(Glyph {
                sign,
                width,
                bytes: start..at,
            });
        }
    })
}

enum Drawn {
    Letter(usize),
    Instead(char),
    Tab,
    Dropped,
}

fn sign_of(letter: char, ascii: bool) -> Drawn {
    match letter {
        ' '..='~' => Drawn::Letter(1),
        '\t' => Drawn::Tab,
        _ if ascii => match letter.width() {
            Some(0) => Drawn::Dropped,
            _ => Drawn::Instead('?'),
        },
        // The Unicode pictures of the control characters.
        '\u{0}'..='\u{1f}' => {
            Drawn::Instead(char::from_u32(0x2400 + u32::from(letter)).unwrap_or('?'))
        }
        '\u{7f}' => Drawn::Instead('\u{2421}'),
        _ if is_dropped(letter) => Drawn::Dropped,
        _ if is_unseen(letter) => Drawn::Instead('\u{fffd}'),
        _ => match letter.width() {
            // A mark with no letter before it.
            None | Some(0) => Drawn::Instead('\u{fffd}'),
            Some(width) => Drawn::Letter(width.min(2)),
        },
    }
}

/// What only changes how its neighbour looks, and how wide terminals think that one is: joiners,
/// variation selectors, skin tones, keycaps.
fn is_dropped(letter: char) -> bool {
    matches!(letter,
        '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}')
}

/// What a person would not see although it can change the meaning of the rest: C1 controls, bidi
/// controls, zero-width spaces, line separators, fillers, tags.
fn is_unseen(letter: char) -> bool {
    matches!(letter,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// The bytes of the combining marks at the start of a text that stay on the letter before them.
fn marks(text: &str, ascii: bool) -> usize {
    if ascii {
        return 0;
    }
    text.chars()
        .take_while(|&letter| {
            !letter.is_ascii()
                && !is_dropped(letter)
                && !is_unseen(letter)
                && letter.width() == Some(0)
        })
        .take(MARKS)
        .map(char::len_utf8)
        .sum()
}

/// The cells that a text takes when drawn.
#[must_use]
pub fn width(text: &str) -> usize {
    glyphs(text, false).map(|glyph| glyph.width).sum()
}

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

/// Whether a text fits, without measuring all of a very long one.
fn fits(text: &str, cells: usize) -> bool {
    let mut used = 0;
    glyphs(text, false).all(|glyph| {
        used += glyph.width;
        used <= cells
    })
}

/// An area as ratatui has it.
#[must_use]
pub fn rect(area: Area) -> Rect {
    Rect::new(area.x, area.y, area.width, area.height)
}
