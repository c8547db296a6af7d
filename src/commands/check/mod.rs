//! `untaken check`: the coverage gate.

mod changed;
mod judge;
mod write;

use self::judge::{Gate, Metric, Threshold};
use super::paint::Style;
use super::{Answer, DONE, Failure, MISSED, choice, warn};
use crate::cli::{CheckArgs, CheckFormat};
use crate::coverage::Totals;
use crate::runtime::reports::{Reader, Sources};
use crate::settings::Settings;

pub(super) fn run(args: &CheckArgs, settings: &Settings, style: Style) -> Result<Answer, Failure> {
    let changes = args
        .diff
        .as_deref()
        .map(|base| choice::changes(settings, base))
        .transpose()?;
    let sources = match (&changes, args.per_file) {
        (Some(_), _) => Sources::Compared,
        (None, true) => Sources::Found,
        (None, false) => Sources::OnlyIfShared,
    };
    let mut reader = Reader::new(settings);
    let mut coverage = reader.load(sources)?;
    let measured = match &changes {
        None => coverage.totals,
        Some(_) => changed::countable(coverage.totals),
    };
    let (thresholds, note) = thresholds(args, settings, measured)?;
    let gate = match &changes {
        None => {
            let gate = Gate::of(&coverage, &thresholds, args.per_file);
            if gate.holds() || sources != Sources::OnlyIfShared {
                gate
            } else {
                // Now the files are named, and by the names that they have here.
                coverage = reader.load(Sources::Found)?;
                Gate::of(&coverage, &thresholds, args.per_file)
            }
        }
        Some(changes) => {
            let counted = changed::count(&mut coverage, changes, settings);
            Gate::of_changed(&coverage, &counted, &thresholds, args.per_file)
        }
    };
    warn(&coverage);
    let report = write::Report {
        coverage: &coverage,
        gate: &gate,
        note: note.as_deref(),
        base: args.diff.as_deref(),
    };
    let stdout = match args.format {
        CheckFormat::Text => write::text(&report, style),
        CheckFormat::Json => write::json(&report),
        CheckFormat::Markdown => write::markdown(&report),
        CheckFormat::Github => {
            let gaps = match &changes {
                Some(changes) if !gate.holds() => changed::gaps(&coverage, changes, settings),
                _ => Vec::new(),
            };
            write::github(&report, &gaps)
        }
    };
    let status = if gate.holds() { DONE } else { MISSED };
    // The program ends after this, and the system takes all memory back at once: piece by piece it takes longer
    // than everything that was done with a large report after it was read.
    std::mem::forget((reader, coverage));
    Ok(Answer { stdout, status })
}

/// The thresholds that were asked for, else the target of the settings. A target that the report has no
/// branches for is held against its lines, or its statements where it has no lines either, and the second
/// value says so.
fn thresholds(
    args: &CheckArgs,
    settings: &Settings,
    totals: Totals,
) -> Result<(Vec<Threshold>, Option<String>), Failure> {
    // Go measures statements alone, and nobody who asks for lines means that nothing was measured.
    let no_lines = args.lines.is_some() && totals.lines.is_none() && totals.statements.is_some();
    let run = if no_lines {
        Metric::Statements
    } else {
        Metric::Lines
    };
    let asked: Vec<Threshold> = [
        (Metric::Branches, args.branches),
        (run, args.lines),
        (Metric::Functions, args.functions),
    ]
    .into_iter()
    .filter_map(|(metric, least)| {
        Some(Threshold {
            metric,
            least: least?,
        })
    })
    .collect();
    if !asked.is_empty() {
        let note = no_lines.then(|| {
            "the report has no data on lines, so --lines is held against its statements".to_owned()
        });
        return Ok((asked, note));
    }
    let least = settings.target.ok_or_else(|| {
        Failure::WrongUse(
            "nothing to hold the coverage against; give --branches, --lines or --functions, or set branches \
             under [target] in untaken.toml"
                .to_owned(),
        )
    })?;
    let metric = if totals.branches.is_some() {
        Metric::Branches
    } else if totals.lines.is_some() {
        Metric::Lines
    } else {
        Metric::Statements
    };
    let note = (metric != Metric::Branches).then(|| choice::instead_of_branches(metric.name()));
    Ok((vec![Threshold { metric, least }], note))
}
