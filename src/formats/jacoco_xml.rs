//! `JaCoCo`'s XML report, groups included, and what gcovr writes in its shape.
//!
//! `JaCoCo` counts the arms on a line and cannot tell which of them were taken; so do we. A line is known
//! to have run by its covered instructions (`ci`); gcovr leaves them out, and then only the counters of
//! the file can prove it. The document type it names is never fetched.

use rustc_hash::FxHashMap;

use super::oddities::Oddities;
use super::xml::{self, Element, Tag, Tags};
use super::{ParseError, text};
use crate::coverage::{
    Construct, FileBuilder, FileCoverage, Format, Hits, Line, Ratio, Report, Span, Totals,
};

/// Reads a report.
pub(super) fn parse(bytes: &[u8]) -> Result<Report, ParseError> {
    let text = xml::utf8(bytes);
    let mut tags = Tags::new(&text);
    let mut walk = Walk::default();
    while let Some(tag) = tags.next()? {
        match tag {
            Tag::Open(element) => {
                let level = walk.open(&element);
                walk.levels.push(level);
            }
            Tag::Empty(element) => {
                let level = walk.open(&element);
                walk.close(level);
            }
            Tag::Close => {
                if let Some(level) = walk.levels.pop() {
                    walk.close(level);
                }
            }
            Tag::Text(_) => {}
        }
    }
    Ok(walk.report())
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
    files: Vec<FileCoverage>,
    totals: Totals,
    /// Classes compiled without debug information, and their figures.
    sourceless: (u64, Totals),
    oddities: Oddities,
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
    called: bool,
}

struct SourceFile {
    path: String,
    builder: FileBuilder,
    totals: Totals,
    /// Lines without `ci`, with whether an arm on them was taken.
    unknown: Vec<(Line, bool)>,
}

impl Walk {
    fn open(&mut self, element: &Element<'_>) -> Level {
        match element.name() {
            "line" => {
                self.line(element);
                Level::Other
            }
            "counter" => {
                self.counter(element);
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
                    called: false,
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
                        builder.function(&method.name, Span::line(line), Hits::seen(method.called));
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
                    self.sourceless.0 += 1;
                    self.sourceless.1 = self.sourceless.1.plus(class.totals);
                }
            }
            Level::SourceFile => {
                if let Some(file) = self.file.take() {
                    let file = file.finish(&mut self.oddities);
                    self.files.push(file);
                }
            }
            Level::Report | Level::Package | Level::Other => {}
        }
    }

    fn line(&mut self, element: &Element<'_>) {
        let Some(file) = &mut self.file else {
            return;
        };
        let (mut nr, mut ci, mut mb, mut cb) = (None, None, 0, 0);
        for (name, value) in element.attributes() {
            match name {
                "nr" => nr = xml::number(value),
                "ci" => ci = xml::number(value),
                "mb" => mb = xml::number(value).unwrap_or(0),
                "cb" => cb = xml::number(value).unwrap_or(0),
                _ => {}
            }
        }
        let Some(line) = nr.and_then(line) else {
            self.oddities.note("lines without a number", || {
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

    fn counter(&mut self, element: &Element<'_>) {
        let level = self.levels.last().copied();
        let totals = match (level, &mut self.file) {
            (Some(Level::SourceFile), Some(file)) => &mut file.totals,
            (Some(Level::Class), _) => &mut self.class.totals,
            (Some(Level::Report), _) => &mut self.totals,
            (Some(Level::Method), _) => {
                if element.get("type").as_deref() == Some("METHOD") {
                    self.method.called = element.number("covered").unwrap_or(0) > 0;
                }
                return;
            }
            _ => return,
        };
        let (missed, covered) = (element.number("missed"), element.number("covered"));
        let (Some(missed), Some(covered)) = (missed, covered) else {
            self.oddities.note("counters without figures", || {
                "a counter has no figures; it is left out".to_owned()
            });
            return;
        };
        let ratio = Some(Ratio::new(covered, missed.saturating_add(covered)));
        match element.get("type").as_deref() {
            Some("LINE") => totals.lines = ratio,
            Some("BRANCH") => totals.branches = ratio,
            Some("METHOD") => totals.functions = ratio,
            _ => {}
        }
    }

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
