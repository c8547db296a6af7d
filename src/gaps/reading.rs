//! A file's coverage and its text, read together: where a report's places are now, and in which function.

use std::cell::{OnceCell, RefCell};

use rustc_hash::FxHashMap;

use super::column::LineColumns;
use super::{Source, byte_offset};
use crate::coverage::{FileCoverage, Hits, Line, Position};
use crate::syntax::{Decision, DecisionKind, Extent, Language, Outline, Place, squeeze};

/// Characters of a line's text that tell it from others.
const LINE_TEXT: usize = 200;
/// Bytes from which on the columns of a line are counted once for all places on it.
const LONG_LINE: usize = 1_000;

pub(super) struct Reading<'a> {
    pub(super) coverage: &'a FileCoverage,
    pub(super) source: Option<&'a Source>,
    /// `None` when nothing moved.
    moved: Option<Moved>,
    line_ordinals: OnceCell<Vec<u32>>,
    decision_ordinals: OnceCell<Vec<u32>>,
    anchors: OnceCell<Vec<Anchor>>,
    /// For lines that are long.
    columns: RefCell<FxHashMap<Line, LineColumns>>,
}

/// A place that a report may name for a part of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Anchor {
    pub(super) start: Place,
    pub(super) end: Place,
    pub(super) decision: usize,
    pub(super) part: Part,
}

/// What of a decision a branch of a report stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Whole,
    /// Its condition, by itself.
    Condition,
    /// The code of one of its arms.
    Arm(usize),
}

impl<'a> Reading<'a> {
    pub(super) fn new(coverage: &'a FileCoverage, source: Option<&'a Source>) -> Self {
        let moved = source.and_then(Source::report_lines).map(Moved::new);
        Self {
            coverage,
            source,
            moved,
            line_ordinals: OnceCell::new(),
            decision_ordinals: OnceCell::new(),
            anchors: OnceCell::new(),
            columns: RefCell::default(),
        }
    }

    pub(super) fn outline(&self) -> Option<&'a Outline> {
        self.source
            .filter(|source| source.language().is_some())
            .map(Source::outline)
    }

    pub(super) fn language(&self) -> Option<Language> {
        self.source.and_then(Source::language)
    }

    /// Where a line of the report is in the text; `None` when it is not there any more.
    pub(super) fn in_text(&self, line: Line) -> Option<Line> {
        match &self.moved {
            None => Some(line),
            Some(moved) => moved
                .at_or_above(line)
                .and_then(|(report, text)| (report == line).then_some(text)),
        }
    }

    /// The line to show for a line of the report: one that is gone is shown at what is left above it.
    pub(super) fn shown(&self, line: Line) -> Line {
        match &self.moved {
            None => line,
            Some(moved) => moved
                .at_or_above(line)
                .map_or(Line::FIRST, |(_, text)| text),
        }
    }

    /// The line of the report that a line of the text was; for a new one that of the nearest line above.
    pub(super) fn in_report(&self, line: Line) -> Option<Line> {
        match &self.moved {
            None => Some(line),
            Some(moved) => moved.above.get(line.index()).copied().flatten(),
        }
    }

    /// The hits of a line of the text.
    pub(super) fn hits_at(&self, line: Line) -> Option<Hits> {
        let reported = match self.source.and_then(Source::report_lines) {
            None => line,
            Some(report_lines) => (*report_lines.get(line.index())?)?,
        };
        self.coverage.line(reported)
    }

    /// The text of a line of the text; `None` where there is none.
    pub(super) fn text(&self, line: Line) -> Option<&'a str> {
        self.source?.lines().get(line.index()).map(String::as_str)
    }

    /// The place in the text that a position of the report means; `None` where it has no column.
    pub(super) fn place(&self, position: Position) -> Option<Place> {
        let line = self.in_text(position.line)?;
        let text = self.text(line)?;
        let column = position.column?.get();
        let unit = self.coverage.column_unit();
        let byte = if text.len() < LONG_LINE {
            byte_offset(text, column, unit)
        } else {
            let mut columns = self.columns.borrow_mut();
            let columns = columns
                .entry(line)
                .or_insert_with(|| LineColumns::new(text, unit));
            columns.byte_offset(text, column)
        };
        Some(Place {
            line,
            byte: u32::try_from(byte).ok()?,
        })
    }

    /// Where a line's text begins.
    pub(super) fn first_byte(&self, line: Line) -> Place {
        let text = self.text(line).unwrap_or_default();
        let byte = text.len() - text.trim_start().len();
        Place {
            line,
            byte: u32::try_from(byte).unwrap_or(0),
        }
    }

    /// The name of the function around a place of the text, as the source has it, else as the report has it.
    pub(super) fn function_at(&self, place: Place, reported: Line) -> Option<String> {
        match self.outline() {
            Some(outline) => {
                let function = outline.functions.get(outline.function_at(place)?)?;
                Some(function.name.clone())
            }
            None => self.reported_function(reported).map(|(name, _)| name),
        }
    }

    /// The function that the report itself knows around a line, and the line it starts on.
    pub(super) fn reported_function(&self, line: Line) -> Option<(String, Line)> {
        let functions = self.coverage.functions();
        let before = functions.partition_point(|function| function.span.start.line <= line);
        let before = functions.get(..before).unwrap_or_default();
        // A report without ends says no more than where functions begin: the nearest one then.
        // A bound on the search, for a file of ten thousand one-line functions.
        let near = before.iter().rev().take(200);
        near.clone()
            .find(|function| {
                function.span.end.line >= line && function.span.end > function.span.start
            })
            .or_else(|| {
                near.clone()
                    .find(|function| function.span.end == function.span.start)
            })
            .map(|function| (plain_name(&function.name), function.span.start.line))
    }

    /// How many lines with the same text stand above a line in functions of the same name.
    pub(super) fn line_ordinal(&self, line: Line) -> u32 {
        let ordinals = self.line_ordinals.get_or_init(|| {
            let mut seen: FxHashMap<(Option<&str>, String), u32> = FxHashMap::default();
            let outline = self.outline();
            self.source
                .map_or(&[][..], Source::lines)
                .iter()
                .enumerate()
                .map(|(idx, text)| {
                    let place = self.first_byte(Line::from_index(idx));
                    let function = outline.and_then(|outline| {
                        let function = outline.functions.get(outline.function_at(place)?)?;
                        Some(function.name.as_str())
                    });
                    let count = seen
                        .entry((function, squeeze(text, LINE_TEXT)))
                        .or_default();
                    *count += 1;
                    *count - 1
                })
                .collect()
        });
        ordinals.get(line.index()).copied().unwrap_or(0)
    }

    /// How many decisions of the same kind and text stand above one in functions of the same name.
    pub(super) fn decision_ordinal(&self, decision: usize) -> u32 {
        let ordinals = self.decision_ordinals.get_or_init(|| {
            let mut seen: FxHashMap<(Option<&str>, DecisionKind, &str), u32> = FxHashMap::default();
            self.decisions()
                .iter()
                .map(|decision| {
                    let function = self.decision_function(decision);
                    let count = seen
                        .entry((function, decision.kind, decision.head.as_str()))
                        .or_default();
                    *count += 1;
                    *count - 1
                })
                .collect()
        });
        ordinals.get(decision).copied().unwrap_or(0)
    }

    pub(super) fn decisions(&self) -> &'a [Decision] {
        self.outline()
            .map_or(&[][..], |outline| outline.decisions.as_slice())
    }

    pub(super) fn decision_function(&self, decision: &Decision) -> Option<&'a str> {
        let function = self.outline()?.functions.get(decision.function?)?;
        Some(&function.name)
    }

    /// The anchors that start at a place.
    pub(super) fn anchors_at(&self, place: Place) -> impl Iterator<Item = Anchor> {
        let anchors = self.anchors();
        let first = anchors.partition_point(|anchor| anchor.start < place);
        anchors
            .iter()
            .skip(first)
            .take_while(move |anchor| anchor.start == place)
            .copied()
    }

    fn anchors(&self) -> &[Anchor] {
        self.anchors.get_or_init(|| {
            let mut anchors = Vec::new();
            for (decision, it) in self.decisions().iter().enumerate() {
                let mut add = |start: Place, end: Place, part: Part| {
                    anchors.push(Anchor {
                        start,
                        end,
                        decision,
                        part,
                    });
                };
                let Extent { start, end } = it.span;
                add(start, end, Part::Whole);
                if let Some(condition) = it.condition {
                    add(condition.start, condition.end, Part::Condition);
                }
                for (arm, code) in it.arms.iter().enumerate() {
                    if let Some(code) = code.code {
                        add(code.start, code.end, Part::Arm(arm));
                    }
                }
            }
            anchors.sort_unstable();
            anchors
        })
    }
}

/// Lines of a report against lines of a text that changed since.
struct Moved {
    /// Report and text, ascending by report.
    pairs: Vec<(Line, Line)>,
    /// For each line of the text the report's line that it or the nearest one above was.
    above: Vec<Option<Line>>,
}

impl Moved {
    fn new(report_lines: &[Option<Line>]) -> Self {
        let mut pairs: Vec<_> = report_lines
            .iter()
            .enumerate()
            .filter_map(|(idx, report)| Some(((*report)?, Line::from_index(idx))))
            .collect();
        pairs.sort_unstable();
        let mut last = None;
        let above = report_lines
            .iter()
            .map(|report| {
                last = report.or(last);
                last
            })
            .collect();
        Self { pairs, above }
    }

    fn at_or_above(&self, line: Line) -> Option<(Line, Line)> {
        let after = self.pairs.partition_point(|(report, _)| *report <= line);
        self.pairs.get(after.checked_sub(1)?).copied()
    }
}

/// A reported name without what numbers it: `(anonymous_3)` is `(anonymous)`, `lambda$parse$0` is `lambda$parse`.
pub(super) fn plain_name(name: &str) -> String {
    if name.is_empty() || name.starts_with("(anonymous") || name.starts_with("anonymous_") {
        return "(anonymous)".to_owned();
    }
    match name.rsplit_once('$') {
        Some((rest, number))
            if name.starts_with("lambda$") && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            rest.to_owned()
        }
        _ => name.to_owned(),
    }
}
