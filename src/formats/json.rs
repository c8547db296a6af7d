//! JSON that knows its place: errors of `serde_json` with line, column and offset, and the few values
//! that reports are made of, read without copying where the text allows it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, Visitor};

use super::{ParseError, Place, text};
use crate::harmless;

/// Reads a whole text as one value; what follows it is an error.
pub(super) fn read<'de, S: DeserializeSeed<'de>>(
    bytes: &'de [u8],
    seed: S,
) -> Result<S::Value, ParseError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    seed.deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| placed(bytes, &error))
}

/// A `serde_json` error as one of ours.
pub(super) fn placed(bytes: &[u8], error: &serde_json::Error) -> ParseError {
    let place = Place {
        line: error.line() as u64,
        column: (error.column() as u64).max(1),
        byte: 0,
    };
    let offset = offset_of(bytes, error.line(), error.column());
    let place = Place {
        byte: offset as u64,
        ..place
    };
    if error.is_eof() {
        return ParseError::Truncated {
            place,
            within: "JSON",
        };
    }
    let message = error.to_string();
    // serde_json appends the place, which is ours to say.
    let message = message
        .rfind(" at line ")
        .map_or(message.as_str(), |at| message.get(..at).unwrap_or(&message));
    if message == "recursion limit exceeded" {
        return ParseError::Limit {
            place,
            what: "values are nested more than 128 deep, which no coverage tool writes".to_owned(),
        };
    }
    ParseError::Syntax {
        place,
        expected: harmless::line(&expectation(message)).into_owned(),
        found: text::quote(bytes.get(offset..).unwrap_or_default()),
    }
}

/// What `serde_json` wanted, in words that fit behind "expected". Its messages quote the input; only
/// what they say of the expectation is kept.
fn expectation(message: &str) -> String {
    if let Some((_, wanted)) = message.rsplit_once(", expected ") {
        return match wanted {
            "u32" => "a whole number up to 4294967295",
            "u64" => "a whole number",
            "i64" => "a whole number, negative or not",
            "a sequence" => "a list",
            "a map" => "an object",
            wanted => wanted,
        }
        .to_owned();
    }
    if let Some(wanted) = message.strip_prefix("expected ") {
        return wanted.to_owned();
    }
    if let Some(field) = message.strip_prefix("missing field ") {
        return format!("the key {field} before the end of this object");
    }
    if let Some(field) = message.strip_prefix("duplicate field ") {
        return format!("the key {field} once");
    }
    match message {
        "trailing characters" => "nothing behind the report",
        "trailing comma" => "another member behind the comma",
        "key must be a string" => "a key in quotes",
        "invalid unicode code point" => "UTF-8",
        "invalid number" => "a number",
        "number out of range" => "a number that fits",
        "invalid escape" => "a known escape",
        message if message.starts_with("control character") => {
            "no control character inside a string"
        }
        message if message.contains("surrogate") => "a whole character, not half of a pair",
        message => return message.to_owned(),
    }
    .to_owned()
}

/// The 0-based offset of a 1-based line and column; column 0 is the end of the line before.
fn offset_of(bytes: &[u8], line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(nth) => memchr::memchr_iter(b'\n', bytes)
            .nth(nth)
            .map_or(0, |at| at + 1),
    };
    (start + column.saturating_sub(1)).min(bytes.len())
}

/// A string, borrowed from the input unless it holds an escape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Text<'de>(pub(super) Cow<'de, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// A number as a count: what lies past `u64` is its last value, what is negative, null or no whole
/// number is marked as odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Count {
    pub(super) n: u64,
    /// The report wrote something that is no count; `n` is the nearest that is.
    pub(super) odd: bool,
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_u64<E>(self, n: u64) -> Result<Count, E> {
                Ok(Count { n, odd: false })
            }
            fn visit_i64<E>(self, n: i64) -> Result<Count, E> {
                Ok(Count {
                    n: u64::try_from(n).unwrap_or(0),
                    odd: n < 0,
                })
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the cast saturates, and that is what is wanted; oddness is told beside it"
            )]
            fn visit_f64<E>(self, n: f64) -> Result<Count, E> {
                Ok(Count {
                    n: n as u64,
                    odd: true,
                })
            }
            fn visit_unit<E: de::Error>(self) -> Result<Count, E> {
                Ok(Count { n: 0, odd: true })
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A whole number, negative or not, of a place; `None` for null, for what is absent, and for what is no
/// whole number or past `i64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Whole(pub(super) Option<i64>);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Whole;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_u64<E>(self, n: u64) -> Result<Whole, E> {
                Ok(Whole(i64::try_from(n).ok()))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Whole, E> {
                Ok(Whole(Some(n)))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Whole, E> {
                Ok(Whole(None))
            }
            fn visit_unit<E>(self) -> Result<Whole, E> {
                Ok(Whole(None))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// The keys at the beginning of a JSON text, each with the number of containers open around it.
///
/// Only for sniffing: it follows strings and brackets and checks nothing else.
#[derive(Debug, Default)]
pub(super) struct Outline<'a> {
    keys: Vec<(usize, &'a [u8])>,
    /// The text's own end was seen: as many brackets closed as opened.
    pub(super) closed: bool,
}

impl<'a> Outline<'a> {
    /// Deeper keys tell nothing about the format.
    const DEEPEST: usize = 6;

    pub(super) fn of(head: &'a [u8]) -> Self {
        let mut outline = Self::default();
        let (mut depth, mut at) = (0_usize, 0_usize);
        while let Some(&byte) = head.get(at) {
            at += 1;
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        outline.closed = true;
                        break;
                    }
                }
                b'"' => {
                    let start = at;
                    let Some(end) = end_of_string(head, at) else {
                        break;
                    };
                    at = end + 1;
                    let rest = head.get(at..).unwrap_or_default();
                    let is_key = rest.trim_ascii_start().first() == Some(&b':');
                    if is_key && depth <= Self::DEEPEST {
                        outline
                            .keys
                            .push((depth, head.get(start..end).unwrap_or_default()));
                    }
                }
                _ => {}
            }
        }
        outline
    }

    /// No key at all was met.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a key occurs at this depth (1 is the outermost object).
    pub(super) fn has(&self, depth: usize, key: &str) -> bool {
        self.keys.contains(&(depth, key.as_bytes()))
    }
}

/// The offset of the quote that ends a string whose text begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let found = at + memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(found) == Some(&b'"') {
            return Some(found);
        }
        at = found + 2;
    }
}
