//! `untaken result merge`: one result of those that several shards wrote.

use std::fmt::Write as _;
use std::path::Path;

use super::{Answer, DONE, Failure, json, table, warn};
use crate::cli::{MergeArgs, ResultArgs, ResultCommand, ResultFormat};
use crate::coverage::{Coverage, Percent};
use crate::runtime::reports::{Reader, Sources};
use crate::runtime::store;
use crate::settings::Settings;
use crate::triage::record::RunResult;
use crate::triage::{Part, merge};

pub(super) fn run(args: &ResultArgs, settings: &Settings) -> Result<Answer, Failure> {
    match &args.command {
        ResultCommand::Merge(args) => merged(args, settings),
    }
}

fn merged(args: &MergeArgs, settings: &Settings) -> Result<Answer, Failure> {
    let parts = args
        .results
        .iter()
        .map(|path| read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let after = after(args, settings)?;
    let result = merge(&parts, after).map_err(|error| Failure::WrongUse(error.to_string()))?;
    let text = match args.format {
        ResultFormat::Json => json::encode(&result),
        ResultFormat::Markdown => markdown(&result),
    };
    let Some(path) = &args.output else {
        return Ok(Answer {
            stdout: text,
            status: DONE,
        });
    };
    store::write_whole(path, text.as_bytes()).map_err(|error| {
        Failure::WrongUse(format!(
            "{}: the result cannot be written: {error}",
            path.display()
        ))
    })?;
    Ok(Answer {
        stdout: String::new(),
        status: DONE,
    })
}

fn read(path: &Path) -> Result<Part, Failure> {
    let name = path.display().to_string();
    let bytes =
        std::fs::read(path).map_err(|error| Failure::WrongUse(format!("{name}: {error}")))?;
    let result: RunResult = serde_json::from_slice(&bytes).map_err(|error| {
        Failure::WrongUse(format!(
            "{name}: not a result of a run ({error}); untaken close writes one with -o"
        ))
    })?;
    Ok(Part { name, result })
}

/// The total of the report that was measured with the tests of all shards.
fn after(args: &MergeArgs, settings: &Settings) -> Result<Option<f64>, Failure> {
    let Some(named) = &args.after else {
        return Ok(None);
    };
    let mut reader = Reader::new(settings);
    let coverage: Coverage = if named.is_empty() {
        reader.load(Sources::OnlyIfShared)?
    } else {
        let paths: Vec<_> = named
            .iter()
            .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()))
            .collect();
        reader.read(&paths, Sources::OnlyIfShared)?
    };
    warn(&coverage);
    let Some(percent) = super::total_percent(&coverage.totals) else {
        return Err(Failure::WrongUse(
            "--after: the report has neither branches nor lines to count".to_owned(),
        ));
    };
    Ok(Some(Percent::as_f64(percent)))
}

/// At most so many lines of a list: a comment on a pull request has a limit of its own.
const MOST_ROWS: usize = 100;

/// What became of it, for the summary of a job and a comment.
fn markdown(result: &RunResult) -> String {
    let figure = |percent: Option<f64>| {
        percent.map_or_else(
            || "not measured".to_owned(),
            |percent| format!("{percent:.2} %"),
        )
    };
    let n_kept = result
        .tests
        .iter()
        .filter(|test| test.verdict == "kept")
        .count();
    let mut out = String::new();
    let _ = writeln!(
        out,
        "**{} taken, {} lost, {} vanished.** Total coverage {} → {}. {} kept with {}. {} tokens in ({} of them cached), {} out.",
        table::counted(result.closed.len(), "arm"),
        result.lost.len(),
        result.vanished.len(),
        figure(result.coverage_before),
        figure(result.coverage_after),
        table::counted(n_kept, "test file"),
        table::counted(
            usize::try_from(result.tests_generated).unwrap_or(usize::MAX),
            "test"
        ),
        result.tokens.input,
        result.tokens.cached,
        result.tokens.output,
    );
    let place = |file: &str, line: u32| format!("{}:{line}", table::markdown(file));
    let arms = result
        .lost
        .iter()
        .map(|arm| ("lost", place(&arm.file, arm.line), arm.arm.as_str(), ""))
        .chain(
            result
                .vanished
                .iter()
                .map(|arm| ("vanished", place(&arm.file, arm.line), "", arm.why.as_str())),
        )
        .chain(result.closed.iter().map(|closed| {
            let arm = &closed.arm;
            (
                "taken",
                place(&arm.file, arm.line),
                arm.arm.as_str(),
                closed.by.as_str(),
            )
        }));
    rows(
        &mut out,
        "| | arm of | | by |",
        arms.map(|(what, place, arm, by)| {
            format!(
                "| {what} | {place} | {} | {} |",
                table::markdown(arm),
                table::markdown(by)
            )
        }),
    );
    rows(
        &mut out,
        "| finding | path | evidence | blocking |",
        result.findings.iter().map(|finding| {
            format!(
                "| {} | {} | {} | {} |",
                table::markdown(&finding.code),
                table::markdown(&finding.path),
                table::markdown(&finding.evidence),
                if finding.blocking { "yes" } else { "no" }
            )
        }),
    );
    rows(
        &mut out,
        "| left open | lines | why | |",
        result.remaining_gaps.iter().map(|gaps| {
            let lines: Vec<String> = gaps.uncovered_lines.iter().map(u32::to_string).collect();
            format!(
                "| {} | {} | {} | |",
                table::markdown(&gaps.file),
                lines.join(", "),
                table::markdown(&gaps.reason)
            )
        }),
    );
    out
}

/// A table of four columns; nothing where there is no row.
fn rows(out: &mut String, head: &str, rows: impl Iterator<Item = String>) {
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{head}\n|---|---|---|---|");
    for row in rows.iter().take(MOST_ROWS) {
        let _ = writeln!(out, "{row}");
    }
    if rows.len() > MOST_ROWS {
        let _ = writeln!(out, "\n… and {} more", rows.len() - MOST_ROWS);
    }
}
