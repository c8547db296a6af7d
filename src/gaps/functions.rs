//! Functions that no test ever called.

use rustc_hash::FxHashMap;

use super::reading::{Reading, plain_name};
use super::runs::Uncalled;
use crate::coverage::{Function, Hits, Line, Position, Span};
use crate::syntax::{Callable, Language, Outline};

/// What V8's providers call a file that was never loaded.
const WHOLE_FILE: &str = "(empty-report";

/// The functions that were never called, by where they start, as the report counts them; where it has no
/// functions at all, those of the text of which no line ever ran.
pub(super) fn uncalled(reading: &Reading<'_>) -> Vec<Uncalled> {
    let mut found = if reading.coverage.functions().is_empty() {
        from_text(reading)
    } else {
        from_report(reading)
    };
    found.sort_by_key(|function| (function.span.start, std::cmp::Reverse(function.span.end)));
    let mut covered: Option<Span> = None;
    for function in &mut found {
        function.inside = covered.is_some_and(|outer| {
            outer.start <= function.span.start
                && function.span.end.line <= outer.end.line
                && outer.start.line < outer.end.line
        });
        if !function.inside {
            covered = Some(function.span);
        }
    }
    found
}

fn from_report(reading: &Reading<'_>) -> Vec<Uncalled> {
    let functions = reading.coverage.functions();
    let ordinals = ordinals(reading);
    let mut found = Vec::new();
    for (idx, function) in functions.iter().enumerate() {
        if function.hits.is_taken() || is_called_as_twin(reading, idx, function) {
            continue;
        }
        let is_file = function.name.starts_with(WHOLE_FILE);
        let own = reading.outline().filter(|_| !is_file).and_then(|outline| {
            let idx = in_outline(reading, outline, function)?;
            Some((idx, outline.functions.get(idx)?))
        });
        let mut span = function.span;
        if span.end.line == span.start.line {
            // The report says where it begins; the text, or the next function, says where it ends.
            let end = if let Some((_, callable)) = own {
                reading.in_report(callable.span.last_line())
            } else {
                let next = functions
                    .iter()
                    .skip(idx + 1)
                    .map(|next| next.span.start.line)
                    .find(|next| *next > span.start.line);
                last_line_before(reading, next)
            };
            if let Some(end) = end.filter(|end| *end > span.start.line) {
                span.end = Position::line(end);
            }
        }
        let (name, ordinal) = if let Some((idx, callable)) = own {
            let ordinal = ordinals.get(idx).copied().unwrap_or(0);
            (callable.name.clone(), ordinal)
        } else {
            let name = plain_name(&function.name);
            let above = functions.iter().take(idx).rev().take(500);
            let same = above.filter(|other| plain_name(&other.name) == name);
            let ordinal = u32::try_from(same.count()).unwrap_or(u32::MAX);
            (name, ordinal)
        };
        found.push(Uncalled {
            name: (!is_nameless(&name)).then_some(name),
            is_file,
            span,
            hits: function.hits,
            n_lines: 0,
            ordinal,
            inside: false,
        });
    }
    found
}

/// The last executable line above another, or of the file.
fn last_line_before(reading: &Reading<'_>, next: Option<Line>) -> Option<Line> {
    let mut lines = reading.coverage.lines().map(|(line, _)| line);
    let n_before = match next {
        None => lines.len(),
        Some(next) => reading.coverage.n_lines_before(next),
    };
    lines.nth(n_before.checked_sub(1)?)
}

/// A template or a generic function is in the report once for each type it was made for: the text has one.
fn is_called_as_twin(reading: &Reading<'_>, idx: usize, function: &Function) -> bool {
    let compiled = match reading.language() {
        None => true,
        Some(language) => matches!(language, Language::C | Language::Cpp | Language::Rust),
    };
    if !compiled && function.span.start.column.is_none() {
        return false;
    }
    let functions = reading.coverage.functions();
    let same = |other: &&Function| other.span.start == function.span.start;
    let before = functions.get(..idx).unwrap_or_default();
    let after = functions.get(idx + 1..).unwrap_or_default();
    let mut twins = before
        .iter()
        .rev()
        .take_while(same)
        .chain(after.iter().take_while(same));
    // Of twins that were all not called only the first is told.
    twins.any(|twin| twin.hits.is_taken())
        || before
            .last()
            .is_some_and(|twin| twin.span == function.span && compiled)
}

/// The function of the text that a function of the report is: the one that starts where it does; by name
/// where several do.
fn in_outline(reading: &Reading<'_>, outline: &Outline, function: &Function) -> Option<usize> {
    let line = reading.in_text(function.span.start.line)?;
    let place = reading.place(function.span.start);
    let last = function
        .name
        .rsplit(['.', ':', '/'])
        .next()
        .unwrap_or_default();
    let first = outline
        .functions
        .partition_point(|callable| callable.span.start.line < line);
    let starts_here = |callable: &Callable| callable.span.start.line == line;
    // A bundle has thousands on its one line; where names have to tell, the first ones are looked at.
    let on_line = outline
        .functions
        .iter()
        .enumerate()
        .skip(first)
        .take_while(|(_, callable)| starts_here(callable))
        .take(200);
    let by_place = place.and_then(|place| {
        let idx = outline
            .functions
            .partition_point(|callable| callable.span.start < place);
        let callable = outline.functions.get(idx)?;
        (callable.span.start == place).then_some((idx, callable))
    });
    let by_name = on_line.clone().find(|(_, callable)| {
        callable.name == *function.name || callable.name.rsplit('.').next() == Some(last)
    });
    let mut alone = on_line;
    let only = alone.next().filter(|_| alone.next().is_none());
    if let Some((idx, _)) = by_place.or(by_name).or(only) {
        return Some(idx);
    }
    // Tools place a function at its first instruction or below its decorators: the innermost around the line.
    let idx = outline.function_at(reading.first_byte(line))?;
    let callable = outline.functions.get(idx)?;
    let named = callable.name.rsplit('.').next() == Some(last) || last == "<init>";
    (named || callable.body.start.line >= line).then_some(idx)
}

fn from_text(reading: &Reading<'_>) -> Vec<Uncalled> {
    let Some(outline) = reading.outline() else {
        return Vec::new();
    };
    let ordinals = ordinals(reading);
    let lines: Vec<_> = reading.coverage.lines().collect();
    // How many of the lines before each one ran, so that a function costs no walk over its lines.
    let mut ran = Vec::with_capacity(lines.len() + 1);
    ran.push(0_usize);
    for (_, hits) in &lines {
        ran.push(ran.last().copied().unwrap_or(0) + usize::from(hits.is_taken()));
    }
    let python = reading.language() == Some(Language::Python);
    let mut found = Vec::new();
    for (idx, callable) in outline.functions.iter().enumerate() {
        let body_first = callable.body.start.line;
        if python && body_first == callable.span.start.line {
            continue; // its line runs when it is defined
        }
        let (Some(start), Some(body), Some(end)) = (
            reading.in_report(callable.span.start.line),
            reading.in_report(body_first),
            reading.in_report(callable.body.last_line()),
        ) else {
            continue;
        };
        let first = lines.partition_point(|(line, _)| *line < body);
        let last = lines.partition_point(|(line, _)| *line <= end);
        let ran_before = |idx: usize| ran.get(idx).copied().unwrap_or(0);
        let ran_inside = ran_before(last).saturating_sub(ran_before(first));
        // A one-line closure shares its line with the code around it.
        let shares = callable.parent.is_some() && start == end;
        if first >= last || ran_inside > 0 || shares {
            continue;
        }
        let name = callable.name.clone();
        found.push(Uncalled {
            name: (!is_nameless(&name)).then_some(name),
            is_file: false,
            span: Span {
                start: Position::line(start),
                end: Position::line(end),
            },
            hits: Hits::UNTAKEN,
            n_lines: 0,
            ordinal: ordinals.get(idx).copied().unwrap_or(0),
            inside: false,
        });
    }
    found
}

/// For each function of the text how many of the same name stand above it.
fn ordinals(reading: &Reading<'_>) -> Vec<u32> {
    let mut seen: FxHashMap<&str, u32> = FxHashMap::default();
    reading
        .outline()
        .map_or(&[][..], |outline| outline.functions.as_slice())
        .iter()
        .map(|callable| {
            let count = seen.entry(&callable.name).or_default();
            *count += 1;
            *count - 1
        })
        .collect()
}

fn is_nameless(name: &str) -> bool {
    name == "(anonymous)" || name.starts_with(WHOLE_FILE)
}
