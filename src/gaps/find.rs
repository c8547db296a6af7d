//! The gaps of one file.

use super::decision::{Decided, decide, without_text};
use super::identity::{Identity, Ids};
use super::meaning::{Known, Meaning, Target, known};
use super::reading::Reading;
use super::runs::{Run, Uncalled, unrun};
use super::words;
use super::{Gap, GapArm, GapKind, Source};
use crate::coverage::{Column, FileCoverage, FilePath, Line};
use crate::harmless;
use crate::syntax::{DecisionKind, Language, squeeze};

/// Characters of a line that name a run.
const TEXT: usize = 160;

/// All gaps of a file, in the order of the text. `source` makes the words exact; without it nothing
/// is said that the report itself does not know.
#[must_use]
pub fn find(path: &FilePath, coverage: &FileCoverage, source: Option<&Source>) -> Vec<Gap> {
    let reading = Reading::new(coverage, source);
    let known = known(&reading);
    let mut ids = Ids::new(path);
    // Every decision gets its id, so that the id of one does not hang on whether another was taken.
    let decided = decide(&reading, &known, &mut ids);
    let unrun = unrun(&reading, &known);
    let mut gaps: Vec<_> = known
        .iter()
        .zip(decided)
        .filter(|(known, _)| known.branch.ratio().missed() > 0)
        .map(|(known, decided)| {
            let behind = unrun.behind.get(&decided.branch).copied().unwrap_or(0);
            branch(&reading, known, decided, behind)
        })
        .collect();
    for uncalled in unrun.functions.iter().filter(|function| !function.inside) {
        gaps.push(function(&reading, uncalled, &mut ids));
    }
    for run in &unrun.runs {
        gaps.push(lines(&reading, run, &mut ids));
    }
    gaps.sort_by_key(|gap| {
        let kind = match gap.kind {
            GapKind::Function => 0,
            GapKind::Branch => 1,
            GapKind::Line => 2,
        };
        (gap.line, kind, gap.column)
    });
    gaps
}

fn branch(reading: &Reading<'_>, known: &Known<'_>, decided: Decided, behind: u32) -> Gap {
    let words = words::branch(reading, known);
    let span = known.branch.span();
    Gap {
        id: decided.id,
        kind: GapKind::Branch,
        line: decided.line,
        end_line: last_line(reading, known).max(decided.line),
        column: span.start.column.map(Column::get),
        function: decided.function,
        construct: decided.construct,
        arms_total: count(decided.ratio.total),
        arms_untaken: count(decided.ratio.missed()),
        arms: decided
            .arms
            .into_iter()
            .map(|arm| GapArm {
                label: arm.label,
                line: arm.line,
                hits: arm.hits,
                taken: arm.taken,
                mark: arm.mark,
            })
            .collect(),
        says: words.says,
        brief: words.brief,
        lines_behind: behind,
        error_path: is_error_path(reading, known),
    }
}

/// The last line of what is decided on; without a text that of the report's span.
fn last_line(reading: &Reading<'_>, known: &Known<'_>) -> Line {
    if let Some(super::link::Link::Decision { idx, .. }) = known.link
        && let Some(decision) = reading.decisions().get(idx)
        && let Some(condition) = decision.condition
    {
        return condition.last_line();
    }
    reading.shown(known.branch.span().end.line)
}

/// Whether an untaken arm raises or throws, asks Go's question for an error, or stands in a handler.
fn is_error_path(reading: &Reading<'_>, known: &Known<'_>) -> bool {
    let Some(outline) = reading.outline() else {
        return false;
    };
    let place = reading.first_byte(known.line);
    let after = outline
        .handlers
        .partition_point(|handler| handler.start <= place);
    // Handlers nest rarely; the nearest few that start above are enough.
    let in_handler = outline
        .handlers
        .get(..after)
        .unwrap_or_default()
        .iter()
        .rev()
        .take(8)
        .any(|handler| handler.holds(place));
    let decision = match known.link {
        Some(super::link::Link::Decision { idx, .. }) => reading.decisions().get(idx),
        _ => None,
    };
    in_handler
        || known
            .arms
            .iter()
            .filter(|arm| !arm.hits.is_taken())
            .any(|arm| {
                let throws = arm.code.is_some_and(|code| outline.throws_in(code));
                let thrown_at = match arm.target {
                    Target::Line(line) => outline
                        .throws
                        .binary_search_by_key(&line, |place| place.line)
                        .is_ok(),
                    _ => false,
                };
                let go_error = reading.language() == Some(Language::Go)
                    && arm.meaning == Meaning::True
                    && decision.is_some_and(|it| {
                        it.kind == DecisionKind::If && it.head.ends_with("err!=nil")
                    });
                throws || thrown_at || go_error
            })
}

fn function(reading: &Reading<'_>, uncalled: &Uncalled, ids: &mut Ids<'_>) -> Gap {
    let first = uncalled.span.start.line;
    let line = reading.shown(first);
    let identity = match (&uncalled.name, reading.source) {
        (None, None) => without_text(
            reading,
            GapKind::Function,
            "",
            first,
            uncalled.span.start.column.map(Column::get),
        ),
        (name, _) => Identity {
            kind: GapKind::Function,
            function: name.clone().unwrap_or_default(),
            construct: String::new(),
            text: String::new(),
            ordinal: uncalled.ordinal,
        },
    };
    let name = uncalled.name.as_deref().map(harmless::line);
    let words = if uncalled.is_file {
        words::file(line, uncalled.n_lines)
    } else {
        words::function(line, name.as_deref(), uncalled.hits, uncalled.n_lines)
    };
    Gap {
        id: ids.next(identity),
        kind: GapKind::Function,
        line,
        end_line: reading.shown(uncalled.span.end.line).max(line),
        column: uncalled.span.start.column.map(Column::get),
        function: name.map(std::borrow::Cow::into_owned),
        construct: None,
        arms_total: 0,
        arms_untaken: 0,
        arms: Vec::new(),
        says: words.says,
        brief: words.brief,
        lines_behind: uncalled.n_lines,
        error_path: false,
    }
}

fn lines(reading: &Reading<'_>, run: &Run, ids: &mut Ids<'_>) -> Gap {
    let line = reading.shown(run.first);
    let last = reading.shown(run.last).max(line);
    let place = reading.first_byte(line);
    let function = reading.function_at(place, run.first);
    let text = reading
        .in_text(run.first)
        .and_then(|line| Some((line, reading.text(line)?)));
    let identity = match text {
        None => without_text(reading, GapKind::Line, "", run.first, None),
        Some((line, text)) => Identity {
            kind: GapKind::Line,
            function: function.clone().unwrap_or_default(),
            construct: String::new(),
            text: squeeze(text, TEXT),
            ordinal: reading.line_ordinal(line),
        },
    };
    let words = words::lines(line, last, run.n_lines, run.in_handler);
    Gap {
        id: ids.next(identity),
        kind: GapKind::Line,
        line,
        end_line: last,
        column: None,
        function: function.map(|name| harmless::line(&name).into_owned()),
        construct: None,
        arms_total: 0,
        arms_untaken: 0,
        arms: Vec::new(),
        says: words.says,
        brief: words.brief,
        lines_behind: run.n_lines,
        error_path: run.in_handler,
    }
}

fn count(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
