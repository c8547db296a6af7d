//! `JaCoCo`'s XML report, groups included, and what gcovr writes in its shape.
//!
//! `JaCoCo` counts the arms on a line and cannot tell which of them were taken; so do we. A line is known
//! to have run by its covered instructions (`ci`); gcovr leaves them out, and then only the counters of
//! the file can prove it. The document type it names is never fetched.

use std::borrow::Cow;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::ParseError;
use super::oddities::Oddities;
use super::text::{self, digits};
use super::xml::{self, Element, Tag, Tags};
use crate::coverage::{
    Construct, FileBuilder, FileCoverage, Format, Hits, Line, Ratio, Report, Span, Totals,
};

/// A place behind an offset where a package begins.
pub(super) fn cut(bytes: &[u8], from: usize) -> Option<usize> {
    let found = memchr::memmem::find(bytes.get(from..)?, b"<package ")?;
    Some(from + found)
}

/// Reads a range of the text that begins and ends at its ends or at a cut.
pub(super) fn part(bytes: &[u8], range: Range<usize>) -> Result<Part, ParseError> {
    let is_last = range.end == bytes.len();
    if is_last && range.start == 0 {
        let text = xml::utf8(bytes);
        return Walk::default().read(Tags::new(&text), is_last);
    }
    let text = bytes.get(range.clone()).unwrap_or_default();
    // What follows is told to nobody: the report is read as a whole then.
    let text = std::str::from_utf8(text)
        .map_err(|error| text::syntax(bytes, range.start + error.valid_up_to(), "UTF-8"))?;
    let walk = Walk::inside(bytes.get(..range.start).unwrap_or_default());
    let outside = walk.levels.iter().filter_map(|level| level.outside());
    let tags = Tags::inside(text, outside.collect());
    walk.read(tags, is_last)
}

/// The report that the parts of a text make.
pub(super) fn join(
    bytes: &[u8],
    parts: Vec<Result<Part, ParseError>>,
) -> Result<Report, ParseError> {
    let fits = |parts: &[Result<Part, ParseError>]| match parts {
        [Ok(before), Ok(after)] => before.to.as_ref() == Some(&after.from),
        _ => false,
    };
    let mut parts = if parts.len() == 1 || parts.windows(2).all(fits) {
        parts
    } else {
        // An error, or a cut that was none: within a comment, say.
        vec![part(bytes, 0..bytes.len())]
    }
    .into_iter();
    let mut whole = parts.next().unwrap_or_else(|| Ok(Part::default()))?;
    for part in parts {
        let part = part?;
        whole.files.extend(part.files);
        whole.totals = part.totals;
        whole.sourceless.0 += part.sourceless.0;
        whole.sourceless.1 = whole.sourceless.1.plus(part.sourceless.1);
        whole.oddities.append(part.oddities);
    }
    Ok(whole.report())
}

/// What was read of a part of the text.
#[derive(Debug, Default)]
pub(super) struct Part {
    files: Vec<FileCoverage>,
    /// The counters of the report itself, which stand at its end.
    totals: Totals,
    /// Classes compiled without debug information, and their figures.
    sourceless: (u64, Totals),
    oddities: Oddities,
    /// The groups that were open where it begins.
    from: Vec<String>,
    /// Those that are open where it ends; `None` where anything else is.
    to: Option<Vec<String>>,
}

/// The elements that mean something, as they nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Report,
    Group,
    Package,
    Class,
    Method,
    SourceFile,
    /// `line`, `counter`, `sessioninfo` and what is not known.
    Other,
}

impl Level {
    /// The name of an element that may be open where a package begins.
    fn outside(self) -> Option<&'static str> {
        match self {
            Self::Report => Some("report"),
            Self::Group => Some("group"),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Walk {
    levels: Vec<Level>,
    /// The report's name, the module's where the report has no groups.
    name: String,
    groups: Vec<String>,
    package: String,
    class: Class,
    method: Method,
    /// The methods of the package's classes, by source file: in the report, classes come before files.
    methods: FxHashMap<String, Vec<Method>>,
    file: Option<SourceFile>,
    part: Part,
}

#[derive(Default)]
struct Class {
    /// As people write it: `Account.Vault`.
    name: String,
    source: Option<String>,
    totals: Totals,
}

#[derive(Default)]
struct Method {
    name: String,
    line: Option<Line>,
    totals: Totals,
}

struct SourceFile {
    path: String,
    builder: FileBuilder,
    totals: Totals,
    /// Lines without `ci`, with whether an arm on them was taken.
    unknown: Vec<(Line, bool)>,
}

impl Walk {
    /// A walk that begins at a cut: in the groups that are open there.
    fn inside(before: &[u8]) -> Self {
        let name = |at: usize| {
            let tag = before.get(at..)?;
            let tag = tag.get(..memchr::memchr(b'>', tag)?)?;
            let text = std::str::from_utf8(tag).ok()?;
            let attributes = text.split_once(char::is_whitespace)?.1;
            xml::attribute(attributes, "name").map(Cow::into_owned)
        };
        let mut walk = Self::default();
        if let Some(report) = memchr::memmem::find(before, b"<report") {
            walk.levels.push(Level::Report);
            walk.name = name(report).unwrap_or_default();
        }
        for at in memchr::memmem::find_iter(before, b"group") {
            let start = before.get(..at).unwrap_or_default();
            if start.ends_with(b"</") {
                walk.groups.pop();
            } else if start.ends_with(b"<") {
                walk.groups.push(name(at).unwrap_or_default());
            }
        }
        walk.levels.extend(walk.groups.iter().map(|_| Level::Group));
        walk.part.from.clone_from(&walk.groups);
        walk
    }

    fn read(mut self, mut tags: Tags<'_>, is_last: bool) -> Result<Part, ParseError> {
        loop {
            let tag = if is_last {
                tags.next()?
            } else {
                tags.next_in_part()?
            };
            match tag {
                Some(Tag::Open(element)) => {
                    let level = self.open(&element);
                    self.levels.push(level);
                }
                Some(Tag::Empty(element)) => {
                    let level = self.open(&element);
                    self.close(level);
                }
                Some(Tag::Close) => {
                    if let Some(level) = self.levels.pop() {
                        self.close(level);
                    }
                }
                Some(Tag::Text(_)) => {}
                None => break,
            }
            let rest = tags.rest();
            let n_read = rest.len() - self.usual(rest).len();
            if n_read > 0 {
                tags.skip(n_read);
            }
        }
        if self.levels.iter().all(|level| level.outside().is_some()) {
            self.part.to = Some(self.groups);
        }
        Ok(self.part)
    }

    /// The elements that make up most of a report, in the form that `JaCoCo` writes them in; what is left of
    /// the text behind them. Everything else is read as any XML.
    fn usual<'t>(&mut self, mut rest: &'t [u8]) -> &'t [u8] {
        loop {
            rest = if let Some((line, next)) = usual_line(rest) {
                self.line(line);
                next
            } else if let Some((kind, missed, covered, next)) = usual_counter(rest) {
                self.counter(kind, missed, covered);
                next
            } else {
                return rest;
            };
        }
    }

    fn open(&mut self, element: &Element<'_>) -> Level {
        match element.name() {
            "line" => {
                self.line(LineTag::of(element));
                Level::Other
            }
            "counter" => {
                self.any_counter(element);
                Level::Other
            }
            "method" => {
                self.method = Method {
                    name: format!(
                        "{}.{}",
                        self.class.name,
                        element.get("name").unwrap_or_default()
                    ),
                    line: element.number("line").and_then(line),
                    totals: Totals::default(),
                };
                Level::Method
            }
            "class" => {
                let name = element.get("name").unwrap_or_default();
                self.class = Class {
                    name: name
                        .rsplit('/')
                        .next()
                        .unwrap_or_default()
                        .replace('$', "."),
                    source: element.get("sourcefilename").map(Into::into),
                    totals: Totals::default(),
                };
                Level::Class
            }
            "sourcefile" => {
                let name = element.get("name").unwrap_or_default();
                let path = match self.package.as_str() {
                    "" => name.into_owned(),
                    package => format!("{package}/{name}"),
                };
                let mut builder = FileCoverage::builder(&path);
                let module = match self.groups.as_slice() {
                    [] => self.name.clone(),
                    groups => groups.join("/"),
                };
                builder.module(&module);
                for method in self.methods.remove(name_of(&path)).unwrap_or_default() {
                    if let Some(line) = method.line {
                        let called = method.totals.functions.is_some_and(|it| it.covered > 0);
                        builder.function(&method.name, Span::line(line), Hits::seen(called));
                    }
                }
                self.file = Some(SourceFile {
                    path,
                    builder,
                    totals: Totals::default(),
                    unknown: Vec::new(),
                });
                Level::SourceFile
            }
            "package" => {
                self.package = element.get("name").unwrap_or_default().into_owned();
                self.methods.clear();
                Level::Package
            }
            "group" => {
                let name = element.get("name").unwrap_or_default();
                self.groups.push(name.into_owned());
                Level::Group
            }
            "report" => {
                self.name = element.get("name").unwrap_or_default().into_owned();
                Level::Report
            }
            _ => Level::Other,
        }
    }

    fn close(&mut self, level: Level) {
        match level {
            Level::Group => {
                self.groups.pop();
            }
            Level::Method => {
                let method = std::mem::take(&mut self.method);
                if let Some(source) = &self.class.source {
                    match self.methods.get_mut(source) {
                        Some(methods) => methods.push(method),
                        None => {
                            self.methods.insert(source.clone(), vec![method]);
                        }
                    }
                }
            }
            Level::Class => {
                let class = std::mem::take(&mut self.class);
                if class.source.is_none() {
                    self.part.sourceless.0 += 1;
                    self.part.sourceless.1 = self.part.sourceless.1.plus(class.totals);
                }
            }
            Level::SourceFile => {
                if let Some(file) = self.file.take() {
                    let file = file.finish(&mut self.part.oddities);
                    self.part.files.push(file);
                }
            }
            Level::Report | Level::Package | Level::Other => {}
        }
    }

    fn line(&mut self, tag: LineTag) {
        let Some(file) = &mut self.file else {
            return;
        };
        let LineTag { nr, ci, mb, cb } = tag;
        let Some(line) = nr.and_then(line) else {
            self.part.oddities.note("lines without a number", || {
                format!(
                    "{} has a line whose number is absent, 0 or too large; it is left out",
                    text::quote_name(&file.path)
                )
            });
            return;
        };
        match ci {
            Some(ci) => {
                file.builder.line(line, Hits::seen(ci > 0));
            }
            None => file.unknown.push((line, cb > 0)),
        }
        let total = mb.saturating_add(cb);
        if total > 0 {
            let most = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            file.builder
                .counted_branch(line, Construct::Unknown, most(cb), most(total));
        }
    }

    fn any_counter(&mut self, element: &Element<'_>) {
        let (mut kind, mut missed, mut covered) = ("", None, None);
        for (name, value) in element.attributes() {
            match name {
                "type" => kind = value,
                "missed" => missed = xml::number(value),
                "covered" => covered = xml::number(value),
                _ => {}
            }
        }
        if let (Some(missed), Some(covered)) = (missed, covered) {
            self.counter(kind.as_bytes(), missed, covered);
        } else {
            self.part.oddities.note("counters without figures", || {
                "a counter has no figures; it is left out".to_owned()
            });
        }
    }

    fn counter(&mut self, kind: &[u8], missed: u64, covered: u64) {
        let totals = match (self.levels.last(), &mut self.file) {
            (Some(Level::SourceFile), Some(file)) => &mut file.totals,
            (Some(Level::Class), _) => &mut self.class.totals,
            (Some(Level::Report), _) => &mut self.part.totals,
            (Some(Level::Method), _) => &mut self.method.totals,
            _ => return,
        };
        let ratio = Some(Ratio::new(covered, missed.saturating_add(covered)));
        match kind {
            b"LINE" => totals.lines = ratio,
            b"BRANCH" => totals.branches = ratio,
            b"METHOD" => totals.functions = ratio,
            _ => {}
        }
    }
}

/// A `line` element.
#[derive(Clone, Copy, Default)]
struct LineTag {
    nr: Option<u64>,
    ci: Option<u64>,
    mb: u64,
    cb: u64,
}

impl LineTag {
    fn of(element: &Element<'_>) -> Self {
        let mut tag = Self::default();
        for (name, value) in element.attributes() {
            match name {
                "nr" => tag.nr = xml::number(value),
                "ci" => tag.ci = xml::number(value),
                "mb" => tag.mb = xml::number(value).unwrap_or(0),
                "cb" => tag.cb = xml::number(value).unwrap_or(0),
                _ => {}
            }
        }
        tag
    }
}

/// A `line` as `JaCoCo` writes it, and what follows.
#[inline]
fn usual_line(rest: &[u8]) -> Option<(LineTag, &[u8])> {
    let (nr, rest) = digits(rest.strip_prefix(b"<line nr=\"")?)?;
    let (_, rest) = digits(rest.strip_prefix(b"\" mi=\"")?)?;
    let (ci, rest) = digits(rest.strip_prefix(b"\" ci=\"")?)?;
    let (mb, rest) = digits(rest.strip_prefix(b"\" mb=\"")?)?;
    let (cb, rest) = digits(rest.strip_prefix(b"\" cb=\"")?)?;
    let tag = LineTag {
        nr: Some(nr),
        ci: Some(ci),
        mb,
        cb,
    };
    Some((tag, rest.strip_prefix(b"\"/>")?))
}

/// A `counter` as `JaCoCo` writes it, its type and figures, and what follows.
#[inline]
fn usual_counter(rest: &[u8]) -> Option<(&[u8], u64, u64, &[u8])> {
    let rest = rest.strip_prefix(b"<counter type=\"")?;
    let length = rest.iter().take(16).position(|&byte| byte == b'"')?;
    let (kind, rest) = rest.split_at_checked(length)?;
    let (missed, rest) = digits(rest.strip_prefix(b"\" missed=\"")?)?;
    let (covered, rest) = digits(rest.strip_prefix(b"\" covered=\"")?)?;
    Some((kind, missed, covered, rest.strip_prefix(b"\"/>")?))
}

impl Part {
    fn report(mut self) -> Report {
        let summed = self
            .files
            .iter()
            .fold(Totals::default(), |sum, file| sum.plus(file.totals()));
        // A report of no counters of its own (none is known, but the document type allows it).
        let totals = if self.totals == Totals::default() {
            summed
        } else {
            self.totals
        };
        self.explain(totals, summed);
        // An element without a single branch has no counter for it; that branches were measured shows
        // elsewhere in the report.
        let measured = Totals {
            branches: totals.branches.map(|_| Ratio::default()),
            lines: totals.lines.map(|_| Ratio::default()),
            functions: totals.functions.map(|_| Ratio::default()),
            statements: None,
        };
        let files = self
            .files
            .into_iter()
            .map(|file| {
                let totals = file.totals().plus(measured);
                file.with_totals(totals)
            })
            .collect();
        Report {
            format: Format::JacocoXml,
            tool: None,
            totals,
            files,
            source_roots: Vec::new(),
            warnings: self.oddities.finish(),
        }
    }

    fn explain(&mut self, totals: Totals, summed: Totals) {
        let (classes, hidden) = self.sourceless;
        if classes > 0 {
            let arms = hidden.branches.unwrap_or_default();
            self.oddities.note("classes", || {
                let (were, their) = match classes {
                    1 => ("class was", "its"),
                    _ => ("classes were", "their"),
                };
                format!(
                    "{classes} {were} compiled without debug information (`-g:none`): {} of {their} {} arms are untaken, counted in the totals and shown in no file; compile with `-g`",
                    arms.missed(),
                    arms.total
                )
            });
        } else if totals.branches.unwrap_or_default() != summed.branches.unwrap_or_default()
            || totals.lines.unwrap_or_default() != summed.lines.unwrap_or_default()
        {
            self.oddities.note("totals", || {
                "the totals in the report are not the sum of its files; they are shown as they are"
                    .to_owned()
            });
        }
    }
}

impl SourceFile {
    fn finish(mut self, oddities: &mut Oddities) -> FileCoverage {
        let stored = self.totals;
        let mut untold = 0;
        for (line, arm_taken) in std::mem::take(&mut self.unknown) {
            let taken = match stored.lines {
                Some(lines) if lines.missed() == 0 => Some(true),
                Some(lines) if lines.covered == 0 => Some(false),
                _ => arm_taken.then_some(true),
            };
            match taken {
                Some(taken) => {
                    self.builder.line(line, Hits::seen(taken));
                }
                None => untold += 1,
            }
        }
        let name = &self.path;
        if untold > 0 {
            oddities.note("files with lines of unknown state", || {
                format!(
                    "{} does not tell of {untold} of its lines whether they ran (no `ci`); they are not marked",
                    text::quote_name(name)
                )
            });
        }
        let counted = self.builder.counted();
        let nonzero = |ratio: Option<Ratio>| ratio.filter(|ratio| ratio.total > 0);
        let figures = [
            ("arms", stored.branches, counted.branches),
            ("lines", stored.lines.filter(|_| untold == 0), counted.lines),
        ];
        for (what, stored, counted) in figures {
            if let (Some(stored), Some(counted)) = (stored, counted)
                && stored != counted
            {
                oddities.note("files whose figures and lines differ", || {
                    format!(
                        "{} stores {} of {} {what} taken, its lines make {} of {}; the stored figures are shown",
                        text::quote_name(name),
                        stored.covered,
                        stored.total,
                        counted.covered,
                        counted.total
                    )
                });
            }
        }
        let totals = Totals {
            branches: stored.branches.or(nonzero(counted.branches)),
            lines: stored.lines.or(nonzero(counted.lines)),
            functions: stored.functions.or(nonzero(counted.functions)),
            statements: None,
        };
        self.builder.totals(totals);
        self.builder.finish()
    }
}

/// A line number, `None` for 0 and for what no file has.
fn line(number: u64) -> Option<Line> {
    u32::try_from(number).ok().and_then(Line::new)
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
