//! Lines that never ran, and what they belong to: an untaken arm, a function never called, or nothing else.

use rustc_hash::{FxHashMap, FxHashSet};

use super::link::Link;
use super::meaning::{Known, Target};
use super::reading::{Part, Reading};
use crate::coverage::{Arms, Construct, Hits, Line, Span};
use crate::syntax::{Extent, Onward, Place};

/// A run of lines that never ran and that nothing else explains. Lines are those of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: Line,
    pub(super) last: Line,
    pub(super) n_lines: u32,
    pub(super) in_handler: bool,
}

/// A function that was never called. Lines are those of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Uncalled {
    /// As the source has it, else as the report has it.
    pub(super) name: Option<String>,
    /// Stands for a file of which nothing ever ran.
    pub(super) is_file: bool,
    pub(super) span: Span,
    pub(super) hits: Hits,
    pub(super) n_lines: u32,
    /// How many functions of the same name stand above it.
    pub(super) ordinal: u32,
    /// Whether it lies inside another one that was never called.
    pub(super) inside: bool,
}

#[derive(Debug, Default)]
pub(super) struct Unrun {
    pub(super) runs: Vec<Run>,
    pub(super) functions: Vec<Uncalled>,
    /// For each branch the lines that never ran because of it.
    pub(super) behind: FxHashMap<usize, u32>,
}

/// Sorts all lines that never ran.
pub(super) fn unrun(reading: &Reading<'_>, known: &[Known<'_>]) -> Unrun {
    let mut functions = super::functions::uncalled(reading);
    let mut behind: FxHashMap<usize, u32> = FxHashMap::default();
    let mut runs: Vec<Run> = Vec::new();
    let doors = doors(reading, known);
    let mut spans = Inside::new(
        functions
            .iter()
            .enumerate()
            .filter(|(_, function)| !function.inside)
            .map(|(idx, function)| (function.span, idx))
            .collect(),
    );
    let mut handlers = handlers(reading);
    let mut bodies = bodies(reading);
    // What explains the lines of the run that is going on.
    let mut owner: Option<usize> = None;
    let mut open: Option<Run> = None;
    let mut place: (Option<usize>, Option<usize>) = (None, None);
    let mut began = Line::FIRST;
    for (line, hits) in reading.coverage.lines() {
        if hits.is_taken() {
            runs.extend(open.take());
            owner = None;
            place = (None, None);
            continue;
        }
        if let Some(function) = spans.at(line) {
            runs.extend(open.take());
            owner = None;
            if let Some(function) = functions.get_mut(function) {
                function.n_lines += 1;
            }
            continue;
        }
        let here = (bodies.at(line), handlers.at(line));
        let continues = open.is_some() || owner.is_some();
        if !continues || here != place {
            // A handler or another function is not reached by going on from the line above.
            runs.extend(open.take());
            owner = None;
            place = here;
            began = line;
        }
        // A door inside of what never ran leads nowhere new: it was not reached itself.
        let door = doors
            .get(&line)
            .filter(|door| door.from < began || door.from > line || door.is_block);
        if let Some(door) = door {
            runs.extend(open.take());
            owner = Some(door.branch);
        }
        if let Some(branch) = owner {
            *behind.entry(branch).or_default() += 1;
        } else {
            let run = open.get_or_insert(Run {
                first: line,
                last: line,
                n_lines: 0,
                in_handler: here.1.is_some(),
            });
            run.last = line;
            run.n_lines += 1;
        }
    }
    runs.extend(open);
    Unrun {
        runs,
        functions,
        behind,
    }
}

/// A line that an untaken arm leads to.
#[derive(Clone, Copy, Debug)]
struct Door {
    branch: usize,
    /// The line of the decision.
    from: Line,
    /// Whether the arm is the block that begins here, and not what a decision leads to.
    is_block: bool,
}

/// The lines of the report that untaken arms lead to. Where the report only counts arms, every arm of the
/// decisions on the line may be the untaken one; that the line never ran says which.
fn doors(reading: &Reading<'_>, known: &[Known<'_>]) -> FxHashMap<Line, Door> {
    let mut doors = FxHashMap::default();
    let reported = Reported::new(reading);
    let mut unclear_lines = FxHashSet::default();
    for it in known {
        if it.branch.ratio().missed() == 0 {
            continue;
        }
        let from = it.branch.line();
        let mut lead = |line: Line, code: Option<Extent>| {
            let Some(line) = reported.first_from(line, code) else {
                return;
            };
            // clang's clauses begin where they are counted, as V8's blocks do.
            let is_block = it.branch.construct() == Construct::Block
                || matches!(
                    it.link,
                    Some(Link::Decision {
                        part: Part::Arm(_),
                        ..
                    })
                );
            if line != from || is_block {
                doors.entry(line).or_insert(Door {
                    branch: it.branch.idx(),
                    from,
                    is_block,
                });
            }
        };
        if it.branch.construct() == Construct::Block {
            let span = it.branch.span();
            let lines = (
                reading.in_text(span.start.line),
                reading.in_text(span.end.line),
            );
            if let (Some(start), Some(end)) = lines {
                let place = |line| Place { line, byte: 1 };
                lead(
                    start,
                    Some(Extent {
                        start: place(start),
                        end: place(end),
                    }),
                );
            }
            continue;
        }
        let mut unclear = matches!(it.branch.arms(), Arms::Counted(_));
        for arm in it.arms.iter().filter(|arm| !arm.hits.is_taken()) {
            match (&arm.target, arm.code) {
                (_, Some(code)) => {
                    lead(code.start.line, Some(code));
                    if let Target::Line(line) = arm.target {
                        lead(line, None);
                    }
                }
                (Target::Line(line), None) => lead(*line, None),
                (Target::Unknown, None) => unclear = true,
                _ => {}
            }
        }
        let line = reading.in_text(from);
        let outline = reading.outline();
        // What they lead to is the same for all branches of a line.
        unclear &= unclear_lines.insert(from);
        if let (true, Some(line), Some(outline)) = (unclear, line, outline) {
            for (_, decision) in outline.decisions_on(line) {
                for arm in &decision.arms {
                    if let Some(code) = arm.code {
                        lead(code.start.line, Some(code));
                    }
                    if let Onward::At(place) = arm.onward {
                        lead(place.line, None);
                    }
                }
            }
        }
    }
    doors
}

/// From lines of the text to lines of the report that never ran.
struct Reported<'r, 'a> {
    reading: &'r Reading<'a>,
    unrun: Vec<Line>,
}

impl<'r, 'a> Reported<'r, 'a> {
    fn new(reading: &'r Reading<'a>) -> Self {
        let lines = reading.coverage.lines();
        Self {
            reading,
            unrun: lines
                .filter(|(_, hits)| !hits.is_taken())
                .map(|(line, _)| line)
                .collect(),
        }
    }

    /// The line itself when it never ran; with `code` the first line of that which did not.
    fn first_from(&self, line: Line, code: Option<Extent>) -> Option<Line> {
        let last = code.map_or(line, Extent::last_line);
        let last = self.reading.in_report(last)?;
        let first = self.reading.in_report(line)?;
        let at = self.unrun.partition_point(|it| *it < first);
        self.unrun.get(at).copied().filter(|it| *it <= last)
    }
}

/// The handlers around lines, in lines of the report.
fn handlers(reading: &Reading<'_>) -> Inside {
    let Some(outline) = reading.outline() else {
        return Inside::new(Vec::new());
    };
    Inside::new(
        outline
            .handlers
            .iter()
            .enumerate()
            .filter_map(|(idx, handler)| Some((span(reading, *handler)?, idx)))
            .collect(),
    )
}

/// The bodies of functions, in lines of the report. The head of a function belongs to what is around it.
fn bodies(reading: &Reading<'_>) -> Inside {
    let Some(outline) = reading.outline() else {
        return Inside::new(Vec::new());
    };
    Inside::new(
        outline
            .functions
            .iter()
            .enumerate()
            .filter_map(|(idx, function)| Some((span(reading, function.body)?, idx)))
            .collect(),
    )
}

fn span(reading: &Reading<'_>, extent: Extent) -> Option<Span> {
    let start = reading.in_report(extent.start.line)?;
    let end = reading.in_report(extent.last_line())?;
    Some(Span {
        start: crate::coverage::Position::line(start),
        end: crate::coverage::Position::line(end.max(start)),
    })
}

/// Answers which innermost span a line lies in, for lines asked in ascending order.
struct Inside {
    /// By where they start, outer before inner.
    spans: Vec<(Span, usize)>,
    next: usize,
    /// Those that began and have not ended, innermost last.
    open: Vec<(Line, usize)>,
}

impl Inside {
    fn new(mut spans: Vec<(Span, usize)>) -> Self {
        spans.sort_by_key(|(span, _)| (span.start.line, std::cmp::Reverse(span.end.line)));
        Self {
            spans,
            next: 0,
            open: Vec::new(),
        }
    }

    fn at(&mut self, line: Line) -> Option<usize> {
        while let Some((span, idx)) = self.spans.get(self.next)
            && span.start.line <= line
        {
            while self
                .open
                .last()
                .is_some_and(|(end, _)| *end < span.start.line)
            {
                self.open.pop();
            }
            self.open.push((span.end.line, *idx));
            self.next += 1;
        }
        while self.open.last().is_some_and(|(end, _)| *end < line) {
            self.open.pop();
        }
        self.open.last().map(|(_, idx)| *idx)
    }
}
