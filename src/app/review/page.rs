//! What is known of a file that a run left, as lines above its diff.

use super::{Left, Now, OnDisk};
use crate::app::doc::{DocLine, Tone, count};
use crate::app::text::wrap;
use crate::triage::review::{Decision, Fate, Piece, Side};

/// Cells before the evidence of a rung: its sign and its name.
const RUNG: usize = 14;
/// Arms that are named one by one.
const MOST_ARMS: usize = 200;

/// The lines about a piece, `width` cells wide.
#[must_use]
pub fn page(left: Option<&Left>, piece: &Piece, file: &OnDisk, width: usize) -> Vec<DocLine> {
    let mut lines = vec![standing(piece)];
    lines.extend(notes(left, piece, file, width));
    if !piece.rungs.is_empty() {
        lines.push(DocLine::default());
        for rung in &piece.rungs {
            let (sign, tone) = if rung.ok {
                ("✓", Tone::Good)
            } else {
                ("✗", Tone::Bad)
            };
            let head = DocLine::of(format!(" {sign} "), tone).and(
                format!("{:<width$}", rung.rung, width = RUNG - 3),
                Tone::Text,
            );
            lines.extend(hang(head, RUNG, &rung.evidence, width, Tone::Dim));
        }
    }
    if !piece.findings.is_empty() {
        lines.push(DocLine::default());
        for finding in &piece.findings {
            let tone = if finding.blocking {
                Tone::Bad
            } else {
                Tone::Warn
            };
            let indent = finding.code.chars().count() + 5;
            let head = DocLine::of(format!(" ! {}  ", finding.code), tone);
            lines.extend(hang(head, indent, &finding.evidence, width, Tone::Dim));
        }
    }
    if !piece.closed.is_empty() {
        lines.push(DocLine::default());
        lines.push(DocLine::of(
            format!("{} closed", count(piece.closed.len(), "arm")),
            Tone::Good,
        ));
        for arm in piece.closed.iter().take(MOST_ARMS) {
            lines.push(
                DocLine::of("   ", Tone::Dim)
                    .and(format!("{}:{}  ", arm.file, arm.line), Tone::Text)
                    .and(arm.arm.clone(), Tone::Good),
            );
        }
        if let Some(more) = piece.closed.len().checked_sub(MOST_ARMS).filter(|n| *n > 0) {
            lines.push(DocLine::of(format!("   … {more} more"), Tone::Dim));
        }
    }
    lines.push(DocLine::default());
    let diff = &file.diff;
    let mut head = DocLine::of("DIFF", Tone::Strong)
        .and(format!("  +{}", diff.added), Tone::Good)
        .and(format!(" −{}", diff.removed), Tone::Bad);
    if piece.fate == Fate::PutBack {
        head = head.and(format!("   {}", piece.patch), Tone::Dim);
    }
    lines.push(head);
    if let Some(note) = diff.note {
        lines.push(DocLine::of(format!("   {note}"), Tone::Warn));
    }
    lines
}

/// What the run made of it, and what the person.
fn standing(piece: &Piece) -> DocLine {
    let (fate, tone) = match piece.fate {
        Fate::Kept => ("kept", Tone::Good),
        Fate::Alongside => ("kept along with the tests", Tone::Good),
        Fate::Unexamined => ("in the tree, its examination did not end", Tone::Warn),
        Fate::Aside => ("aside: a suspected bug", Tone::Warn),
        Fate::Rejected => ("rejected, not in the tree", Tone::Bad),
        Fate::PutBack => ("put back", Tone::Warn),
    };
    // What the person decided comes first: it is what counts now.
    let mut line = DocLine::default();
    if let Some(commit) = &piece.commit {
        line = line.and(format!("committed as {commit}   "), Tone::Good);
    } else if let Some(decision) = piece.decision() {
        let tone = if decision.wants_it() {
            Tone::Good
        } else {
            Tone::Bad
        };
        line = line.and(format!("{}   ", decision.name()), tone);
    }
    let tone = if line.parts.is_empty() {
        tone
    } else {
        Tone::Dim
    };
    line = line.and(fate, tone);
    let is_new = match (piece.is_new(), &piece.with) {
        (_, Side::Absent) => "deleted by the turn",
        (true, _) => "new",
        (false, _) => "changed",
    };
    line = line.and(format!(" · {is_new}"), Tone::Dim);
    if piece.kind != "test" {
        line = line.and(format!(" · {}", piece.kind), Tone::Dim);
    }
    if piece.n_tests > 0 {
        line = line.and(
            format!(
                " · {}",
                count(usize::try_from(piece.n_tests).unwrap_or(0), "test")
            ),
            Tone::Dim,
        );
    }
    line.and(format!(" · turn {}", piece.id.turn), Tone::Dim)
}

/// What a person should know before deciding.
fn notes(left: Option<&Left>, piece: &Piece, file: &OnDisk, width: usize) -> Vec<DocLine> {
    let mut notes: Vec<(String, Tone)> = Vec::new();
    let mut note = |text: &str, tone| notes.push((text.to_owned(), tone));
    if file.is_committed && piece.commit.is_none() && piece.fate.is_in_tree() {
        note("it is in the last commit just so", Tone::Dim);
    }
    match (file.now, piece.should_be_in_tree()) {
        (Now::Other, true) => note(
            "edited since the run: your edits stay, and rejecting it is yours to do by hand",
            Tone::Warn,
        ),
        (Now::Other, false) => note(
            "edited since the run: it cannot be applied over your edits",
            Tone::Warn,
        ),
        (Now::Without, true) => note("not in the tree any more", Tone::Warn),
        (Now::With, false) => note("in the tree all the same", Tone::Warn),
        (Now::With, true) | (Now::Without, false) => {}
    }
    if piece.closes_nothing() && piece.decision().is_none() {
        note(
            "closes no arm that was open: rejecting removes it",
            Tone::Warn,
        );
    }
    match (piece.fate, piece.decision()) {
        (Fate::Rejected | Fate::Aside, None) if file.now == Now::Without => {
            note("accepting takes it into the tree after all", Tone::Dim);
        }
        (Fate::PutBack, None) if file.now == Now::Without => {
            note("accepting keeps the change after all", Tone::Dim);
        }
        (_, Some(Decision::KeptChange)) => note("undoing puts it back again", Tone::Dim),
        _ => {}
    }
    if piece.without == Side::Unknown {
        note(
            "the record does not hold what was there before: it cannot be rejected here",
            Tone::Warn,
        );
    }
    if let Some(left) = left.filter(|left| left.is_written) {
        let text = format!("run {} still goes on: decide when it has ended", left.run);
        note(&text, Tone::Warn);
    }
    notes
        .into_iter()
        .flat_map(|(text, tone)| hang(DocLine::default(), 0, &text, width, tone))
        .collect()
}

/// A text behind a head, wrapped so that it stays behind it.
fn hang(head: DocLine, indent: usize, text: &str, width: usize, tone: Tone) -> Vec<DocLine> {
    let room = width.saturating_sub(indent).max(12);
    let text = text.lines().collect::<Vec<_>>().join(" ");
    let mut lines: Vec<DocLine> = wrap(&text, room)
        .into_iter()
        .map(|row| {
            DocLine::of(" ".repeat(indent), Tone::Dim).and(text.get(row).unwrap_or(""), tone)
        })
        .collect();
    match lines.first_mut() {
        Some(first) => {
            let said = first.parts.split_off(1);
            *first = head;
            first.parts.extend(said);
        }
        None => lines.push(head),
    }
    lines
}
