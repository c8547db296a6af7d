//! Several reports as one: the union of what ran.
//!
//! Lines, arms and functions of a file that several reports speak of add up. Where the reports disagree
//! about the shape of a decision, the first one's is kept and the disagreement is reported. A file that
//! only one report knows keeps that tool's own figures; so do the totals as long as no file is shared.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{
    Arms, Branch, CoveredFile, FileCoverage, FilePath, Function, Line, Outcome, Ratio, Totals,
    Warning,
};

/// One report with its files resolved.
#[derive(Clone, Debug)]
pub struct Part {
    pub report: FilePath,
    pub totals: Totals,
    pub files: Vec<CoveredFile>,
}

/// What several reports say together; the files in no particular order.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    pub totals: Totals,
    pub files: Vec<CoveredFile>,
    /// With the report they are about.
    pub warnings: Vec<(FilePath, Warning)>,
}

/// The union of reports. One report alone comes through as it is, except that a file it names under
/// two paths becomes one.
#[must_use]
pub fn merge(parts: Vec<Part>) -> Merged {
    let mut merged = Merged::default();
    let mut places: FxHashMap<FilePath, Vec<Place>> = FxHashMap::default();
    let mut shared_between_reports = false;
    for (idx, part) in parts.into_iter().enumerate() {
        merged.totals = merged.totals.plus(part.totals);
        let mut disagreements: Vec<(FilePath, usize)> = Vec::new();
        let folder = folder(&part.report);
        for mut file in part.files {
            let known = places.entry(file.path.clone()).or_default();
            let same = known
                .iter()
                .find(|place| place.is_of(&file, idx, folder))
                .and_then(|place| Some((place.report, merged.files.get_mut(place.at)?)));
            if let Some((report, before)) = same {
                shared_between_reports |= report != idx;
                let union = union(&before.coverage, &file.coverage);
                if union.disagreements > 0 {
                    disagreements.push((file.path, union.disagreements));
                }
                before.coverage = Arc::new(union.file);
                before.measured_ms = before.measured_ms.min(file.measured_ms);
                continue;
            }
            let is_namesake = !known.is_empty();
            known.push(Place {
                at: merged.files.len(),
                report: idx,
                folder: folder.to_owned(),
                module: file.coverage.module().map(str::to_owned),
                found: file.source.is_readable(),
            });
            if is_namesake {
                file.path = told_apart(&file, &part.report);
            }
            merged.files.push(file);
        }
        if let Some(warning) = disagreement(&disagreements) {
            merged.warnings.push((part.report, warning));
        }
    }
    if shared_between_reports {
        merged.totals = sum(&merged.files);
    }
    merged
}

/// Where a file stands in the union, and what tells it from a namesake.
struct Place {
    at: usize,
    report: usize,
    folder: String,
    module: Option<String>,
    found: bool,
}

impl Place {
    /// A path that was found is one file. One that was not is the report's own word, which may mean
    /// another file in another module, or in a report of another folder.
    fn is_of(&self, file: &CoveredFile, report: usize, folder: &str) -> bool {
        if self.found || file.source.is_readable() {
            return self.found && file.source.is_readable();
        }
        let path = file.path.as_str();
        let is_absolute = path.starts_with('/') || path.get(1..2) == Some(":");
        self.module.as_deref() == file.coverage.module()
            && (is_absolute || self.report == report || self.folder == folder)
    }
}

fn folder(report: &FilePath) -> &str {
    report
        .as_str()
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder)
}

/// A name of its own for a file that is not here and has a namesake: its module's, else its report's.
fn told_apart(file: &CoveredFile, report: &FilePath) -> FilePath {
    let whose = file.coverage.module().unwrap_or(report.as_str());
    FilePath::new(&format!("{whose}/{}", file.path.as_str()))
}

/// Sums the figures of all files. Statements are no sum of anything as soon as one file lost them.
fn sum(files: &[CoveredFile]) -> Totals {
    let mut totals = files
        .iter()
        .map(|file| file.coverage.totals())
        .fold(Totals::default(), Totals::plus);
    if files.iter().any(|file| {
        file.coverage.totals().statements.is_none() && file.coverage.totals().lines.is_some()
    }) {
        totals.statements = None;
    }
    totals
}

fn disagreement(files: &[(FilePath, usize)]) -> Option<Warning> {
    let ((first, _), rest) = files.split_first()?;
    let lines: usize = files.iter().map(|(_, n)| n).sum();
    let others = match rest.len() {
        0 => String::new(),
        1 => " and 1 other file".to_owned(),
        n => format!(" and {n} other files"),
    };
    Some(Warning::new(format!(
        "on {lines} line{} of {}{others} the decisions are not those of the reports before it, which are \
         kept; were the reports made from the same sources and by the same tool?",
        if lines == 1 { "" } else { "s" },
        first.as_str(),
    )))
}

struct Union {
    file: FileCoverage,
    /// Lines whose decisions have another shape in the second.
    disagreements: usize,
}

fn union(a: &FileCoverage, b: &FileCoverage) -> Union {
    if !has_detail(a) || !has_detail(b) {
        // A summary adds nothing to what it sums up.
        let file = if has_detail(b) { b } else { a };
        return Union {
            file: file.clone(),
            disagreements: 0,
        };
    }
    let mut builder = FileCoverage::builder(a.reported());
    if let Some(module) = a.module() {
        builder.module(module);
    }
    builder.column_unit(a.column_unit());
    for (line, hits) in a.lines().chain(b.lines()) {
        builder.line(line, hits);
    }
    let mut disagreements = 0;
    let theirs = by_line(b);
    let ours = by_line(a);
    for (line, branches) in &ours {
        match theirs.get(line) {
            None => add_all(&mut builder, branches),
            Some(others) if fits(branches, others) => {
                for (&branch, &other) in branches.iter().zip(others) {
                    add(&mut builder, branch, Some(other));
                }
            }
            Some(_) => {
                disagreements += 1;
                add_all(&mut builder, branches);
            }
        }
    }
    for (line, branches) in &theirs {
        if !ours.contains_key(line) {
            add_all(&mut builder, branches);
        }
    }
    let mut functions: Vec<_> = a.functions().to_vec();
    let mut known: FxHashMap<(Line, &str), usize> = FxHashMap::default();
    for (idx, function) in a.functions().iter().enumerate() {
        known.entry(named(function)).or_insert(idx);
    }
    for function in b.functions() {
        let idx = *known.entry(named(function)).or_insert(functions.len());
        match functions.get_mut(idx) {
            Some(known) => known.hits = known.hits.plus(function.hits),
            None => functions.push(function.clone()),
        }
    }
    for function in &functions {
        builder.function(&function.name, function.span, function.hits);
    }
    let counted = builder.counted();
    let either = |pick: fn(Totals) -> Option<Ratio>, counted: Option<Ratio>| {
        pick(a.totals()).or(pick(b.totals())).and(counted)
    };
    builder.totals(Totals {
        branches: either(|totals| totals.branches, counted.branches),
        lines: either(|totals| totals.lines, counted.lines),
        functions: either(|totals| totals.functions, counted.functions),
        statements: None,
    });
    Union {
        file: builder.finish(),
        disagreements,
    }
}

/// What makes functions of two reports the same one.
fn named(function: &Function) -> (Line, &str) {
    (function.span.start.line, &function.name)
}

fn has_detail(file: &FileCoverage) -> bool {
    file.lines().len() > 0 || file.branches().len() > 0 || !file.functions().is_empty()
}

type ByLine<'a> = std::collections::BTreeMap<Line, Vec<Branch<'a>>>;

fn by_line(file: &FileCoverage) -> ByLine<'_> {
    let mut lines = ByLine::new();
    for branch in file.branches() {
        lines.entry(branch.line()).or_default().push(branch);
    }
    lines
}

/// Whether the decisions of a line are the same ones in two reports, as far as their shape tells.
fn fits(ours: &[Branch<'_>], theirs: &[Branch<'_>]) -> bool {
    ours.len() == theirs.len()
        && ours
            .iter()
            .zip(theirs)
            .all(|(a, b)| match (a.arms(), b.arms()) {
                (Arms::Listed(a), Arms::Listed(b)) => a.len() == b.len(),
                (Arms::Counted(a), Arms::Counted(b)) => a.total == b.total,
                (Arms::Listed(_), Arms::Counted(_)) | (Arms::Counted(_), Arms::Listed(_)) => false,
            })
}

fn add_all(builder: &mut super::FileBuilder, branches: &[Branch<'_>]) {
    for &branch in branches {
        add(builder, branch, None);
    }
}

fn add(builder: &mut super::FileBuilder, branch: Branch<'_>, other: Option<Branch<'_>>) {
    match (branch.arms(), other.map(Branch::arms)) {
        (Arms::Listed(arms), others) => {
            let others = match others {
                Some(Arms::Listed(others)) => others,
                Some(Arms::Counted(_)) | None => Vec::new(),
            };
            builder.branch(branch.span(), branch.construct());
            for (idx, arm) in arms.iter().enumerate() {
                let other = others.get(idx);
                let outcome = match (arm.outcome, other.map(|other| other.outcome)) {
                    (Outcome::Nth, Some(better)) => better,
                    (outcome, _) => outcome,
                };
                let hits = other.map_or(arm.hits, |other| arm.hits.plus(other.hits));
                builder.arm(outcome, hits);
            }
        }
        (Arms::Counted(ratio), others) => {
            // Which arms they were is unknown on both sides: at least the larger number ran.
            let covered = match others {
                Some(Arms::Counted(other)) => ratio.covered.max(other.covered),
                Some(Arms::Listed(_)) | None => ratio.covered,
            };
            builder.counted_branch(
                branch.line(),
                branch.construct(),
                u32::try_from(covered).unwrap_or(u32::MAX),
                u32::try_from(ratio.total).unwrap_or(u32::MAX),
            );
        }
    }
}

/// Puts files in the contract's order: branch coverage as it is shown (cut to two decimals) ascending,
/// then untaken arms descending, then path; those without branches afterwards, by what ran.
pub fn order(files: &mut [CoveredFile]) {
    files.sort_by_cached_key(|file| {
        let totals = file.coverage.totals();
        let share = |ratio: Option<Ratio>| ratio.and_then(Ratio::percent);
        let missed = |ratio: Option<Ratio>| std::cmp::Reverse(ratio.map_or(0, Ratio::missed));
        let (branches, lines) = (share(totals.branches), share(totals.run()));
        match branches {
            Some(percent) => (0, Some(percent), missed(totals.branches), file.path.clone()),
            None => (
                if lines.is_some() { 1 } else { 2 },
                lines,
                missed(totals.run()),
                file.path.clone(),
            ),
        }
    });
}

#[cfg(test)]
mod tests;
