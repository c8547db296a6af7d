//! Source text to coloured spans, as far as the window shows.
//!
//! Pure, and without colours: it names what a piece of text is, and the theme gives that a look. It
//! must never cost more than what is looked at: states of the parser are kept at intervals, and what would
//! be slow (very long lines, very large files) stays plain.

mod class;
mod language;
mod parse;

use crate::coverage::Line;

pub use parse::Highlighter;

/// Coloured lines of one source, from `first` on.
#[derive(Debug)]
pub struct Highlighted {
    pub first: Line,
    /// For each line its spans in order; together they are the whole line.
    pub lines: Vec<Vec<StyledSpan>>,
}

/// A piece of a line with one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StyledSpan {
    /// Its length in bytes of UTF-8.
    pub len: usize,
    pub class: SyntaxClass,
}

/// What a piece of source is; the theme gives each a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SyntaxClass {
    #[default]
    Plain,
    Comment,
    Keyword,
    Operator,
    String,
    Number,
    Constant,
    Function,
    Type,
    Variable,
    Punctuation,
    Invalid,
}

#[cfg(test)]
mod tests;
