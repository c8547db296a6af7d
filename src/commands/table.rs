//! Columns that line up, and figures as people read them.

use unicode_width::UnicodeWidthStr as _;

use crate::coverage::{Ratio, Totals};

/// Pads on the right to a width in terminal cells.
pub(super) fn left(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Pads on the left to a width in terminal cells.
pub(super) fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

/// The widest of some texts, in terminal cells.
pub(super) fn widest<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    texts.into_iter().map(str::width).max().unwrap_or_default()
}

/// `1 gap`, `2 gaps`.
pub(super) fn counted(n: usize, one: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    }
}

/// `83.42 %`; nothing for 0 of 0.
pub(super) fn percent(ratio: Ratio) -> Option<String> {
    ratio.percent().map(|percent| format!("{percent} %"))
}

/// `branches 83.42 % 1842/2208`, or what is to be said where there is no such figure.
pub(super) fn totals(totals: Totals) -> Vec<String> {
    let figure = |name: &str, ratio: Ratio| match percent(ratio) {
        Some(percent) => format!("{name} {percent} {}/{}", ratio.covered, ratio.total),
        None => format!("no {name}"),
    };
    let mut parts = vec![match totals.branches {
        Some(ratio) => figure("branches", ratio),
        None => "no branch data".to_owned(),
    }];
    for (name, ratio) in [
        ("lines", totals.lines),
        ("functions", totals.functions),
        ("statements", totals.statements),
    ] {
        parts.extend(ratio.map(|ratio| figure(name, ratio)));
    }
    parts
}

/// A command in a line of markdown.
pub(super) fn code(text: &str) -> String {
    let safe = crate::harmless::line(text);
    let fence = if safe.contains('`') { "``" } else { "`" };
    format!("{fence}{safe}{fence}")
}

/// Text for a cell of a markdown table.
pub(super) fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in crate::harmless::line(text).chars() {
        if matches!(
            c,
            '|' | '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '#' | '&'
        ) {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}
