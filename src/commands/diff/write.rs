//! A delta in words, JSON and markdown: three lists, never one number.

use std::fmt::Write as _;

use serde::Serialize;

use crate::commands::paint::Style;
use crate::commands::{json as encoder, shape, table};
use crate::coverage::{Coverage, FilePath, Ratio};
use crate::gaps::{ArmRef, Delta};
use crate::harmless;

/// `branches 83.42 % 1842/2208 → 85.50 % 1888/2208`, for each figure that either side has.
fn figures(delta: &Delta) -> Vec<String> {
    let side = |ratio: Option<Ratio>| match ratio {
        Some(ratio) => {
            let percent = table::percent(ratio).unwrap_or_else(|| "-".to_owned());
            format!("{percent} {}/{}", ratio.covered, ratio.total)
        }
        None => "no data".to_owned(),
    };
    [
        ("branches", delta.before.branches, delta.after.branches),
        ("lines", delta.before.lines, delta.after.lines),
        ("functions", delta.before.functions, delta.after.functions),
        (
            "statements",
            delta.before.statements,
            delta.after.statements,
        ),
    ]
    .into_iter()
    .filter(|(name, before, after)| *name == "branches" || before.is_some() || after.is_some())
    .map(|(name, before, after)| format!("{name}  {} → {}", side(before), side(after)))
    .collect()
}

fn counts(delta: &Delta) -> String {
    format!(
        "{} taken, {} lost, {} vanished",
        table::counted(delta.taken.len(), "arm"),
        delta.lost.len(),
        delta.vanished.len()
    )
}

/// The worst list first: lost, vanished, taken.
pub(super) fn text(before: &Coverage, after: &Coverage, delta: &Delta, style: Style) -> String {
    let mut out = String::new();
    for (word, coverage) in [("before", before), ("after ", after)] {
        for report in &coverage.reports {
            let line = format!("{word}  {}", harmless::line(report.path.as_str()));
            let _ = writeln!(out, "{}", style.quiet(&line));
        }
    }
    for line in figures(delta) {
        let _ = writeln!(out, "{}", style.strong(&line));
    }
    let _ = writeln!(out, "{}", counts(delta));
    let lost: Vec<_> = delta.lost.iter().map(|arm| (arm, "")).collect();
    let vanished: Vec<_> = delta
        .vanished
        .iter()
        .map(|(arm, why)| (arm, why.as_str()))
        .collect();
    let taken: Vec<_> = delta.taken.iter().map(|arm| (arm, "")).collect();
    for (title, arms) in [
        (style.bad("lost: taken before, untaken now"), lost),
        (
            style.strong("vanished: untaken before, not in the report any more"),
            vanished,
        ),
        (style.good("taken: untaken before"), taken),
    ] {
        if arms.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{title}");
        let places: Vec<String> = arms.iter().map(|(arm, _)| place(arm)).collect();
        let labels: Vec<String> = arms
            .iter()
            .map(|(arm, _)| harmless::line(&arm.arm).into_owned())
            .collect();
        let place_width = table::widest(places.iter().map(String::as_str));
        let label_width = table::widest(labels.iter().map(String::as_str));
        for (((arm, why), place), label) in arms.iter().zip(&places).zip(&labels) {
            let line = format!(
                "  {}  {}  {}  {}",
                table::left(place, place_width),
                table::left(label, label_width),
                style.quiet(&arm.gap.to_string()),
                harmless::line(why)
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    out
}

fn place(arm: &ArmRef) -> String {
    format!("{}:{}", harmless::line(arm.file.as_str()), arm.line)
}

/// `diff --format json`, version 1.
#[derive(Serialize)]
struct Shape<'a> {
    version: u32,
    before: Side<'a>,
    after: Side<'a>,
    taken: Vec<Entry<'a>>,
    lost: Vec<Entry<'a>>,
    vanished: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Side<'a> {
    reports: Vec<shape::Report<'a>>,
    totals: shape::Figures,
    warnings: Vec<shape::Warning<'a>>,
}

/// One arm of a list.
#[derive(Serialize)]
pub(in crate::commands) struct Entry<'a> {
    id: String,
    file: &'a str,
    line: u32,
    arm: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

impl<'a> Entry<'a> {
    pub(in crate::commands) fn new(arm: &'a ArmRef, why: Option<&'a str>) -> Self {
        Self {
            id: arm.gap.to_string(),
            file: FilePath::as_str(&arm.file),
            line: arm.line.get(),
            arm: &arm.arm,
            why,
        }
    }
}

pub(super) fn json(before: &Coverage, after: &Coverage, delta: &Delta) -> String {
    fn side(coverage: &Coverage) -> Side<'_> {
        Side {
            reports: coverage.reports.iter().map(shape::Report::from).collect(),
            totals: coverage.totals.into(),
            warnings: shape::warnings(coverage),
        }
    }
    encoder::encode(&Shape {
        version: 1,
        before: side(before),
        after: side(after),
        taken: delta
            .taken
            .iter()
            .map(|arm| Entry::new(arm, None))
            .collect(),
        lost: delta.lost.iter().map(|arm| Entry::new(arm, None)).collect(),
        vanished: delta
            .vanished
            .iter()
            .map(|(arm, why)| Entry::new(arm, Some(why)))
            .collect(),
    })
}

pub(super) fn markdown(delta: &Delta) -> String {
    let mut out = format!("**{}**\n\n", counts(delta));
    for line in figures(delta) {
        let _ = writeln!(out, "- {line}");
    }
    let rows = delta
        .lost
        .iter()
        .map(|arm| ("lost", arm, ""))
        .chain(
            delta
                .vanished
                .iter()
                .map(|(arm, why)| ("vanished", arm, why.as_str())),
        )
        .chain(delta.taken.iter().map(|arm| ("taken", arm, "")));
    let mut rows = rows.peekable();
    if rows.peek().is_some() {
        out.push_str("\n| | file | line | arm | |\n|---|---|---:|---|---|\n");
    }
    for (what, arm, why) in rows {
        let _ = writeln!(
            out,
            "| {what} | {} | {} | {} | {} |",
            table::markdown(arm.file.as_str()),
            arm.line,
            table::markdown(&arm.arm),
            table::markdown(why)
        );
    }
    out
}
