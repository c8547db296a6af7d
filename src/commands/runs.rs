//! `untaken runs`: what earlier runs did, from the record on disk.

use std::fmt::Write as _;

use super::paint::Style;
use super::{Answer, DONE, Failure, WRONG_USE, complain, json};
use crate::cli::{RunsArgs, RunsCommand, RunsFormat};
use crate::harmless;
use crate::runtime::store::{Store, StoredRun};
use crate::settings::Settings;
use crate::triage::audit::Audit;
use crate::triage::record::Event;

pub(super) fn run(args: &RunsArgs, settings: &Settings, style: Style) -> Result<Answer, Failure> {
    let store = Store::open(&settings.root)?;
    let Some(RunsCommand::Show { id, format }) = &args.command else {
        let runs = store.runs();
        let stdout = match args.format {
            RunsFormat::Text => list(&runs, style),
            RunsFormat::Json => json::encode(&runs.iter().map(listed).collect::<Vec<_>>()),
            RunsFormat::Markdown => list_markdown(&runs),
        };
        return Ok(Answer {
            stdout,
            status: DONE,
        });
    };
    let Some(run) = store.find(id) else {
        complain(&format!(
            "no run of this project begins with {id:?}; `untaken runs` lists them"
        ));
        return Ok(Answer {
            stdout: String::new(),
            status: WRONG_USE,
        });
    };
    if run.damaged_lines > 0 {
        complain(&format!(
            "warning: {} lines of the record were cut off and are left out",
            run.damaged_lines
        ));
    }
    let stdout = match format {
        RunsFormat::Text => text(&run, &store, style),
        RunsFormat::Json => json::encode(&Shown {
            audit: Audit::of(&run.events),
            id: &run.id,
            state: state(&run),
            files: store.files(&run.id).display().to_string(),
        }),
        RunsFormat::Markdown => markdown(&run, &store),
    };
    Ok(Answer {
        stdout,
        status: DONE,
    })
}

/// The audit of one run, for JSON.
#[derive(serde::Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    audit: Audit,
    id: &'a str,
    state: String,
    /// The folder in which the files that it names lie.
    files: String,
}

/// A run in the list, for JSON.
#[derive(serde::Serialize)]
struct Listed<'a> {
    id: &'a str,
    alive: bool,
    started: u64,
    ended: Option<u64>,
    by: String,
    turns: u32,
    reason: Option<String>,
    coverage_before: Option<f64>,
    coverage_after: Option<f64>,
    closed: usize,
}

fn listed(run: &StoredRun) -> Listed<'_> {
    let (summary, result) = (run.summary(), run.result());
    Listed {
        id: &run.id,
        alive: run.alive,
        started: summary.started,
        ended: summary.ended,
        by: summary.by,
        turns: summary.turns,
        reason: summary.reason,
        coverage_before: result.coverage_before,
        coverage_after: result.coverage_after,
        closed: result.closed.len(),
    }
}

/// How it stands with a run, in words.
fn state(run: &StoredRun) -> String {
    match (run.alive, run.summary().reason) {
        (_, Some(reason)) => reason,
        (true, None) => "running".to_owned(),
        (false, None) => "cut off".to_owned(),
    }
}

fn figure(percent: Option<f64>) -> String {
    percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent:.2}"))
}

fn list(runs: &[StoredRun], style: Style) -> String {
    if runs.is_empty() {
        return "no run is recorded for this project\n".to_owned();
    }
    let mut out = String::new();
    let width = runs.iter().map(|run| run.id.len()).max().unwrap_or(0);
    for run in runs {
        let result = run.result();
        let _ = writeln!(
            out,
            "{:<width$}  {:>6} → {:>6}  {:>4} closed  {:>3} turns  {}",
            run.id,
            figure(result.coverage_before),
            figure(result.coverage_after),
            result.closed.len(),
            run.summary().turns,
            style.quiet(&harmless::line(&state(run)))
        );
    }
    out
}

fn list_markdown(runs: &[StoredRun]) -> String {
    let mut out = String::from(
        "| run | before | after | closed | turns | end |\n|---|---:|---:|---:|---:|---|\n",
    );
    for run in runs {
        let result = run.result();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            run.id,
            figure(result.coverage_before),
            figure(result.coverage_after),
            result.closed.len(),
            run.summary().turns,
            cell(&state(run))
        );
    }
    out
}

fn text(run: &StoredRun, store: &Store, style: Style) -> String {
    let audit = Audit::of(&run.events);
    let result = &audit.result;
    let mut out = String::new();
    let _ = writeln!(out, "{}", style.strong(&run.id));
    let _ = writeln!(out, "{}", harmless::line(&state(run)));
    let _ = writeln!(
        out,
        "coverage {} → {} %   {} arms closed, {} lost, {} vanished   {} rounds   {} tokens in ({} cached), {} out",
        figure(result.coverage_before),
        figure(result.coverage_after),
        result.closed.len(),
        result.lost.len(),
        result.vanished.len(),
        result.rounds,
        result.tokens.input,
        result.tokens.cached,
        result.tokens.output
    );
    for test in &result.tests {
        let _ = writeln!(
            out,
            "\n{} {}",
            style.strong(&test.verdict),
            harmless::line(&test.path)
        );
        for rung in &test.rungs {
            let mark = if rung.ok { "✓" } else { "✗" };
            let _ = writeln!(
                out,
                "  {mark} {:<9}  {}",
                rung.rung,
                harmless::line(&rung.evidence)
            );
        }
    }
    section(
        &mut out,
        style,
        "closed",
        result.closed.iter().map(|it| {
            format!(
                "{}:{} {}  by {}",
                it.arm.file, it.arm.line, it.arm.arm, it.by
            )
        }),
    );
    section(
        &mut out,
        style,
        "lost",
        result
            .lost
            .iter()
            .map(|it| format!("{}:{} {}", it.file, it.line, it.arm)),
    );
    section(
        &mut out,
        style,
        "vanished",
        result
            .vanished
            .iter()
            .map(|it| format!("{}:{} {}", it.file, it.line, it.why)),
    );
    section(&mut out, style, "unstable", unstable(run).into_iter());
    section(
        &mut out,
        style,
        "findings",
        result.findings.iter().map(|it| {
            format!(
                "{}{}  {}  {}",
                it.code,
                if it.blocking { "" } else { " (not blocking)" },
                it.path,
                it.evidence
            )
        }),
    );
    section(
        &mut out,
        style,
        "left open",
        result.remaining_gaps.iter().map(|it| {
            let lines: Vec<String> = it.uncovered_lines.iter().map(u32::to_string).collect();
            format!("{}: lines {}  {}", it.file, lines.join(", "), it.reason)
        }),
    );
    section(
        &mut out,
        style,
        "put back",
        audit
            .put_back
            .iter()
            .map(|it| format!("{}  {} ({})  {}", it.path, it.change, it.kind, it.patch)),
    );
    section(
        &mut out,
        style,
        "decided",
        audit
            .decisions
            .iter()
            .map(|it| format!("{}  {}  {}", moment(it.at), it.action, it.path)),
    );
    section(
        &mut out,
        style,
        "committed",
        audit
            .commits
            .iter()
            .map(|it| format!("{}  {}  {}", moment(it.at), it.commit, it.paths.join(", "))),
    );
    let files = store.files(&run.id).display().to_string();
    let _ = writeln!(out, "\nfiles of the record: {}", harmless::line(&files));
    out
}

/// The arms that flickered between two runs, in the order they were found.
fn unstable(run: &StoredRun) -> Vec<String> {
    run.events
        .iter()
        .filter_map(|event| match event {
            Event::Unstable { arm, .. } => Some(format!("{}:{} {}", arm.file, arm.line, arm.arm)),
            _ => None,
        })
        .collect()
}

fn section(out: &mut String, style: Style, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", style.strong(title));
    for line in lines {
        let _ = writeln!(out, "  {}", harmless::line(&line));
    }
}

/// The audit for a person who was not there: what was asked, what came, what was found, what was decided.
fn markdown(run: &StoredRun, store: &Store) -> String {
    let audit = Audit::of(&run.events);
    let result = &audit.result;
    let mut out = String::new();
    let _ = writeln!(out, "# Run {}\n", run.id);
    let _ = writeln!(out, "{}.\n", cell(&state(run)));
    let _ = writeln!(
        out,
        "Coverage {} % before, {} % after. {} arms closed, {} lost, {} vanished. {} rounds, {} tokens in ({} cached), {} out.\n",
        figure(result.coverage_before),
        figure(result.coverage_after),
        result.closed.len(),
        result.lost.len(),
        result.vanished.len(),
        result.rounds,
        result.tokens.input,
        result.tokens.cached,
        result.tokens.output
    );
    if !result.tests.is_empty() {
        out.push_str("| test file | verdict | rung | | evidence |\n|---|---|---|---|---|\n");
        for test in &result.tests {
            for rung in &test.rungs {
                let _ = writeln!(
                    out,
                    "| {} | {} | {} | {} | {} |",
                    cell(&test.path),
                    test.verdict,
                    rung.rung,
                    if rung.ok { "✓" } else { "✗" },
                    cell(&rung.evidence)
                );
            }
        }
        out.push('\n');
    }
    if !result.findings.is_empty() {
        out.push_str("| finding | blocking | path | evidence |\n|---|---|---|---|\n");
        for finding in &result.findings {
            let blocking = if finding.blocking { "yes" } else { "no" };
            let _ = writeln!(
                out,
                "| {} | {blocking} | {} | {} |",
                finding.code,
                cell(&finding.path),
                cell(&finding.evidence)
            );
        }
        out.push('\n');
    }
    if !result.closed.is_empty() {
        out.push_str("| closed arm | by |\n|---|---|\n");
        for closed in &result.closed {
            let arm = format!("{}:{} {}", closed.arm.file, closed.arm.line, closed.arm.arm);
            let _ = writeln!(out, "| {} | {} |", cell(&arm), cell(&closed.by));
        }
        out.push('\n');
    }
    if !result.lost.is_empty() || !result.vanished.is_empty() {
        out.push_str("| arm | what became of it |\n|---|---|\n");
        for lost in &result.lost {
            let arm = format!("{}:{} {}", lost.file, lost.line, lost.arm);
            let _ = writeln!(out, "| {} | lost |", cell(&arm));
        }
        for vanished in &result.vanished {
            let arm = format!("{}:{}", vanished.file, vanished.line);
            let _ = writeln!(
                out,
                "| {} | vanished: {} |",
                cell(&arm),
                cell(&vanished.why)
            );
        }
        out.push('\n');
    }
    let unstable = unstable(run);
    if !unstable.is_empty() {
        out.push_str(
            "Taken in one run and not in the next, without any change, so credited to nobody:\n\n",
        );
        for arm in unstable {
            let _ = writeln!(out, "- {}", cell(&arm));
        }
        out.push('\n');
    }
    out.push_str("## Turns\n\n");
    for event in &run.events {
        match event {
            Event::TurnStarted {
                turn,
                round,
                file,
                gaps,
                ..
            } => {
                let _ = writeln!(
                    out,
                    "- turn {turn}, round {round}: {}, {} gaps",
                    cell(file),
                    gaps.len()
                );
            }
            Event::TurnEnded {
                turn,
                status,
                tokens,
                ..
            } => {
                let _ = writeln!(out, "- turn {turn} {status}: {} tokens", tokens.spent());
            }
            Event::Changed {
                path,
                change,
                kind,
                put_back,
                ..
            } => {
                let fate = if *put_back { ", put back" } else { "" };
                let _ = writeln!(out, "  - {change}: {} ({kind}{fate})", cell(path));
            }
            _ => {}
        }
    }
    if !audit.put_back.is_empty() {
        out.push_str("\n| put back | what | kind | patch |\n|---|---|---|---|\n");
        for it in &audit.put_back {
            let (path, patch) = (cell(&it.path), cell(&it.patch));
            let _ = writeln!(out, "| {path} | {} | {} | {patch} |", it.change, it.kind);
        }
    }
    if !audit.decisions.is_empty() {
        out.push_str("\n## Decisions\n\n| when | file | decision |\n|---|---|---|\n");
        for it in &audit.decisions {
            let (path, action) = (cell(&it.path), cell(&it.action));
            let _ = writeln!(out, "| {} | {path} | {action} |", moment(it.at));
        }
    }
    if !audit.commits.is_empty() {
        out.push_str("\n## Commits\n\n");
        for it in &audit.commits {
            let _ = writeln!(out, "- {} as {}", moment(it.at), cell(&it.commit));
            for path in &it.paths {
                let _ = writeln!(out, "  - {}", cell(path));
            }
        }
    }
    let files = store.files(&run.id).display().to_string();
    let _ = writeln!(out, "\nFiles of the record: {}", cell(&files));
    out
}

/// `2026-11-22 14:34:00Z`: the same words wherever it is read.
fn moment(at: u64) -> String {
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    moment.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Text from outside in a table of Markdown.
fn cell(text: &str) -> String {
    harmless::line(text).replace('|', "\\|")
}
