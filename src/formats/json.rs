//! JSON that knows its place: errors of `serde_json` with line, column and offset, and the few values
//! that reports are made of, read without copying where the text allows it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::{ParseError, Place, text};
use crate::harmless;

/// Reads a whole text as one value; what follows it is an error.
pub(super) fn read<'de, S: DeserializeSeed<'de>>(
    bytes: &'de [u8],
    seed: S,
) -> Result<S::Value, ParseError> {
    let mut members = Members::new(bytes, 0..bytes.len())?;
    let value = members.value(seed)?;
    members.end()?;
    Ok(value)
}

/// A walk over the members of an object that may begin and end at any of them.
///
/// A large report is one object of a thousand files: cut before a key, it can be read at two places at
/// once. Whether the cut was right shows in the end: the walk before it must come by.
pub(super) struct Members<'t> {
    /// All of the text, for places.
    bytes: &'t [u8],
    /// The part that is walked; UTF-8 is checked once and not again for each string.
    text: &'t str,
    /// Where the part begins.
    base: usize,
    /// In the part.
    at: usize,
    /// Nothing was read yet, so no comma is due.
    first: bool,
}

/// Where a walk is after a member.
pub(super) enum Next<'t> {
    Key(Text<'t>),
    /// The object is closed.
    Closed,
    /// The part ends behind the comma.
    Cut,
}

impl<'t> Members<'t> {
    /// A walk over a part that begins with a value or a key.
    pub(super) fn new(bytes: &'t [u8], part: Range<usize>) -> Result<Self, ParseError> {
        let base = part.start;
        let text = std::str::from_utf8(bytes.get(part).unwrap_or_default())
            .map_err(|error| text::syntax(bytes, base + error.valid_up_to(), "UTF-8"))?;
        Ok(Self {
            bytes,
            text,
            base,
            at: 0,
            first: true,
        })
    }

    /// Steps into the object that begins here.
    pub(super) fn open(&mut self) -> Result<(), ParseError> {
        self.first = true;
        self.expect(b'{', "an object")
    }

    /// The next key.
    pub(super) fn next_key(&mut self) -> Result<Next<'t>, ParseError> {
        self.skip_space();
        if self.rest().first() == Some(&b'}') {
            self.at += 1;
            // What was opened around it goes on behind a value.
            self.first = false;
            return Ok(Next::Closed);
        }
        if !self.first {
            self.expect(b',', "`,` or `}`")?;
            self.skip_space();
            if self.at == self.text.len() && self.base + self.at < self.bytes.len() {
                return Ok(Next::Cut);
            }
        }
        self.first = false;
        if !matches!(self.rest().first(), Some(b'"') | None) {
            return Err(self.unexpected("a key in quotes"));
        }
        let key = self.value(PhantomData::<Text<'t>>)?;
        self.expect(b':', "`:`")?;
        Ok(Next::Key(key))
    }

    /// The value behind the key.
    pub(super) fn value<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, ParseError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut reader = serde_json::Deserializer::from_str(rest);
        let value = seed
            .deserialize(&mut reader)
            .map_err(|error| placed(self.bytes, self.base + self.at, &error))?;
        self.at += reader.into_iter::<IgnoredAny>().byte_offset();
        Ok(value)
    }

    /// Skips the value behind the key.
    pub(super) fn skip(&mut self) -> Result<(), ParseError> {
        self.value(PhantomData::<IgnoredAny>).map(|_| ())
    }

    /// Nothing but white space may follow.
    pub(super) fn end(mut self) -> Result<(), ParseError> {
        self.skip_space();
        if self.at < self.text.len() {
            return Err(self.unexpected("nothing behind the report"));
        }
        Ok(())
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        let space = self
            .rest()
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        self.at += space.count();
    }

    /// An error about what is here.
    pub(super) fn unexpected(&self, expected: &str) -> ParseError {
        text::syntax(self.bytes, self.base + self.at, expected)
    }

    fn expect(&mut self, byte: u8, expected: &str) -> Result<(), ParseError> {
        self.skip_space();
        match self.rest().first() {
            Some(&found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(self.unexpected(expected)),
            None => Err(ParseError::Truncated {
                place: Place::of(self.bytes, self.base + self.at),
                within: "JSON",
            }),
        }
    }
}

/// Reads a part up to a cut that may be none: a walk that does not come by there goes on to the end.
pub(super) fn read_part<P>(
    bytes: &[u8],
    part: Range<usize>,
    read: impl Fn(Range<usize>) -> Result<P, ParseError>,
) -> Result<P, ParseError> {
    let whole = part.start..bytes.len();
    match read(part.clone()) {
        // The cut is in the middle of something.
        Err(_) if part != whole => read(whole),
        read => read,
    }
}

/// Where the quote of the key of a value is, if what stands before it is the comma behind another member.
/// A guess: the key may hold escaped quotes.
pub(super) fn key_before(bytes: &[u8], value: usize) -> Option<usize> {
    let before = bytes.get(..value)?.trim_ascii_end();
    let before = before.strip_suffix(b":")?.trim_ascii_end();
    let before = before.strip_suffix(b"\"")?;
    let quote = memchr::memrchr(b'"', before)?;
    let comma = before.get(..quote)?.trim_ascii_end().ends_with(b",");
    comma.then_some(quote)
}

/// Pushes what a list holds, and reads nothing else.
pub(super) struct Extend<'v, T>(pub(super) &'v mut Vec<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Extend<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Extend<'_, T> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element()? {
            self.0.push(value);
        }
        Ok(())
    }
}

/// A `serde_json` error about what begins at an offset, as one of ours.
fn placed(bytes: &[u8], base: usize, error: &serde_json::Error) -> ParseError {
    let rest = bytes.get(base..).unwrap_or_default();
    let offset = base + offset_of(rest, error.line(), error.column());
    let place = Place::of(bytes, offset);
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
