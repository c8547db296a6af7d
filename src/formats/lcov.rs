//! LCOV tracefiles: lcov 1.x and 2.x, and everything else that writes `.info`.
//!
//! Records come in any order between `SF:` and `end_of_record`; a name may be UTF-8 in one line and
//! Latin-1 in the next. `-` and 0 both mean an arm that was never taken: lcov writes one where gcovr
//! writes the other. The same file twice (two runs, concatenated) adds up, arm by arm.

use rustc_hash::{FxHashMap, FxHashSet};

use super::oddities::Oddities;
use super::{ParseError, Place, text};
use crate::coverage::{
    Construct, FileCoverage, Format, Hits, Line, Outcome, Position, Ratio, Report, Span, Totals,
    Warning,
};

/// Reads a report.
pub(super) fn parse(bytes: &[u8]) -> Result<Report, ParseError> {
    let mut oddities = Oddities::default();
    let mut section = Section::default();
    // The bytes of each section by the name of its file, in the order of the report.
    let mut found: Vec<Found<'_>> = Vec::new();
    let mut places: FxHashMap<&[u8], usize> = FxHashMap::default();
    let mut at = 0;
    while let Some(read) = section.read(bytes, at, &mut oddities)? {
        at = read.end;
        if read.name.is_empty() {
            if !section.is_empty() {
                oddities.note("records without a name", || {
                    let place = Place::of(bytes, read.start);
                    format!("the record at {place} names no source file (`SF:`); it is left out")
                });
            }
            continue;
        }
        if let Some(first) = places.get(read.name).and_then(|&idx| found.get_mut(idx)) {
            first.again.push(read.start);
            continue;
        }
        places.insert(read.name, found.len());
        found.push(Found {
            start: read.start,
            again: Vec::new(),
            name: read.name,
            file: section.file(read.name, &mut oddities),
        });
    }
    let mut repeated = 0;
    for file in &mut found {
        if file.again.is_empty() {
            continue;
        }
        repeated += 1;
        section.clear();
        for &start in std::iter::once(&file.start).chain(&file.again) {
            section.add(bytes, start, &mut Oddities::default())?;
        }
        // Their figures cannot be added: both count the same arms.
        section.told = Told::default();
        file.file = section.file(file.name, &mut oddities);
    }
    let mut report = Report {
        format: Format::Lcov,
        tool: None,
        totals: Totals::default(),
        files: found.into_iter().map(|found| found.file).collect(),
        source_roots: Vec::new(),
        warnings: oddities.finish(),
    };
    if repeated > 0 {
        let are = if repeated == 1 {
            "file is"
        } else {
            "files are"
        };
        report.warnings.push(Warning::new(format!(
            "{repeated} {are} in the report more than once; the hits are added up"
        )));
    }
    settle(&mut report);
    Ok(report)
}

/// Tells "none here" from "not measured": a file without a branch, in a report that has branches
/// elsewhere, has 0 of 0; a report without any has no figure at all (`BRF:0` is what llvm-cov writes
/// for every file when branches are not measured).
fn settle(report: &mut Report) {
    let sum = report
        .files
        .iter()
        .fold(Totals::default(), |sum, file| sum.plus(file.totals()));
    let known = |ratio: Option<Ratio>| ratio.filter(|ratio| ratio.total > 0);
    report.totals = Totals {
        branches: known(sum.branches),
        lines: sum.lines,
        functions: known(sum.functions),
        statements: None,
    };
    let measured = report.totals;
    let fill = |own: Option<Ratio>, all: Option<Ratio>| all.map(|_| own.unwrap_or_default());
    report.files = std::mem::take(&mut report.files)
        .into_iter()
        .map(|file| {
            let own = file.totals();
            file.with_totals(Totals {
                branches: fill(own.branches, measured.branches),
                lines: own.lines,
                functions: fill(own.functions, measured.functions),
                statements: None,
            })
        })
        .collect();
}

struct Found<'a> {
    name: &'a [u8],
    start: usize,
    /// Where the other sections of the same file start.
    again: Vec<usize>,
    file: FileCoverage,
}

/// Where a section was, and what file it is about.
struct Read<'a> {
    name: &'a [u8],
    start: usize,
    end: usize,
}

/// The records of one file, collected. One is used for all sections, for its memory.
#[derive(Default)]
struct Section<'a> {
    lines: Vec<(u32, u64)>,
    arms: Vec<Arm<'a>>,
    functions: Vec<Function<'a>>,
    /// `FNDA:` in the order of the file; functions may come later.
    calls: Vec<(u64, &'a [u8])>,
    /// lcov 2: `FNL:` by index, and `FNA:` names with theirs. An index means nothing outside its run.
    leaders: Vec<((usize, u64), Span)>,
    aliases: Vec<((usize, u64), u64, &'a [u8])>,
    runs: usize,
    told: Told,
}

/// The figures that the tool stored.
#[derive(Clone, Copy, Default)]
struct Told {
    lf: Option<u64>,
    lh: Option<u64>,
    brf: Option<u64>,
    brh: Option<u64>,
    fnf: Option<u64>,
    fnh: Option<u64>,
}

/// A `BRDA:` record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Arm<'a> {
    line: Line,
    block: Name<'a>,
    name: Name<'a>,
    throws: bool,
    hits: u64,
}

/// A number where it is one: they are ordered as numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name<'a> {
    Number(u64),
    Text(&'a [u8]),
}

impl<'a> Name<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        number(bytes).map_or(Self::Text(bytes), Self::Number)
    }
}

/// What is odd about a record that is understood all the same.
#[derive(Clone, Copy)]
enum Odd {
    NoSuchLine,
    Negative,
}

impl Odd {
    fn kind(self) -> &'static str {
        match self {
            Self::NoSuchLine => "records on lines that no file has",
            Self::Negative => "negative counts",
        }
    }

    fn told(self) -> &'static str {
        match self {
            Self::NoSuchLine => "is left out: no file has such a line",
            Self::Negative => "has a negative count; 0 is shown",
        }
    }
}

struct Function<'a> {
    name: &'a [u8],
    span: Span,
}

impl<'a> Section<'a> {
    fn clear(&mut self) {
        self.lines.clear();
        self.arms.clear();
        self.functions.clear();
        self.calls.clear();
        self.leaders.clear();
        self.aliases.clear();
        self.told = Told::default();
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.arms.is_empty() && self.functions.is_empty()
    }

    /// Reads the section that starts at an offset, forgetting what was read before. `None` at the end.
    fn read(
        &mut self,
        bytes: &'a [u8],
        start: usize,
        oddities: &mut Oddities,
    ) -> Result<Option<Read<'a>>, ParseError> {
        self.clear();
        self.add(bytes, start, oddities)
    }

    /// Reads a section on top of what is there.
    fn add(
        &mut self,
        bytes: &'a [u8],
        start: usize,
        oddities: &mut Oddities,
    ) -> Result<Option<Read<'a>>, ParseError> {
        self.runs += 1;
        let mut name = None;
        let mut at = start;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let length = memchr::memchr(b'\n', rest);
            let line = rest.get(..length.unwrap_or(rest.len())).unwrap_or(rest);
            let next = at + length.map_or(rest.len(), |length| length + 1);
            let line = line.trim_ascii();
            if line == b"end_of_record" {
                return Ok(Some(Read {
                    name: name.unwrap_or_default(),
                    start,
                    end: next,
                }));
            }
            if let Some(path) = line.strip_prefix(b"SF:") {
                if let Some(name) = name {
                    // No end_of_record before it: a tool that forgets it is as good as one that writes it.
                    return Ok(Some(Read {
                        name,
                        start,
                        end: at,
                    }));
                }
                name = Some(path);
            } else if let Some((tag, value)) = split(line, b':') {
                let odd = self
                    .record(tag, value)
                    .map_err(|expected| text::syntax(bytes, at, expected))?;
                if let Some(odd) = odd {
                    oddities.note(odd.kind(), || {
                        format!("{} {}", text::quote(line), odd.told())
                    });
                }
            }
            at = next;
        }
        if name.is_some() {
            return Err(ParseError::Truncated {
                place: Place::of(bytes, bytes.len()),
                within: "a record (no `end_of_record`)",
            });
        }
        Ok(None)
    }

    /// One record. `Err` says what was expected, `Ok(Some(kind))` what oddity it is.
    fn record(&mut self, tag: &[u8], value: &'a [u8]) -> Result<Option<Odd>, &'static str> {
        match tag {
            b"DA" => return self.line(value),
            b"BRDA" => return self.arm(value),
            b"FN" => {
                let (start, rest) = split(value, b',').ok_or("`FN:line,name`")?;
                let start = number(start).ok_or("a line number")?;
                // lcov 2 and coverage.py put the last line between; a name may hold commas too.
                let (end, name) = match split(rest, b',').map(|(end, name)| (number(end), name)) {
                    Some((Some(end), name)) => (Some(end), name),
                    _ => (None, rest),
                };
                let Some(span) = span(start, end) else {
                    return Ok(Some(Odd::NoSuchLine));
                };
                self.functions.push(Function { name, span });
            }
            b"FNDA" => {
                let (count, name) = split(value, b',').ok_or("`FNDA:count,name`")?;
                let (count, odd) = hits(count).ok_or("a count")?;
                self.calls.push((count, name));
                return Ok(odd.then_some(Odd::Negative));
            }
            b"FNL" => {
                let mut parts = value.split(|&byte| byte == b',').map(number);
                let (Some(Some(id)), Some(Some(start))) = (parts.next(), parts.next()) else {
                    return Err("`FNL:index,line`");
                };
                match span(start, parts.next().flatten()) {
                    Some(span) => self.leaders.push(((self.runs, id), span)),
                    None => return Ok(Some(Odd::NoSuchLine)),
                }
            }
            b"FNA" => {
                let parts = split(value, b',').and_then(|(id, rest)| {
                    let (count, name) = split(rest, b',')?;
                    Some((number(id)?, hits(count)?, name))
                });
                let (id, (count, odd), name) = parts.ok_or("`FNA:index,count,name`")?;
                self.aliases.push(((self.runs, id), count, name));
                return Ok(odd.then_some(Odd::Negative));
            }
            b"LF" => self.told.lf = Some(number(value).ok_or("a number")?),
            b"LH" => self.told.lh = Some(number(value).ok_or("a number")?),
            b"BRF" => self.told.brf = Some(number(value).ok_or("a number")?),
            b"BRH" => self.told.brh = Some(number(value).ok_or("a number")?),
            b"FNF" => self.told.fnf = Some(number(value).ok_or("a number")?),
            b"FNH" => self.told.fnh = Some(number(value).ok_or("a number")?),
            // TN, VER, MCDC and what later versions bring.
            _ => {}
        }
        Ok(None)
    }

    /// `DA:line,count[,checksum]`.
    fn line(&mut self, value: &[u8]) -> Result<Option<Odd>, &'static str> {
        let (line, rest) = split(value, b',').ok_or("`DA:line,count`")?;
        let line = number(line).ok_or("a line number")?;
        let count = split(rest, b',').map_or(rest, |(count, _)| count);
        let (count, odd) = hits(count).ok_or("a count")?;
        match u32::try_from(line) {
            Ok(0) | Err(_) => Ok(Some(Odd::NoSuchLine)),
            Ok(line) => {
                self.lines.push((line, count));
                Ok(odd.then_some(Odd::Negative))
            }
        }
    }

    /// `BRDA:line,[e|f][U]block,arm,taken`; the arm may be text, and hold commas (coverage.py, lcov 2).
    fn arm(&mut self, value: &'a [u8]) -> Result<Option<Odd>, &'static str> {
        let parts = split(value, b',').and_then(|(line, rest)| {
            let (block, rest) = split(rest, b',')?;
            let last = memchr::memrchr(b',', rest)?;
            Some((line, block, rest.get(..last)?, rest.get(last + 1..)?))
        });
        let (line, block, arm, taken) = parts.ok_or("`BRDA:line,block,arm,taken`")?;
        let line = number(line).ok_or("a line number")?;
        let (hits, odd) = if taken == b"-" {
            (0, false)
        } else {
            hits(taken).ok_or("a count or `-`")?
        };
        let (mut block, mut throws, mut unreachable) = (block, false, false);
        while let [prefix @ (b'e' | b'f' | b'U'), rest @ ..] = block {
            throws |= *prefix == b'e';
            unreachable |= *prefix == b'U';
            block = rest;
        }
        if unreachable {
            // lcov 2 lists what a user excluded as unreachable and leaves it out of its figures.
            return Ok(None);
        }
        let Some(line) = u32::try_from(line).ok().and_then(Line::new) else {
            return Ok(Some(Odd::NoSuchLine));
        };
        self.arms.push(Arm {
            line,
            block: Name::of(block),
            name: Name::of(arm),
            throws,
            hits,
        });
        Ok(odd.then_some(Odd::Negative))
    }

    /// The file that the records make.
    fn file(&mut self, name: &[u8], oddities: &mut Oddities) -> FileCoverage {
        let path = text::name(name);
        let mut file = FileCoverage::builder(&path);
        for &(line, count) in &self.lines {
            if let Some(line) = Line::new(line) {
                file.line(line, Hits::times(count));
            }
        }
        self.sort_arms();
        let mut at = None;
        for same in self
            .arms
            .chunk_by(|a, b| (a.line, a.block, a.name) == (b.line, b.block, b.name))
        {
            let Some(&arm) = same.first() else { continue };
            if at != Some((arm.line, arm.block)) {
                file.branch(Span::line(arm.line), Construct::Unknown);
                at = Some((arm.line, arm.block));
            }
            let hits = same
                .iter()
                .fold(0, |sum: u64, arm| sum.saturating_add(arm.hits));
            let words;
            let outcome = match arm.name {
                _ if arm.throws => Outcome::Throw,
                Name::Number(_) => Outcome::Nth,
                Name::Text(text) => {
                    words = text::name(text);
                    Outcome::Text(&words)
                }
            };
            file.arm(outcome, Hits::times(hits));
        }
        self.functions_into(&mut file);
        let counted = file.counted();
        let totals = self.totals(counted);
        compare(&path, totals, counted, oddities);
        file.totals(totals);
        file.finish()
    }

    /// In the order of the text, equal keys beside each other; what a tool wrote in order stays.
    fn sort_arms(&mut self) {
        let key = |arm: &Arm<'a>| (arm.line, arm.block, arm.name);
        if !self.arms.is_sorted_by_key(key) {
            self.arms.sort_by_key(key);
        }
    }

    fn functions_into(&self, file: &mut crate::coverage::FileBuilder) {
        let mut calls: FxHashMap<&[u8], u64> = FxHashMap::default();
        for &(count, name) in &self.calls {
            let sum = calls.entry(name).or_default();
            *sum = sum.saturating_add(count);
        }
        let mut seen: FxHashSet<(&[u8], Line)> = FxHashSet::default();
        for function in &self.functions {
            // Concatenated runs name each function again.
            if !seen.insert((function.name, function.span.start.line)) {
                continue;
            }
            let count = calls.get(function.name).copied().unwrap_or(0);
            file.function(
                &text::name(function.name),
                function.span,
                Hits::times(count),
            );
        }
        // Since lcov 2.2 a function with several names (templates, constructors) is one function.
        let mut named: FxHashMap<_, (&[u8], u64)> = FxHashMap::default();
        for &(id, count, name) in &self.aliases {
            let (_, sum) = named.entry(id).or_insert((name, 0));
            *sum = sum.saturating_add(count);
        }
        let mut leaders: Vec<_> = self
            .leaders
            .iter()
            .filter_map(|(id, span)| named.get(id).map(|&(name, count)| (*span, name, count)))
            .collect();
        leaders.sort_unstable();
        for same in leaders.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            if let Some(&(span, name, _)) = same.first() {
                let count = same
                    .iter()
                    .fold(0, |sum: u64, &(_, _, count)| sum.saturating_add(count));
                file.function(&text::name(name), span, Hits::times(count));
            }
        }
    }

    /// The stored figures; raw captures of lcov 1 store none, and then the records are counted.
    fn totals(&self, counted: Totals) -> Totals {
        let told = self.told;
        let figure =
            |total: Option<u64>, hit: Option<u64>, counted: Option<Ratio>| match (total, hit) {
                (Some(total), Some(hit)) => Some(Ratio::new(hit, total)),
                _ => counted.filter(|counted| counted.total > 0),
            };
        Totals {
            branches: figure(told.brf, told.brh, counted.branches),
            lines: figure(told.lf, told.lh, counted.lines).or(Some(Ratio::default())),
            functions: figure(told.fnf, told.fnh, counted.functions),
            statements: None,
        }
    }
}

/// Says where the stored figures cannot be made from the records.
fn compare(path: &str, totals: Totals, counted: Totals, oddities: &mut Oddities) {
    let figures = [
        ("lines", totals.lines, counted.lines),
        ("arms", totals.branches, counted.branches),
    ];
    for (what, told, counted) in figures {
        let (Some(told), Some(counted)) = (told, counted) else {
            continue;
        };
        if told != counted {
            // llvm-cov counts the best instantiation, gcovr each template's lines.
            oddities.note("files whose figures and records differ", || {
                format!(
                    "{} stores {} of {} {what} taken, its records make {} of {}; the stored figures are shown",
                    text::quote_name(path), told.covered, told.total, counted.covered, counted.total
                )
            });
        }
    }
}

/// What is before and after the first separator.
fn split(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(separator, bytes)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// A decimal number; past `u64` it is its last value.
fn number(digits: &[u8]) -> Option<u64> {
    let digits = digits.trim_ascii();
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(sum.saturating_mul(10).saturating_add(digit))
    })
}

/// A count, and whether it was negative: gcov overflows, and lcov writes what it got.
fn hits(digits: &[u8]) -> Option<(u64, bool)> {
    match digits.trim_ascii() {
        [b'-', digits @ ..] => number(digits).map(|_| (0, true)),
        digits => Some((number(digits)?, false)),
    }
}

fn span(start: u64, end: Option<u64>) -> Option<Span> {
    let line = |number: u64| u32::try_from(number).ok().and_then(Line::new);
    let start = line(start)?;
    let end = end.and_then(line).unwrap_or(start).max(start);
    Some(Span {
        start: Position::line(start),
        end: Position::line(end),
    })
}
