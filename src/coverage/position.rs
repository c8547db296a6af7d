//! Places in a source file.

use std::fmt;
use std::num::NonZeroU32;

/// A line number, 1-based.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(NonZeroU32);

impl Line {
    /// The first line of a file.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// `None` for 0, which no tool means although some write it (coverage.py's LCOV did).
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The line at a 0-based index.
    #[must_use]
    pub fn from_index(idx: usize) -> Self {
        let number = u32::try_from(idx).unwrap_or(u32::MAX).saturating_add(1);
        Self(NonZeroU32::new(number).unwrap_or(NonZeroU32::MAX))
    }

    /// The number as people read it, 1-based.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// The 0-based index of the line.
    #[must_use]
    pub fn index(self) -> usize {
        self.get() as usize - 1
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A column, 0-based, in the unit that [`ColumnUnit`] of its file tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Column(NonZeroU32);

impl Column {
    /// A 0-based column; the last value of `u32` saturates.
    #[must_use]
    pub fn new(column: u32) -> Self {
        Self(NonZeroU32::new(column.saturating_add(1)).unwrap_or(NonZeroU32::MIN))
    }

    /// The 0-based column.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get() - 1
    }
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.get())
    }
}

/// What the columns of a file count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum ColumnUnit {
    /// UTF-16 code units (the Istanbul family).
    #[default]
    Utf16,
    /// Bytes of UTF-8 (clang, rustc, Go).
    Byte,
    /// Characters (`SimpleCov`).
    Char,
}

/// A line and, where the report has one, a column. Ordered as in the text; no column comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub line: Line,
    pub column: Option<Column>,
}

impl Position {
    /// The line as a whole.
    #[must_use]
    pub fn line(line: Line) -> Self {
        Self { line, column: None }
    }

    /// A line and a 0-based column.
    #[must_use]
    pub fn new(line: Line, column: u32) -> Self {
        Self {
            line,
            column: Some(Column::new(column)),
        }
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "{}:{column:?}", self.line),
            None => write!(f, "{}", self.line),
        }
    }
}

/// From `start` up to but not including `end`; an `end` without a column means "to the end of its line".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: Position,
    pub end: Position,
}

impl Span {
    /// From a start to an end; an end before the start is the start itself.
    #[must_use]
    pub fn new(start: Position, end: Position) -> Self {
        let to_end_of_line = end.column.is_none() && end.line >= start.line;
        Self {
            start,
            end: if to_end_of_line { end } else { end.max(start) },
        }
    }

    /// One whole line.
    #[must_use]
    pub fn line(line: Line) -> Self {
        Self {
            start: Position::line(line),
            end: Position::line(line),
        }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}-{:?}", self.start, self.end)
    }
}
