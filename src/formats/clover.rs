//! Clover XML as Istanbul, PHPUnit, gcovr and `OpenClover` write it.
//!
//! The same tags mean different things. Istanbul's `truecount` and `falsecount` are the taken and the
//! missed arms of all decisions on the line, its statements are lines; `OpenClover`'s are how often the
//! condition held and how often not. PHPUnit and gcovr write no conditions at all.

use std::borrow::Cow;

use super::oddities::Oddities;
use super::xml::{self, Element, Tag, Tags};
use super::{ParseError, text};
use crate::coverage::{
    Construct, FileBuilder, FileCoverage, Format, Hits, Line, Outcome, Ratio, Report, Span, Totals,
};

pub(super) fn parse(text: &[u8]) -> Result<Report, ParseError> {
    let text = xml::utf8(text);
    let mut tags = Tags::new(&text);
    let mut reading = Reading::default();
    while let Some(tag) = tags.next()? {
        match tag {
            Tag::Open(element) => reading.begin(&element, tags.depth()),
            Tag::Empty(element) => {
                reading.begin(&element, tags.depth() + 1);
                reading.end(tags.depth() + 1);
            }
            Tag::Close => reading.end(tags.depth() + 1),
            Tag::Text(_) => {}
        }
    }
    if !reading.met_root {
        return Err(tags.unexpected("`<coverage>`"));
    }
    Ok(reading.report())
}

/// Who wrote it, as far as its meaning depends on that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Dialect {
    /// `clover="3.2.0"`, whatever version of Istanbul it is.
    Istanbul,
    /// `clover` repeats the time stamp.
    Gcovr,
    /// A version of Clover itself.
    OpenClover,
    /// No `clover` attribute.
    #[default]
    PhpUnit,
}

#[derive(Default)]
struct Reading {
    met_root: bool,
    dialect: Dialect,
    version: Option<String>,
    /// Depths of what is open.
    project: Option<usize>,
    test_project: Option<usize>,
    file: Option<OpenFile>,
    class: Option<usize>,
    stored: Metrics,
    files: Vec<OpenFile>,
    has_conditions: bool,
    oddities: Oddities,
}

struct OpenFile {
    depth: usize,
    builder: FileBuilder,
    stored: Metrics,
    n_lines: usize,
}

/// A `metrics` tag; what it does not have is `None`.
#[derive(Clone, Copy, Debug, Default)]
struct Metrics {
    statements: Option<Ratio>,
    conditionals: Option<Ratio>,
    methods: Option<Ratio>,
}

impl Reading {
    fn begin(&mut self, element: &Element<'_>, depth: usize) {
        match element.name() {
            "coverage" if depth == 1 => {
                self.met_root = true;
                self.version = element.get("clover").map(Cow::into_owned);
                self.dialect = Dialect::of(self.version.as_deref());
            }
            "project" => self.project = Some(depth),
            "testproject" => self.test_project = Some(depth),
            "class" => {
                self.class.get_or_insert(depth);
            }
            "file" => self.begin_file(element, depth),
            "metrics" => {
                if let Some(file) = &mut self.file {
                    if self.class.is_none() {
                        file.stored = Metrics::of(element);
                    }
                } else if self.project.is_some_and(|project| project + 1 == depth) {
                    self.stored = Metrics::of(element);
                }
            }
            "line" => self.line(element),
            _ => {}
        }
    }

    fn end(&mut self, depth: usize) {
        for open in [&mut self.project, &mut self.test_project, &mut self.class] {
            if *open == Some(depth) {
                *open = None;
            }
        }
        if let Some(file) = self.file.take_if(|file| file.depth == depth) {
            self.end_file(file);
        }
    }

    fn begin_file(&mut self, element: &Element<'_>, depth: usize) {
        let Some(path) = element.get("path").or_else(|| element.get("name")) else {
            self.oddities.note("files without a name", || {
                "a file without a name or path is left out".to_owned()
            });
            return;
        };
        self.file = Some(OpenFile {
            depth,
            builder: FileCoverage::builder(&path),
            stored: Metrics::default(),
            n_lines: 0,
        });
    }

    fn end_file(&mut self, file: OpenFile) {
        if self.test_project.is_some() && file.n_lines > 0 {
            self.oddities.note("files of tests", || {
                "files under `testproject` are tests and are left out".to_owned()
            });
            return;
        }
        self.files.push(file);
    }

    fn line(&mut self, element: &Element<'_>) {
        let Some(file) = &mut self.file else {
            return;
        };
        let number = element.number("num").and_then(|n| u32::try_from(n).ok());
        let Some(line) = number.and_then(Line::new) else {
            self.oddities.note("lines without a number", || {
                format!(
                    "a line numbered {} is left out",
                    text::quote_name(&element.get("num").unwrap_or_default())
                )
            });
            return;
        };
        file.n_lines += 1;
        let count = element.number("count");
        match element.get("type").as_deref() {
            Some("method") => {
                let name = element.get("name").or_else(|| element.get("signature"));
                file.builder.function(
                    &name.unwrap_or_default(),
                    Span::line(line),
                    Hits::times(count.unwrap_or_default()),
                );
            }
            Some("cond") => {
                self.has_conditions = true;
                let arms = |name| element.number(name).unwrap_or_default();
                let (held, failed) = (arms("truecount"), arms("falsecount"));
                if let Some(count) = count {
                    let n = |arms| u32::try_from(arms).unwrap_or(u32::MAX);
                    let total = n(held).saturating_add(n(failed));
                    file.builder.line(line, Hits::times(count));
                    file.builder
                        .counted_branch(line, Construct::Unknown, n(held), total);
                } else {
                    // Clover proper: the condition, with a statement of its own beside it.
                    file.builder
                        .branch(Span::line(line), Construct::Unknown)
                        .arm(Outcome::True, Hits::times(held))
                        .arm(Outcome::False, Hits::times(failed));
                }
            }
            _ => {
                file.builder
                    .line(line, Hits::times(count.unwrap_or_default()));
            }
        }
    }

    fn report(mut self) -> Report {
        let tells_none = |ratio: Ratio| ratio.total == 0 && !self.dialect.measures_branches();
        let has_branches = self.has_conditions
            || self
                .stored
                .conditionals
                .is_some_and(|ratio| !tells_none(ratio));
        let mut counted = Totals::default();
        let mut files = Vec::with_capacity(self.files.len());
        for file in self.files {
            let (stored, file) = (file.stored, file.builder.finish());
            let detail = file.counted();
            counted = counted.plus(detail);
            files.push(file.with_totals(self.dialect.figures(stored, detail, has_branches)));
        }
        let totals = self.dialect.figures(self.stored, counted, has_branches);
        if !has_branches && !files.is_empty() {
            let how = match self.dialect {
                Dialect::Gcovr => "; gcovr writes it with --json or --cobertura",
                _ => "",
            };
            self.oddities.note("reports without branches", || {
                format!("no branch data in this report{how}")
            });
        }
        if let (Some(stored), Some(detail)) = (totals.branches, counted.branches)
            && stored != detail
        {
            self.oddities.note("totals that differ", || {
                format!(
                    "the tool counts {}/{} arms, the lines of this report hold {}/{}: it leaves out arms on lines without a statement; a JSON or LCOV report of the same run has them all",
                    stored.covered, stored.total, detail.covered, detail.total
                )
            });
        }
        if let (Some(stored), Some(detail)) = (totals.functions, counted.functions)
            && detail.total == stored.total
            && stored.covered < detail.covered
        {
            self.oddities.note("methods that ran in part", || {
                format!(
                    "the tool counts a method as covered when all of it ran: {} of {}, while {} were called",
                    stored.covered, stored.total, detail.covered
                )
            });
        }
        Report {
            format: Format::Clover,
            tool: self.dialect.tool(self.version.as_deref()),
            totals,
            files,
            source_roots: Vec::new(),
            warnings: self.oddities.finish(),
        }
    }
}

impl Dialect {
    fn of(version: Option<&str>) -> Self {
        match version {
            None => Self::PhpUnit,
            Some("3.2.0") => Self::Istanbul,
            Some(stamp) if stamp.bytes().all(|byte| byte.is_ascii_digit()) => Self::Gcovr,
            Some(_) => Self::OpenClover,
        }
    }

    /// Whether 0 conditionals mean that there are none, and not that nobody looked.
    fn measures_branches(self) -> bool {
        matches!(self, Self::Istanbul | Self::OpenClover)
    }

    /// The tool's figures where it stores them, else what the lines add up to.
    fn figures(self, stored: Metrics, detail: Totals, has_branches: bool) -> Totals {
        let any = |ratio: &Ratio| ratio.total > 0;
        let (lines, statements) = match self {
            // Several statements of a line are several for Clover.
            Self::OpenClover => (detail.lines, stored.statements),
            _ => (stored.statements.or(detail.lines), None),
        };
        Totals {
            branches: stored
                .conditionals
                .or(detail.branches)
                .filter(|_| has_branches),
            lines,
            functions: stored.methods.filter(any).or(detail.functions.filter(any)),
            statements,
        }
    }

    fn tool(self, version: Option<&str>) -> Option<String> {
        match self {
            Self::Gcovr => Some("gcovr".to_owned()),
            Self::OpenClover => version.map(|version| format!("Clover {version}")),
            Self::Istanbul | Self::PhpUnit => None,
        }
    }
}

impl Metrics {
    fn of(element: &Element<'_>) -> Self {
        let ratio =
            |covered, total| Some(Ratio::new(element.number(covered)?, element.number(total)?));
        Self {
            statements: ratio("coveredstatements", "statements"),
            conditionals: ratio("coveredconditionals", "conditionals"),
            methods: ratio("coveredmethods", "methods"),
        }
    }
}
