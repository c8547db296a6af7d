//! The parser, with its state kept at intervals so that it can start in the middle.

use syntect::parsing::{ParseState, ScopeStack, SyntaxReference};

use super::class::class_of;
use super::language::{grammar_of, grammars};
use super::{Highlighted, StyledSpan, SyntaxClass};
use crate::coverage::{FilePath, Line};

/// Lines longer than this stay plain: grammars can take seconds on minified code.
const LONGEST_LINE: usize = 4 << 10;
/// Files larger than this stay plain.
const LARGEST_FILE: usize = 1 << 20;
/// Lines between two kept states.
const INTERVAL: usize = 64;
/// A jump over more lines than this is not parsed through: the parser starts afresh …
const FAR: usize = 3000;
/// … so many lines before what is looked at.
const RUN_UP: usize = 200;

/// Colours the lines of one text, in any order.
#[derive(Debug)]
pub struct Highlighter {
    grammar: &'static SyntaxReference,
    /// The state before line 0, `INTERVAL`, twice that …
    pub(super) states: Vec<State>,
}

#[derive(Clone, Debug)]
pub(super) struct State {
    parser: ParseState,
    scopes: ScopeStack,
}

impl Highlighter {
    /// `None` where there is nothing to colour: an unknown language, or too large a file.
    #[must_use]
    pub fn new(path: &FilePath, lines: &[String]) -> Option<Self> {
        let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
        if bytes > LARGEST_FILE {
            return None;
        }
        let grammar = grammar_of(path, lines.first().map_or("", String::as_str))?;
        Some(Self {
            grammar,
            states: vec![State::fresh(grammar)],
        })
    }

    /// The spans of `count` lines from `first` on, fewer at the end of the text. `lines` must be the text
    /// that the highlighter was made for.
    pub fn highlight(&mut self, lines: &[String], first: Line, count: u32) -> Highlighted {
        let first_idx = first.index().min(lines.len());
        let end = first_idx.saturating_add(count as usize).min(lines.len());
        let known = (first_idx / INTERVAL).min(self.states.len() - 1);
        let mut at = known * INTERVAL;
        let exact = first_idx - at <= FAR;
        let mut state = if exact {
            self.states.get(known).cloned()
        } else {
            at = first_idx - RUN_UP;
            None
        }
        .unwrap_or_else(|| State::fresh(self.grammar));

        let mut coloured = Vec::with_capacity(end - first_idx);
        let mut text = String::new();
        while at < end {
            if exact && at == self.states.len() * INTERVAL {
                self.states.push(state.clone());
            }
            let Some(line) = lines.get(at) else { break };
            let spans = state.line(line, &mut text, at >= first_idx);
            if at >= first_idx {
                coloured.push(spans);
            }
            at += 1;
        }
        Highlighted {
            first,
            lines: coloured,
        }
    }
}

impl State {
    fn fresh(grammar: &SyntaxReference) -> Self {
        Self {
            parser: ParseState::new(grammar),
            scopes: ScopeStack::new(),
        }
    }

    /// Goes over one line; its spans only where they are wanted.
    fn line(&mut self, line: &str, text: &mut String, wanted: bool) -> Vec<StyledSpan> {
        let plain = || {
            vec![StyledSpan {
                len: line.len(),
                class: SyntaxClass::Plain,
            }]
        };
        if line.len() > LONGEST_LINE {
            return plain();
        }
        text.clear();
        text.push_str(line);
        text.push('\n');
        let Ok(changes) = self.parser.parse_line(text, grammars()) else {
            return plain();
        };
        let mut spans: Vec<StyledSpan> = Vec::new();
        let mut from = 0;
        for (at, change) in changes {
            if wanted {
                push(&mut spans, &self.scopes, line, from, at);
            }
            from = at.max(from);
            if self.scopes.apply(&change).is_err() {
                break;
            }
        }
        if wanted {
            push(&mut spans, &self.scopes, line, from, line.len());
        }
        spans
    }
}

/// Adds the piece of a line between two bytes, joined to the one before where it looks the same.
fn push(spans: &mut Vec<StyledSpan>, scopes: &ScopeStack, line: &str, from: usize, to: usize) {
    let Some(text) = line
        .get(from..to.min(line.len()))
        .filter(|text| !text.is_empty())
    else {
        return;
    };
    let class = class_of(scopes, text);
    match spans.last_mut() {
        Some(last) if last.class == class => last.len += text.len(),
        _ => spans.push(StyledSpan {
            len: text.len(),
            class,
        }),
    }
}
