//! An Istanbul summary has figures and no places; a report beside it may have the places.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::{Parsed, Reader, read_one};
use crate::coverage::merge::Part;
use crate::coverage::{CoveredFile, FilePath, Ratio, ReportInfo, Totals, Warning};
use crate::runtime::sources::OnDisk;

/// What was beside a summary.
pub(super) struct Paired {
    /// The report that the places come from, and the files with them.
    pub(super) found: Option<(ReportInfo, Vec<CoveredFile>)>,
    pub(super) warning: Option<Warning>,
}

/// What tools write beside a summary, the most telling first.
const BESIDE: &[&str] = &[
    "coverage-final.json",
    "lcov.info",
    "clover.xml",
    "cobertura-coverage.xml",
];

/// Takes the places from the first report beside the summary whose figures agree with it.
pub(super) fn locations(
    reader: &Reader,
    summary: &Parsed,
    part: &Part,
    disk: &mut OnDisk<'_>,
) -> Paired {
    let folder = summary.path.parent().unwrap_or(Path::new(""));
    let mut of_another_run = None;
    for name in BESIDE {
        let Ok(beside) = read_one(&folder.join(name), None, &reader.progress) else {
            continue;
        };
        let other = reader.resolved(&beside, disk);
        if agrees(part, &other) {
            return Paired {
                found: Some((reader.info(&beside), with_figures_of(part, other))),
                warning: None,
            };
        }
        of_another_run.get_or_insert(*name);
    }
    let message = match of_another_run {
        Some(name) => format!(
            "a summary has figures only, and {name} beside it has other ones, so it is of another run; run the \
             tests again with both reporters: json-summary and json"
        ),
        None => "a summary has figures only; add a reporter that tells the places: jest \
                 --coverageReporters=json --coverageReporters=json-summary, vitest coverage.reporter: \
                 ['json', 'json-summary'], nyc and c8 --reporter=json --reporter=json-summary"
            .to_owned(),
    };
    Paired {
        found: None,
        warning: Some(Warning::new(message)),
    }
}

/// Whether every file of the summary that has anything in it has the same figures in the other report,
/// as far as that one has them.
fn agrees(summary: &Part, other: &Part) -> bool {
    let figures: FxHashMap<&FilePath, Totals> = other
        .files
        .iter()
        .map(|file| (&file.path, file.coverage.totals()))
        .collect();
    summary.files.iter().all(|file| {
        let ours = file.coverage.totals();
        match figures.get(&file.path) {
            Some(theirs) => [
                (ours.branches, theirs.branches),
                (ours.lines, theirs.lines),
                (ours.functions, theirs.functions),
                (ours.statements, theirs.statements),
            ]
            .into_iter()
            .all(|(ours, theirs)| same(ours, theirs)),
            None => [ours.branches, ours.lines, ours.functions, ours.statements]
                .into_iter()
                .flatten()
                .all(|ratio| ratio.total == 0),
        }
    })
}

fn same(ours: Option<Ratio>, theirs: Option<Ratio>) -> bool {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => true,
    }
}

/// The summary's files with the other's places; the figures stay the summary's own.
fn with_figures_of(summary: &Part, other: Part) -> Vec<CoveredFile> {
    let mut places: FxHashMap<FilePath, CoveredFile> = other
        .files
        .into_iter()
        .map(|file| (file.path.clone(), file))
        .collect();
    summary
        .files
        .iter()
        .map(|file| match places.remove(&file.path) {
            Some(place) => CoveredFile {
                coverage: std::sync::Arc::new(
                    std::sync::Arc::unwrap_or_clone(place.coverage)
                        .with_totals(file.coverage.totals()),
                ),
                ..file.clone()
            },
            None => file.clone(),
        })
        .collect()
}
