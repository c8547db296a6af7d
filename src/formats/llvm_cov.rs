//! `llvm-cov export` JSON (2.0.1 of LLVM 14 to 3.1.0 of LLVM 22), from C, C++, Rust and Swift.
//!
//! A decision is a region with a count for true and one for false. Templates, generics and inline
//! functions of headers bring the same region once for each instance: its counts are added up here, so
//! an arm is untaken only when no instance took it. The tool's summary counts otherwise (the best single
//! instance); its figures are shown as they are, and a warning tells where they differ.
//!
//! Decisions inside a macro stand in `expansions`, with places in the file that defines it; they are
//! shown where the macro is used. Hits of lines come from segments, by the rule llvm-cov itself uses.
//! A case of a `switch` is a region too, and nothing in the report says that it is one.

use std::fmt;
use std::marker::PhantomData;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::bounds::LineBudget;
use super::by_path::ByPath;
use super::json::{self, Count, Text};
use super::oddities::Oddities;
use super::{ParseError, Place, text};
use crate::coverage::{
    ColumnUnit, Construct, FileBuilder, FileCoverage, Format, Hits, Line, Outcome, Position, Ratio,
    Report, Span, Totals,
};

pub(super) fn parse(text: &[u8]) -> Result<Report, ParseError> {
    let export = json::read(text, PhantomData::<Export<'_>>)?;
    let mut budget = LineBudget::of(text);
    export
        .report(&mut budget)
        .map_err(|TooManyLines(path)| ParseError::Limit {
            place: Place::of(text, text.len()),
            what: format!(
                "the segments of {} span more lines than any source has",
                text::quote_name(&path)
            ),
        })
}

#[derive(Deserialize)]
struct Export<'a> {
    #[serde(borrow)]
    data: Vec<Data<'a>>,
    #[serde(borrow)]
    cargo_llvm_cov: Option<Wrapper<'a>>,
}

/// What cargo-llvm-cov adds.
#[derive(Deserialize)]
struct Wrapper<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, default)]
    files: Vec<File<'a>>,
    #[serde(borrow, default)]
    functions: Vec<Function<'a>>,
    totals: Option<Summary>,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    filename: Text<'a>,
    #[serde(default)]
    segments: Vec<Segment>,
    /// Absent before LLVM 12, and with `-summary-only`.
    #[serde(default)]
    branches: Vec<Region>,
    #[serde(default)]
    expansions: Vec<Expansion>,
    summary: Option<Summary>,
}

#[derive(Deserialize)]
struct Expansion {
    source_region: Region,
    #[serde(default)]
    branches: Vec<Region>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    count: Count,
    #[serde(borrow)]
    filenames: Vec<Text<'a>>,
    #[serde(default)]
    regions: First,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Summary {
    lines: Option<Figure>,
    functions: Option<Figure>,
    branches: Option<Figure>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Figure {
    count: u64,
    covered: u64,
}

/// The path of a file whose segments span more lines than the input can mean.
struct TooManyLines(String);

/// A place in a source, 1-based, columns in bytes.
type At = (u32, u32);

/// `[line, column, end line, end column, count or true, … or false, file id, …]`: regions and
/// branches, whose first seven numbers are all that matters here.
#[derive(Clone, Copy, Debug, Default)]
struct Region {
    start: At,
    end: At,
    /// How often it ran, or the condition held.
    count: u64,
    /// How often the condition did not hold; the file's id in a region that is no branch.
    or_else: u64,
    /// The file's id in a branch.
    file_id: u64,
}

/// The first region of a function: the function itself.
#[derive(Clone, Copy, Debug, Default)]
struct First(Option<Region>);

/// `[line, column, count, has count, is entry, is gap]`: from here on, until the next one.
#[derive(Clone, Copy, Debug)]
struct Segment {
    line: u32,
    count: u64,
    has_count: bool,
    is_entry: bool,
    is_gap: bool,
}

impl Export<'_> {
    fn report(self, budget: &mut LineBudget) -> Result<Report, TooManyLines> {
        let mut oddities = Oddities::default();
        let mut totals = Totals::default();
        let languages = Languages::of(&self.data);
        let mut files = ByPath::default();
        for data in self.data {
            let mut functions = functions_by_file(&data.functions);
            if let Some(summary) = data.totals {
                totals = totals.plus(summary.totals());
            }
            for file in data.files {
                let own = functions.remove(file.filename.as_str()).unwrap_or_default();
                let file = file.coverage(own, languages, budget, &mut oddities)?;
                files.add(file, &mut oddities);
            }
        }
        if totals == Totals::default() {
            totals = files.totals();
        }
        if languages.measured_nowhere() {
            totals.branches = None;
        }
        if languages.rust == Some(false) {
            oddities.note("languages without branches", || {
                "no branch data for Rust: measure with a nightly toolchain and `cargo llvm-cov --branch`"
                    .to_owned()
            });
        } else if totals.branches.is_none() && !files.is_empty() {
            oddities.note("languages without branches", || {
                "no branch data in this report; it needs LLVM 12 or later, and no -summary-only"
                    .to_owned()
            });
        }
        let tool = self.cargo_llvm_cov.and_then(|wrapper| wrapper.version);
        Ok(Report {
            format: Format::LlvmCov,
            tool: tool.map(|version| format!("cargo-llvm-cov {}", version.as_str())),
            totals,
            files: files.into_vec(),
            source_roots: Vec::new(),
            warnings: oddities.finish(),
        })
    }
}

/// Whether branches were measured, language by language: rustc leaves them out unless asked, and
/// then "none" must not look like "all taken".
#[derive(Clone, Copy, Debug, Default)]
struct Languages {
    /// `None` where the report has no such source, else whether any of them has a branch.
    rust: Option<bool>,
    other: Option<bool>,
    /// C, C++ and Objective-C always have them (LLVM 12 and later), so that none means none.
    has_c: bool,
}

impl Languages {
    fn of(data: &[Data<'_>]) -> Self {
        let mut languages = Self::default();
        for file in data.iter().flat_map(|data| &data.files) {
            let summary = file.summary.and_then(|summary| summary.branches);
            let has = !file.branches.is_empty()
                || file.expansions.iter().any(|one| !one.branches.is_empty())
                || summary.is_some_and(|figure| figure.count > 0);
            let name = file.filename.as_str();
            let of = if is_rust(name) {
                &mut languages.rust
            } else {
                &mut languages.other
            };
            *of = Some(of.unwrap_or_default() || has);
            languages.has_c |= is_c(name) && summary.is_some();
        }
        languages
    }

    fn measured(self, name: &str) -> bool {
        if is_rust(name) {
            self.rust == Some(true)
        } else {
            self.other == Some(true) || self.has_c
        }
    }

    fn measured_nowhere(self) -> bool {
        self.rust != Some(true) && self.other != Some(true) && !self.has_c
    }
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn is_rust(name: &str) -> bool {
    extension(name) == "rs"
}

fn is_c(name: &str) -> bool {
    const ENDINGS: [&str; 14] = [
        "c", "h", "cc", "hh", "cpp", "hpp", "cxx", "hxx", "c++", "h++", "m", "mm", "C", "inc",
    ];
    ENDINGS.contains(&extension(name))
}

/// A function of a file, its instances together.
#[derive(Debug)]
struct Called<'a> {
    name: &'a str,
    region: Region,
    hits: Hits,
}

/// The functions of each file; instances of one function start at the same place.
fn functions_by_file<'a>(functions: &'a [Function<'a>]) -> FxHashMap<&'a str, Vec<Called<'a>>> {
    let mut by_file: FxHashMap<&str, Vec<Called<'_>>> = FxHashMap::default();
    for function in functions {
        let Some(region) = function.regions.0 else {
            continue;
        };
        // Behind the count a plain region has the file's id.
        let file = usize::try_from(region.or_else)
            .ok()
            .and_then(|id| function.filenames.get(id))
            .or(function.filenames.first());
        if let Some(file) = file {
            by_file.entry(file.as_str()).or_default().push(Called {
                name: plain_name(function.name.as_str()),
                region,
                hits: Hits::times(function.count.n),
            });
        }
    }
    for functions in by_file.values_mut() {
        functions.sort_by_key(|function| (function.region.start, function.region.end));
        functions.dedup_by(|next, kept| {
            let same = next.region.start == kept.region.start;
            if same {
                kept.hits = kept.hits.plus(next.hits);
            }
            same
        });
    }
    by_file
}

/// A static function is written with its file before it: `calc.c:clamp`, since LLVM 17 `calc.c;clamp`.
fn plain_name(name: &str) -> &str {
    if let Some((_, plain)) = name.rsplit_once(';') {
        return plain;
    }
    // Objective-C has colons of its own.
    match name.split_once(':') {
        Some((file, plain)) if !name.starts_with(['-', '+']) && file.contains('.') => plain,
        _ => name,
    }
}

impl File<'_> {
    fn coverage(
        mut self,
        functions: Vec<Called<'_>>,
        languages: Languages,
        budget: &mut LineBudget,
        oddities: &mut Oddities,
    ) -> Result<FileCoverage, TooManyLines> {
        let path = self.filename.as_str();
        let mut builder = FileCoverage::builder(path);
        builder.column_unit(ColumnUnit::Byte);
        for function in functions {
            if let Some(span) = function.region.span() {
                builder.function(function.name, span, function.hits);
            }
        }
        tell_branches(&mut builder, &mut self.branches, &self.expansions, oddities);
        tell_lines(&mut builder, &self.segments, budget)
            .ok_or_else(|| TooManyLines(path.to_owned()))?;
        let measured = languages.measured(path);
        let coverage = builder.finish();
        let detail = coverage.counted();
        let stored = self.summary.map_or(detail, Summary::totals);
        let totals = Totals {
            branches: stored.branches.filter(|_| measured),
            ..stored
        };
        for (what, stored, detail) in [
            ("arms", totals.branches, detail.branches),
            ("lines", totals.lines, detail.lines),
        ] {
            let (Some(stored), Some(detail)) = (stored, detail) else {
                continue;
            };
            if stored != detail {
                oddities.note("files that the tool sums up differently", || {
                    format!(
                        "{}: the tool counts {}/{} {what}, all instances together have {}/{}; it takes the best single instance of templates, generics and inlined code",
                        text::quote_name(path), stored.covered, stored.total, detail.covered, detail.total
                    )
                });
            }
        }
        Ok(coverage.with_totals(totals))
    }
}

/// Decisions of the file itself, then those of macros at the place of their use. Instances add up.
fn tell_branches(
    builder: &mut FileBuilder,
    branches: &mut [Region],
    expansions: &[Expansion],
    oddities: &mut Oddities,
) {
    branches.sort_by_key(|region| (region.start, region.end));
    for instances in branches.chunk_by(|a, b| (a.start, a.end) == (b.start, b.end)) {
        if let [first, ..] = instances {
            tell_branch(builder, *first, instances.iter(), oddities);
        }
    }
    // A macro used by a macro may bring one region twice; then the file ids differ.
    let mut expanded: Vec<(Region, Region)> = expansions
        .iter()
        .flat_map(|one| {
            one.branches
                .iter()
                .map(|branch| (one.source_region, *branch))
        })
        .collect();
    let key = |(anchor, branch): &(Region, Region)| {
        let inner = (branch.file_id, branch.start, branch.end);
        (anchor.start, anchor.end, inner)
    };
    expanded.sort_by_key(key);
    for instances in expanded.chunk_by(|a, b| key(a) == key(b)) {
        if let [(anchor, _), ..] = instances {
            tell_branch(
                builder,
                *anchor,
                instances.iter().map(|(_, branch)| branch),
                oddities,
            );
        }
    }
}

fn tell_branch<'r>(
    builder: &mut FileBuilder,
    anchor: Region,
    instances: impl Iterator<Item = &'r Region>,
    oddities: &mut Oddities,
) {
    let Some(span) = anchor.span() else {
        oddities.note("branches without a place", || {
            "a branch on line 0 is left out".to_owned()
        });
        return;
    };
    let (mut held, mut failed) = (0_u64, 0_u64);
    for instance in instances {
        held = held.saturating_add(instance.count);
        failed = failed.saturating_add(instance.or_else);
    }
    builder
        .branch(span, Construct::Unknown)
        .arm(Outcome::True, Hits::times(held))
        .arm(Outcome::False, Hits::times(failed));
}

/// The count of each line as llvm-cov finds it: the largest of the count that reaches into the line and
/// those of the regions that begin on it; lines that neither reaches are not code.
/// `None` when the segments span more lines than the input can mean.
fn tell_lines(
    builder: &mut FileBuilder,
    segments: &[Segment],
    budget: &mut LineBudget,
) -> Option<()> {
    let mut reaching: Option<Segment> = None;
    let mut next_line = 0;
    for on_line in segments.chunk_by(|a, b| a.line == b.line) {
        let (Some(first), Some(last)) = (on_line.first(), on_line.last()) else {
            continue;
        };
        // Segments are in order; a report where they are not loses these lines and nothing else.
        let between = next_line..first.line;
        if let Some(reaching) = reaching.filter(|segment| segment.has_count && !between.is_empty())
        {
            budget.spend(between.end - between.start)?;
            for line in between.filter_map(Line::new) {
                builder.line(line, Hits::times(reaching.count));
            }
        }
        if let (Some(line), Some(count)) = (Line::new(first.line), line_count(reaching, on_line)) {
            budget.spend(1)?;
            builder.line(line, Hits::times(count));
        }
        reaching = Some(*last);
        next_line = first.line.saturating_add(1);
    }
    Some(())
}

/// The count of one line with segments on it, `None` where it is no code.
fn line_count(reaching: Option<Segment>, on_line: &[Segment]) -> Option<u64> {
    let begins = |segment: &&Segment| segment.is_entry && segment.has_count && !segment.is_gap;
    let starts_skipped = on_line
        .first()
        .is_some_and(|first| first.is_entry && !first.has_count);
    let n_begin = on_line.iter().filter(begins).count();
    let reached = reaching.is_some_and(|segment| segment.has_count);
    let is_code = (!starts_skipped && (reached || n_begin > 0))
        || on_line
            .iter()
            .any(|segment| segment.is_entry && segment.has_count);
    if !is_code {
        return None;
    }
    let reaching = reaching.map_or(0, |segment| segment.count);
    Some(
        on_line
            .iter()
            .filter(begins)
            .map(|segment| segment.count)
            .fold(reaching, u64::max),
    )
}

impl Region {
    fn span(self) -> Option<Span> {
        Some(Span {
            start: position(self.start)?,
            end: position(self.end)?,
        })
    }
}

fn position((line, column): At) -> Option<Position> {
    Some(Position::new(Line::new(line)?, column.saturating_sub(1)))
}

impl Summary {
    fn totals(self) -> Totals {
        let ratio = |figure: Option<Figure>| figure.map(|one| Ratio::new(one.covered, one.count));
        Totals {
            branches: ratio(self.branches),
            lines: ratio(self.lines),
            functions: ratio(self.functions),
            statements: None,
        }
    }
}

/// The next number of a list of numbers and flags; a list that is too short ends in an error.
fn next<'de, A: SeqAccess<'de>>(seq: &mut A, what: &'static str) -> Result<u64, A::Error> {
    seq.next_element::<Count>()?
        .map(|count| count.n)
        .ok_or_else(|| serde::de::Error::custom(format!("expected {what}")))
}

fn next_u32<'de, A: SeqAccess<'de>>(seq: &mut A, what: &'static str) -> Result<u32, A::Error> {
    Ok(u32::try_from(next(seq, what)?).unwrap_or(u32::MAX))
}

fn skip_rest<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl<'de> Visitor<'de> for Numbers {
            type Value = Region;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the numbers of a region")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Region, A::Error> {
                const WHAT: &str = "at least six numbers for a region";
                let region = Region {
                    start: (next_u32(&mut seq, WHAT)?, next_u32(&mut seq, WHAT)?),
                    end: (next_u32(&mut seq, WHAT)?, next_u32(&mut seq, WHAT)?),
                    count: next(&mut seq, WHAT)?,
                    or_else: next(&mut seq, WHAT)?,
                    file_id: seq.next_element::<Count>()?.unwrap_or_default().n,
                };
                skip_rest(&mut seq)?;
                Ok(region)
            }
        }
        deserializer.deserialize_seq(Numbers)
    }
}

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Regions;
        impl<'de> Visitor<'de> for Regions {
            type Value = First;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of regions")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<First, A::Error> {
                let first = seq.next_element()?;
                skip_rest(&mut seq)?;
                Ok(First(first))
            }
        }
        deserializer.deserialize_seq(Regions)
    }
}

impl<'de> Deserialize<'de> for Segment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Segment;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the parts of a segment")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Segment, A::Error> {
                const WHAT: &str = "five parts for a segment";
                let line = next_u32(&mut seq, WHAT)?;
                next(&mut seq, WHAT)?;
                let count = next(&mut seq, WHAT)?;
                let mut flag = || seq.next_element::<bool>();
                let missing = || serde::de::Error::custom(format!("expected {WHAT}"));
                let segment = Segment {
                    line,
                    count,
                    has_count: flag()?.ok_or_else(missing)?,
                    is_entry: flag()?.ok_or_else(missing)?,
                    // Since LLVM 9.
                    is_gap: flag()?.unwrap_or(false),
                };
                skip_rest(&mut seq)?;
                Ok(segment)
            }
        }
        deserializer.deserialize_seq(Parts)
    }
}
