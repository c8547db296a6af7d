//! coverage.py's JSON report, formats 1 (no key), 2 and 3: coverage.py 5.0 to 7.17.
//!
//! A branch is a source line, its arms are the arcs that leave it; nothing is counted, only seen. An
//! arc to a negative line leaves the code object that begins there.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::by_path::ByPath;
use super::json::{self, Extend, Members, Next, Text};
use super::oddities::Oddities;
use super::{ParseError, text};
use crate::coverage::{
    Construct, FileBuilder, FileCoverage, Format, Hits, Line, Outcome, Position, Ratio, Report,
    Span, Totals,
};

/// A place behind an offset where a file's key begins. A guess: keys of functions look the same, but
/// where there are any, three braces close before the next file.
pub(super) fn cut(bytes: &[u8], from: usize) -> Option<usize> {
    /// How far the three braces are looked for: they stand behind every file, or behind none.
    const FAR: usize = 8 << 20;
    let value = br#"{"executed_lines": ["#;
    let rest = bytes.get(from..)?;
    let near = rest.get(..FAR).unwrap_or(rest);
    let mut keys = memchr::memmem::find_iter(near, value)
        .filter_map(|found| json::key_before(bytes, from + found));
    let any = keys.next()?;
    let braces = |key: usize| {
        let before = bytes.get(..key)?.trim_ascii_end().strip_suffix(b",")?;
        Some(before.ends_with(b"}}}"))
    };
    std::iter::once(any)
        .chain(keys)
        .find(|&key| braces(key) == Some(true))
        .or(Some(any))
}

/// Reads a range of the text: from its beginning, or from a cut on; up to a cut, if it comes by there.
pub(super) fn part(bytes: &[u8], range: Range<usize>) -> Result<Part, ParseError> {
    json::read_part(bytes, range, |range| {
        let mut part = Part::default();
        let mut page = Page::default();
        let is_first = range.start == 0;
        let mut members = Members::new(bytes, range)?;
        let whole = if is_first {
            members.open()?;
            part.root(&mut members, &mut page)?
        } else {
            part.files(&mut members, &mut page)? && part.root(&mut members, &mut page)?
        };
        if whole {
            members.end()?;
            part.is_last = true;
        }
        Ok(part)
    })
}

/// The report that the parts of a text make.
pub(super) fn join(parts: Vec<Result<Part, ParseError>>) -> Result<Report, ParseError> {
    let (mut meta, mut stored) = (Meta::default(), None);
    let mut files = ByPath::default();
    let mut oddities = Oddities::default();
    for part in parts {
        let part = part?;
        oddities.append(part.oddities);
        for file in part.files {
            files.add(file, &mut oddities);
        }
        meta = part.meta.unwrap_or(meta);
        stored = part.totals.or(stored);
        if part.is_last {
            // It never came by the next cut: that was none.
            break;
        }
    }
    let summed = files.totals();
    let mut totals = stored.as_ref().map_or(summed, Summary::totals);
    if stored.is_some() && !files.is_empty() && totals != summed {
        oddities.note("totals", || {
            "the totals in the report are not the sum of its files; they are shown as they are"
                .to_owned()
        });
    }
    if meta.branch_coverage == Some(false) {
        totals.branches = None;
    }
    Ok(Report {
        format: Format::CoveragePy,
        tool: meta.version.map(|version| format!("coverage.py {version}")),
        totals,
        files: files.into_vec(),
        source_roots: Vec::new(),
        warnings: oddities.finish(),
    })
}

/// What was read of a part of the text.
#[derive(Debug, Default)]
pub(super) struct Part {
    meta: Option<Meta>,
    files: Vec<FileCoverage>,
    totals: Option<Summary>,
    oddities: Oddities,
    /// It was read to the end of the text.
    is_last: bool,
}

impl Part {
    fn tell_repeated(&mut self, key: &str, is_there: bool) {
        if is_there {
            self.oddities.note("repeated keys", || {
                format!("the key `{key}` is in the report twice; the later one counts")
            });
        }
    }

    /// Reads the members of the outermost object; `false` where a cut came before its end.
    fn root(&mut self, members: &mut Members<'_>, page: &mut Page) -> Result<bool, ParseError> {
        loop {
            let key = match members.next_key()? {
                Next::Key(key) => key,
                Next::Closed => return Ok(true),
                // A cut is between files: this was none.
                Next::Cut => return Err(members.unexpected("a file")),
            };
            match key.as_str() {
                "meta" => {
                    let meta = members.value(PhantomData::<Meta>)?;
                    self.tell_repeated("meta", self.meta.is_some());
                    self.meta = Some(meta);
                }
                "files" => {
                    members.open()?;
                    if !self.files(members, page)? {
                        return Ok(false);
                    }
                }
                "totals" => {
                    let totals = members.value(PhantomData::<Summary>)?;
                    self.tell_repeated("totals", self.totals.is_some());
                    self.totals = Some(totals);
                }
                _ => members.skip()?,
            }
        }
    }

    /// Reads files; `false` where a cut came before the last of them.
    fn files(&mut self, members: &mut Members<'_>, page: &mut Page) -> Result<bool, ParseError> {
        loop {
            let path = match members.next_key()? {
                Next::Key(path) => path,
                Next::Closed => return Ok(true),
                Next::Cut => return Ok(false),
            };
            page.start(path.as_str());
            members.value(&mut *page)?;
            self.files
                .push(page.file(path.as_str(), &mut self.oddities));
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "what the report says of itself")]
struct Meta {
    version: Option<String>,
    branch_coverage: Option<bool>,
}

/// The figures of a file or of the whole. The branch keys are there only when branches were measured.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "figures")]
struct Summary {
    covered_lines: u64,
    num_statements: u64,
    num_branches: Option<u64>,
    covered_branches: Option<u64>,
    missing_branches: Option<u64>,
}

impl Summary {
    fn branches(&self) -> Option<Ratio> {
        let total = self.num_branches?;
        // 7.17 stores all three; where one is absent the other two tell it.
        let covered = self
            .covered_branches
            .or_else(|| Some(total.saturating_sub(self.missing_branches?)))?;
        Some(Ratio::new(covered, total))
    }

    fn totals(&self) -> Totals {
        Totals {
            branches: self.branches(),
            lines: Some(Ratio::new(self.covered_lines, self.num_statements)),
            functions: None,
            statements: None,
        }
    }
}

/// What is read of one file; one is used for all of them, for its memory. Lines past `u32` are an error
/// of the reader, with their place.
#[derive(Default)]
struct Page {
    builder: FileBuilder,
    summary: Option<Summary>,
    taken: Vec<(i64, i64)>,
    untaken: Vec<(i64, i64)>,
    /// Lines that no file has.
    n_zeros: usize,
}

impl Page {
    fn start(&mut self, path: &str) {
        self.builder.start(path);
        self.summary = None;
        self.taken.clear();
        self.untaken.clear();
        self.n_zeros = 0;
    }

    fn file(&mut self, path: &str, oddities: &mut Oddities) -> FileCoverage {
        if self.n_zeros > 0 {
            oddities.note("lines 0", || {
                format!("{} has a line 0, which is left out", text::quote_name(path))
            });
        }
        self.arcs(path, oddities);
        let file = self.builder.take();
        let mut counted = file.counted();
        let totals = if let Some(summary) = &self.summary {
            let mut told = summary.totals();
            if told.branches.is_none() {
                // Versions before 6 store how many there are, and list the missing ones.
                told.branches = summary.num_branches.map(|total| {
                    Ratio::new(total.saturating_sub(self.untaken.len() as u64), total)
                });
            }
            self.compare(path, told, counted, oddities);
            told
        } else {
            counted.functions = None;
            if self.taken.is_empty() && self.untaken.is_empty() {
                counted.branches = None;
            }
            counted
        };
        file.with_totals(totals)
    }

    /// Arcs by the line they leave, arms by where they go: exits last.
    fn arcs(&mut self, path: &str, oddities: &mut Oddities) {
        let taken = self.taken.iter().map(|&arc| (arc, true));
        let untaken = self.untaken.iter().map(|&arc| (arc, false));
        let mut arcs: Vec<_> = taken
            .chain(untaken)
            .filter_map(|((from, to), taken)| {
                let line = u32::try_from(from).ok().and_then(Line::new);
                if line.is_none() {
                    oddities.note("arcs from nowhere", || {
                        format!(
                            "{} has an arc from line {from}, which is left out",
                            text::quote_name(path)
                        )
                    });
                }
                let to = u32::try_from(to).ok().and_then(Line::new);
                Some((line?, to.is_none(), to, taken))
            })
            .collect();
        arcs.sort_unstable();
        let mut at = None;
        for (from, _, to, taken) in arcs {
            if at != Some(from) {
                self.builder.branch(Span::line(from), Construct::Unknown);
                at = Some(from);
            }
            let outcome = to.map_or(Outcome::Exit, Outcome::ToLine);
            self.builder.arm(outcome, Hits::seen(taken));
        }
    }

    /// Says where the stored figures cannot be made from the lines and arcs.
    fn compare(&self, path: &str, told: Totals, listed: Totals, oddities: &mut Oddities) {
        if told.lines != listed.lines {
            differ(path, "lines", told.lines, listed.lines, oddities);
        }
        let (Some(branches), Some(arcs)) = (told.branches, listed.branches) else {
            return;
        };
        if branches != arcs && branches.missed() == self.untaken.len() as u64 {
            // An arc behind `# pragma: no branch` counts as taken and is not listed; version 6 lists
            // more than it counts.
            oddities.note("files with arms that are counted and not listed", || {
                format!(
                    "{} counts {} taken arms and lists {}; an arm excluded by a pragma counts as taken",
                    text::quote_name(path),
                    branches.covered,
                    arcs.covered
                )
            });
        } else if branches != arcs {
            differ(path, "arms", told.branches, listed.branches, oddities);
        }
    }
}

fn differ(
    path: &str,
    what: &str,
    told: Option<Ratio>,
    listed: Option<Ratio>,
    oddities: &mut Oddities,
) {
    let (told, listed) = (told.unwrap_or_default(), listed.unwrap_or_default());
    oddities.note("files whose figures and lists differ", || {
        format!(
            "{} stores {} of {} {what} taken and lists {} of {}; the stored figures are shown",
            text::quote_name(path),
            told.covered,
            told.total,
            listed.covered,
            listed.total
        )
    });
}

/// What a file's keys are for; every key once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    ExecutedLines,
    MissingLines,
    Summary,
    ExecutedBranches,
    MissingBranches,
    Functions,
    StartLine,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "executed_lines" => Key::ExecutedLines,
                    "missing_lines" => Key::MissingLines,
                    "summary" => Key::Summary,
                    "executed_branches" => Key::ExecutedBranches,
                    "missing_branches" => Key::MissingBranches,
                    "functions" => Key::Functions,
                    "start_line" => Key::StartLine,
                    _ => Key::Other,
                })
            }
        }
        deserializer.deserialize_identifier(Reader)
    }
}

/// Refuses a key that was there before: which of the two counts, nobody knows.
#[derive(Default)]
struct Once(u8);

impl Once {
    fn only<E: Error>(&mut self, key: Key, name: &'static str) -> Result<(), E> {
        let bit = 1 << (key as u8);
        if self.0 & bit != 0 {
            return Err(E::duplicate_field(name));
        }
        self.0 |= bit;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Page {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Page {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file's lines and arcs")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut once = Once::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::ExecutedLines => {
                    once.only(key, "executed_lines")?;
                    map.next_value_seed(Lines(self, true))?;
                }
                Key::MissingLines => {
                    once.only(key, "missing_lines")?;
                    map.next_value_seed(Lines(self, false))?;
                }
                Key::Summary => {
                    once.only(key, "summary")?;
                    self.summary = Some(map.next_value()?);
                }
                Key::ExecutedBranches => {
                    once.only(key, "executed_branches")?;
                    map.next_value_seed(Extend(&mut self.taken))?;
                }
                Key::MissingBranches => {
                    once.only(key, "missing_branches")?;
                    map.next_value_seed(Extend(&mut self.untaken))?;
                }
                Key::Functions => {
                    once.only(key, "functions")?;
                    map.next_value_seed(Functions(&mut self.builder))?;
                }
                Key::StartLine | Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A list of lines that all ran, or did not.
struct Lines<'p>(&'p mut Page, bool);

impl<'de> DeserializeSeed<'de> for Lines<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Lines<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of lines")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let hits = Hits::seen(self.1);
        while let Some(line) = list.next_element()? {
            match Line::new(line) {
                Some(line) => {
                    self.0.builder.line(line, hits);
                }
                None => self.0.n_zeros += 1,
            }
        }
        Ok(())
    }
}

/// A file's functions by name (coverage.py 7.6 and later); the module itself is the one without a name.
struct Functions<'p>(&'p mut FileBuilder);

impl<'de> DeserializeSeed<'de> for Functions<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Functions<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("functions by name")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, region)) = map.next_entry::<Text<'de>, Region>()? {
            region.tell(name.as_str(), self.0);
        }
        Ok(())
    }
}

/// A function's lines, as far as they tell whether it was called.
#[derive(Default)]
struct Region {
    executed: Extent,
    missing: Extent,
    /// Only in newer versions of format 3.
    start_line: Option<u32>,
}

impl Region {
    /// A region is called when any line of it ran: its `def` belongs to the region around it.
    fn tell(&self, name: &str, file: &mut FileBuilder) {
        let first = self.executed.first.min(self.missing.first);
        let last = self.executed.last.max(self.missing.last);
        let start = self.start_line.unwrap_or(first);
        // Where nothing is counted (no last line), nothing tells whether it ran.
        if let (false, Some(start), Some(end)) =
            (name.is_empty(), Line::new(start), Line::new(last))
        {
            let span = Span::new(Position::line(start), Position::line(end.max(start)));
            file.function(name, span, Hits::seen(self.executed.last > 0));
        }
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Region;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a function's lines")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Region, A::Error> {
                let mut region = Region::default();
                while let Some(key) = map.next_key()? {
                    match key {
                        Key::ExecutedLines => region.executed = map.next_value()?,
                        Key::MissingLines => region.missing = map.next_value()?,
                        Key::StartLine => region.start_line = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(region)
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// The first and the last of a list of lines; the last is 0 for a list of none.
struct Extent {
    first: u32,
    last: u32,
}

impl Default for Extent {
    fn default() -> Self {
        Self {
            first: u32::MAX,
            last: 0,
        }
    }
}

impl<'de> Deserialize<'de> for Extent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Extent;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of lines")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Extent, A::Error> {
                let mut extent = Extent::default();
                while let Some(line) = list.next_element()? {
                    extent.first = extent.first.min(line);
                    extent.last = extent.last.max(line);
                }
                Ok(extent)
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}
