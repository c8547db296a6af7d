//! Places in a text, in bytes: unlike a report's columns they need no unit.

use crate::coverage::Line;

/// A line, 1-based, and a byte of it, 0-based.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub line: Line,
    pub byte: u32,
}

/// From `start` up to but not including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extent {
    pub start: Place,
    pub end: Place,
}

impl Extent {
    /// Whether a place lies inside.
    #[must_use]
    pub fn holds(self, place: Place) -> bool {
        self.start <= place && place < self.end
    }

    /// Whether it touches a line with at least one byte, or is empty on it.
    #[must_use]
    pub fn touches(self, line: Line) -> bool {
        self.start.line <= line && line <= self.last_line()
    }

    /// The last line that has a byte of it.
    #[must_use]
    pub fn last_line(self) -> Line {
        if self.end.byte == 0 && self.end.line > self.start.line {
            Line::from_index(self.end.line.index().saturating_sub(1))
        } else {
            self.end.line
        }
    }
}

/// tree-sitter counts rows from 0 and columns in bytes.
pub(super) fn place(point: tree_sitter::Point) -> Place {
    Place {
        line: Line::from_index(point.row),
        byte: u32::try_from(point.column).unwrap_or(u32::MAX),
    }
}

/// One line for people: every run of white space becomes one space, and what is longer than `most`
/// characters ends in `…`.
#[must_use]
pub fn fold(text: &str, most: usize) -> String {
    let mut folded = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        if length > 0 {
            folded.push(' ');
            length += 1;
        }
        for character in word.chars() {
            if length >= most {
                folded.push('…');
                return folded;
            }
            folded.push(character);
            length += 1;
        }
    }
    folded
}

/// One line for comparing: white space stays only where it parts two words, so that a formatter's line
/// breaks make no difference. At most `most` characters are kept.
#[must_use]
pub fn squeeze(text: &str, most: usize) -> String {
    fn is_word(character: char) -> bool {
        character.is_alphanumeric() || character == '_' || character == '$'
    }
    let mut squeezed = String::new();
    let mut length = 0;
    let mut last = None;
    for word in text.split_whitespace() {
        let parts_words = last.is_some_and(is_word) && word.chars().next().is_some_and(is_word);
        for character in parts_words.then_some(' ').into_iter().chain(word.chars()) {
            if length >= most {
                return squeezed;
            }
            squeezed.push(character);
            length += 1;
            last = Some(character);
        }
    }
    squeezed
}
