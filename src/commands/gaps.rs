//! `untaken gaps`: what no test has done.

use std::fmt::Write as _;

use super::choice::{Choice, Listed};
use super::paint::Style;
use super::{Answer, DONE, Failure, complain, json, shape, table, warn};
use crate::cli::{GapsArgs, GapsFormat};
use crate::coverage::{Coverage, FilePath, Ratio, SourceState};
use crate::gaps::{Gap, GapId, GapKind};
use crate::harmless;
use crate::runtime::prompts;
use crate::runtime::reports::{Reader, Sources};
use crate::settings::Settings;

pub(super) fn run(args: &GapsArgs, settings: &Settings, style: Style) -> Result<Answer, Failure> {
    let choice = Choice::new(&args.choice, settings)?;
    let mut coverage = Reader::new(settings).load(Sources::Compared)?;
    warn(&coverage);
    let files = std::mem::take(&mut coverage.files);
    if args.format == GapsFormat::Prompt {
        // Whole again: the prompt is made from the coverage, as it is in the explorer.
        coverage.files.clone_from(&files);
    }
    let listed = choice.list(files, settings);
    let stdout = match args.format {
        GapsFormat::Json => json::encode(&shape::Gaps {
            version: 1,
            reports: coverage.reports.iter().map(shape::Report::from).collect(),
            totals: coverage.totals.into(),
            files: listed
                .iter()
                .map(|it| shape::file(&it.file, &it.gaps))
                .collect(),
            warnings: shape::warnings(&coverage),
        }),
        GapsFormat::Text => text(&coverage, &listed, style),
        GapsFormat::Markdown => markdown(&coverage, &listed),
        GapsFormat::Prompt => {
            let picks: Vec<(FilePath, GapId)> = listed
                .iter()
                .flat_map(|it| it.gaps.iter().map(|gap| (it.file.path.clone(), gap.id)))
                .collect();
            if picks.is_empty() {
                complain("no gap is open here: there is nothing to write a prompt about");
                String::new()
            } else {
                prompts::of_picks(settings, &coverage, &picks)
            }
        }
    };
    Ok(Answer {
        stdout,
        status: DONE,
    })
}

fn n_gaps(listed: &[Listed]) -> usize {
    listed.iter().map(|it| it.gaps.len()).sum()
}

/// Files worst first, their gaps in the order of the text, figures aligned.
fn text(coverage: &Coverage, listed: &[Listed], style: Style) -> String {
    let mut out = String::new();
    for report in &coverage.reports {
        let tool = report.tool.as_deref().unwrap_or(report.format.name());
        let line = format!(
            "{}  {}",
            harmless::line(report.path.as_str()),
            harmless::line(tool)
        );
        let _ = writeln!(out, "{}", style.quiet(&line));
    }
    let _ = writeln!(
        out,
        "{}",
        style.strong(&table::totals(coverage.totals).join("   "))
    );
    let with_gaps: Vec<&Listed> = listed.iter().filter(|it| !it.gaps.is_empty()).collect();
    for it in &with_gaps {
        let _ = writeln!(out);
        let _ = writeln!(out, "{}", file_line(it, style));
        let numbers: Vec<String> = it.gaps.iter().map(lines).collect();
        let dots: Vec<String> = it.gaps.iter().map(arms).collect();
        let (number_width, dot_width) = (
            table::widest(numbers.iter().map(String::as_str)),
            table::widest(dots.iter().map(String::as_str)),
        );
        for ((gap, number), dots) in it.gaps.iter().zip(&numbers).zip(&dots) {
            let function = gap.function.as_deref().unwrap_or_default();
            let _ = writeln!(
                out,
                "  {}  {}  {}  {}{}",
                table::right(number, number_width),
                table::left(dots, dot_width),
                style.quiet(&gap.id.to_string()),
                harmless::line(&gap.brief),
                match harmless::line(function) {
                    name if name.is_empty() => String::new(),
                    name => style.quiet(&format!("  in {name}")),
                },
            );
        }
    }
    let _ = writeln!(out);
    let found = match n_gaps(listed) {
        0 => "no gaps".to_owned(),
        n => format!(
            "{} in {}",
            table::counted(n, "gap"),
            table::counted(with_gaps.len(), "file")
        ),
    };
    let _ = writeln!(out, "{found}");
    out
}

fn file_line(it: &Listed, style: Style) -> String {
    let totals = it.file.coverage.totals();
    let figure = |ratio: Option<Ratio>, what: &str| {
        let ratio = ratio.filter(|ratio| ratio.total > 0)?;
        Some(format!(
            "{} {}/{} {what}",
            table::percent(ratio)?,
            ratio.covered,
            ratio.total
        ))
    };
    let figure = figure(totals.branches, "arms").or_else(|| figure(totals.lines, "lines"));
    let state = match &it.file.source {
        SourceState::Found => String::new(),
        SourceState::Changed => "  changed since the report".to_owned(),
        SourceState::Missing => "  source not found".to_owned(),
        SourceState::Outside => "  outside the root".to_owned(),
        SourceState::Ambiguous(candidates) => format!("  {} files fit", candidates.len()),
    };
    format!(
        "{}  {}{}",
        style.strong(&harmless::line(it.file.path.as_str())),
        figure.unwrap_or_default(),
        style.bad(&state)
    )
}

/// `42`, or `42-47` for more than a decision's own line.
fn lines(gap: &Gap) -> String {
    if gap.kind == GapKind::Line && gap.end_line > gap.line {
        format!("{}-{}", gap.line, gap.end_line)
    } else {
        gap.line.to_string()
    }
}

/// One dot an arm; numbers where there are too many, or where the report cannot tell them apart.
fn arms(gap: &Gap) -> String {
    match gap.kind {
        GapKind::Function => "never called".to_owned(),
        GapKind::Line => "never run".to_owned(),
        GapKind::Branch if gap.arms.is_empty() || gap.arms.len() > 8 => {
            format!("{} of {} untaken", gap.arms_untaken, gap.arms_total)
        }
        GapKind::Branch => gap
            .arms
            .iter()
            .map(|arm| if arm.taken { '●' } else { '○' })
            .collect(),
    }
}

fn markdown(coverage: &Coverage, listed: &[Listed]) -> String {
    let mut out = format!("**{}**\n", table::totals(coverage.totals).join(" · "));
    let with_gaps: Vec<&Listed> = listed.iter().filter(|it| !it.gaps.is_empty()).collect();
    if with_gaps.is_empty() {
        out.push_str("\nNo gaps.\n");
        return out;
    }
    out.push_str("\n| file | line | arms untaken | gap |\n|---|---:|---:|---|\n");
    for it in with_gaps {
        for gap in &it.gaps {
            let arms = match gap.kind {
                GapKind::Branch => format!("{} of {}", gap.arms_untaken, gap.arms_total),
                GapKind::Function | GapKind::Line => String::new(),
            };
            let _ = writeln!(
                out,
                "| {} | {} | {arms} | {} |",
                table::markdown(it.file.path.as_str()),
                lines(gap),
                table::markdown(&gap.says),
            );
        }
    }
    out
}
