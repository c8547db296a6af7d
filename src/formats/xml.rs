//! XML that knows its place, read tag by tag.
//!
//! No entity is ever expanded but the five of XML itself and character numbers; a document type is
//! skipped, nothing it names is fetched. So an entity bomb is a few bytes of text.

use std::borrow::Cow;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::{BytesStart, Event};

use super::{ParseError, Place, text};
use crate::harmless;

/// The most elements that may be open at once: far beyond any report, and a bound for memory.
const DEEPEST: usize = 1000;

/// A walk over the tags of a text.
pub(super) struct Tags<'a> {
    bytes: &'a [u8],
    reader: Reader<&'a [u8]>,
    depth: usize,
    /// Elements that were opened before the walk began, innermost last.
    outside: Vec<&'static str>,
    /// Whether the tag met last was one; then the next begins where the reader stands.
    at_markup: bool,
}

/// What a walk meets. An empty element is `Empty` alone, without a `Close`.
#[derive(Debug)]
pub(super) enum Tag<'a> {
    Open(Element<'a>),
    Empty(Element<'a>),
    Close,
    /// Character data, as it stands; entities in it are not part of it.
    #[allow(dead_code, reason = "only some formats read text")]
    Text(Cow<'a, str>),
}

/// An element's name and attributes.
#[derive(Debug)]
pub(super) struct Element<'a>(BytesStart<'a>);

impl<'a> Tags<'a> {
    /// `bytes` must be UTF-8; [`utf8`] makes them so.
    pub(super) fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        // A stray `&` in a name is the tool's mistake and no reason to lose the report.
        reader.config_mut().allow_dangling_amp = true;
        Self {
            bytes: text.as_bytes(),
            reader,
            depth: 0,
            outside: Vec::new(),
            at_markup: false,
        }
    }

    /// A walk over a text that was cut out of a document, within elements that were opened before it.
    pub(super) fn inside(text: &'a str, outside: Vec<&'static str>) -> Self {
        let mut tags = Self::new(text);
        tags.reader.config_mut().allow_unmatched_ends = true;
        tags.outside = outside;
        tags
    }

    /// What follows the tag met last; empty behind text. A reader that knows an element by its very bytes
    /// may take it from here with [`Self::skip`].
    pub(super) fn rest(&self) -> &'a [u8] {
        if self.at_markup {
            self.reader.get_ref()
        } else {
            &[]
        }
    }

    /// Goes on behind so many bytes of [`Self::rest`], which must be whole elements.
    pub(super) fn skip(&mut self, n_bytes: usize) {
        self.reader.stream().consume(n_bytes);
    }

    /// How many elements are open that were opened by this walk.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// The next tag, `None` at the end of a whole document.
    pub(super) fn next(&mut self) -> Result<Option<Tag<'a>>, ParseError> {
        match self.next_in_part()? {
            None if self.depth > 0 || !self.outside.is_empty() => Err(ParseError::Truncated {
                place: Place::of(self.bytes, self.bytes.len()),
                within: "an element",
            }),
            tag => Ok(tag),
        }
    }

    /// The next tag, `None` at the end of the text, whatever is still open.
    pub(super) fn next_in_part(&mut self) -> Result<Option<Tag<'a>>, ParseError> {
        self.at_markup = true;
        loop {
            match self.reader.read_event() {
                Ok(Event::Start(element)) => {
                    self.depth += 1;
                    if self.depth > DEEPEST {
                        return Err(ParseError::Limit {
                            place: self.place(),
                            what: format!(
                                "elements are nested more than {DEEPEST} deep, which no coverage tool writes"
                            ),
                        });
                    }
                    return Ok(Some(Tag::Open(Element(element))));
                }
                Ok(Event::Empty(element)) => return Ok(Some(Tag::Empty(Element(element)))),
                Ok(Event::End(end)) => {
                    match self.depth.checked_sub(1) {
                        Some(depth) => self.depth = depth,
                        None if self.outside.last() == Some(&end.name().into_inner()) => {
                            self.outside.pop();
                        }
                        None => {
                            return Err(self.unexpected("an opening tag before this closing one"));
                        }
                    }
                    return Ok(Some(Tag::Close));
                }
                Ok(Event::Text(text)) => {
                    self.at_markup = false;
                    return Ok(Some(Tag::Text(text.into_inner())));
                }
                Ok(Event::CData(text)) => return Ok(Some(Tag::Text(text.into_inner()))),
                Ok(Event::Eof) => return Ok(None),
                Ok(
                    Event::Comment(_)
                    | Event::Decl(_)
                    | Event::PI(_)
                    | Event::DocType(_)
                    | Event::GeneralRef(_),
                ) => {}
                Err(error) => return Err(self.placed(&error)),
            }
        }
    }

    /// Where the walk is: behind the tag met last.
    pub(super) fn place(&self) -> Place {
        Place::of(self.bytes, self.offset())
    }

    fn offset(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// An error about the tag met last.
    #[allow(dead_code, reason = "only some formats ask")]
    pub(super) fn unexpected(&self, expected: impl Into<String>) -> ParseError {
        let end = self.offset().min(self.bytes.len());
        let start = memchr::memrchr(b'<', self.bytes.get(..end).unwrap_or_default()).unwrap_or(end);
        text::syntax(self.bytes, start, expected)
    }

    fn placed(&self, error: &Error) -> ParseError {
        let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        match error {
            Error::Syntax(kind) => {
                // All of these mean that the input ended within the thing.
                let within = match kind {
                    SyntaxError::UnclosedPI | SyntaxError::UnclosedXmlDecl => "an XML declaration",
                    SyntaxError::UnclosedComment => "a comment",
                    SyntaxError::UnclosedDoctype => "a document type",
                    SyntaxError::UnclosedCData => "a CDATA section",
                    SyntaxError::InvalidBangMarkup if at + 9 < self.bytes.len() => {
                        return text::syntax(self.bytes, at, "a tag");
                    }
                    _ => "a tag",
                };
                ParseError::Truncated {
                    place: Place::of(self.bytes, self.bytes.len()),
                    within,
                }
            }
            Error::IllFormed(IllFormedError::MismatchedEndTag { expected, .. }) => {
                text::syntax(self.bytes, at, format!("`</{}>`", harmless::line(expected)))
            }
            Error::IllFormed(IllFormedError::UnmatchedEndTag(_)) => {
                text::syntax(self.bytes, at, "an opening tag before this closing one")
            }
            _ => text::syntax(self.bytes, at, "well-formed XML"),
        }
    }
}

impl Element<'_> {
    pub(super) fn name(&self) -> &str {
        self.0.name().into_inner()
    }

    /// The value of an attribute, its entities resolved; `None` where it is absent.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        attribute(self.0.attributes_raw(), name)
    }

    /// A whole number; `None` where the attribute is absent or holds something else.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.attributes()
            .find_map(|(key, value)| (key == name).then(|| number(value)))
            .flatten()
    }

    /// Names and raw values, in order. What is no attribute ends it.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        Attributes(self.0.attributes_raw())
    }
}

/// The value of one of the attributes in a text, its entities resolved.
pub(super) fn attribute<'a>(attributes: &'a str, name: &str) -> Option<Cow<'a, str>> {
    Attributes(attributes).find_map(|(key, value)| (key == name).then(|| resolved(value)))
}

/// A whole number in decimal; past `u64` it is its last value.
pub(super) fn number(value: &str) -> Option<u64> {
    let value = value.trim();
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(value.parse().unwrap_or(u64::MAX))
}

/// A value with the entities of XML itself and character numbers replaced; any other stays as written.
pub(super) fn resolved(value: &str) -> Cow<'_, str> {
    if memchr::memchr(b'&', value.as_bytes()).is_none() {
        return Cow::Borrowed(value);
    }
    let mut whole = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        whole.push_str(before);
        // No further than the longest name: a value of nothing but `&` is no reason to search it all.
        let end = after
            .bytes()
            .take(LONGEST_ENTITY)
            .position(|byte| byte == b';');
        let entity = end.and_then(|end| {
            let char = entity(after.get(..end)?)?;
            Some((char, after.get(end + 1..)?))
        });
        if let Some((char, tail)) = entity {
            whole.push(char);
            rest = tail;
        } else {
            whole.push('&');
            rest = after;
        }
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

/// `#x10ffff` and its semicolon, with some zeros to spare.
const LONGEST_ENTITY: usize = 12;

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Reads `name="value"` pairs; both kinds of quotes.
struct Attributes<'a>(&'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    /// Names and values are a few bytes: a loop finds their end sooner than a search that must be set up.
    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.0.as_bytes();
        let equals = bytes.iter().position(|&byte| byte == b'=')?;
        let space = bytes.get(equals + 1..)?.iter();
        let open = equals + 1 + space.take_while(|byte| byte.is_ascii_whitespace()).count();
        let quote = *bytes.get(open)?;
        if quote != b'"' && quote != b'\'' {
            return None;
        }
        let length = bytes
            .get(open + 1..)?
            .iter()
            .position(|&byte| byte == quote)?;
        let name = self.0.get(..equals)?.trim_ascii();
        let value = self.0.get(open + 1..open + 1 + length)?;
        self.0 = self.0.get(open + 2 + length..)?;
        Some((name, value))
    }
}

/// The text of a document: UTF-8, else every byte a character (Latin-1).
pub(super) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    text::name(bytes)
}
