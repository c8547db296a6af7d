//! Text from outside, made harmless to a terminal: what it says is kept, what it would do is not.
//!
//! Paths, source text, report contents and messages that quote them may hold escape sequences or
//! characters that turn the direction of writing. Everything printed passes through here or through
//! the screen's own drawing. This room imports nothing and never drops a character silently.

use std::borrow::Cow;

/// Whether a character does something to a terminal, or to the order in which text is read, instead
/// of showing itself: C0, DEL and C1 controls, line separators, and the bidirectional marks,
/// embeddings, overrides and isolates.
#[must_use]
pub fn acts_on_terminal(c: char) -> bool {
    matches!(
        c,
        '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// One line of text in which such characters are spelled out: ESC becomes `\u{1b}`, a tab `\t`.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts_on_terminal) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts_on_terminal(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Several lines: line ends stay, everything else is as in [`line()`].
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && acts_on_terminal(c)) {
        return Cow::Borrowed(text);
    }
    let safe: Vec<_> = text.split('\n').map(line).collect();
    Cow::Owned(safe.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_spelled_out() {
        assert_eq!(line("a\u{1b}[31mred\u{7}"), "a\\u{1b}[31mred\\u{7}");
        assert_eq!(line("x\u{202e}y\u{2066}z"), "x\\u{202e}y\\u{2066}z");
        assert_eq!(line("\u{9b}2J"), "\\u{9b}2J");
        assert_eq!(line("a\tb\r\n"), "a\\tb\\r\\n");
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        assert!(matches!(line("café menu.js · 日本"), Cow::Borrowed(_)));
        assert!(matches!(lines("one\ntwo"), Cow::Borrowed(_)));
    }

    #[test]
    fn line_ends_survive_where_several_lines_are_meant() {
        assert_eq!(lines("one\ntwo\u{1b}"), "one\ntwo\\u{1b}");
    }
}
