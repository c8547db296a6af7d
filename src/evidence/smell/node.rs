//! Walking a syntax tree without recursion, so that no text can be nested too deep for the stack.

use tree_sitter::{Node, Parser};

use super::Smell;
use crate::coverage::Line;
use crate::evidence::FindingCode;
use crate::syntax::{Language, squeeze};

/// A parsed text.
pub(super) struct Tree<'t> {
    tree: tree_sitter::Tree,
    text: &'t str,
}

/// Test files larger than this are not written by hand, nor by an agent in one turn.
const MOST_TEXT: usize = 4 << 20;

impl<'t> Tree<'t> {
    pub(super) fn parse(language: Language, text: &'t str) -> Option<Self> {
        if text.len() > MOST_TEXT {
            return None;
        }
        let mut parser = Parser::new();
        parser.set_language(&language.grammar()).ok()?;
        Some(Self {
            tree: parser.parse(text, None)?,
            text,
        })
    }

    pub(super) fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    pub(super) fn text(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The text of a node's field, or nothing.
    pub(super) fn field(&self, node: Node<'_>, field: &str) -> &'t str {
        node.child_by_field_name(field)
            .map_or("", |child| self.text(child))
    }

    /// A smell at a node, with the code as its proof.
    pub(super) fn smell(&self, code: FindingCode, node: Node<'_>, why: &str) -> Smell {
        let code_text = squeeze(self.text(node), 80);
        Smell {
            code,
            line: line(node),
            evidence: format!("{why}: {code_text}"),
        }
    }

    /// The value of a string literal without its quotes and prefix; `None` for anything else.
    pub(super) fn string(&self, node: Node<'_>) -> Option<&'t str> {
        if !matches!(node.kind(), "string" | "string_literal" | "template_string") {
            return None;
        }
        let text = self
            .text(node)
            .trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let quote = text
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\'' | '`'))?;
        Some(text.trim_matches(quote))
    }
}

/// The line a node starts on.
pub(super) fn line(node: Node<'_>) -> Line {
    Line::from_index(node.start_position().row)
}

/// Visits a node and everything below it in the order of the text. Where `enter` says no, what lies below
/// is left out.
pub(super) fn each<'n>(from: Node<'n>, mut enter: impl FnMut(Node<'n>) -> bool) {
    let mut cursor = from.walk();
    loop {
        if enter(cursor.node()) && cursor.goto_first_child() {
            continue;
        }
        loop {
            if cursor.node().id() == from.id() {
                return;
            }
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

/// Every node of a kind at or below a node.
pub(super) fn all<'n>(from: Node<'n>, kinds: &[&str]) -> Vec<Node<'n>> {
    let mut found = Vec::new();
    each(from, |node| {
        if kinds.contains(&node.kind()) {
            found.push(node);
        }
        true
    });
    found
}

/// The named children of a node.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .filter(|child| !child.is_extra())
        .collect()
}

/// The positional arguments of a call.
pub(super) fn arguments(call: Node<'_>) -> Vec<Node<'_>> {
    call.child_by_field_name("arguments")
        .map(children)
        .unwrap_or_default()
        .into_iter()
        .filter(|argument| argument.kind() != "keyword_argument")
        .collect()
}

/// The last name of a path such as `mock.patch.object`.
pub(super) fn last_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Whether every argument that is compared is the same text, or a literal: then the outcome is known
/// before anything runs.
pub(super) fn is_foregone(tree: &Tree<'_>, sides: &[Node<'_>]) -> bool {
    let literal = |node: &Node<'_>| {
        matches!(
            node.kind(),
            "true"
                | "false"
                | "none"
                | "null"
                | "undefined"
                | "null_literal"
                | "integer"
                | "float"
                | "number"
                | "string"
                | "string_literal"
                | "decimal_integer_literal"
                | "decimal_floating_point_literal"
                | "boolean_literal"
                | "character_literal"
        )
    };
    match sides {
        [] => false,
        [one] => literal(one),
        [first, rest @ ..] => {
            sides.iter().all(literal)
                || (first.kind() != "call"
                    && rest
                        .iter()
                        .all(|side| tree.text(*side) == tree.text(*first))
                    && is_plain(*first))
        }
    }
}

/// A name or a path of names: reading it twice gives the same. A call may well not.
fn is_plain(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "identifier" | "attribute" | "member_expression" | "field_access" | "this" | "self"
    )
}
