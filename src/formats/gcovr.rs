//! gcovr's own JSON (`gcovr --json`, format 0.15, gcovr 8.8; older versions tolerated) and its summary.
//!
//! A line of a C++ template comes once for each instance, and the tool counts each of them; so each
//! instance's arms are a decision of their own here. The arms that leave one block of machine code
//! (`source_block_id`) are one decision. What is marked `gcovr/excluded` counts nowhere.

use std::marker::PhantomData;

use serde::Deserialize;

use super::by_path::ByPath;
use super::json::{self, Count, Text};
use super::oddities::Oddities;
use super::{ParseError, text};
use crate::coverage::{
    Construct, FileBuilder, FileCoverage, Format, Hits, Line, Outcome, Ratio, Report, Span, Totals,
    Warning,
};

pub(super) fn parse(text: &[u8]) -> Result<Report, ParseError> {
    let root = json::read(text, PhantomData::<Root<'_>>)?;
    if root.summary.is_some() {
        let summary = json::read(text, PhantomData::<Summary<'_>>)?;
        return Ok(summary.report());
    }
    Ok(root.report())
}

#[derive(Deserialize)]
struct Root<'a> {
    #[serde(rename = "gcovr/summary_format_version", borrow)]
    summary: Option<Text<'a>>,
    #[serde(borrow, default)]
    files: Vec<File<'a>>,
}

#[derive(Deserialize)]
struct File<'a> {
    /// Relative to gcovr's root, which is not stored; absent in a summary.
    #[serde(rename = "file", borrow)]
    path: Option<Text<'a>>,
    #[serde(default)]
    lines: Vec<LineRow>,
    #[serde(borrow)]
    functions: Option<Vec<Function<'a>>>,
}

#[derive(Deserialize)]
struct LineRow {
    line_number: Count,
    count: Count,
    #[serde(default)]
    branches: Vec<BranchRow>,
    #[serde(rename = "gcovr/excluded", default)]
    excluded: bool,
    /// Before gcovr 6: neither counted nor shown.
    #[serde(rename = "gcovr/noncode", default)]
    noncode: bool,
}

#[derive(Deserialize)]
struct BranchRow {
    count: Count,
    #[serde(default)]
    throw: bool,
    source_block_id: Option<Count>,
    #[serde(rename = "gcovr/excluded", default)]
    excluded: bool,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    demangled_name: Option<Text<'a>>,
    lineno: Count,
    execution_count: Option<Count>,
    #[serde(rename = "gcovr/excluded", default)]
    excluded: bool,
}

impl Root<'_> {
    fn report(self) -> Report {
        let mut oddities = Oddities::default();
        let has_functions = self.files.iter().any(|file| file.functions.is_some());
        let mut n_repeated = 0_u64;
        let mut files = ByPath::default();
        for file in self.files {
            let Some(path) = &file.path else {
                oddities.note("files without a name", || {
                    "a file without a name is left out".to_owned()
                });
                continue;
            };
            let coverage = file.coverage(path.as_str(), has_functions, &mut oddities);
            let counted = coverage.counted().lines.unwrap_or_default();
            let stated = coverage.totals().lines.unwrap_or_default();
            n_repeated += stated.total.saturating_sub(counted.total);
            files.add(coverage, &mut oddities);
        }
        if n_repeated > 0 {
            oddities.note("lines of several instances", || {
                format!(
                    "gcovr counts each instance of a template: its figure for lines is {n_repeated} higher than there are lines"
                )
            });
        }
        let totals = files.totals();
        Report {
            format: Format::Gcovr,
            tool: Some("gcovr".to_owned()),
            totals: Totals {
                branches: totals.branches.or(Some(Ratio::default())),
                lines: totals.lines.or(Some(Ratio::default())),
                ..totals
            },
            files: files.into_vec(),
            source_roots: Vec::new(),
            warnings: oddities.finish(),
        }
    }
}

impl File<'_> {
    fn coverage(&self, path: &str, has_functions: bool, oddities: &mut Oddities) -> FileCoverage {
        let mut builder = FileCoverage::builder(path);
        let mut lines = Ratio::default();
        for row in &self.lines {
            if row.excluded || row.noncode {
                continue;
            }
            let Some(line) = line(row.line_number, path, oddities) else {
                continue;
            };
            lines = lines.plus(seen(row.count));
            builder.line(line, hits(row.count, line, oddities));
            tell_branches(&mut builder, line, &row.branches, oddities);
        }
        let mut functions = Ratio::default();
        for function in self.functions.iter().flatten() {
            let (false, Some(count)) = (function.excluded, function.execution_count) else {
                continue;
            };
            let Some(line) = line(function.lineno, path, oddities) else {
                continue;
            };
            let name = function.demangled_name.as_ref().or(function.name.as_ref());
            functions = functions.plus(seen(count));
            builder.function(
                name.map_or("", Text::as_str),
                Span::line(line),
                hits(count, line, oddities),
            );
        }
        let branches = builder.counted().branches;
        builder.totals(Totals {
            branches,
            lines: Some(lines),
            functions: has_functions.then_some(functions),
            statements: None,
        });
        builder.finish()
    }
}

/// A decision for each block of machine code on the line, in the order they are first named.
fn tell_branches(
    builder: &mut FileBuilder,
    line: Line,
    branches: &[BranchRow],
    oddities: &mut Oddities,
) {
    let mut told = vec![false; branches.len()];
    for (idx, first) in branches.iter().enumerate() {
        if first.excluded || told.get(idx).copied().unwrap_or(true) {
            continue;
        }
        builder.branch(Span::line(line), Construct::Unknown);
        let same_block = branches.iter().zip(&mut told).skip(idx);
        for (arm, told) in same_block {
            if *told || arm.excluded || arm.source_block_id != first.source_block_id {
                continue;
            }
            *told = true;
            let outcome = if arm.throw {
                Outcome::Throw
            } else {
                Outcome::Nth
            };
            builder.arm(outcome, hits(arm.count, line, oddities));
        }
    }
}

fn seen(count: Count) -> Ratio {
    Ratio::new(u64::from(count.n > 0), 1)
}

fn hits(count: Count, line: Line, oddities: &mut Oddities) -> Hits {
    if count.odd {
        oddities.note("counts that are no counts", || {
            format!(
                "line {line} has a count that is no count; it is taken as {}",
                count.n
            )
        });
    }
    Hits::times(count.n)
}

fn line(number: Count, path: &str, oddities: &mut Oddities) -> Option<Line> {
    let line = u32::try_from(number.n).ok().and_then(Line::new);
    if line.is_none() {
        oddities.note("lines that no file has", || {
            format!("{}: line {} is left out", text::quote_name(path), number.n)
        });
    }
    line
}

/// `gcovr --json-summary`: figures of the files, and nothing about their lines.
#[derive(Deserialize)]
struct Summary<'a> {
    #[serde(borrow, default)]
    files: Vec<SummaryFile<'a>>,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Deserialize)]
struct SummaryFile<'a> {
    #[serde(borrow)]
    filename: Text<'a>,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Deserialize)]
struct Figures {
    line_covered: Option<u64>,
    line_total: Option<u64>,
    branch_covered: Option<u64>,
    branch_total: Option<u64>,
    function_covered: Option<u64>,
    function_total: Option<u64>,
}

impl Figures {
    fn totals(&self) -> Totals {
        let ratio = |covered: Option<u64>, total: Option<u64>| Some(Ratio::new(covered?, total?));
        Totals {
            branches: ratio(self.branch_covered, self.branch_total),
            lines: ratio(self.line_covered, self.line_total),
            functions: ratio(self.function_covered, self.function_total),
            statements: None,
        }
    }
}

impl Summary<'_> {
    fn report(&self) -> Report {
        let files = self.files.iter().map(|file| {
            let mut builder = FileCoverage::builder(file.filename.as_str());
            builder.totals(file.figures.totals());
            builder.finish()
        });
        Report {
            format: Format::Gcovr,
            tool: Some("gcovr".to_owned()),
            totals: self.figures.totals(),
            files: files.collect(),
            source_roots: Vec::new(),
            warnings: vec![Warning::new(
                "a summary: it has figures but no lines; write the report with gcovr --json to see the gaps",
            )],
        }
    }
}
