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

/// A number of 1 to 19 digits, which fits, and what follows it.
///
/// Eight bytes at a time: how many digits a count has is anybody's guess, and a loop that guesses wrong
/// costs more than the arithmetic.
#[inline]
pub(super) fn digits(bytes: &[u8]) -> Option<(u64, &[u8])> {
    const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
    const HIGHEST: u64 = u64::from_le_bytes([0x80; 8]);
    // Carries a digit's byte to just below its highest bit, and anything larger into it.
    const PAST_NINE: u64 = u64::from_le_bytes([0x80 - 10; 8]);
    let Some(chunk) = bytes.first_chunk::<8>() else {
        return few_digits(bytes);
    };
    let digits = u64::from_le_bytes(*chunk) ^ ZEROS;
    // The lowest set bit is in the first byte that is no digit: only bytes behind it can be wrong.
    let other = (digits.wrapping_add(PAST_NINE) | digits) & HIGHEST;
    let length = other.trailing_zeros() / 8;
    if length == 0 {
        return None;
    }
    if length == 8 {
        return few_digits(bytes);
    }
    // The first digit is the lowest byte and the most significant: zeros come in before it.
    let all = digits << (64 - 8 * length);
    let pairs = (all.wrapping_mul(10).wrapping_add(all >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let number = (fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xffff_ffff;
    Some((number, bytes.get(length as usize..)?))
}

/// The same, one after the other.
#[cold]
fn few_digits(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut rest = bytes;
    let mut number = 0_u64;
    while let [byte @ b'0'..=b'9', tail @ ..] = rest {
        number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        rest = tail;
    }
    (1..=19)
        .contains(&(bytes.len() - rest.len()))
        .then_some((number, rest))
}
