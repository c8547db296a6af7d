//! What each arm of a branch is: proven by the report or by the text, or known by its number alone.

use std::ops::Range;

use super::Mark;
use super::link::{Link, extent, link};
use super::reading::{Part, Reading};
use crate::coverage::{Arm, Arms, Branch, Construct, Hits, Line, Outcome, Position};
use crate::syntax::{Decision, DecisionKind, Extent, Language, Onward, Place, Role, fold};

/// Characters of an arm's code that a sentence quotes.
const QUOTED: usize = 40;
/// Lines of an arm whose hits are looked at.
const MOST_BODY: usize = 2_000;

/// A branch of the report with all that is known of it.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) branch: Branch<'a>,
    /// Where it is shown in the text.
    pub(super) line: Line,
    pub(super) link: Option<Link>,
    /// Empty where the report only counts.
    pub(super) arms: Vec<KnownArm<'a>>,
}

#[derive(Debug)]
pub(super) struct KnownArm<'a> {
    pub(super) meaning: Meaning<'a>,
    pub(super) hits: Hits,
    pub(super) target: Target,
    /// The code of the arm in the text.
    pub(super) code: Option<Extent>,
    pub(super) mark: Option<Mark>,
}

/// What it means that an arm is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning<'a> {
    True,
    False,
    /// The `else` that nobody wrote.
    ImplicitElse,
    /// An operand was evaluated, 0-based.
    Operand(u32),
    /// A clause, as the text has it: `case 'GET'`, `default`.
    Clause(String),
    /// A clause known by its number, 0-based.
    NthClause(usize),
    DefaultArgument,
    Block,
    Throw,
    /// To a line of the text, and not known why.
    ToLine(Line),
    Exit,
    /// The report's own words.
    Words(&'a str),
    /// Known by its number, 0-based. `proven` when hits around it leave one meaning only.
    Nth {
        idx: usize,
        proven: Option<bool>,
    },
}

/// Where an arm goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Line(Line),
    /// On the line of the decision; its code.
    Here(String),
    Exit,
    Unknown,
}

impl Target {
    pub(super) fn line(&self, here: Line) -> Option<Line> {
        match self {
            Self::Line(line) => Some(*line),
            Self::Here(_) => Some(here),
            Self::Exit | Self::Unknown => None,
        }
    }
}

/// Learns what the report and the text know of every branch, in the report's order.
pub(super) fn known<'a>(reading: &Reading<'a>) -> Vec<Known<'a>> {
    reading
        .coverage
        .branches()
        .map(|branch| {
            let link = link(reading, branch);
            let line = reading.shown(branch.line());
            let arms = match branch.arms() {
                Arms::Counted(_) => Vec::new(),
                Arms::Listed(arms) => Learner {
                    reading,
                    branch,
                    n_arms: arms.len(),
                    line,
                    link,
                }
                .arms(&arms),
            };
            Known {
                branch,
                line,
                link,
                arms,
            }
        })
        .collect()
}

struct Learner<'r, 'a> {
    reading: &'r Reading<'a>,
    branch: Branch<'a>,
    n_arms: usize,
    line: Line,
    link: Option<Link>,
}

impl<'a> Learner<'_, 'a> {
    fn decision(&self) -> Option<&'a Decision> {
        match self.link? {
            Link::Decision { idx, .. } => self.reading.decisions().get(idx),
            Link::Function(_) => None,
        }
    }

    fn arms(&self, arms: &[Arm<'a>]) -> Vec<KnownArm<'a>> {
        let mut meanings: Vec<_> = arms
            .iter()
            .enumerate()
            .map(|(idx, arm)| self.meaning(idx, arm.outcome))
            .collect();
        self.read_arcs(&mut meanings);
        self.prove_by_hits(arms, &mut meanings);
        meanings
            .into_iter()
            .zip(arms)
            .enumerate()
            .map(|(idx, (meaning, arm))| {
                let code = self.code(&meaning, arm.outcome);
                KnownArm {
                    hits: arm.hits,
                    target: self.target(&meaning, arm.outcome, code),
                    mark: self.mark(&meaning, arm.outcome, code, arms.get(idx + 1)),
                    code,
                    meaning,
                }
            })
            .collect()
    }

    fn meaning(&self, idx: usize, outcome: Outcome<'a>) -> Meaning<'a> {
        let construct = self.branch.construct();
        let by_number = Meaning::Nth { idx, proven: None };
        match outcome {
            Outcome::True => self.clause().unwrap_or(Meaning::True),
            Outcome::False => Meaning::False,
            Outcome::ImplicitElse => Meaning::ImplicitElse,
            Outcome::Throw => Meaning::Throw,
            Outcome::Exit => Meaning::Exit,
            Outcome::ToLine(line) => Meaning::ToLine(self.reading.shown(line)),
            Outcome::Text(text) => self.words(text),
            Outcome::At(_) | Outcome::Nth => match construct {
                // Where an arm was left out by a comment, the number proves nothing.
                Construct::If | Construct::Conditional if self.n_arms == 2 => match idx {
                    0 => Meaning::True,
                    _ => Meaning::False,
                },
                Construct::If if matches!(outcome, Outcome::At(_)) => Meaning::False,
                Construct::Conditional => self.by_place(outcome).unwrap_or(by_number),
                Construct::Logical => Meaning::Operand(u32::try_from(idx).unwrap_or(u32::MAX)),
                Construct::Switch | Construct::Match | Construct::Case => {
                    self.by_place(outcome).unwrap_or(Meaning::NthClause(idx))
                }
                Construct::DefaultArgument => Meaning::DefaultArgument,
                Construct::Block => Meaning::Block,
                Construct::If | Construct::Unknown | Construct::Loop | Construct::Try => by_number,
            },
        }
    }

    /// An arm by where its code starts.
    fn by_place(&self, outcome: Outcome<'_>) -> Option<Meaning<'a>> {
        let Outcome::At(position) = outcome else {
            return None;
        };
        let place = self.reading.place(position)?;
        let arm = self
            .decision()?
            .arms
            .iter()
            .find(|arm| arm.code.is_some_and(|code| code.start == place))?;
        Some(match arm.role {
            Role::True => Meaning::True,
            Role::False => Meaning::False,
            Role::Case | Role::Default => Meaning::Clause(arm.label.clone()),
            Role::Operand(idx) => Meaning::Operand(idx),
        })
    }

    /// clang's "true" of a `case` region: the clause was entered.
    fn clause(&self) -> Option<Meaning<'a>> {
        let Some(Link::Decision {
            part: Part::Arm(arm),
            ..
        }) = self.link
        else {
            return None;
        };
        let decision = self.decision()?;
        let clauses = matches!(decision.kind, DecisionKind::Switch | DecisionKind::Match);
        clauses
            .then(|| decision.arms.get(arm))
            .flatten()
            .map(|arm| Meaning::Clause(arm.label.clone()))
    }

    /// coverage.py's own words in LCOV: `jump to line 5`, `return from function 'f'`, `exit the module`.
    fn words(&self, text: &'a str) -> Meaning<'a> {
        if let Some(number) = text.strip_prefix("jump to line ")
            && let Some(line) = number.parse().ok().and_then(Line::new)
        {
            return Meaning::ToLine(self.reading.shown(line));
        }
        if text.starts_with("return from ") || text.starts_with("exit ") {
            return Meaning::Exit;
        }
        Meaning::Words(text)
    }

    // ---- arcs ---------------------------------------------------------------------------------

    /// An arc tells where it goes and not why; the text says which arm goes there. An arm that goes where
    /// both could go proves nothing, but of two arms the one is what the other is not.
    fn read_arcs(&self, meanings: &mut [Meaning<'a>]) {
        let Some(decision) = self.decision() else {
            return;
        };
        let mut proven: Vec<_> = meanings
            .iter()
            .map(|meaning| match meaning {
                Meaning::ToLine(line) => side(decision, Some(*line)),
                Meaning::Exit => side(decision, None),
                _ => None,
            })
            .collect();
        if let [one, other] = proven.as_mut_slice() {
            match (*one, *other) {
                (Some(a), Some(b)) if a == b => (*one, *other) = (None, None),
                (Some(a), None) => *other = Some(!a),
                (None, Some(b)) => *one = Some(!b),
                _ => {}
            }
        }
        for (meaning, side) in meanings.iter_mut().zip(proven) {
            if let Some(side) = side
                && matches!(meaning, Meaning::ToLine(_) | Meaning::Exit)
            {
                *meaning = if side { Meaning::True } else { Meaning::False };
            }
        }
    }

    // ---- numbers ------------------------------------------------------------------------------

    /// Two arms that only have numbers, exactly one of them untaken, and lines that belong to one arm:
    /// their hits tell which arm that was. It holds when nothing else on the line could have the arms.
    fn prove_by_hits(&self, arms: &[Arm<'a>], meanings: &mut [Meaning<'a>]) {
        let [one, other] = arms else { return };
        if one.hits.is_taken() == other.hits.is_taken() || !self.is_alone_on_its_line() {
            return;
        }
        let Some(entered) = self.body_ran() else {
            return;
        };
        for (meaning, arm) in meanings.iter_mut().zip(arms) {
            if let Meaning::Nth { proven, .. } = meaning {
                // Entered, so the taken arm is the true one; not entered, so the untaken one is.
                *proven = Some(arm.hits.is_taken() == entered);
            }
        }
    }

    fn is_alone_on_its_line(&self) -> bool {
        let on_line = |idx: usize| {
            self.reading
                .coverage
                .branch(idx)
                .is_some_and(|other| other.line() == self.branch.line())
        };
        let idx = self.branch.idx();
        !on_line(idx + 1) && !idx.checked_sub(1).is_some_and(on_line)
    }

    /// Whether the decision's true arm ran; `None` when it has no lines of its own, or they do not tell.
    fn body_ran(&self) -> Option<bool> {
        let decision = self.decision()?;
        if !matches!(
            decision.kind,
            DecisionKind::If
                | DecisionKind::Elif
                | DecisionKind::While
                | DecisionKind::For
                | DecisionKind::ForEach
                | DecisionKind::Conditional
        ) {
            return None;
        }
        let code = decision.arms.first()?.code?;
        let head_ends = decision
            .condition
            .map_or(decision.span.start.line, Extent::last_line);
        let first = Line::from_index(head_ends.index() + 1).max(code.start.line);
        // The line of the closing brace may be that of `} else if (…) {`.
        let last_text = self.reading.text(code.last_line())?;
        let closes = last_text.trim_start().starts_with('}');
        let last = code.last_line().index() + usize::from(!closes);
        if last.saturating_sub(first.index()) > MOST_BODY {
            return None;
        }
        let mut lines = (first.index()..last)
            .filter_map(|idx| self.reading.hits_at(Line::from_index(idx)))
            .map(Hits::is_taken);
        // gcc leaves out the line of some statements: the first one that is counted may be a `case` that was
        // not taken. All of them together tell, or nothing does.
        let ran = lines.next()?;
        if lines.any(|other| other && !ran) {
            return None;
        }
        // gcc counts the end of what a C++ head declares as a hit of the body, entered or not.
        let unsure = decision.declares && self.reading.language() == Some(Language::Cpp);
        (!ran || !unsure).then_some(ran)
    }

    // ---- where the code is ----------------------------------------------------------------------

    fn code(&self, meaning: &Meaning<'a>, outcome: Outcome<'_>) -> Option<Extent> {
        let decision = self.decision();
        let role = |role: fn(&Role) -> bool| {
            decision?
                .arms
                .iter()
                .find(|arm| role(&arm.role))
                .and_then(|arm| arm.code)
        };
        let proven = match meaning {
            Meaning::Nth { proven, .. } => *proven,
            Meaning::True => Some(true),
            Meaning::False => Some(false),
            _ => None,
        };
        if let Some(side) = proven {
            if let Some(Link::Decision {
                part: Part::Arm(_), ..
            }) = self.link
            {
                return None; // an operand's outcomes have no code of their own
            }
            return if side {
                role(|role| *role == Role::True)
            } else {
                role(|role| *role == Role::False)
            };
        }
        if let Outcome::At(position) = outcome
            && let Some(place) = self.reading.place(position)
            && let Some(decision) = decision
            && let Some(arm) = decision
                .arms
                .iter()
                .find(|arm| arm.code.is_some_and(|code| code.start == place))
        {
            return arm.code;
        }
        match (meaning, self.link?) {
            (Meaning::Operand(nth), _) => {
                let arms = &decision?.arms;
                // Only when the report and the text see the same operands.
                (arms.len() == self.n_arms)
                    .then(|| arms.get(*nth as usize))
                    .flatten()
                    .and_then(|arm| arm.code)
            }
            (Meaning::DefaultArgument, _) => decision?.arms.first()?.code,
            (Meaning::Block | Meaning::Clause(_), link) => extent(self.reading, link),
            _ => None,
        }
    }

    fn target(&self, meaning: &Meaning<'a>, outcome: Outcome<'_>, code: Option<Extent>) -> Target {
        if let Outcome::ToLine(line) = outcome {
            let line = self.reading.shown(line);
            return if line == self.line {
                Target::Unknown
            } else {
                Target::Line(line)
            };
        }
        if let Meaning::ToLine(line) = meaning {
            return Target::Line(*line);
        }
        if *meaning == Meaning::Exit {
            return Target::Exit;
        }
        let onward = self.decision().and_then(|decision| {
            let side = match meaning {
                Meaning::Nth { proven, .. } => *proven,
                Meaning::True => Some(true),
                Meaning::False | Meaning::ImplicitElse => Some(false),
                _ => None,
            };
            // The outcome of one operand does not yet say where the whole goes.
            let is_operand = matches!(
                (self.link, decision.kind),
                (
                    Some(Link::Decision {
                        part: Part::Arm(_),
                        ..
                    }),
                    DecisionKind::And | DecisionKind::Or | DecisionKind::Coalesce
                )
            );
            let arm = match (side, code) {
                (Some(_), _) if is_operand => None,
                (Some(side), _) => decision
                    .arms
                    .iter()
                    .find(|arm| arm.role == if side { Role::True } else { Role::False }),
                (None, Some(code)) => decision.arms.iter().find(|arm| arm.code == Some(code)),
                (None, None) => None,
            };
            arm.map(|arm| arm.onward)
        });
        match (onward, outcome) {
            (Some(Onward::Exit), _) => Target::Exit,
            (Some(Onward::At(place)), _) if place.line != self.line => Target::Line(place.line),
            (Some(Onward::At(place)), _) if code.is_some() => {
                // Of a clause or a block what runs in it, without its head.
                let code = code.map(|code| Extent {
                    start: place.max(code.start),
                    end: code.end,
                });
                self.here(code.filter(|code| code.start < code.end))
            }
            (Some(Onward::At(_)), _) => Target::Unknown,
            (_, Outcome::At(position)) => {
                let line = self.reading.shown(position.line);
                if line == self.line {
                    self.here(code)
                } else {
                    Target::Line(line)
                }
            }
            (_, Outcome::Exit) => Target::Exit,
            _ => Target::Unknown,
        }
    }

    /// The code itself, when it stands on one line with the decision.
    fn here(&self, code: Option<Extent>) -> Target {
        let text = code
            .filter(|code| code.start.line == code.end.line)
            .and_then(|code| {
                self.reading
                    .text(code.start.line)?
                    .get(code.start.byte as usize..code.end.byte as usize)
            });
        let Some(text) = text else {
            return Target::Unknown;
        };
        // The end of a block whose beginning was left off.
        let is_rest = text.ends_with('}') && !text.contains('{');
        let text = if is_rest {
            text.trim_end_matches(['}', ' '])
        } else {
            text
        };
        Target::Here(fold(text.trim_end_matches(';'), QUOTED))
    }

    /// What to underline: only where the report itself has columns.
    fn mark(
        &self,
        meaning: &Meaning<'a>,
        outcome: Outcome<'_>,
        code: Option<Extent>,
        next: Option<&Arm<'a>>,
    ) -> Option<Mark> {
        let span = self.branch.span();
        span.start.column?;
        if let Some(code) = code {
            let text = self.reading.text(code.start.line)?;
            let is_block = text.get(code.start.byte as usize..)?.starts_with('{');
            if !is_block || *meaning == Meaning::Block {
                return self.mark_of(code.start, Some(code.end));
            }
        }
        let condition = self.decision().and_then(|decision| decision.condition);
        match (meaning, outcome) {
            // A brace, or nothing at all, stands for the arm: what decides on it is shown instead.
            (Meaning::ImplicitElse | Meaning::True | Meaning::False, _)
                if code.is_some() || *meaning == Meaning::ImplicitElse =>
            {
                let condition = condition?;
                self.mark_of(condition.start, Some(condition.end))
            }
            // Spans of clang and rustc are the condition itself.
            (Meaning::True | Meaning::False, Outcome::True | Outcome::False)
                if self.branch.construct() == Construct::Unknown =>
            {
                self.mark_of(self.reading.place(span.start)?, self.end(span.end))
            }
            (Meaning::Block, _) => {
                self.mark_of(self.reading.place(span.start)?, self.end(span.end))
            }
            (_, Outcome::At(position)) => {
                let start = self.reading.place(position)?;
                let next = match next.map(|arm| arm.outcome) {
                    Some(Outcome::At(next)) => self.reading.place(next),
                    _ => None,
                };
                let end = next.filter(|next| *next > start).or(self.end(span.end));
                self.mark_of(start, end)
            }
            _ => None,
        }
    }

    fn end(&self, position: Position) -> Option<Place> {
        self.reading.place(position)
    }

    /// The part of the first line that lies between two places, without white space around it.
    fn mark_of(&self, start: Place, end: Option<Place>) -> Option<Mark> {
        let text = self.reading.text(start.line)?;
        let until = match end {
            Some(end) if end.line == start.line => end.byte as usize,
            _ => text.len(),
        };
        let from = start.byte as usize;
        let bytes = trimmed(text, from..until.max(from))?;
        Some(Mark {
            line: start.line,
            bytes,
        })
    }
}

/// Whether going to a line (or leaving) is the decision's true or false arm.
fn side(decision: &Decision, to: Option<Line>) -> Option<bool> {
    let [yes, no] = decision.arms.as_slice() else {
        return None;
    };
    let inside = |code: Option<Extent>| {
        let (Some(to), Some(code)) = (to, code) else {
            return false;
        };
        // On the decision's own line the code of a one-line `if x: return` proves nothing.
        code.touches(to) && to > decision.span.start.line
    };
    match (inside(yes.code), inside(no.code)) {
        (true, false) => return Some(true),
        (false, true) => return Some(false),
        _ => {}
    }
    let goes = |onward: Onward| match (onward, to) {
        (Onward::At(place), Some(to)) => place.line == to && to != decision.span.start.line,
        (Onward::Exit, None) => true,
        _ => false,
    };
    match (goes(yes.onward), goes(no.onward)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let piece = text.get(range.clone())?;
    let start = range.start + (piece.len() - piece.trim_start().len());
    let end = start + piece.trim().len();
    (start < end).then_some(start..end)
}
