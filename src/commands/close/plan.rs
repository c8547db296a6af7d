//! `close --plan`: what would be done and what it would probably cost, before a single token is spent.

use std::fmt::Write as _;

use super::choose::Chosen;
use super::target_note;
use crate::cli::CloseArgs;
use crate::commands::total_percent;
use crate::coverage::Coverage;
use crate::harmless;
use crate::settings::Settings;
use crate::triage::{batches, forecast_tokens};

/// The plan as text, a line for each batch.
pub(super) fn text(
    args: &CloseArgs,
    settings: &Settings,
    coverage: &Coverage,
    chosen: &Chosen,
) -> String {
    let batches = batches(&chosen.picks);
    let mut out = String::new();
    if let Some(percent) = total_percent(&coverage.totals) {
        let target = args.target.or(settings.target);
        let note = target_note(&coverage.totals).filter(|_| target.is_some());
        let target = target.map_or(String::new(), |target| format!(", target {target} %"));
        let _ = writeln!(out, "now at {percent} %{target}");
        if let Some(note) = note {
            let _ = writeln!(out, "{note}");
        }
    }
    let most = args.max_tokens.unwrap_or(settings.agent.max_tokens);
    let mut tokens = 0_u64;
    let mut affordable = 0_usize;
    for batch in &batches {
        let forecast = forecast_tokens(batch.picks.len() as u64);
        tokens = tokens.saturating_add(forecast);
        if tokens <= most {
            affordable += 1;
        }
        let _ = writeln!(
            out,
            "{:>4} gaps  {:>4} arms  about {:>8} tokens  {}{}",
            batch.picks.len(),
            batch.arms(),
            forecast,
            harmless::line(batch.file.as_str()),
            if batch.is_complex() {
                "  (complex)"
            } else {
                ""
            }
        );
    }
    let _ = writeln!(
        out,
        "{} files, {} gaps, {} turns in the first round, about {tokens} tokens",
        chosen.n_files,
        chosen.picks.len(),
        batches.len()
    );
    let rounds = args.rounds.unwrap_or(settings.agent.rounds);
    let minutes = args
        .max_minutes
        .map_or(String::new(), |minutes| format!(", {minutes} minutes"));
    let _ = writeln!(out, "at most {rounds} rounds, {most} tokens{minutes}");
    if affordable < batches.len() {
        let _ = writeln!(
            out,
            "the tokens will probably suffice for {affordable} of these {} turns",
            batches.len()
        );
    }
    for left in &chosen.left_out {
        let _ = writeln!(
            out,
            "left out: {} ({})",
            harmless::line(&left.file),
            harmless::line(&left.reason)
        );
    }
    out
}
