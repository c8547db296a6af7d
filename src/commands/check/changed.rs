//! What lies on changed lines.

use rustc_hash::FxHashMap;

use crate::commands::choice::{self, FoundGaps};
use crate::coverage::{Coverage, CoveredFile, FilePath, Line, Ratio, SourceState, Totals, Warning};
use crate::gaps::Gap;
use crate::runtime::git::Changes;
use crate::runtime::sources;
use crate::settings::Settings;

/// What can be counted on changed lines. A statement has no line of its own in a report (Go), so lines stand
/// for statements.
pub(super) fn countable(totals: Totals) -> Totals {
    Totals {
        lines: totals.run(),
        statements: None,
        ..totals
    }
}

/// The arms, lines and functions on changed lines, for each changed file that the reports know. A file
/// that changed after its measurement gets a warning: its newest lines are not measured.
pub(super) fn count(
    coverage: &mut Coverage,
    changes: &Changes,
    settings: &Settings,
) -> Vec<(FilePath, Totals)> {
    let mut counted = Vec::new();
    let mut warnings = Vec::new();
    for file in coverage.files.iter().filter(|file| changes.has(&file.path)) {
        if file.source == SourceState::Changed {
            let message = "changed since the report was written; run the tests again to measure what it says now";
            warnings.push((file.path.clone(), Warning::new(message)));
        }
        counted.push((file.path.clone(), on_changed_lines(file, changes, settings)));
    }
    coverage.warnings.extend(warnings);
    counted
}

fn on_changed_lines(file: &CoveredFile, changes: &Changes, settings: &Settings) -> Totals {
    let moved = moved_lines(file, settings);
    let is_changed = |line: Line| {
        let now = match &moved {
            Some(moved) => moved.get(&line).copied(),
            None => Some(line),
        };
        now.is_some_and(|now| changes.touches(&file.path, now, now))
    };
    let one = |taken: bool| Ratio::new(taken.into(), 1);
    let sum = |ratios: &mut dyn Iterator<Item = Ratio>| ratios.fold(Ratio::default(), Ratio::plus);
    let known = countable(file.coverage.totals());
    Totals {
        branches: known.branches.map(|_| {
            sum(&mut file
                .coverage
                .branches()
                .filter(|branch| is_changed(branch.line()))
                .map(crate::coverage::Branch::ratio))
        }),
        lines: known.lines.map(|_| {
            sum(&mut file
                .coverage
                .lines()
                .filter(|(line, _)| is_changed(*line))
                .map(|(_, hits)| one(hits.is_taken())))
        }),
        functions: known.functions.map(|_| {
            sum(&mut file
                .coverage
                .functions()
                .iter()
                .filter(|function| is_changed(function.span.start.line))
                .map(|function| one(function.hits.is_taken())))
        }),
        statements: None,
    }
}

/// Where the report's lines are now; `None` where they did not move.
fn moved_lines(file: &CoveredFile, settings: &Settings) -> Option<FxHashMap<Line, Line>> {
    if file.source != SourceState::Changed {
        return None;
    }
    let text = sources::text(&settings.root, file).ok()?;
    let lines = text.source.report_lines()?.iter().enumerate();
    Some(
        lines
            .filter_map(|(idx, was)| Some(((*was)?, Line::from_index(idx))))
            .collect(),
    )
}

/// The gaps on changed lines, file by file.
pub(super) fn gaps(
    coverage: &Coverage,
    changes: &Changes,
    settings: &Settings,
) -> Vec<(FilePath, Vec<Gap>)> {
    let files: Vec<CoveredFile> = coverage
        .files
        .iter()
        .filter(|file| changes.has(&file.path))
        .cloned()
        .collect();
    let found = choice::find_gaps(&files, settings);
    files
        .iter()
        .zip(found)
        .map(|(file, FoundGaps { gaps, .. })| {
            let on_changed = gaps
                .into_iter()
                .filter(|gap| changes.touches(&file.path, gap.line, gap.end_line));
            (file.path.clone(), on_changed.collect())
        })
        .collect()
}
