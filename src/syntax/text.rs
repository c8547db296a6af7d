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
