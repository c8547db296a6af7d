//! The outline of a text: functions and decisions, in the order of the text.

use super::{Extent, Language, Place};
use crate::coverage::Line;

/// What was read of a text. Empty for a text that is too large, or could not be read at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// By where they start; an outer function comes before what is inside it.
    pub functions: Vec<Callable>,
    /// By where they start; an outer decision comes before what is inside it.
    pub decisions: Vec<Decision>,
    /// The exception handlers (`except`, `catch`), by where they start.
    pub handlers: Vec<Extent>,
    /// Where something is raised or thrown, ascending.
    pub throws: Vec<Place>,
}

impl Outline {
    /// The innermost function that a place lies in.
    #[must_use]
    pub fn function_at(&self, place: Place) -> Option<usize> {
        let after = self
            .functions
            .partition_point(|function| function.span.start <= place);
        let mut candidate = after.checked_sub(1);
        // What starts before the place and does not hold it may stand beside it: its outer functions may hold it.
        while let Some(idx) = candidate {
            let function = self.functions.get(idx)?;
            if function.span.holds(place) {
                return Some(idx);
            }
            candidate = function.parent;
        }
        None
    }

    /// Whether something is raised or thrown inside.
    #[must_use]
    pub fn throws_in(&self, extent: Extent) -> bool {
        let first = self.throws.partition_point(|&place| place < extent.start);
        self.throws
            .get(first)
            .is_some_and(|&place| extent.holds(place))
    }

    /// The decisions that start on a line, outer before inner, with their places in [`Self::decisions`].
    pub fn decisions_on(&self, line: Line) -> impl Iterator<Item = (usize, &Decision)> {
        let first = self
            .decisions
            .partition_point(|decision| decision.span.start.line < line);
        self.decisions
            .iter()
            .enumerate()
            .skip(first)
            .take_while(move |(_, decision)| decision.span.start.line == line)
    }
}

/// A function, method, lambda or closure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callable {
    /// With its classes and outer functions: `Port.assign`. One without a name of its own takes that of the
    /// variable or property it is given to, else `(anonymous)`; never a running number.
    pub name: String,
    pub anonymous: bool,
    /// The innermost function around it, an index into [`Outline::functions`].
    pub parent: Option<usize>,
    /// Decorators and modifiers included.
    pub span: Extent,
    /// What runs when it is called, without the head.
    pub body: Extent,
}

/// What kind of decision it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecisionKind {
    If,
    /// Python's `elif`; elsewhere an `else if` is an `If` of its own.
    Elif,
    While,
    DoWhile,
    /// A loop with a condition: C's `for (;;)`.
    For,
    /// A loop over the items of something.
    ForEach,
    /// `c ? a : b`, `a if c else b`.
    Conditional,
    And,
    Or,
    /// `??`
    Coalesce,
    Switch,
    Match,
    /// One `case` of Python's `match`: it holds or the next one is tried.
    Case,
    /// Python's `except X`: it fits or the next one is tried.
    Except,
    Comprehension,
    Lambda,
    With,
    DefaultArgument,
    Assert,
}

impl DecisionKind {
    /// The word for it, as its language spells it.
    #[must_use]
    pub fn word(self, language: Language) -> &'static str {
        let python = language == Language::Python;
        match self {
            Self::If => "if",
            Self::Elif => "elif",
            Self::While => "while",
            Self::DoWhile => "do while",
            Self::For | Self::ForEach => "for",
            Self::Conditional if python => "if else",
            Self::Conditional => "?:",
            Self::And if python => "and",
            Self::And => "&&",
            Self::Or if python => "or",
            Self::Or => "||",
            Self::Coalesce => "??",
            Self::Switch => "switch",
            Self::Match => "match",
            Self::Case => "case",
            Self::Except => "except",
            Self::Comprehension => "comprehension",
            Self::Lambda => "lambda",
            Self::With => "with",
            Self::DefaultArgument => "default argument",
            Self::Assert => "assert",
        }
    }
}

/// A decision point of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub kind: DecisionKind,
    /// From its keyword or first operand to the end of its last arm.
    pub span: Extent,
    /// The text that makes it this decision and no other: its keyword and what it decides on, without the
    /// arms; white space only where it parts two words, so that reformatting does not change it.
    pub head: String,
    /// What is decided on: the condition, the switch's subject, the loop's head.
    pub condition: Option<Extent>,
    /// Whether its head declares something that lives until its last arm ends (C++).
    pub declares: bool,
    /// In the order of the text.
    pub arms: Vec<Arm>,
    /// The innermost function around it, an index into [`Outline::functions`].
    pub function: Option<usize>,
}

/// What an arm stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The condition holds, the loop is entered, the case fits.
    True,
    /// The condition does not hold, the loop ends, the case does not fit.
    False,
    /// A case of a `switch` or `match`.
    Case,
    /// The `default`, the `_`.
    Default,
    /// An operand of a chain of `&&`, `||` or `??`, 0-based.
    Operand(u32),
}

/// One outcome of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    pub role: Role,
    /// `true`, `false`, `case 'GET'`, `default`, the text of an operand: as the source has it, white space folded.
    pub label: String,
    /// The arm's own code; `None` where nothing is written for it.
    pub code: Option<Extent>,
    pub onward: Onward,
}

/// Where an arm goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Onward {
    /// The first thing that runs then.
    At(Place),
    /// The function, or the module, ends.
    Exit,
    /// It cannot be told from the text.
    Unknown,
}
