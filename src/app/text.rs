//! Outside text made harmless, and measured: the only way any text reaches the screen.
//!
//! A terminal obeys control characters, reorders by bidi overrides, and disagrees with us about what
//! zero-width characters take. So every text is turned into glyphs of one or two cells each; what
//! has no cell of its own is shown as a sign for it, attached to the letter before it, or dropped. What
//! is counted here is what is drawn, so columns stay aligned whatever the text.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

/// Columns between tab stops.
const TAB: usize = 4;

/// At most so many combining marks stay on one letter.
const MARKS: usize = 3;

/// One thing on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glyph<'a> {
    pub sign: Sign<'a>,
    /// In cells: 1 or 2, more only for a tab; the same whether or not only ASCII is shown.
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
                Drawn::Letter(width) if ascii && !letter.is_ascii() => {
                    at += marks(text.get(at..).unwrap_or(""));
                    (Sign::Instead('?'), width)
                }
                Drawn::Letter(width) => {
                    let end = at + marks(text.get(at..).unwrap_or(""));
                    let shown = if ascii { at } else { end };
                    let sign = Sign::Text(text.get(start..shown).unwrap_or(" "));
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
    let unseen = if ascii { '?' } else { '\u{fffd}' };
    match letter {
        ' '..='~' => Drawn::Letter(1),
        '\t' => Drawn::Tab,
        _ if is_dropped(letter) => Drawn::Dropped,
        '\u{0}'..='\u{1f}' | '\u{7f}' if ascii => Drawn::Instead('?'),
        // The Unicode pictures of the control characters.
        '\u{0}'..='\u{1f}' => {
            Drawn::Instead(char::from_u32(0x2400 + u32::from(letter)).unwrap_or('?'))
        }
        '\u{7f}' => Drawn::Instead('\u{2421}'),
        _ if is_unseen(letter) => Drawn::Instead(unseen),
        _ => match letter.width() {
            // A mark with no letter before it.
            None | Some(0) => Drawn::Instead(unseen),
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
fn marks(text: &str) -> usize {
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

/// Whether a text fits, without measuring all of a very long one.
#[must_use]
pub fn fits(text: &str, cells: usize) -> bool {
    let mut used = 0;
    glyphs(text, false).all(|glyph| {
        used += glyph.width;
        used <= cells
    })
}

/// The pieces of one line of text that fill rows of `cells` cells, broken between words where there is a
/// gap between words, else wherever the row ends. Never empty.
#[must_use]
pub fn wrap(text: &str, cells: usize) -> Vec<Range<usize>> {
    let cells = cells.max(2);
    let mut rows = Vec::new();
    let mut start = 0;
    let mut used = 0;
    // Where the row could end: after the last space seen, with the cells used up to there.
    let mut break_at: Option<(usize, usize)> = None;
    for glyph in glyphs(text, false) {
        if used + glyph.width > cells && used > 0 {
            if glyph.sign == Sign::Text(" ") {
                // A space that does not fit is the break itself.
                rows.push(start..glyph.bytes.start);
                (start, used, break_at) = (glyph.bytes.end, 0, None);
                continue;
            }
            let (at, before) = break_at.take().unwrap_or((glyph.bytes.start, used));
            rows.push(start..at);
            start = at;
            used -= before;
        }
        used += glyph.width;
        if matches!(glyph.sign, Sign::Text(" ") | Sign::Tab) {
            break_at = Some((glyph.bytes.end, used));
        }
    }
    rows.push(start..text.len());
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        glyphs(text, false)
            .map(|glyph| match glyph.sign {
                Sign::Text(text) => text.to_owned(),
                Sign::Instead(sign) => sign.to_string(),
                Sign::Tab => " ".repeat(glyph.width),
            })
            .collect()
    }

    fn wrapped(text: &str, cells: usize) -> Vec<&str> {
        wrap(text, cells)
            .into_iter()
            .map(|row| &text[row])
            .collect()
    }

    #[test]
    fn control_characters_become_pictures_of_themselves() {
        assert_eq!(shown("a\u{1b}[31mb\u{7}"), "a\u{241b}[31mb\u{2407}");
        assert_eq!(shown("\u{9b}2J\u{7f}"), "\u{fffd}2J\u{2421}");
    }

    #[test]
    fn what_turns_or_hides_text_is_seen() {
        assert_eq!(
            shown("a\u{202e}b\u{2066}c\u{200b}d"),
            "a\u{fffd}b\u{fffd}c\u{fffd}d"
        );
        assert_eq!(shown("\u{feff}x\u{e0041}"), "\u{fffd}x\u{fffd}");
    }

    #[test]
    fn marks_stay_on_their_letter_but_not_without_end() {
        assert_eq!(width("e\u{301}"), 1);
        let zalgo = format!("e{}x", "\u{301}".repeat(40));
        assert_eq!(
            width(&zalgo),
            2 + 37,
            "those that are too many are shown as such"
        );
        assert_eq!(shown("\u{301}"), "\u{fffd}", "a mark without a letter");
    }

    #[test]
    fn joined_emoji_come_apart_so_that_their_width_is_certain() {
        assert_eq!(shown("👩\u{200d}💻!"), "👩💻!");
        assert_eq!(width("❤\u{fe0f}"), 1);
        assert_eq!(width("👍🏽"), 2);
    }

    #[test]
    fn wide_letters_take_two_cells_and_tabs_go_to_their_stop() {
        assert_eq!(width("日本"), 4);
        assert_eq!(shown("a\tb\tc"), "a   b   c");
        assert_eq!(shown("日\tb"), "日  b");
    }

    #[test]
    fn ascii_shows_nothing_else_and_takes_the_same_room() {
        for text in ["é日\u{202e}e\u{301}\tx", "\u{1b}\u{301}", "👍🏽", "plain"] {
            let signs: Vec<_> = glyphs(text, true).collect();
            assert!(signs.iter().all(|glyph| match glyph.sign {
                Sign::Text(text) => text.is_ascii(),
                Sign::Instead(sign) => sign == '?',
                Sign::Tab => true,
            }));
            let cells: usize = signs.iter().map(|glyph| glyph.width).sum();
            assert_eq!(cells, width(text));
        }
    }

    #[test]
    fn rows_break_between_words() {
        assert_eq!(wrapped("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("a abcdefghij", 4), ["a ", "abcd", "efgh", "ij"]);
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(wrapped("日本語", 4), ["日本", "語"]);
    }
}
