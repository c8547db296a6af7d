//! The lines of a source that a reader needs to understand its gaps.

use super::PromptGap;
use crate::coverage::Line;

/// Lines shown before and behind a gap.
const AROUND: u32 = 6;
/// Excerpts with no more lines than this between them are one.
const NEAR: u32 = 4;
/// The most lines of one gap itself that are shown; a longer one is cut at its end.
const MOST_OF_ONE: u32 = 60;

/// Lines in order; `true` marks those where a gap is.
pub(super) type Excerpt = Vec<(Line, bool)>;

/// The excerpts of a source around its gaps, merged where they are near each other. The line where the
/// function around a gap begins is one of them.
pub(super) fn excerpts(source: &[String], gaps: &[PromptGap]) -> Vec<Excerpt> {
    let n_lines = u32::try_from(source.len()).unwrap_or(u32::MAX);
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for PromptGap { gap, function_line } in gaps {
        let first = gap.line.get();
        if first > n_lines {
            continue;
        }
        let last = gap
            .end_line
            .get()
            .clamp(first, first.saturating_add(MOST_OF_ONE));
        spans.push((
            first.saturating_sub(AROUND).max(1),
            last.saturating_add(AROUND).min(n_lines),
        ));
        // Where the untaken ways go on, as far as that is in the same neighbourhood.
        for onward in gap
            .arms
            .iter()
            .filter(|arm| !arm.taken)
            .filter_map(|arm| arm.line)
        {
            let onward = onward.get();
            if onward <= n_lines && onward.abs_diff(first) <= 10 * AROUND {
                spans.push((
                    onward.saturating_sub(1).max(1),
                    onward.saturating_add(2).min(n_lines),
                ));
            }
        }
        if let Some(function) = function_line.map(Line::get).filter(|line| *line <= n_lines) {
            spans.push((function, function));
        }
    }
    spans.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::new();
    for (first, last) in spans {
        match merged.last_mut() {
            Some(before) if first <= before.1.saturating_add(NEAR + 1) => {
                before.1 = before.1.max(last);
            }
            _ => merged.push((first, last)),
        }
    }
    let marked = |line: Line| {
        gaps.iter()
            .any(|PromptGap { gap, .. }| (gap.line..=gap.end_line).contains(&line))
    };
    merged
        .into_iter()
        .map(|(first, last)| {
            (first..=last)
                .filter_map(Line::new)
                .map(|line| (line, marked(line)))
                .collect()
        })
        .collect()
}

/// How wide the numbers of a source's lines are.
pub(super) fn number_width(source: &[String]) -> usize {
    source.len().to_string().len()
}
