//! Which decision of the text a branch of the report is. Where two fit, neither is chosen.

use super::reading::{Part, Reading};
use crate::coverage::{Branch, Construct, Line};
use crate::syntax::{Decision, DecisionKind, Extent, Language, Place};

/// Signs before a condition that a compiler's span may begin behind.
const MOST_TAKEN_OFF: usize = 16;

/// What of the text a branch stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Decision {
        idx: usize,
        part: Part,
    },
    /// A whole function that V8 counts as a block.
    Function(usize),
}

/// Finds the decision of a branch; `None` without a text, or where the text does not tell.
pub(super) fn link(reading: &Reading<'_>, branch: Branch<'_>) -> Option<Link> {
    let span = branch.span();
    if span.start.column.is_none() {
        let line = reading.in_text(span.start.line)?;
        return on_line(reading, line).map(|idx| Link::Decision {
            idx,
            part: Part::Whole,
        });
    }
    let start = reading.place(span.start)?;
    let end = match span.end.column {
        Some(_) => reading.place(span.end)?,
        None => end_of_line(reading, span.end.line)?,
    };
    let ends = |it| it == end || is_same_end(reading, it, end);
    match branch.construct() {
        Construct::If => statement(reading, start, |it| {
            matches!(it.kind, DecisionKind::If | DecisionKind::Elif)
        }),
        Construct::Conditional => expression(reading, start, ends, |it| {
            it.kind == DecisionKind::Conditional
        }),
        Construct::Logical => expression(reading, start, ends, is_logical),
        Construct::Switch | Construct::Match => statement(reading, start, |it| {
            matches!(it.kind, DecisionKind::Switch | DecisionKind::Match)
        }),
        Construct::Loop => statement(reading, start, |it| {
            matches!(
                it.kind,
                DecisionKind::For
                    | DecisionKind::ForEach
                    | DecisionKind::While
                    | DecisionKind::DoWhile
            )
        }),
        Construct::DefaultArgument => default_argument(reading, start),
        Construct::Block => block(reading, start, end),
        Construct::Unknown | Construct::Case | Construct::Try => condition(reading, start, end),
    }
}

/// Without columns: the only decision that starts on the line. In Python a line has one at most that the
/// interpreter branches on, whatever conditions are inside it.
fn on_line(reading: &Reading<'_>, line: Line) -> Option<usize> {
    // A bundle has thousands on its one line; the first few tell that it is not alone.
    let mut on_line = reading.outline()?.decisions_on(line).take(64);
    if reading.language() == Some(Language::Python) {
        let mut statements = on_line.filter(|(_, it)| is_python_statement(it.kind));
        let (idx, _) = statements.next()?;
        return statements.next().is_none().then_some(idx);
    }
    let (idx, _) = on_line.next()?;
    on_line.next().is_none().then_some(idx)
}

pub(super) fn is_python_statement(kind: DecisionKind) -> bool {
    matches!(
        kind,
        DecisionKind::If
            | DecisionKind::Elif
            | DecisionKind::While
            | DecisionKind::ForEach
            | DecisionKind::Case
            | DecisionKind::Except
            | DecisionKind::With
    )
}

/// The statement that starts at a place: its keyword stands there, and nothing else can.
fn statement(
    reading: &Reading<'_>,
    start: Place,
    fits: impl Fn(&Decision) -> bool,
) -> Option<Link> {
    expression(reading, start, |_| true, fits)
}

/// The expression that starts at a place and has the right end. An expression may start where another does,
/// and compilers make more of them: `a?.b ?? c` becomes three that all start at `a`.
fn expression(
    reading: &Reading<'_>,
    start: Place,
    ends: impl Fn(Place) -> bool,
    fits: impl Fn(&Decision) -> bool,
) -> Option<Link> {
    let anchor = reading
        .anchors_at(start)
        .filter(|anchor| anchor.part == Part::Whole && ends(anchor.end))
        .filter(|anchor| reading.decisions().get(anchor.decision).is_some_and(&fits))
        .min_by_key(|anchor| anchor.decision)?;
    Some(Link::Decision {
        idx: anchor.decision,
        part: Part::Whole,
    })
}

/// Istanbul starts at the parameter's name; V8's provider of vitest 4 at its modifiers.
fn default_argument(reading: &Reading<'_>, start: Place) -> Option<Link> {
    let anchor = reading.anchors_at(start).find(|anchor| {
        !matches!(anchor.part, Part::Arm(_))
            && reading
                .decisions()
                .get(anchor.decision)
                .is_some_and(|it| it.kind == DecisionKind::DefaultArgument)
    })?;
    Some(Link::Decision {
        idx: anchor.decision,
        part: Part::Whole,
    })
}

/// V8's blocks: an arm's code, or a function. Its other blocks, the code that follows an arm which leaves
/// and such, stand for no single decision.
fn block(reading: &Reading<'_>, start: Place, end: Place) -> Option<Link> {
    let arm = |start: Place| {
        reading
            .anchors_at(start)
            .filter(|anchor| anchor.end == end || is_same_end(reading, end, anchor.end))
            .find(|anchor| matches!(anchor.part, Part::Arm(_)))
    };
    // V8 counts the operator in that stands before a ternary's arm or an operand.
    let text = reading.text(start.line)?;
    let operator = text
        .get(start.byte as usize..)?
        .bytes()
        .take_while(|byte| matches!(byte, b'?' | b':' | b'&' | b'|' | b' '))
        .take(8);
    let mut place = start;
    let mut found = arm(place);
    for _ in operator {
        if found.is_some() {
            break;
        }
        place.byte += 1;
        found = arm(place);
    }
    if let Some(anchor) = found {
        return Some(Link::Decision {
            idx: anchor.decision,
            part: anchor.part,
        });
    }
    let functions = &reading.outline()?.functions;
    let first = functions.partition_point(|function| function.span.start < start);
    let function = functions
        .get(first)
        .filter(|function| function.span.start == start && function.span.end == end);
    function.map(|_| Link::Function(first))
}

/// clang and rustc: the span is a condition, an operand of one, or a clause's head.
fn condition(reading: &Reading<'_>, start: Place, end: Place) -> Option<Link> {
    let mut start = start;
    for _ in 0..MOST_TAKEN_OFF {
        let mut at = reading.anchors_at(start).filter(|anchor| {
            let Some(it) = reading.decisions().get(anchor.decision) else {
                return false;
            };
            match anchor.part {
                Part::Whole => false,
                Part::Condition => anchor.end == end,
                Part::Arm(_) if is_logical(it) => anchor.end == end,
                Part::Arm(_) => {
                    matches!(it.kind, DecisionKind::Switch | DecisionKind::Match)
                        && end <= anchor.end
                }
            }
        });
        if let Some(anchor) = at.next() {
            return Some(Link::Decision {
                idx: anchor.decision,
                part: anchor.part,
            });
        }
        // A compiler takes `!` and parentheses off.
        let text = reading.text(start.line)?;
        let before = text.get(..start.byte as usize)?;
        if !before.ends_with(['!', '(']) {
            return None;
        }
        start.byte -= 1;
    }
    None
}

fn is_logical(decision: &Decision) -> bool {
    matches!(
        decision.kind,
        DecisionKind::And | DecisionKind::Or | DecisionKind::Coalesce
    )
}

fn end_of_line(reading: &Reading<'_>, line: Line) -> Option<Place> {
    let line = reading.in_text(line)?;
    let byte = u32::try_from(reading.text(line)?.len()).ok()?;
    Some(Place { line, byte })
}

/// Whether two ends are the same but for punctuation, which source maps count in or not.
fn is_same_end(reading: &Reading<'_>, a: Place, b: Place) -> bool {
    if a.line != b.line {
        return false;
    }
    let between = a.byte.min(b.byte) as usize..a.byte.max(b.byte) as usize;
    reading
        .text(a.line)
        .and_then(|text| text.get(between))
        .is_some_and(|text| {
            text.chars()
                .all(|it| matches!(it, ';' | ',' | ')' | ' ' | '\t' | '{' | ':'))
        })
}

/// The part of the text that a link stands for.
pub(super) fn extent(reading: &Reading<'_>, link: Link) -> Option<Extent> {
    match link {
        Link::Function(idx) => Some(reading.outline()?.functions.get(idx)?.span),
        Link::Decision { idx, part } => {
            let decision = reading.decisions().get(idx)?;
            match part {
                Part::Whole => Some(decision.span),
                Part::Condition => decision.condition,
                Part::Arm(arm) => decision.arms.get(arm)?.code,
            }
        }
    }
}
