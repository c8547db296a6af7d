//! LCOV tracefiles: lcov 1.x and 2.x, and everything else that writes `.info`.
//!
//! Records come in any order between `SF:` and `end_of_record`; a name may be UTF-8 in one line and
//! Latin-1 in the next. `-` and 0 both mean an arm that was never taken: lcov writes one where gcovr
//! writes the other. The same file twice (two runs, concatenated) adds up, arm by arm.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::oddities::Oddities;
use super::text::{self, digits};
use super::{ParseError, Place};
use crate::coverage::{
    Construct, FileBuilder, FileCoverage, Format, Hits, Line, Outcome, Position, Ratio, Report,
    Span, Totals, Warning,
};

/// What ends one file's records.
const END: &[u8] = b"\nend_of_record\n";

/// A place behind an offset where one file's records have ended.
pub(super) fn cut(bytes: &[u8], from: usize) -> Option<usize> {
    let found = memchr::memmem::find(bytes.get(from..)?, END)?;
    Some(from + found + END.len())
}

/// The last such place.
pub(super) fn last_cut(bytes: &[u8]) -> Option<usize> {
    Some(memchr::memmem::rfind(bytes, END)? + END.len())
}

/// The files of a range of the text that begins behind a cut and ends at the next.
pub(super) fn part(bytes: &[u8], range: Range<usize>) -> Result<Part<'_>, ParseError> {
    let mut part = Part::default();
    let mut section = Section::default();
    let mut at = range.start;
    while at < range.end
        && let Some(read) = section.read(bytes, at, &mut part.oddities)?
    {
        at = read.end;
        if read.name.is_empty() {
            if !section.is_empty() {
                part.tells_places = true;
                part.oddities.note("records without a name", || {
                    let place = Place::of(bytes, read.start);
                    format!("the record at {place} names no source file (`SF:`); it is left out")
                });
            }
            continue;
        }
        part.found.push(Found {
            start: read.start,
            name: read.name,
            file: section.file(read.name, &mut part.oddities),
        });
    }
    Ok(part)
}

/// The files of some records, if all there is to say of them can be said without the text around them.
pub(super) fn records(bytes: &[u8]) -> Option<(Vec<FileCoverage>, Oddities)> {
    let part = part(bytes, 0..bytes.len()).ok()?;
    let files = part.found.into_iter().map(|found| found.file);
    (!part.tells_places).then(|| (files.collect(), part.oddities))
}

/// The report of files; `None` when one of them is there twice, for then their records must be added up.
pub(super) fn of_files(files: Vec<FileCoverage>, oddities: Oddities) -> Option<Report> {
    let mut names: FxHashSet<&str> = FxHashSet::default();
    files
        .iter()
        .all(|file| names.insert(file.reported()))
        .then(|| report(files, oddities))
}

/// The report that the parts of a text make.
pub(super) fn join(
    bytes: &[u8],
    parts: Vec<Result<Part<'_>, ParseError>>,
) -> Result<Report, ParseError> {
    let mut oddities = Oddities::default();
    let mut files: Vec<FileCoverage> = Vec::new();
    // Where the sections of a file are: nearly always there is one.
    let mut places: FxHashMap<&[u8], usize> = FxHashMap::default();
    let mut starts: Vec<Vec<usize>> = Vec::new();
    let mut names: Vec<&[u8]> = Vec::new();
    for part in parts {
        let part = part?;
        oddities.append(part.oddities);
        for found in part.found {
            let idx = *places.entry(found.name).or_insert(files.len());
            if let Some(starts) = starts.get_mut(idx) {
                starts.push(found.start);
            } else {
                files.push(found.file);
                names.push(found.name);
                starts.push(vec![found.start]);
            }
        }
    }
    let mut section = Section::default();
    let mut repeated = 0;
    for ((file, name), starts) in files.iter_mut().zip(names).zip(starts) {
        if starts.len() == 1 {
            continue;
        }
        repeated += 1;
        section.clear();
        for start in starts {
            section.add(bytes, start, &mut Oddities::default())?;
        }
        // Their figures cannot be added: both count the same arms.
        section.told = Told::default();
        *file = section.file(name, &mut oddities);
    }
    let mut report = report(files, oddities);
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
    Ok(report)
}

fn report(files: Vec<FileCoverage>, oddities: Oddities) -> Report {
    let mut report = Report {
        format: Format::Lcov,
        tool: None,
        totals: Totals::default(),
        files,
        source_roots: Vec::new(),
        warnings: oddities.finish(),
    };
    settle(&mut report);
    report
}

/// What was read of a part of the text.
#[derive(Debug, Default)]
pub(super) struct Part<'a> {
    found: Vec<Found<'a>>,
    oddities: Oddities,
    /// A warning names a place in the text.
    tells_places: bool,
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

/// A section of the text, as a file.
#[derive(Debug)]
struct Found<'a> {
    name: &'a [u8],
    start: usize,
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
    /// Holds the lines already; they need no second look.
    builder: FileBuilder,
    n_lines: usize,
    arms: Vec<Arm>,
    /// Blocks and arms that are no numbers, and where they are in the list.
    words: Vec<&'a [u8]>,
    word_places: FxHashMap<&'a [u8], u32>,
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
#[derive(Clone, Copy)]
struct Arm {
    line: Line,
    block: Name,
    name: Name,
    throws: bool,
    hits: u64,
}

/// A number below [`Name::WORDS`], or the place of a word above it: numbers come first, words in the order
/// they were met.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name(u32);

impl Name {
    const WORDS: u32 = 1 << 31;

    fn number(n: u64) -> Option<Self> {
        let n = u32::try_from(n).ok()?;
        (n < Self::WORDS).then_some(Self(n))
    }

    /// The place among the words, if it is one.
    fn word(self) -> Option<usize> {
        Some(self.0.checked_sub(Self::WORDS)? as usize)
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
        self.builder.start("");
        self.n_lines = 0;
        self.runs = 0;
        self.arms.clear();
        self.words.clear();
        self.word_places.clear();
        self.functions.clear();
        self.calls.clear();
        self.leaders.clear();
        self.aliases.clear();
        self.told = Told::default();
    }

    fn is_empty(&self) -> bool {
        self.n_lines == 0 && self.arms.is_empty() && self.functions.is_empty()
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
            if let Some(next) = self.usual(rest) {
                at = bytes.len() - next.len();
                continue;
            }
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

    /// The records that make up most of a file, in the form that every tool writes them in; what is left
    /// of the text behind them. `None` for everything else, which [`Self::record`] looks at.
    #[inline]
    fn usual(&mut self, mut rest: &'a [u8]) -> Option<&'a [u8]> {
        let start = rest.len();
        while let [b'D', b'A', b':', record @ ..] = rest {
            let Some((line, hits, next)) = usual_line(record) else {
                break;
            };
            self.n_lines += 1;
            self.builder.line(line, Hits::times(hits));
            rest = next;
        }
        while let [b'B', b'R', b'D', b'A', b':', record @ ..] = rest {
            let Some((arm, next)) = usual_arm(record) else {
                break;
            };
            self.arms.push(arm);
            rest = next;
        }
        (rest.len() < start).then_some(rest)
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
                if let Some(line) = Line::new(line) {
                    self.n_lines += 1;
                    self.builder.line(line, Hits::times(count));
                }
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
        let (block, name) = (self.name(block), self.name(arm));
        self.arms.push(Arm {
            line,
            block,
            name,
            throws,
            hits,
        });
        Ok(odd.then_some(Odd::Negative))
    }

    /// A number as it is, anything else as a word.
    fn name(&mut self, bytes: &'a [u8]) -> Name {
        if let Some(name) = number(bytes).and_then(Name::number) {
            return name;
        }
        let next = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        let words = &mut self.words;
        let place = *self.word_places.entry(bytes).or_insert_with(|| {
            words.push(bytes);
            next
        });
        Name(place.saturating_add(Name::WORDS))
    }

    /// The file that the records make.
    fn file(&mut self, name: &[u8], oddities: &mut Oddities) -> FileCoverage {
        let path = text::name(name);
        self.builder.rename(&path);
        self.tell_arms();
        self.tell_functions();
        let file = self.builder.take();
        let counted = file.counted();
        let totals = self.told.totals(counted);
        compare(&path, totals, counted, oddities);
        file.with_totals(totals)
    }

    /// Arms in the order of the text, each key once.
    fn tell_arms(&mut self) {
        let key = |arm: &Arm| (arm.line, arm.block, arm.name);
        if !self.arms.is_sorted_by(|a, b| key(a) < key(b)) {
            self.arms.sort_by_key(key);
            self.arms.dedup_by(|next, kept| {
                let same = key(next) == key(kept);
                if same {
                    kept.hits = kept.hits.saturating_add(next.hits);
                }
                same
            });
        }
        let mut at = None;
        for arm in &self.arms {
            if at != Some((arm.line, arm.block)) {
                self.builder
                    .branch(Span::line(arm.line), Construct::Unknown);
                at = Some((arm.line, arm.block));
            }
            let hits = Hits::times(arm.hits);
            if arm.throws {
                self.builder.arm(Outcome::Throw, hits);
            } else if let Some(words) = arm.name.word().and_then(|at| self.words.get(at)) {
                self.builder.arm(Outcome::Text(&text::name(words)), hits);
            } else {
                self.builder.arm(Outcome::Nth, hits);
            }
        }
    }

    fn tell_functions(&mut self) {
        let pairs = || self.functions.iter().zip(&self.calls);
        let in_pairs = self.functions.len() == self.calls.len()
            && pairs().all(|(function, call)| function.name == call.1)
            && self
                .functions
                .is_sorted_by(|a, b| a.span.start < b.span.start);
        if in_pairs {
            for (function, &(count, _)) in self.functions.iter().zip(&self.calls) {
                self.builder.function(
                    &text::name(function.name),
                    function.span,
                    Hits::times(count),
                );
            }
        } else {
            self.tell_functions_by_name();
        }
        self.tell_leaders();
    }

    fn tell_functions_by_name(&mut self) {
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
            self.builder.function(
                &text::name(function.name),
                function.span,
                Hits::times(count),
            );
        }
    }

    /// Since lcov 2.2 a function with several names (templates, constructors) is one function.
    fn tell_leaders(&mut self) {
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
                self.builder
                    .function(&text::name(name), span, Hits::times(count));
            }
        }
    }
}

impl Told {
    /// The stored figures; raw captures of lcov 1 store none, and then the records are counted.
    fn totals(self, counted: Totals) -> Totals {
        let figure =
            |total: Option<u64>, hit: Option<u64>, counted: Option<Ratio>| match (total, hit) {
                (Some(total), Some(hit)) => Some(Ratio::new(hit, total)),
                _ => counted.filter(|counted| counted.total > 0),
            };
        Totals {
            branches: figure(self.brf, self.brh, counted.branches),
            lines: figure(self.lf, self.lh, counted.lines).or(Some(Ratio::default())),
            functions: figure(self.fnf, self.fnh, counted.functions),
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
                    text::quote_name(path),
                    told.covered,
                    told.total,
                    counted.covered,
                    counted.total
                )
            });
        }
    }
}

/// `line,count` and the end of the line, nothing else; and what follows.
#[inline]
fn usual_line(record: &[u8]) -> Option<(Line, u64, &[u8])> {
    let (line, [b',', rest @ ..]) = digits(record)? else {
        return None;
    };
    let (hits, [b'\n', rest @ ..]) = digits(rest)? else {
        return None;
    };
    Some((Line::new(u32::try_from(line).ok()?)?, hits, rest))
}

/// `line,block,arm,taken` in numbers (or `-`) and the end of the line, nothing else; and what follows.
#[inline]
fn usual_arm(record: &[u8]) -> Option<(Arm, &[u8])> {
    let (line, [b',', rest @ ..]) = digits(record)? else {
        return None;
    };
    let (block, [b',', rest @ ..]) = digits(rest)? else {
        return None;
    };
    let (name, [b',', rest @ ..]) = digits(rest)? else {
        return None;
    };
    let (hits, rest) = match rest {
        [b'-', rest @ ..] => (0, rest),
        rest => digits(rest)?,
    };
    let [b'\n', rest @ ..] = rest else {
        return None;
    };
    let arm = Arm {
        line: Line::new(u32::try_from(line).ok()?)?,
        block: Name::number(block)?,
        name: Name::number(name)?,
        throws: false,
        hits,
    };
    Some((arm, rest))
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
