//! Every decision of a file by its name for life, taken or not.

use rustc_hash::FxHashMap;

use super::identity::{Identity, Ids};
use super::link::Link;
use super::meaning::{Known, KnownArm, Meaning, Target, known};
use super::reading::{Part, Reading};
use super::{GapId, GapKind, Mark, Source};
use crate::coverage::{Column, Construct, FileCoverage, FilePath, Line, Ratio};
use crate::harmless;
use crate::syntax::{DecisionKind, squeeze};

/// Characters of a branch's text that name it.
const TEXT: usize = 160;

/// A branch of the report with what names it and its arms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub id: GapId,
    /// Its place among [`FileCoverage::branches`].
    pub branch: usize,
    /// Where it is shown: the report's line, or where that line is now.
    pub line: Line,
    pub function: Option<String>,
    pub construct: Option<String>,
    pub ratio: Ratio,
    /// In the report's order; empty where the report only counts.
    pub arms: Vec<DecidedArm>,
}

/// One arm of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedArm {
    /// Names the arm within its decision, the same when lines shift. Two arms of a decision never share one.
    pub key: String,
    /// As people read it; may hold a line number.
    pub label: String,
    pub line: Option<Line>,
    pub hits: Option<u64>,
    pub taken: bool,
    pub mark: Option<Mark>,
}

/// All decisions of a file, in the order of [`FileCoverage::branches`].
#[must_use]
pub fn decisions(
    path: &FilePath,
    coverage: &FileCoverage,
    source: Option<&Source>,
) -> Vec<Decided> {
    let reading = Reading::new(coverage, source);
    let known = known(&reading);
    decide(&reading, &known, &mut Ids::new(path))
}

pub(super) fn decide(
    reading: &Reading<'_>,
    known: &[Known<'_>],
    ids: &mut Ids<'_>,
) -> Vec<Decided> {
    known
        .iter()
        .map(|it| {
            let identity = identity(reading, it);
            Decided {
                id: ids.next(identity),
                branch: it.branch.idx(),
                line: it.line,
                function: function(reading, it).map(|name| harmless::line(&name).into_owned()),
                construct: construct(reading, it).map(str::to_owned),
                ratio: it.branch.ratio(),
                arms: arms(reading, it),
            }
        })
        .collect()
}

// ---- names for life -----------------------------------------------------------------------------

fn identity(reading: &Reading<'_>, known: &Known<'_>) -> Identity {
    let reported = report_construct(known.branch.construct()).unwrap_or_default();
    let function = function(reading, known).unwrap_or_default();
    if let Some(Link::Decision { idx, part }) = known.link
        && let Some(decision) = reading.decisions().get(idx)
    {
        let part = match part {
            Part::Whole => String::new(),
            Part::Condition => " condition".to_owned(),
            Part::Arm(arm) => format!(" arm {arm}"),
        };
        // Not the variant's name: that may change with the program.
        let word = reading
            .language()
            .map_or("", |language| decision.kind.word(language));
        return Identity {
            kind: GapKind::Branch,
            function,
            construct: format!("{word} {reported}{part}"),
            text: decision.head.clone(),
            ordinal: reading.decision_ordinal(idx),
        };
    }
    if let Some(Link::Function(_)) = known.link {
        return Identity {
            kind: GapKind::Branch,
            function,
            construct: format!("function {reported}"),
            text: String::new(),
            ordinal: 0,
        };
    }
    let start = known.branch.span().start;
    let in_text = reading.in_text(start.line);
    if let Some(line) = in_text
        && let Some(text) = reading.text(line)
    {
        // From its column on, so that its neighbours on the line have other names.
        let from = reading.place(start).map_or(0, |place| place.byte as usize);
        return Identity {
            kind: GapKind::Branch,
            function,
            construct: reported.to_owned(),
            text: squeeze(text.get(from..).unwrap_or(text), TEXT),
            ordinal: reading.line_ordinal(line),
        };
    }
    without_text(
        reading,
        GapKind::Branch,
        reported,
        start.line,
        start.column.map(Column::get),
    )
}

/// Without a text only the place is left: relative to the function where the report knows it.
pub(super) fn without_text(
    reading: &Reading<'_>,
    kind: GapKind,
    construct: &str,
    line: Line,
    column: Option<u32>,
) -> Identity {
    let (function, first) = reading
        .reported_function(line)
        .unwrap_or((String::new(), Line::FIRST));
    let column = column
        .map(|column| format!(":{column}"))
        .unwrap_or_default();
    Identity {
        kind,
        function,
        construct: construct.to_owned(),
        text: format!("+{}{column}", line.get() - first.get()),
        ordinal: 0,
    }
}

fn function(reading: &Reading<'_>, known: &Known<'_>) -> Option<String> {
    let reported = known.branch.line();
    match known.link {
        Some(Link::Decision { idx, .. }) => {
            let decision = reading.decisions().get(idx)?;
            reading.decision_function(decision).map(str::to_owned)
        }
        Some(Link::Function(idx)) => {
            let function = reading.outline()?.functions.get(idx)?;
            Some(function.name.clone())
        }
        None => {
            let place = reading
                .place(known.branch.span().start)
                .unwrap_or_else(|| reading.first_byte(known.line));
            reading.function_at(place, reported)
        }
    }
}

// ---- words for what it is -------------------------------------------------------------------------

fn report_construct(construct: Construct) -> Option<&'static str> {
    Some(match construct {
        Construct::Unknown => return None,
        Construct::If => "if",
        Construct::Conditional => "?:",
        Construct::Logical => "logical",
        Construct::Switch => "switch",
        Construct::DefaultArgument => "default argument",
        Construct::Block => "block",
        Construct::Loop => "loop",
        Construct::Case => "case",
        Construct::Match => "match",
        Construct::Try => "try",
    })
}

/// As the text spells it where the text is known, else as the report calls it.
pub(super) fn construct(reading: &Reading<'_>, known: &Known<'_>) -> Option<&'static str> {
    if known.branch.construct() == Construct::Block {
        return report_construct(Construct::Block);
    }
    let reported = report_construct(known.branch.construct());
    let Some(language) = reading.language() else {
        return reported;
    };
    if let Some(Link::Decision { idx, .. }) = known.link {
        return reading
            .decisions()
            .get(idx)
            .map(|it| it.kind.word(language));
    }
    // Not one decision but several: the outermost on the line gives the word, unless the report has one.
    let on_line = || {
        let line = reading.in_text(known.branch.line())?;
        let mut on_line = reading.outline()?.decisions_on(line);
        let (_, outermost) = on_line.next()?;
        Some(outermost.kind.word(language))
    };
    reported.or_else(on_line)
}

// ---- arms -----------------------------------------------------------------------------------------

fn arms(reading: &Reading<'_>, known: &Known<'_>) -> Vec<DecidedArm> {
    let mut keys: FxHashMap<String, u32> = FxHashMap::default();
    let mut n_lines = 0;
    known
        .arms
        .iter()
        .map(|arm| {
            let key = match &arm.meaning {
                Meaning::True => "true".to_owned(),
                Meaning::False | Meaning::ImplicitElse => "false".to_owned(),
                Meaning::Operand(idx) => format!("operand {idx}"),
                Meaning::Clause(label) => squeeze(label, TEXT),
                Meaning::NthClause(idx) => format!("clause {idx}"),
                Meaning::DefaultArgument => "default".to_owned(),
                Meaning::Block => "block".to_owned(),
                Meaning::Throw => "throw".to_owned(),
                // The report has them in the order of their lines, which shifting does not change.
                Meaning::ToLine(_) => {
                    n_lines += 1;
                    format!("line {n_lines}")
                }
                Meaning::Exit => "exit".to_owned(),
                Meaning::Words(words) => squeeze(words, TEXT),
                // Not by what its hits prove today: that would be another name tomorrow.
                Meaning::Nth { idx, .. } => format!("arm {idx}"),
            };
            let same = keys.entry(key.clone()).or_default();
            *same += 1;
            let key = match *same {
                1 => key,
                nth => format!("{key} #{nth}"),
            };
            DecidedArm {
                key,
                label: harmless::line(&label(reading, known, arm)).into_owned(),
                line: arm.target.line(known.line),
                hits: arm.hits.count(),
                taken: arm.hits.is_taken(),
                mark: arm.mark.clone(),
            }
        })
        .collect()
}

/// What an arm is called: never more than is proven.
pub(super) fn label(reading: &Reading<'_>, known: &Known<'_>, arm: &KnownArm<'_>) -> String {
    let n_arms = known.arms.len();
    match &arm.meaning {
        Meaning::True => side(reading, known, true),
        Meaning::False | Meaning::ImplicitElse => side(reading, known, false),
        Meaning::Operand(0) if n_arms == 2 => "left".to_owned(),
        Meaning::Operand(1) if n_arms == 2 => "right".to_owned(),
        Meaning::Operand(idx) => format!("operand {}", idx + 1),
        Meaning::Clause(label) => label.clone(),
        Meaning::NthClause(idx) => format!("case {}", idx + 1),
        Meaning::DefaultArgument => "default".to_owned(),
        Meaning::Block => "block".to_owned(),
        Meaning::Throw => "exception edge".to_owned(),
        Meaning::ToLine(line) => format!("to line {line}"),
        Meaning::Exit => "exit".to_owned(),
        Meaning::Words(words) => (*words).to_owned(),
        Meaning::Nth {
            proven: Some(yes), ..
        } => side(reading, known, *yes),
        Meaning::Nth { idx, proven: None } => match arm.target {
            Target::Line(line) => format!("to line {line}"),
            _ => format!("arm {}", idx + 1),
        },
    }
}

/// A loop over items has no condition, and a clause says more than `true`.
fn side(reading: &Reading<'_>, known: &Known<'_>, yes: bool) -> String {
    let decision = match known.link {
        Some(Link::Decision {
            idx,
            part: Part::Whole,
        }) => reading.decisions().get(idx),
        _ => None,
    };
    let clause = decision.filter(|it| matches!(it.kind, DecisionKind::Case | DecisionKind::Except));
    if let Some([one, other]) = clause.map(|it| it.arms.as_slice()) {
        return if yes { &one.label } else { &other.label }.clone();
    }
    let (one, other) = match decision.map(|it| it.kind) {
        Some(DecisionKind::ForEach) => ("body", "end"),
        _ => ("true", "false"),
    };
    if yes { one } else { other }.to_owned()
}

/// The kind of the decision that a branch was found to be.
pub(super) fn kind(reading: &Reading<'_>, known: &Known<'_>) -> Option<DecisionKind> {
    match known.link? {
        Link::Decision { idx, .. } => reading.decisions().get(idx).map(|it| it.kind),
        Link::Function(_) => None,
    }
}
