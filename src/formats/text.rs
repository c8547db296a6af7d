//! Text from outside: its encoding, and how it may be quoted in an error.
//!
//! Never guesses an encoding for a whole file: a byte order mark decides, else UTF-8, else Latin-1 for
//! the one name at hand (lcov writes `SF:` lines of both kinds into one file).

use std::borrow::Cow;

use super::{ParseError, Place, foreign};
use crate::harmless;

/// The most characters of the input that an error quotes.
const QUOTED: usize = 60;

/// The bytes without a byte order mark; UTF-16 becomes UTF-8 (`PowerShell`'s `>` writes it).
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
        let units = bytes
            .chunks_exact(2)
            .filter_map(|pair| pair.try_into().ok().map(unit));
        let mut text = String::with_capacity(bytes.len() / 2);
        text.extend(
            char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER)),
        );
        text.into_bytes()
    }
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => Cow::Borrowed(rest),
        [0xff, 0xfe, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)),
        _ => Cow::Borrowed(bytes),
    }
}

/// A name as text: UTF-8, else Latin-1 (every byte a character).
pub(super) fn name(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// The beginning of a line between quotes, at most 60 characters, with every control and bidi character
/// spelled out, for an error message.
pub(super) fn quote(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "the end of the file".to_owned();
    }
    // Four bytes a character at most; one more shows that something follows.
    let head = bytes.get(..(QUOTED + 1) * 4).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let (line, below) = text.split_once('\n').unwrap_or((&text, ""));
    let line = line.trim_ascii_end();
    if line.is_empty() {
        return "the end of the line".to_owned();
    }
    let shown: String = line.chars().take(QUOTED).collect();
    let more = if shown.len() < line.len() || !below.trim_ascii().is_empty() {
        "…"
    } else {
        ""
    };
    format!("`{}{more}`", harmless::line(&shown))
}

/// A name between quotes, made harmless and short, for a warning.
pub(super) fn quote_name(name: &str) -> String {
    if name.is_empty() {
        "``".to_owned()
    } else {
        quote(name.as_bytes())
    }
}

/// The error for bytes that no format claims: what they are, where that is known.
pub(super) fn not_a_report(bytes: &[u8]) -> ParseError {
    foreign::text(bytes).unwrap_or_else(|| ParseError::NotAReport {
        found: quote(bytes.trim_ascii_start()),
    })
}

/// An error at an offset, quoting what is there.
pub(super) fn syntax(bytes: &[u8], offset: usize, expected: impl Into<String>) -> ParseError {
    ParseError::Syntax {
        place: Place::of(bytes, offset),
        expected: expected.into(),
        found: quote(bytes.get(offset..).unwrap_or_default()),
    }
}
