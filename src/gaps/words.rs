//! A gap in one sentence, and in few words.
//!
//! Every sentence is true of every report that leads to it: which arm was never taken and where it would
//! have gone on, never which values would take it.

use std::fmt::Write as _;

use super::decision::{kind, label};
use super::link::Link;
use super::meaning::{Known, KnownArm, Meaning, Target};
use super::reading::{Part, Reading};
use crate::coverage::{Construct, Hits, Line};
use crate::harmless;
use crate::syntax::{Decision, DecisionKind, fold};

/// Characters of source that are quoted in a sentence.
const QUOTED: usize = 40;
/// Arms that are spelled out one by one.
const SPELLED: usize = 3;
/// Characters of a branch's own text that are looked at.
const MOST_OWN: usize = 1_000;

/// A sentence with its place, and the short form for under the line.
pub(super) struct Words {
    pub(super) says: String,
    pub(super) brief: String,
}

impl Words {
    fn new(line: Line, never: &str, brief: &str) -> Self {
        Self {
            says: harmless::line(&format!("line {line}: {never}")).into_owned(),
            brief: harmless::line(brief).into_owned(),
        }
    }
}

/// The words for a decision with untaken arms.
pub(super) fn branch(reading: &Reading<'_>, known: &Known<'_>) -> Words {
    let speaker = Speaker {
        reading,
        known,
        kind: kind(reading, known),
    };
    let (never, brief) = speaker.speak();
    Words::new(known.line, &never, &brief)
}

/// The words for a run of lines, both ends inclusive.
pub(super) fn lines(first: Line, last: Line, n_lines: u32, in_handler: bool) -> Words {
    let handler = if in_handler {
        ", in an exception handler,"
    } else {
        ""
    };
    let says = if first == last {
        format!("line {first}{handler} never ran")
    } else {
        format!("lines {first} to {last}{handler} never ran")
    };
    let mut brief = "never ran".to_owned();
    if n_lines > 1 {
        let _ = write!(brief, " · {n_lines} lines");
    }
    if in_handler {
        brief.push_str(" · exception handler");
    }
    Words { says, brief }
}

/// The words for a function. A report that counts calls knows that it was never called; one that only
/// sees lines knows that none of them ran.
pub(super) fn function(line: Line, name: Option<&str>, hits: Hits, n_lines: u32) -> Words {
    let counted = hits.count().is_some();
    let never = if counted {
        "was never called"
    } else {
        "never ran"
    };
    let what = match name {
        Some(name) => format!("`{name}`"),
        None => "this function".to_owned(),
    };
    let brief = match (counted, n_lines) {
        (true, 0 | 1) => "never called".to_owned(),
        (true, n) => format!("never called · {n} lines"),
        (false, 0 | 1) => "never ran".to_owned(),
        (false, n) => format!("never ran · {n} lines"),
    };
    Words::new(line, &format!("{what} {never}"), &brief)
}

/// The words for a file that was never loaded.
pub(super) fn file(line: Line, n_lines: u32) -> Words {
    let brief = match n_lines {
        0 | 1 => "never loaded".to_owned(),
        n => format!("never loaded · {n} lines"),
    };
    Words::new(line, "this file was never loaded", &brief)
}

struct Speaker<'r, 'a> {
    reading: &'r Reading<'a>,
    known: &'r Known<'a>,
    kind: Option<DecisionKind>,
}

impl<'a> Speaker<'_, 'a> {
    /// The sentence without its place, and the short form.
    fn speak(&self) -> (String, String) {
        let ratio = self.known.branch.ratio();
        if self.known.arms.is_empty() {
            let words = format!("{} of {} branches missed", ratio.missed(), ratio.total);
            return (words.clone(), words);
        }
        let untaken: Vec<_> = self
            .known
            .arms
            .iter()
            .filter(|arm| !arm.hits.is_taken())
            .collect();
        let all = untaken.len() == self.known.arms.len();
        let numbers_only = untaken.iter().any(|arm| {
            matches!(
                arm.meaning,
                Meaning::Nth { proven: None, .. } | Meaning::Throw
            )
        });
        if numbers_only && !self.is_made_by_compiler() {
            return self.by_numbers(&untaken);
        }
        if self.is_made_by_compiler() {
            return self.made_by_compiler(&untaken);
        }
        match untaken.as_slice() {
            [arm] if !all || self.known.arms.len() == 1 => self.one(arm),
            _ if all => self.all(&untaken),
            _ => self.several(&untaken),
        }
    }

    fn one(&self, arm: &KnownArm<'a>) -> (String, String) {
        let (never, brief) = self.never(arm);
        match self.would(arm) {
            Some(would) => (format!("{never} ({would})"), format!("{brief} · {would}")),
            None => (never, brief),
        }
    }

    /// Not one arm was taken.
    fn all(&self, arms: &[&KnownArm<'a>]) -> (String, String) {
        let reached = self
            .reading
            .coverage
            .line(self.known.branch.line())
            .is_some_and(Hits::is_taken);
        let first = arms.first().map(|arm| &arm.meaning);
        let mut arms = arms.to_vec();
        // Reports order arms by where they go; people think of what holds first.
        arms.sort_by_key(|arm| matches!(arm.meaning, Meaning::False | Meaning::ImplicitElse));
        let ways: Vec<_> = arms
            .iter()
            .filter_map(|arm| {
                let label = label(self.reading, self.known, arm);
                Some(match &arm.target {
                    Target::Line(line) => format!("{label}: line {line}"),
                    Target::Here(code) => format!("{label}: {}", quoted(code)),
                    Target::Exit => match self.function() {
                        Some(name) => format!("{label}: leaves `{name}`"),
                        None => format!("{label}: the end"),
                    },
                    Target::Unknown => return None,
                })
            })
            .collect();
        let ways = if ways.len() == arms.len() && arms.len() <= SPELLED {
            ways.join(", ")
        } else {
            String::new()
        };
        let (never, brief) = match first {
            Some(Meaning::Operand(_)) => {
                return (
                    format!(
                        "never reached: none of the {} operands of {} was ever evaluated",
                        arms.len(),
                        self.operator()
                    ),
                    "never reached".to_owned(),
                );
            }
            Some(Meaning::Clause(_) | Meaning::NthClause(_)) => (
                format!("none of the {} cases was ever taken", arms.len()),
                format!("none of {} cases taken", arms.len()),
            ),
            Some(Meaning::True | Meaning::False)
                if reached && self.kind != Some(DecisionKind::ForEach) =>
            {
                let what = self.operand_of_branch();
                let what = what.as_deref().unwrap_or("the condition");
                (
                    format!("{what} was never true and never false"),
                    "never true, never false".to_owned(),
                )
            }
            _ => ("never reached".to_owned(), "never reached".to_owned()),
        };
        if ways.is_empty() {
            (never, brief)
        } else {
            (format!("{never} ({ways})"), format!("{brief} · {ways}"))
        }
    }

    /// Some of many arms.
    fn several(&self, arms: &[&KnownArm<'a>]) -> (String, String) {
        let rest = arms.len().saturating_sub(SPELLED);
        let spelled = arms.iter().take(SPELLED);
        let mut never: Vec<_> = spelled
            .clone()
            .map(|arm| {
                let (never, _) = self.never(arm);
                match self.would(arm) {
                    Some(would) => format!("{never} ({would})"),
                    None => never,
                }
            })
            .collect();
        let mut brief: Vec<_> = spelled.map(|arm| self.never(arm).1).collect();
        if rest > 0 {
            let more = if rest == 1 { "arm" } else { "arms" };
            never.push(format!(
                "{rest} more {more} of {} never taken",
                self.known.arms.len()
            ));
            brief.push(format!("{rest} more"));
        }
        (never.join("; "), brief.join(", "))
    }

    /// Arms of which the report only knows numbers, and exception edges.
    fn by_numbers(&self, untaken: &[&KnownArm<'a>]) -> (String, String) {
        let n_arms = self.known.arms.len();
        let n_throws = untaken
            .iter()
            .filter(|arm| arm.meaning == Meaning::Throw)
            .count();
        let n = untaken.len();
        let never = if n_arms == 1 {
            "this arm was never taken".to_owned()
        } else if n == n_arms {
            format!("none of the {n_arms} arms was ever taken")
        } else {
            format!("{n} of {n_arms} arms never taken")
        };
        let short = if n_arms == 1 {
            "never taken".to_owned()
        } else if n == n_arms {
            format!("no arm of {n_arms} taken")
        } else {
            format!("{n} of {n_arms} arms never taken")
        };
        let edges = match n_throws {
            0 => None,
            1 if n == 1 => Some("an exception edge".to_owned()),
            _ if n_throws == n => Some("all of them exception edges".to_owned()),
            1 => Some("one of them an exception edge".to_owned()),
            _ => Some(format!("{n_throws} of them exception edges")),
        };
        if let Some(edges) = edges {
            return (format!("{never}, {edges}"), format!("{short} · {edges}"));
        }
        if n == n_arms {
            return (never, short);
        }
        let which: Vec<_> = untaken
            .iter()
            .filter_map(|arm| match arm.meaning {
                Meaning::Nth { idx, .. } => Some((idx + 1).to_string()),
                _ => None,
            })
            .collect();
        let which = match which.as_slice() {
            [only] => format!("arm {only}"),
            [first, second] => format!("arms {first} and {second}"),
            many => format!("arms {}", many.join(", ")),
        };
        (
            format!("{never} ({which}; the report does not tell which outcome that is)"),
            format!("{short} · {which}"),
        )
    }

    /// What never happened when an arm was never taken: in a sentence, and in few words.
    fn never(&self, arm: &KnownArm<'a>) -> (String, String) {
        let side = match &arm.meaning {
            Meaning::True
            | Meaning::Nth {
                proven: Some(true), ..
            } => true,
            Meaning::False
            | Meaning::ImplicitElse
            | Meaning::Nth {
                proven: Some(false),
                ..
            } => false,
            Meaning::Operand(idx) => return self.operand(*idx, arm),
            Meaning::Clause(label) => {
                return (
                    format!("{} was never taken", quoted(label)),
                    format!("{label} never taken"),
                );
            }
            Meaning::NthClause(idx) => {
                let nth = format!("case {} of {}", idx + 1, self.known.arms.len());
                return (
                    format!("{nth} was never taken"),
                    format!("{nth} never taken"),
                );
            }
            Meaning::DefaultArgument => {
                let target = self.decision().and_then(|it| self.quote(it.condition?));
                let never = match target {
                    Some(target) => format!("the default of {} was never used", quoted(&target)),
                    None => "the default value was never used".to_owned(),
                };
                return (never, "default never used".to_owned());
            }
            Meaning::Block => return self.block(),
            Meaning::Throw => {
                return (
                    "the exception edge was never taken".to_owned(),
                    "exception edge never taken".to_owned(),
                );
            }
            Meaning::ToLine(_) => {
                return (
                    "this way was never taken".to_owned(),
                    "never taken".to_owned(),
                );
            }
            Meaning::Exit => {
                if let Some(name) = self.one_line_function() {
                    return (
                        format!("`{name}`, defined on this line, never returned"),
                        "never returned".to_owned(),
                    );
                }
                return (
                    "this way out was never taken".to_owned(),
                    "never left here".to_owned(),
                );
            }
            Meaning::Words(words) => {
                return (format!("never: {words}"), format!("never: {words}"));
            }
            Meaning::Nth { .. } => {
                return (
                    "this arm was never taken".to_owned(),
                    "never taken".to_owned(),
                );
            }
        };
        self.condition(side)
    }

    fn condition(&self, side: bool) -> (String, String) {
        let word = if side { "true" } else { "false" };
        if let Some(code) = self.operand_of_branch() {
            return (
                format!("{code} was never {word}"),
                format!("{code} never {word}"),
            );
        }
        let label = self
            .decision()
            .and_then(|it| it.arms.first())
            .map_or_else(String::new, |arm| quoted(&arm.label));
        match (self.kind, side) {
            (Some(DecisionKind::ForEach), true) => (
                "the loop body was never entered".to_owned(),
                "body never entered".to_owned(),
            ),
            (Some(DecisionKind::ForEach), false) => (
                "the loop never ran to its end".to_owned(),
                "never ran to its end".to_owned(),
            ),
            (Some(DecisionKind::Case), true) => {
                (format!("{label} never matched"), "never matched".to_owned())
            }
            (Some(DecisionKind::Case), false) => (
                format!("{label} never failed to match"),
                "never failed to match".to_owned(),
            ),
            (Some(DecisionKind::Except), true) => (
                format!("{label} never caught anything"),
                "never caught anything".to_owned(),
            ),
            (Some(DecisionKind::Except), false) => (
                format!("{label} never let an exception pass"),
                "never let an exception pass".to_owned(),
            ),
            _ => (
                format!("the condition was never {word}"),
                format!("never {word}"),
            ),
        }
    }

    /// clang and rustc count each operand of a condition by itself.
    fn operand_of_branch(&self) -> Option<String> {
        let Some(Link::Decision {
            part: Part::Arm(arm),
            ..
        }) = self.known.link
        else {
            return None;
        };
        let code = self.decision()?.arms.get(arm)?.code?;
        self.quote(code).map(|code| quoted(&code))
    }

    fn operand(&self, idx: u32, arm: &KnownArm<'a>) -> (String, String) {
        let operator = self.operator();
        let two = self.known.arms.len() == 2;
        let which = match idx {
            0 if two => "the left operand".to_owned(),
            1 if two => "the right operand".to_owned(),
            _ => format!("operand {} of {}", idx + 1, self.known.arms.len()),
        };
        // Why, where only one thing can be why: two operands, and the left one did run.
        let why = match self.kind {
            Some(DecisionKind::And) if two && idx == 1 => Some("never true"),
            Some(DecisionKind::Or) if two && idx == 1 => Some("never false"),
            Some(DecisionKind::Coalesce) if two && idx == 1 => Some("never null or undefined"),
            _ => None,
        };
        let code = arm.code.and_then(|code| self.quote(code));
        let code = code.map(|code| format!(" ({})", quoted(&code)));
        let code = code.unwrap_or_default();
        match why {
            Some(why) => (
                format!("{which} of {operator} was never evaluated{code}: the left was {why}"),
                format!("left {why} · right of {operator} never evaluated"),
            ),
            None => (
                format!("{which} of {operator} was never evaluated{code}"),
                format!("{which} of {operator} never evaluated"),
            ),
        }
    }

    fn operator(&self) -> &'static str {
        match (self.kind, self.reading.language()) {
            (Some(kind), Some(language)) => kind.word(language),
            _ => "the logical expression",
        }
    }

    /// V8 counts blocks; a block that is an arm's code says which arm it was.
    fn block(&self) -> (String, String) {
        let span = self.known.branch.span();
        match self.known.link {
            Some(Link::Function(idx)) => {
                let name = self
                    .reading
                    .outline()
                    .and_then(|outline| outline.functions.get(idx))
                    .map_or("this function", |function| function.name.as_str());
                (format!("`{name}` never ran"), "never ran".to_owned())
            }
            Some(Link::Decision {
                part: Part::Arm(arm),
                ..
            }) => {
                let role = self
                    .decision()
                    .and_then(|it| it.arms.get(arm))
                    .map(|arm| arm.role);
                let (why, brief) = match role {
                    Some(crate::syntax::Role::True) => self.condition_of_block(true),
                    Some(crate::syntax::Role::False) => self.condition_of_block(false),
                    Some(crate::syntax::Role::Operand(_)) => (
                        format!("this operand of {} was never evaluated", self.operator()),
                        "operand never evaluated".to_owned(),
                    ),
                    _ => (
                        "this case was never taken".to_owned(),
                        "case never taken".to_owned(),
                    ),
                };
                (
                    format!("this block never ran: {why}"),
                    format!("block never ran · {brief}"),
                )
            }
            _ => {
                let last = self.reading.shown(span.end.line);
                if last > self.known.line {
                    (
                        format!("the block from here to line {last} never ran"),
                        format!("block to line {last} never ran"),
                    )
                } else {
                    (
                        "this block never ran".to_owned(),
                        "block never ran".to_owned(),
                    )
                }
            }
        }
    }

    fn condition_of_block(&self, side: bool) -> (String, String) {
        let word = if side { "true" } else { "false" };
        match self.kind {
            Some(DecisionKind::ForEach | DecisionKind::For | DecisionKind::While) if side => (
                "the loop was never entered".to_owned(),
                "loop never entered".to_owned(),
            ),
            _ => (
                format!("the condition was never {word}"),
                format!("never {word}"),
            ),
        }
    }

    /// Where an arm would have gone.
    fn would(&self, arm: &KnownArm<'a>) -> Option<String> {
        if matches!(arm.meaning, Meaning::Operand(_) | Meaning::Block) {
            return None; // said already
        }
        if let Meaning::DefaultArgument = arm.meaning {
            let code = arm.code.and_then(|code| self.quote(code))?;
            return Some(quoted(&code));
        }
        let skips = if arm.meaning == Meaning::ImplicitElse {
            "skip the block and "
        } else {
            ""
        };
        match &arm.target {
            Target::Line(line) => Some(format!("would {skips}go on at line {line}")),
            Target::Here(code) => {
                let verb = match self.kind {
                    Some(DecisionKind::Conditional) => "evaluate",
                    _ => "run",
                };
                Some(format!("would {verb} {}", quoted(code)))
            }
            // A comprehension or a lambda on the line may be what is left, and not the function.
            Target::Exit if self.known.link.is_none() => None,
            Target::Exit => Some(match self.function() {
                Some(name) => format!("would {skips}leave `{name}`"),
                None => format!("would {skips}reach the end"),
            }),
            Target::Unknown if !skips.is_empty() => Some("would skip the block".to_owned()),
            Target::Unknown => None,
        }
    }

    /// The only function that is defined on the line and nowhere else: Python leaves it where it enters it.
    fn one_line_function(&self) -> Option<&'a str> {
        let outline = self.reading.outline()?;
        let first = outline
            .functions
            .partition_point(|function| function.span.start.line < self.known.line);
        let mut on_line = outline.functions.iter().skip(first).take_while(|function| {
            function.span.start.line == self.known.line
                && function.span.last_line() == self.known.line
        });
        let only = on_line.next()?;
        on_line.next().is_none().then_some(only.name.as_str())
    }

    fn function(&self) -> Option<&'a str> {
        self.reading.decision_function(self.decision()?)
    }

    // ---- what a compiler made -----------------------------------------------------------------

    /// `?.` and `??` that TypeScript lowered for an old target: the report has a `?:` or `&&` where the
    /// text has none.
    fn is_made_by_compiler(&self) -> bool {
        let is_expression = matches!(
            self.known.branch.construct(),
            Construct::Conditional | Construct::Logical
        );
        is_expression
            && self.known.link.is_none()
            && self
                .reading
                .language()
                .is_some_and(crate::syntax::Language::is_script)
            && self
                .own_text()
                .is_some_and(|text| text.contains("?.") || text.contains("??"))
    }

    fn made_by_compiler(&self, untaken: &[&KnownArm<'a>]) -> (String, String) {
        let what = match self.known.branch.construct() {
            Construct::Conditional => "?:",
            _ => "operators",
        };
        let text = fold(&self.own_text().unwrap_or_default(), QUOTED);
        let n_arms = self.known.arms.len();
        let of = format!("the {what} that the compiler made of {}", quoted(&text));
        let (never, brief) = match untaken {
            [only] if n_arms > 1 => {
                let nth = self
                    .known
                    .arms
                    .iter()
                    .position(|arm| std::ptr::eq(arm, *only));
                let which = format!("arm {} of {n_arms}", nth.unwrap_or(0) + 1);
                (
                    format!("{which} of {of} was never taken"),
                    format!("{which} never taken"),
                )
            }
            all if all.len() == n_arms => (
                format!("no arm of {of} was ever taken"),
                "no arm taken".to_owned(),
            ),
            some => {
                let which = format!("{} of {n_arms} arms", some.len());
                (
                    format!("{which} of {of} were never taken"),
                    format!("{which} never taken"),
                )
            }
        };
        (never, format!("{brief} · made by the compiler"))
    }

    /// The text of the branch's own span, when it is on one line.
    fn own_text(&self) -> Option<String> {
        let span = self.known.branch.span();
        let start = self.reading.place(span.start)?;
        let text = self.reading.text(start.line)?;
        let end = match span.end.column {
            Some(_) if span.end.line == span.start.line => self.reading.place(span.end)?.byte,
            _ => u32::try_from(text.len()).ok()?,
        };
        let own = text.get(start.byte as usize..end as usize)?;
        Some(own.chars().take(MOST_OWN).collect())
    }

    // ---- quoting --------------------------------------------------------------------------------

    fn decision(&self) -> Option<&'a Decision> {
        match self.known.link? {
            Link::Decision { idx, .. } => self.reading.decisions().get(idx),
            Link::Function(_) => None,
        }
    }

    /// The text of an extent as one line; of several lines the first.
    fn quote(&self, extent: crate::syntax::Extent) -> Option<String> {
        let text = self.reading.text(extent.start.line)?;
        let end = if extent.end.line == extent.start.line {
            extent.end.byte as usize
        } else {
            text.len()
        };
        let quoted = fold(text.get(extent.start.byte as usize..end)?, QUOTED);
        if extent.end.line == extent.start.line || quoted.ends_with('…') {
            Some(quoted)
        } else {
            Some(format!("{quoted} …"))
        }
    }
}

/// Code in a sentence. A template string has backticks of its own.
fn quoted(code: &str) -> String {
    if code.contains('`') {
        format!("“{code}”")
    } else {
        format!("`{code}`")
    }
}
