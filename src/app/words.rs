//! The words under the line of a gap: which arm was never taken, and where it would have gone.

use crate::gaps::Gap;
use crate::triage::GapState;

use super::doc::Tone;
use super::text::{width, wrap};

/// One line of words, in pieces of one tone each.
pub type Line = Vec<(String, Tone)>;

/// The words and where they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Cells before them, from the left of the pane.
    pub column: usize,
    pub lines: Vec<Line>,
}

/// Arms are listed one by one below the words up to so many lines.
const MOST_ARM_LINES: usize = 3;

/// Cells of the elbow and the sign before the words.
pub const ELBOW: usize = 5;

/// The words for a gap in a pane `cells` wide. They stand below the code, which begins at the column `code`,
/// unless they would not fit there: then further to the left, but never left of the column `text`.
#[must_use]
pub fn words(
    gap: &Gap,
    picked: bool,
    state: Option<&GapState>,
    text: usize,
    code: usize,
    cells: usize,
) -> Words {
    let whole = lines(gap, picked, state, usize::MAX);
    let needed = whole.first().map_or(0, |line| {
        line.iter().map(|(text, _)| width(text)).sum::<usize>()
    });
    let column = code
        .min(cells.saturating_sub(needed + ELBOW))
        .max(text.min(cells / 2));
    let room = cells.saturating_sub(column + ELBOW).max(12);
    Words {
        column,
        lines: lines(gap, picked, state, room),
    }
}

/// What is said, in lines of so many cells. Which arms exist is said only where the report tells them apart.
fn lines(gap: &Gap, picked: bool, state: Option<&GapState>, cells: usize) -> Vec<Line> {
    let mut pieces: Vec<(String, Tone)> = Vec::new();
    for (at, part) in gap.brief.split(" · ").enumerate() {
        if at > 0 {
            pieces.push((" · ".to_owned(), Tone::Dim));
        }
        let tone = if at == 0 { Tone::Bad } else { Tone::Dim };
        pieces.push((part.to_owned(), tone));
    }
    if picked {
        pieces.push((" · ".to_owned(), Tone::Dim));
        pieces.push(("picked".to_owned(), Tone::Warn));
    }
    if let Some(state) = state {
        pieces.push((" · ".to_owned(), Tone::Dim));
        pieces.push((state.name().to_owned(), tone_of(state)));
    }
    let mut lines = fold(pieces, cells);
    if gap.arms.len() > 2 {
        let mut arms: Vec<(String, Tone)> = Vec::new();
        for arm in &gap.arms {
            let (sign, tone) = if arm.taken {
                ("● ", Tone::Good)
            } else {
                ("○ ", Tone::Bad)
            };
            if !arms.is_empty() {
                arms.push(("  ".to_owned(), Tone::Dim));
            }
            arms.push((sign.to_owned(), tone));
            arms.push((
                arm.label.clone(),
                if arm.taken { Tone::Dim } else { Tone::Text },
            ));
        }
        let mut listed = fold(arms, cells);
        if listed.len() > MOST_ARM_LINES {
            listed.truncate(MOST_ARM_LINES);
            if let Some(last) = listed.last_mut() {
                last.push((" …".to_owned(), Tone::Dim));
            }
        }
        lines.append(&mut listed);
    }
    lines
}

/// In which tone a state is said.
#[must_use]
pub fn tone_of(state: &GapState) -> Tone {
    match state {
        GapState::Closed => Tone::Good,
        GapState::Working => Tone::Live,
        GapState::StillOpen { .. } => Tone::Warn,
        GapState::Regressed => Tone::Bad,
        GapState::Open
        | GapState::Queued
        | GapState::Untestable { .. }
        | GapState::Dismissed { .. } => Tone::Dim,
    }
}

fn is_separator(text: &str) -> bool {
    matches!(text.trim(), "" | "·")
}

/// Puts pieces on lines, whole pieces where they fit, else broken between words.
fn fold(pieces: Vec<(String, Tone)>, cells: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = vec![Vec::new()];
    let mut used = 0;
    for (text, tone) in pieces {
        let needs = width(&text);
        if used + needs <= cells {
            used += needs;
            if let Some(line) = lines.last_mut() {
                line.push((text, tone));
            }
            continue;
        }
        // What only separates neither ends a line nor begins one.
        if is_separator(&text) {
            lines.push(Vec::new());
            used = 0;
            continue;
        }
        let text = text.trim_start();
        for row in wrap(text, cells) {
            let row = text.get(row).unwrap_or("");
            if let Some(line) = lines.last_mut().filter(|line| !line.is_empty()) {
                line.pop_if(|(text, _)| is_separator(text));
                lines.push(Vec::new());
            }
            used = width(row);
            if let Some(line) = lines.last_mut() {
                line.push((row.to_owned(), tone));
            }
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}
