//! Istanbul's `coverage-final.json`: nyc, jest, vitest, c8 and everything else that instruments or maps
//! to `istanbul-lib-coverage` data.
//!
//! Figures are made the way `istanbul-lib-coverage` 3.2 makes them, for the file stores none: statements
//! are the keys of `s`, functions those of `f`, arms the members of `b`; a line is covered as often as
//! the most executed statement that starts on it. Ids are names, not places: they can have gaps.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::by_path::ByPath;
use super::json::{self, Count, Members, Next, Text, Whole};
use super::oddities::Oddities;
use super::{ParseError, text};
use crate::coverage::{
    Column, Construct, FileBuilder, FileCoverage, Format, Hits, Line, Outcome, Position, Ratio,
    Report, Span, Totals,
};

/// A place behind an offset where a file's key begins, if the report is written without white space, as
/// every tool writes it. A guess: a source map's `path` looks the same.
pub(super) fn cut(bytes: &[u8], from: usize) -> Option<usize> {
    memchr::memmem::find_iter(bytes.get(from..)?, br#"{"path":"#)
        .find_map(|found| json::key_before(bytes, from + found))
}

/// Reads a range of the text: from its beginning, or from a cut on; up to a cut, if it comes by there.
/// An empty object is a report of no files.
pub(super) fn part(bytes: &[u8], range: Range<usize>) -> Result<Part, ParseError> {
    json::read_part(bytes, range, |range| {
        let mut part = Part::default();
        let mut builder = FileBuilder::default();
        let is_first = range.start == 0;
        let mut files = Members::new(bytes, range)?;
        if is_first {
            files.open()?;
        }
        loop {
            let path = match files.next_key()? {
                Next::Key(path) => path,
                Next::Closed => break,
                Next::Cut => return Ok(part),
            };
            let entry = files.value(PhantomData::<Entry<'_>>)?;
            let file = entry.file(path.as_str(), &mut builder, &mut part.oddities);
            part.files.push(file);
        }
        files.end()?;
        part.is_last = true;
        Ok(part)
    })
}

/// The report that the parts of a text make.
pub(super) fn join(parts: Vec<Result<Part, ParseError>>) -> Result<Report, ParseError> {
    let mut files = ByPath::default();
    let mut oddities = Oddities::default();
    for part in parts {
        let part = part?;
        oddities.append(part.oddities);
        for file in part.files {
            files.add(file, &mut oddities);
        }
        if part.is_last {
            // It never came by the next cut: that was none.
            break;
        }
    }
    Ok(Report {
        format: Format::Istanbul,
        tool: None,
        totals: files.totals(),
        files: files.into_vec(),
        source_roots: Vec::new(),
        warnings: oddities.finish(),
    })
}

/// What was read of a part of the text.
#[derive(Debug, Default)]
pub(super) struct Part {
    files: Vec<FileCoverage>,
    oddities: Oddities,
    /// It was read to the end of the text.
    is_last: bool,
}

/// One file. What no figure and no mark is made of (`hash`, `inputSourceMap`, `meta`…) is skipped.
#[derive(Default, Deserialize)]
#[serde(default, expecting = "a file's maps and counts")]
struct Entry<'a> {
    #[serde(rename = "statementMap")]
    statement_map: Ids<Start>,
    #[serde(rename = "fnMap", borrow)]
    fn_map: Ids<FunctionShape<'a>>,
    #[serde(rename = "branchMap", borrow)]
    branch_map: Ids<BranchShape<'a>>,
    s: Ids<Count>,
    f: Ids<Count>,
    b: Ids<Vec<Count>>,
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "a function")]
struct FunctionShape<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    decl: Start,
    loc: Extent,
    line: Whole,
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "a branch")]
struct BranchShape<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
    loc: Extent,
    locations: Vec<Start>,
    /// Absent with vitest's Istanbul provider.
    line: Whole,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default, expecting = "a range of the source")]
struct Extent {
    start: Point,
    end: Point,
}

/// A range of which only the start matters: most of them, and the ends need not be looked at.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default, expecting = "a range of the source")]
struct Start {
    start: Point,
}

/// Absent, null, negative and fractional numbers all occur; see [`Point::position`].
#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(default, expecting = "a place in the source")]
struct Point {
    line: Whole,
    column: Whole,
}

impl Point {
    fn line(self) -> Option<Line> {
        self.line
            .0
            .and_then(|line| u32::try_from(line).ok())
            .and_then(Line::new)
    }

    /// `None` for a point without a line (the `else` that nobody wrote). A negative column is 0: c8
    /// writes -1 for what source maps cannot tell. A null column is none: vitest writes `Infinity` so,
    /// "to the end of the line". Columns past the end of the line cannot be told here.
    fn position(self) -> Option<Position> {
        Some(Position {
            line: self.line()?,
            column: self
                .column
                .0
                .map(|column| Column::new(u32::try_from(column.max(0)).unwrap_or(u32::MAX))),
        })
    }
}

impl Extent {
    /// An end without a line is the end of the line that the range starts on.
    fn span(self) -> Option<Span> {
        let start = self.start.position()?;
        let end = self.end.position().unwrap_or(Position::line(start.line));
        Some(Span::new(start, end))
    }
}

impl Entry<'_> {
    fn file(&self, path: &str, file: &mut FileBuilder, oddities: &mut Oddities) -> FileCoverage {
        file.start(path);
        let statements = self.s.ratio();
        let lines = self.lines(path, file, oddities);
        let functions = self.f.ratio();
        self.functions(path, file, oddities);
        let branches = self.b.iter().flat_map(|(_, arms)| arms);
        let branches = ratio(branches.copied());
        self.branches(path, file, oddities);
        self.check(path, oddities);
        file.totals(Totals {
            branches: Some(branches),
            lines: Some(lines),
            functions: Some(functions),
            statements: Some(statements),
        });
        file.take()
    }

    /// Says where the maps and the counts contradict each other.
    fn check(&self, path: &str, oddities: &mut Oddities) {
        let maps = [
            (self.statement_map.len(), self.s.len(), "statements"),
            (self.fn_map.len(), self.f.len(), "functions"),
            (self.branch_map.len(), self.b.len(), "branches"),
        ];
        for (placed, counted, what) in maps {
            if placed > counted {
                oddities.note("files whose maps and counts differ", || {
                    format!(
                        "{} places {placed} {what} and counts {counted}; what is not counted is left out",
                        text::quote_name(path)
                    )
                });
            }
        }
        if self.statement_map.repeated
            || self.fn_map.repeated
            || self.branch_map.repeated
            || self.s.repeated
            || self.f.repeated
            || self.b.repeated
        {
            oddities.note("files with repeated ids", || {
                format!(
                    "{} has an id twice; the later one counts",
                    text::quote_name(path)
                )
            });
        }
    }

    fn lines(&self, path: &str, file: &mut FileBuilder, oddities: &mut Oddities) -> Ratio {
        let mut lines = Vec::with_capacity(self.s.len());
        for (place, &(id, count)) in self.s.iter().enumerate() {
            odd_count(path, count, oddities);
            match self
                .statement_map
                .get(place, id)
                .and_then(|range| range.start.line())
            {
                Some(line) => lines.push((line, count.n)),
                None => oddities.note("statements without a place", || {
                    format!(
                        "{} counts a statement that it does not place",
                        text::quote_name(path)
                    )
                }),
            }
        }
        lines.sort_unstable();
        let mut ratio = Ratio::default();
        for same in lines.chunk_by(|a, b| a.0 == b.0) {
            // Sorted by count within a line: the last is the most.
            if let Some(&(line, most)) = same.last() {
                file.line(line, Hits::times(most));
                ratio = ratio.plus(Ratio::new(u64::from(most > 0), 1));
            }
        }
        ratio
    }

    fn functions(&self, path: &str, file: &mut FileBuilder, oddities: &mut Oddities) {
        for (place, &(id, count)) in self.f.iter().enumerate() {
            odd_count(path, count, oddities);
            let shape = self.fn_map.get(place, id);
            let span = shape.and_then(|shape| {
                let body = shape.loc.span();
                let start = shape.decl.start.position();
                let start = start.or(body.map(|body| body.start)).or_else(|| {
                    let line = u32::try_from(shape.line.0?).ok().and_then(Line::new)?;
                    Some(Position::line(line))
                })?;
                Some(Span::new(start, body.map_or(start, |body| body.end)))
            });
            if let (Some(shape), Some(span)) = (shape, span) {
                let name = shape.name.as_ref().map_or("", Text::as_str);
                file.function(name, span, Hits::times(count.n));
            } else {
                oddities.note("functions without a place", || {
                    format!(
                        "{} counts a function that it does not place",
                        text::quote_name(path)
                    )
                });
            }
        }
    }

    fn branches(&self, path: &str, file: &mut FileBuilder, oddities: &mut Oddities) {
        for (place, (id, arms)) in self.b.iter().enumerate() {
            let shape = self.branch_map.get(place, *id);
            let Some((shape, span)) = shape.and_then(|shape| Some((shape, shape.span()?))) else {
                oddities.note("branches without a place", || {
                    format!(
                        "{} counts a branch that it does not place",
                        text::quote_name(path)
                    )
                });
                continue;
            };
            let construct = shape.construct();
            file.branch(span, construct);
            for (nth, &count) in arms.iter().enumerate() {
                odd_count(path, count, oddities);
                let outcome = shape.outcome(construct, nth);
                file.arm(outcome, Hits::times(count.n));
            }
        }
    }
}

fn odd_count(path: &str, count: Count, oddities: &mut Oddities) {
    if count.odd {
        oddities.note("counts that are no counts", || {
            format!(
                "{} has a hit count that is negative, no whole number or too large; {} is shown",
                text::quote_name(path),
                count.n
            )
        });
    }
}

impl BranchShape<'_> {
    /// Where lcov and Cobertura show it too: `loc`; where that has no line, the first place there is.
    fn span(&self) -> Option<Span> {
        self.loc
            .span()
            .or_else(|| {
                let start = self.locations.iter().find_map(|it| it.start.position())?;
                Some(Span::new(start, start))
            })
            .or_else(|| {
                let line = u32::try_from(self.line.0?).ok().and_then(Line::new)?;
                Some(Span::line(line))
            })
    }

    fn construct(&self) -> Construct {
        match self.kind.as_ref().map_or("", Text::as_str) {
            "if" => Construct::If,
            "cond-expr" => Construct::Conditional,
            "binary-expr" => Construct::Logical,
            "switch" => Construct::Switch,
            "default-arg" => Construct::DefaultArgument,
            "branch" => Construct::Block,
            _ => Construct::Unknown,
        }
    }

    /// The then-arm of an `if` has the place of the whole `if`; with `istanbul ignore if` the only arm
    /// is the `else`, so the place decides and not the number. Other arms are where their code is.
    fn outcome(&self, construct: Construct, nth: usize) -> Outcome<'static> {
        let Some(range) = self.locations.get(nth) else {
            return Outcome::Nth;
        };
        match range.start.position() {
            None if construct == Construct::If => Outcome::ImplicitElse,
            None => Outcome::Nth,
            Some(_) if construct == Construct::If && range.start == self.loc.start => Outcome::True,
            Some(position) => Outcome::At(position),
        }
    }
}

/// An object of things by id, ascending, each id once. Ids are numbers in every known tool; any other
/// string is an id too.
#[derive(Debug)]
struct Ids<T> {
    things: Vec<(u64, T)>,
    /// An id was there twice; the later one counts, as for `JSON.parse`.
    repeated: bool,
}

impl<T> Default for Ids<T> {
    fn default() -> Self {
        Self {
            things: Vec::new(),
            repeated: false,
        }
    }
}

impl<T> Ids<T> {
    /// JavaScript writes integer-like keys ascending: nothing is to be done in all but odd files.
    fn settled(mut things: Vec<(u64, T)>) -> Self {
        let mut repeated = false;
        if !things.is_sorted_by(|a, b| a.0 < b.0) {
            things.sort_by_key(|&(id, _)| id);
            things.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                if same {
                    std::mem::swap(next, kept);
                }
                repeated |= same;
                same
            });
        }
        Self { things, repeated }
    }

    /// The thing of an id. Maps and counts have the same ids, so `place` is right nearly always.
    fn get(&self, place: usize, id: u64) -> Option<&T> {
        if let Some((at, thing)) = self.things.get(place)
            && *at == id
        {
            return Some(thing);
        }
        let found = self.things.binary_search_by_key(&id, |&(at, _)| at).ok()?;
        self.things.get(found).map(|(_, thing)| thing)
    }

    fn len(&self) -> usize {
        self.things.len()
    }

    fn iter(&self) -> std::slice::Iter<'_, (u64, T)> {
        self.things.iter()
    }
}

impl Ids<Count> {
    fn ratio(&self) -> Ratio {
        ratio(self.things.iter().map(|&(_, count)| count))
    }
}

fn ratio(counts: impl Iterator<Item = Count>) -> Ratio {
    counts.fold(Ratio::default(), |sum, count| {
        sum.plus(Ratio::new(u64::from(count.n > 0), 1))
    })
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ids<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Ids<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of entries by id")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ids<T>, A::Error> {
                let mut things = Vec::new();
                while let Some((id, thing)) = map.next_entry::<Id, T>()? {
                    things.push((id.0, thing));
                }
                Ok(Ids::settled(things))
            }
            fn visit_unit<E>(self) -> Result<Ids<T>, E> {
                Ok(Ids::default())
            }
        }
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

/// A key: its number, or a hash with the highest bit set.
struct Id(u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }
            fn visit_str<E>(self, id: &str) -> Result<Id, E> {
                let canonical = id == "0" || !id.starts_with(['0', '+']);
                let number = id.parse::<u64>().ok().filter(|n| canonical && n >> 63 == 0);
                Ok(Id(number.unwrap_or_else(|| {
                    use std::hash::Hasher;
                    let mut hasher = rustc_hash::FxHasher::default();
                    hasher.write(id.as_bytes());
                    hasher.finish() | 1 << 63
                })))
            }
        }
        deserializer.deserialize_identifier(Reader)
    }
}
