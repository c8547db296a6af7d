//! Why bytes are not a report, and where in them.

use std::fmt;

/// A place in the input, so that a person can go and look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// 1-based.
    pub line: u64,
    /// 1-based, in bytes.
    pub column: u64,
    /// 0-based offset in the input.
    pub byte: u64,
}

impl Place {
    /// The place of a 0-based byte offset.
    #[must_use]
    pub fn of(bytes: &[u8], offset: usize) -> Self {
        let before = bytes.get(..offset).unwrap_or(bytes);
        let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
        let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1) + 1;
        Self {
            line,
            column: column as u64,
            byte: before.len() as u64,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 1 && self.column > 200 {
            write!(f, "byte {}", self.byte)
        } else {
            write!(f, "line {}, column {}", self.line, self.column)
        }
    }
}

/// Why a file could not be read as a report. The caller adds the file's name.
///
/// `found` and `expected` quote at most 60 characters of the input, control characters made harmless.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("the file is empty; the tool may still be writing it")]
    Empty,
    #[error("not a coverage report that untaken knows (it begins with {found})")]
    NotAReport { found: String },
    /// Data that only its own tool can read. `export` is the command that turns it into a report.
    #[error("{what} is binary data; export it first: {export}")]
    Binary {
        what: &'static str,
        export: &'static str,
    },
    /// A known file that is no coverage report, and what to use instead of it.
    #[error("this is {what}, which untaken does not read; {instead}")]
    Foreign {
        what: &'static str,
        instead: &'static str,
    },
    #[error("{place}: the file ends in the middle of {within}; the tool may still be writing it")]
    Truncated { place: Place, within: &'static str },
    #[error("{place}: expected {expected}, found {found}")]
    Syntax {
        place: Place,
        expected: String,
        found: String,
    },
    /// A bound that protects memory or time was passed.
    #[error("{place}: {what}")]
    Limit { place: Place, what: String },
}
