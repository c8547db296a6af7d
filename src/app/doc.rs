//! The transcript as lines that fit a width: what is said, in which tone, under which label.
//!
//! It knows no colours and draws nothing; the words here may come from outside and are still raw.

use std::fmt::Write as _;
use std::time::Duration;

use crate::agent::{
    Answer, Ask, Bounded, Edit, EditKind, Entry, EntryBody, EntryStatus, EvidenceLine, Keep, Mark,
    StepStatus, Tokens, TurnStatus,
};

use super::claim;
use super::marks::short_count;
use super::text::wrap;

/// How a piece of text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Text,
    Dim,
    Strong,
    Accent,
    /// Going on now.
    Live,
    Good,
    Warn,
    Bad,
    Violet,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocLine {
    /// Who speaks, on the first line of an entry.
    pub label: Option<(&'static str, Tone)>,
    pub parts: Vec<(String, Tone)>,
}

impl DocLine {
    pub(super) fn of(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            label: None,
            parts: vec![(text.into(), tone)],
        }
    }

    #[must_use]
    pub(super) fn and(mut self, text: impl Into<String>, tone: Tone) -> Self {
        self.parts.push((text.into(), tone));
        self
    }
}

/// Lines of an output, a diff or a prompt that are shown until the entry is unfolded.
const FOLDED: usize = 6;
/// Lines that are shown of an unfolded one.
const UNFOLDED: usize = 2000;

/// The lines of an entry, `width` cells wide without the label.
#[must_use]
pub fn entry(entry: &Entry, width: usize, unfolded: bool) -> Vec<DocLine> {
    let limit = if unfolded { UNFOLDED } else { FOLDED };
    let (label, tone, mut lines) = match &entry.body {
        EntryBody::Prompt {
            text,
            about,
            steered,
        } => {
            let mut lines = Vec::new();
            if !steered && !about.is_empty() {
                lines.push(DocLine::of(
                    format!("prompt for {}", count(about.len(), "gap")),
                    Tone::Strong,
                ));
            }
            let limit = if *steered { UNFOLDED } else { limit.max(3) };
            lines.extend(head(text, width, limit, Tone::Dim));
            ("you", Tone::Accent, lines)
        }
        EntryBody::Message { text, .. } => ("codex", Tone::Accent, message(text, width)),
        EntryBody::Reasoning { text, .. } => (
            "thinks",
            Tone::Dim,
            head(
                text,
                width,
                limit.min(if unfolded { limit } else { 3 }),
                Tone::Dim,
            ),
        ),
        EntryBody::Command {
            command,
            output,
            exit_code,
            took,
            status,
            ..
        } => {
            let mut lines = wrapped(command, width, Tone::Text);
            lines.truncate(if unfolded { UNFOLDED } else { 3 });
            lines.extend(tail(
                output,
                width,
                if *status == EntryStatus::Failed {
                    limit.max(12)
                } else {
                    limit
                },
            ));
            lines.extend(outcome(*status, *exit_code, *took));
            ("run", Tone::Violet, lines)
        }
        EntryBody::FileChange { edits, status } => {
            let mut lines: Vec<DocLine> = edits
                .iter()
                .flat_map(|edit| edit_lines(edit, width, limit))
                .collect();
            match status {
                EntryStatus::Failed => lines.push(DocLine::of("could not be applied", Tone::Bad)),
                EntryStatus::Declined => lines.push(DocLine::of("declined", Tone::Warn)),
                EntryStatus::Cut => lines.push(DocLine::of("cut off", Tone::Warn)),
                EntryStatus::Running | EntryStatus::Completed => {}
            }
            ("edit", Tone::Warn, lines)
        }
        EntryBody::Plan { explanation, steps } => {
            let mut lines = explanation
                .as_ref()
                .map(|text| wrapped(text, width, Tone::Dim))
                .unwrap_or_default();
            for step in steps {
                let (sign, tone) = match step.status {
                    StepStatus::Pending => ("· ", Tone::Dim),
                    StepStatus::Running => ("◐ ", Tone::Accent),
                    StepStatus::Completed => ("✓ ", Tone::Good),
                };
                lines.push(DocLine::of(sign, tone).and(step.text.clone(), Tone::Text));
            }
            ("plan", Tone::Dim, lines)
        }
        EntryBody::SubAgent {
            name,
            doing,
            status,
        } => (
            "agent",
            Tone::Dim,
            vec![
                DocLine::of(name.clone(), Tone::Text)
                    .and(format!("  {doing}"), status_tone(*status)),
            ],
        ),
        EntryBody::Tool {
            name,
            detail,
            status,
        } => (
            "tool",
            Tone::Dim,
            vec![DocLine::of(name.clone(), Tone::Text).and(
                format!("  {}", detail.as_deref().unwrap_or("")),
                status_tone(*status),
            )],
        ),
        EntryBody::Evidence { lines } => {
            let mut lines: Vec<DocLine> = lines
                .iter()
                .flat_map(|line| evidence(line, width))
                .collect();
            if lines.len() > limit.max(14) {
                let rest = lines.len() - limit.max(14);
                lines.truncate(limit.max(14));
                lines.push(more(rest, "enter unfolds"));
            }
            ("proof", Tone::Accent, lines)
        }
        EntryBody::Notice { text } => ("note", Tone::Dim, wrapped(text, width, Tone::Dim)),
        EntryBody::Error {
            message,
            details,
            will_retry,
            tries,
        } => {
            let tone = if *will_retry { Tone::Warn } else { Tone::Bad };
            let mut lines = wrapped(message, width, tone);
            if let Some(details) = details {
                let mut more = wrapped(details, width, Tone::Dim);
                more.truncate(limit);
                lines.extend(more);
            }
            if *will_retry {
                let tries = if *tries > 1 {
                    format!(" · {tries} tries so far")
                } else {
                    String::new()
                };
                lines.push(DocLine::of(format!("codex tries again{tries}"), Tone::Dim));
            }
            ("error", tone, lines)
        }
        EntryBody::Ask {
            what,
            reason,
            answer,
            ..
        } => {
            let mut lines = wrapped(&format!("codex wants to {what}"), width, Tone::Text);
            // While it waits for an answer all of it stands at the end of the pane, with the keys.
            let short = *answer == Answer::Pending && !unfolded;
            lines.truncate(if short { 1 } else { UNFOLDED });
            if let Some(reason) = reason.as_ref().filter(|_| !short) {
                lines.extend(wrapped(&format!("reason: {reason}"), width, Tone::Dim));
            }
            match answer {
                Answer::Pending => {}
                Answer::Given(decision) => lines.push(DocLine::of(decision.says(), Tone::Dim)),
                Answer::Gone => lines.push(DocLine::of("fell away unanswered", Tone::Dim)),
            }
            ("ask", Tone::Bad, lines)
        }
        EntryBody::TurnEnd {
            status,
            took,
            tokens,
            error,
        } => {
            let (says, tone) = match status {
                TurnStatus::Completed => ("turn completed", Tone::Good),
                TurnStatus::Interrupted => ("turn interrupted", Tone::Warn),
                TurnStatus::Failed => ("turn failed", Tone::Bad),
            };
            let mut line = DocLine::of(says, tone);
            if let Some(took) = took {
                line = line.and(format!(" · {}", duration(*took)), Tone::Dim);
            }
            if tokens.total() > 0 {
                line = line.and(format!(" · {}", cost(*tokens)), Tone::Dim);
            }
            let mut lines = vec![line];
            if let Some(error) = error {
                lines.extend(wrapped(error, width, Tone::Bad));
            }
            ("", Tone::Dim, lines)
        }
    };
    if lines.is_empty() {
        lines.push(DocLine::of("…", Tone::Dim));
    }
    if let Some(first) = lines.first_mut() {
        first.label = Some((label, tone));
    }
    lines
}

/// The lines of a question that waits for a person, the keys apart.
#[must_use]
pub fn question(ask: &Ask, sub_agent: Option<&str>, width: usize) -> Vec<DocLine> {
    let who = sub_agent.map_or_else(String::new, |name| format!("{name}: "));
    let mut lines = Vec::new();
    let place = |outside: bool| if outside { " outside the sandbox" } else { "" };
    match ask {
        Ask::Command {
            outside,
            command,
            cwd,
            ..
        } => {
            lines.extend(wrapped(
                &format!("{who}run this{}?", place(*outside)),
                width,
                Tone::Strong,
            ));
            lines.extend(wrapped(command, width, Tone::Text));
            if let Some(cwd) = cwd.as_ref().filter(|cwd| *cwd != ".") {
                lines.push(DocLine::of(format!("in {cwd}"), Tone::Dim));
            }
        }
        Ask::FileChange {
            outside,
            edits,
            grant_root,
            ..
        } => {
            lines.extend(wrapped(
                &format!("{who}change files{}?", place(*outside)),
                width,
                Tone::Strong,
            ));
            for edit in edits {
                lines.extend(edit_lines(edit, width, FOLDED));
            }
            if let Some(root) = grant_root {
                lines.push(DocLine::of(
                    format!("and to write to {root} from now on"),
                    Tone::Warn,
                ));
            }
        }
        Ask::Other { what, .. } => {
            lines.extend(wrapped(&format!("{who}{what}?"), width, Tone::Strong));
        }
    }
    if let Some(reason) = ask.reason() {
        lines.extend(wrapped(&format!("reason: {reason}"), width, Tone::Dim));
    }
    if let Some(first) = lines.first_mut() {
        first.label = Some(("ask", Tone::Bad));
    }
    lines
}

fn edit_lines(edit: &Edit, width: usize, limit: usize) -> Vec<DocLine> {
    let what = match &edit.kind {
        EditKind::Added => "new".to_owned(),
        EditKind::Deleted => "deleted".to_owned(),
        EditKind::Updated => "changed".to_owned(),
        EditKind::Moved { to } => format!("moved to {to}"),
    };
    let mut figures = format!("   {what}");
    if edit.added > 0 {
        let _ = write!(figures, " · +{}", edit.added);
    }
    if edit.removed > 0 {
        let _ = write!(figures, " · -{}", edit.removed);
    }
    let mut lines = vec![DocLine::of(edit.path.clone(), Tone::Text).and(figures, Tone::Dim)];
    let all = edit.diff.as_str().lines().count();
    for line in edit.diff.as_str().lines().take(limit) {
        lines.extend(diff_line(line, width));
    }
    if all > limit {
        lines.push(more(all - limit, "enter unfolds"));
    } else if edit.diff.dropped() > 0 {
        lines.push(DocLine::of("… the rest was not kept", Tone::Dim));
    }
    lines
}

/// A line of a diff, wrapped behind its sign.
fn diff_line(line: &str, width: usize) -> Vec<DocLine> {
    let (sign, tone) = match line.chars().next() {
        Some('+') => ("+ ", Tone::Good),
        Some('-') => ("- ", Tone::Bad),
        Some('@') => return vec![DocLine::of(line, Tone::Violet)],
        _ => ("  ", Tone::Dim),
    };
    let text = line.get(1..).unwrap_or("");
    let text_tone = if sign == "  " { Tone::Dim } else { Tone::Text };
    wrap(text, width.saturating_sub(2))
        .into_iter()
        .enumerate()
        .map(|(at, row)| {
            DocLine::of(if at == 0 { sign } else { "  " }, tone)
                .and(text.get(row).unwrap_or(""), text_tone)
        })
        .collect()
}

/// The beginning of a text.
fn head(text: &Bounded, width: usize, limit: usize, tone: Tone) -> Vec<DocLine> {
    let mut lines: Vec<DocLine> = Vec::new();
    let mut rest = 0;
    for line in text.as_str().trim_end().lines() {
        if lines.len() >= limit {
            rest += 1;
        } else {
            lines.extend(wrapped(line, width, tone));
        }
    }
    if rest > 0 {
        lines.push(more(rest, "enter unfolds"));
    } else if text.dropped() > 0 && text.keep() == Keep::Head {
        lines.push(DocLine::of("… the rest was not kept", Tone::Dim));
    }
    lines
}

/// The end of an output: the verdict stands last.
fn tail(text: &Bounded, width: usize, limit: usize) -> Vec<DocLine> {
    let text_lines: Vec<&str> = text.as_str().trim_end().lines().collect();
    let hidden = text_lines.len().saturating_sub(limit);
    let mut lines = Vec::new();
    if hidden > 0 {
        lines.push(
            DocLine::of(format!("… {} above", count(hidden, "line")), Tone::Dim)
                .and(" · enter unfolds", Tone::Dim),
        );
    } else if text.dropped() > 0 {
        lines.push(DocLine::of("… the beginning was not kept", Tone::Dim));
    }
    for line in text_lines.iter().skip(hidden) {
        if limit == UNFOLDED {
            lines.extend(wrapped(line, width, Tone::Dim));
        } else {
            // Output is made for its own width: a line of it is one row, cut, until it is unfolded.
            lines.push(DocLine::of(*line, Tone::Dim));
        }
    }
    lines
}

/// A line of what was measured; what does not fit goes on below, indented.
fn evidence(line: &EvidenceLine, width: usize) -> Vec<DocLine> {
    let (sign, tone) = match line.mark {
        Mark::Plain => ("· ", Tone::Dim),
        Mark::Good => ("● ", Tone::Good),
        Mark::Warn => ("◐ ", Tone::Warn),
        Mark::Bad => ("○ ", Tone::Bad),
    };
    let rest = line.text.trim_start();
    let indent = line.text.len() - rest.len();
    let rows = wrap(rest, width.saturating_sub(indent + 2).max(10));
    rows.into_iter()
        .enumerate()
        .map(|(nth, row)| {
            let sign = if nth == 0 { sign } else { "  " };
            DocLine::of(" ".repeat(indent), Tone::Dim)
                .and(sign, tone)
                .and(rest.get(row).unwrap_or(""), Tone::Text)
        })
        .collect()
}

/// What the agent says. The object that ends an answer is for machines: people read it as what it is, a claim.
fn message(text: &Bounded, width: usize) -> Vec<DocLine> {
    let Some((said, claim)) = claim::split(text.as_str()) else {
        return head(text, width, UNFOLDED, Tone::Text);
    };
    let mut lines = wrapped(said.trim_end(), width, Tone::Text);
    lines.extend(
        claim
            .iter()
            .flat_map(|line| wrapped(line, width, Tone::Dim)),
    );
    lines
}

fn wrapped(text: &str, width: usize, tone: Tone) -> Vec<DocLine> {
    text.lines()
        .flat_map(|line| {
            wrap(line, width)
                .into_iter()
                .map(move |row| DocLine::of(line.get(row).unwrap_or(""), tone))
        })
        .collect()
}

fn more(n: usize, how: &str) -> DocLine {
    DocLine::of(format!("… {n} more"), Tone::Dim).and(format!(" · {how}"), Tone::Dim)
}

fn outcome(status: EntryStatus, exit_code: Option<i32>, took: Option<Duration>) -> Option<DocLine> {
    let took = took
        .filter(|took| took.as_millis() >= 100)
        .map_or_else(String::new, |took| format!(" · {}", duration(took)));
    Some(match (status, exit_code) {
        (EntryStatus::Running, _) => return None,
        (EntryStatus::Declined, _) => DocLine::of("declined", Tone::Warn),
        (EntryStatus::Cut, _) => DocLine::of(format!("cut off{took}"), Tone::Warn),
        (_, Some(0)) => DocLine::of(format!("exit 0{took}"), Tone::Good),
        (_, Some(code)) => DocLine::of(format!("exit {code}{took}"), Tone::Bad),
        (EntryStatus::Completed, None) => DocLine::of(format!("done{took}"), Tone::Good),
        (EntryStatus::Failed, None) => DocLine::of(format!("failed{took}"), Tone::Bad),
    })
}

fn status_tone(status: EntryStatus) -> Tone {
    match status {
        EntryStatus::Running => Tone::Accent,
        EntryStatus::Completed => Tone::Dim,
        EntryStatus::Failed => Tone::Bad,
        EntryStatus::Declined | EntryStatus::Cut => Tone::Warn,
    }
}

/// `41.2k in (74 % cached) · 2.8k out`.
#[must_use]
pub fn cost(tokens: Tokens) -> String {
    let cached = (tokens.cached.saturating_mul(100))
        .checked_div(tokens.input)
        .filter(|_| tokens.cached > 0)
        .map_or_else(String::new, |percent| format!(" ({percent} % cached)"));
    format!(
        "{} in{cached} · {} out",
        short_count(tokens.input),
        short_count(tokens.output)
    )
}

/// `0.9 s`, `14 s`, `2 min 14 s`, `1 h 3 min`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 10 {
        return format!("{}.{} s", seconds, time.subsec_millis() / 100);
    }
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// `1 gap`, `3 gaps`.
#[must_use]
pub fn count(n: usize, what: &str) -> String {
    if n == 1 {
        format!("1 {what}")
    } else {
        format!("{n} {what}s")
    }
}
