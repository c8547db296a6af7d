//! Which gap is worth a test first, and why.

use std::cmp::Reverse;

use super::{Gap, GapKind};
use crate::coverage::FilePath;

/// A gap in the order of its worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked<'a> {
    pub path: &'a FilePath,
    pub gap: &'a Gap,
    /// What put it there, in words: `never called, 14 lines`, `error path, 3 lines behind it`.
    pub reason: String,
}

/// Orders gaps by worth: most never-run lines behind them first; among equals an error path before the
/// rest, then more untaken arms, then branches before functions before lines, then path and line.
#[must_use]
pub fn rank<'a>(files: impl IntoIterator<Item = (&'a FilePath, &'a [Gap])>) -> Vec<Ranked<'a>> {
    let mut ranked: Vec<_> = files
        .into_iter()
        .flat_map(|(path, gaps)| {
            gaps.iter().map(move |gap| Ranked {
                path,
                gap,
                reason: reason(gap),
            })
        })
        .collect();
    ranked.sort_by_key(|ranked| {
        let gap = ranked.gap;
        let kind = match gap.kind {
            GapKind::Branch => 0,
            GapKind::Function => 1,
            GapKind::Line => 2,
        };
        (
            Reverse(gap.lines_behind),
            !gap.error_path,
            Reverse(gap.arms_untaken),
            kind,
            ranked.path.clone(),
            gap.line,
        )
    });
    ranked
}

fn reason(gap: &Gap) -> String {
    let lines = match gap.lines_behind {
        1 => "1 line".to_owned(),
        n => format!("{n} lines"),
    };
    let mut parts = Vec::new();
    if gap.error_path {
        parts.push("error path".to_owned());
    }
    match gap.kind {
        GapKind::Function => parts.push(format!("never called, {lines}")),
        GapKind::Line => parts.push(format!("{lines} never ran")),
        GapKind::Branch if gap.lines_behind > 0 => parts.push(format!("{lines} behind it")),
        GapKind::Branch => parts.push(match gap.arms_untaken {
            1 => "1 arm".to_owned(),
            n => format!("{n} arms"),
        }),
    }
    parts.join(", ")
}
