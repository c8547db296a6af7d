//! From a syntax tree to an outline, for all languages at once: their grammars name the same things
//! nearly alike, and the few differences stand beside each other here.
//!
//! The walk keeps its own stack, so that no text, however deep, can end the program's.

use std::ops::ControlFlow;
use std::rc::Rc;

use tree_sitter::{Node, ParseOptions, Parser};

use super::names;
use super::outline::{Arm, Callable, Decision, DecisionKind, Onward, Outline, Role};
use super::text::{Extent, Place, fold, squeeze};
use super::{Language, text};

/// Texts above this are not read: nobody writes them by hand, and generated code has no gaps to close.
const MOST_BYTES: usize = 8 << 20;
/// Functions and classes nested deeper than this belong to the one around them.
const MOST_NESTED: usize = 64;
/// Characters of a label or a head that are kept.
const LABEL: usize = 60;
const HEAD: usize = 160;

/// Reads the outline of a text. It never fails, and takes time in proportion to the text.
#[must_use]
pub fn outline(language: Language, text: &str) -> Outline {
    let Some(tree) = parse(language, text) else {
        return Outline::default();
    };
    let mut walk = Walk {
        language,
        text,
        outline: Outline::default(),
        stack: Vec::new(),
    };
    walk.stack.push(Frame {
        node: tree.root_node(),
        after: Onward::Exit,
        function: None,
        nested: 0,
        scope: Rc::from(""),
        name: None,
        start: None,
    });
    while let Some(frame) = walk.stack.pop() {
        walk.visit(&frame);
    }
    // Visited nearly in the order of the text: a clause's heads are read before what is inside it.
    walk.outline
        .decisions
        .sort_by_key(|decision| decision.span.start);
    walk.outline.handlers.sort_by_key(|handler| handler.start);
    walk.outline.throws.sort_unstable();
    walk.outline
}

/// A tree, or nothing when the text is too large or so broken that the parser would not come to an end.
pub(super) fn parse(language: Language, text: &str) -> Option<tree_sitter::Tree> {
    if text.len() > MOST_BYTES {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(&language.grammar()).ok()?;
    // The parser asks once in a hundred steps. Sound text takes well below one question in ten bytes;
    // the rest is room for mending, and an end for what cannot be mended.
    let mut questions_left = 4_000 + text.len() / 2;
    let mut ask = |_: &tree_sitter::ParseState| {
        questions_left = questions_left.saturating_sub(1);
        if questions_left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let bytes = text.as_bytes();
    parser.parse_with_options(
        &mut |at, _| bytes.get(at..).unwrap_or_default(),
        None,
        Some(ParseOptions::new().progress_callback(&mut ask)),
    )
}

/// A node still to be visited, with what its surroundings mean for it.
#[derive(Clone)]
struct Frame<'t> {
    node: Node<'t>,
    /// What runs when this node has run.
    after: Onward,
    function: Option<usize>,
    nested: usize,
    /// The names of classes and functions around it, joined by dots.
    scope: Rc<str>,
    /// The variable or property that a function without a name is given to.
    name: Option<Rc<str>>,
    /// Where its decorators start.
    start: Option<Place>,
}

struct Walk<'t> {
    language: Language,
    text: &'t str,
    outline: Outline,
    stack: Vec<Frame<'t>>,
}

impl<'t> Walk<'t> {
    fn visit(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        if !node.is_named() {
            return;
        }
        match node.kind() {
            "function_definition"
            | "function_declaration"
            | "generator_function_declaration"
            | "function_expression"
            | "generator_function"
            | "arrow_function"
            | "method_definition"
            | "method_declaration"
            | "constructor_declaration"
            | "compact_constructor_declaration"
            | "lambda_expression"
            | "lambda"
            | "func_literal"
            | "function_item"
            | "closure_expression"
            | "static_initializer" => self.function(frame),
            "class_definition"
            | "class_declaration"
            | "abstract_class_declaration"
            | "class"
            | "interface_declaration"
            | "enum_declaration"
            | "record_declaration"
            | "enum_constant"
            | "impl_item"
            | "trait_item"
            | "mod_item"
            | "namespace_definition"
            | "internal_module"
            | "class_specifier"
            | "struct_specifier"
            | "union_specifier"
            | "object_creation_expression" => {
                self.scope(frame);
            }
            "decorated_definition" => {
                let mut next = frame.clone();
                next.start = Some(text::place(node.start_position()));
                self.children(&next);
            }
            "variable_declarator"
            | "pair"
            | "assignment_expression"
            | "assignment"
            | "public_field_definition"
            | "field_definition"
            | "init_declarator"
            | "let_declaration"
            | "short_var_declaration"
            | "assignment_statement" => {
                self.named_value(frame);
            }
            // Go's single value, and a function in parentheses: the name goes through.
            "expression_list" | "parenthesized_expression" if node.named_child_count() == 1 => {
                if let Some(only) = node.named_child(0) {
                    self.stack.push(Frame {
                        node: only,
                        ..frame.clone()
                    });
                }
            }
            "if_statement" | "if_expression" => self.if_(frame),
            "while_statement" | "while_expression" => self.while_(frame),
            "do_statement" => self.do_while(frame),
            "for_statement"
            | "for_in_statement"
            | "enhanced_for_statement"
            | "for_range_loop"
            | "for_expression" => self.for_(frame),
            "loop_expression" => {
                let again = Onward::At(text::place(node.start_position()));
                self.push_field(frame, "body", again);
            }
            "switch_statement"
            | "switch_expression"
            | "expression_switch_statement"
            | "type_switch_statement"
            | "select_statement"
            | "match_expression" => self.switch(frame),
            "match_statement" => self.python_match(frame),
            "try_statement" | "try_with_resources_statement" => self.try_(frame),
            "ternary_expression" | "conditional_expression" => self.conditional(frame),
            "binary_expression" | "boolean_operator" => self.logical(frame),
            "assignment_pattern"
            | "object_assignment_pattern"
            | "required_parameter"
            | "optional_parameter" => self.default_argument(frame),
            "assert_statement" => self.assert(frame),
            "with_statement" => {
                let head = self.head_before_body(node);
                self.decide(frame, DecisionKind::With, None, head, Vec::new());
                self.children(frame);
            }
            "list_comprehension"
            | "set_comprehension"
            | "dictionary_comprehension"
            | "generator_expression" => {
                let head = squeeze(self.slice(node), HEAD);
                self.decide(frame, DecisionKind::Comprehension, None, head, Vec::new());
                self.children(frame);
            }
            "raise_statement" | "throw_statement" => {
                self.outline.throws.push(text::place(node.start_position()));
                self.children(frame);
            }
            _ if is_list(node) => self.list(frame),
            _ => self.children(frame),
        }
    }

    // ---- going down -------------------------------------------------------------------------

    /// Visits all children; each goes on where this node goes on.
    fn children(&mut self, frame: &Frame<'t>) {
        let from = self.stack.len();
        let mut cursor = frame.node.walk();
        for child in frame.node.named_children(&mut cursor) {
            self.stack.push(Frame {
                node: child,
                name: None,
                ..frame.clone()
            });
        }
        self.in_text_order(from);
    }

    /// Visits statements one after the other: each goes on at the next one that runs.
    fn list(&mut self, frame: &Frame<'t>) {
        let from = self.stack.len();
        let mut cursor = frame.node.walk();
        for child in frame.node.named_children(&mut cursor) {
            self.stack.push(Frame {
                node: child,
                name: None,
                start: None,
                ..frame.clone()
            });
        }
        let mut after = frame.after;
        for pushed in self.stack.iter_mut().skip(from).rev() {
            pushed.after = after;
            if runs(pushed.node, self.language) {
                after = Onward::At(text::place(pushed.node.start_position()));
            }
        }
        self.in_text_order(from);
    }

    fn push(&mut self, frame: &Frame<'t>, node: Node<'t>, after: Onward) {
        self.stack.push(Frame {
            node,
            after,
            name: None,
            start: None,
            ..frame.clone()
        });
    }

    fn push_field(&mut self, frame: &Frame<'t>, field: &str, after: Onward) {
        if let Some(node) = frame.node.child_by_field_name(field) {
            self.push(frame, node, after);
        }
    }

    /// What was pushed in the order of the text is to be popped in it.
    fn in_text_order(&mut self, from: usize) {
        if let Some(pushed) = self.stack.get_mut(from..) {
            pushed.reverse();
        }
    }

    // ---- functions and what names them --------------------------------------------------------

    fn function(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        let body = node.child_by_field_name("body").or_else(|| {
            // Java's static block has its block without a field.
            (node.kind() == "static_initializer")
                .then(|| node.named_child(0))
                .flatten()
        });
        let Some(body) = body else {
            return self.children(frame); // declared, not defined
        };
        if frame.nested >= MOST_NESTED {
            return self.children(frame);
        }
        let own = names::function(node, self.text);
        let anonymous = own.is_none();
        let own = own
            .or_else(|| frame.name.as_deref().map(str::to_owned))
            .unwrap_or_else(|| "(anonymous)".to_owned());
        let name = names::join(&frame.scope, &own);
        let mut span = extent(node);
        if let Some(start) = frame.start {
            span.start = start;
        }
        self.outline.functions.push(Callable {
            name: name.clone(),
            anonymous,
            parent: frame.function,
            span,
            body: extent(body),
        });
        if node.kind() == "lambda" {
            let head = squeeze(self.slice(node), HEAD);
            self.decide(frame, DecisionKind::Lambda, None, head, Vec::new());
        }
        let inside = Frame {
            node,
            after: Onward::Exit,
            function: Some(self.outline.functions.len() - 1),
            nested: frame.nested + 1,
            scope: Rc::from(name),
            name: None,
            start: None,
        };
        self.children(&inside);
    }

    fn scope(&mut self, frame: &Frame<'t>) {
        let mut inside = frame.clone();
        inside.start = None;
        if frame.nested < MOST_NESTED
            && let Some(name) = names::scope(frame.node, self.text)
        {
            inside.scope = Rc::from(names::join(&frame.scope, &name));
            inside.nested += 1;
        }
        if self.language == Language::Python {
            // A class body is a code object of its own: after its last line it is left.
            inside.after = Onward::Exit;
        }
        self.children(&inside);
    }

    /// `name = function`: the function takes the name.
    fn named_value(&mut self, frame: &Frame<'t>) {
        let from = self.stack.len();
        let node = frame.node;
        let name = names::target(node, self.text).map(Rc::from);
        let value = ["value", "right"]
            .into_iter()
            .find_map(|field| node.child_by_field_name(field));
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.stack.push(Frame {
                node: child,
                name: (Some(child) == value).then(|| name.clone()).flatten(),
                ..frame.clone()
            });
        }
        self.in_text_order(from);
    }

    // ---- decisions ----------------------------------------------------------------------------

    fn decide(
        &mut self,
        frame: &Frame<'t>,
        kind: DecisionKind,
        condition: Option<Extent>,
        head: String,
        arms: Vec<Arm>,
    ) {
        self.outline.decisions.push(Decision {
            kind,
            span: extent(frame.node),
            head,
            condition,
            declares: declares(frame.node),
            arms,
            function: frame.function,
        });
    }

    fn if_(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        let Some(consequence) = node.child_by_field_name("consequence") else {
            return self.children(frame);
        };
        let mut cursor = node.walk();
        let alternatives: Vec<_> = node
            .children_by_field_name("alternative", &mut cursor)
            .collect();
        let end = extent(node).end;
        let mut heads = vec![(node, DecisionKind::If, consequence)];
        for &alternative in &alternatives {
            if alternative.kind() == "elif_clause"
                && let Some(consequence) = alternative.child_by_field_name("consequence")
            {
                heads.push((alternative, DecisionKind::Elif, consequence));
            }
        }
        for (idx, &(head, kind, consequence)) in heads.iter().enumerate() {
            let next = alternatives.get(idx).copied();
            let (code, onward) = match next {
                Some(elif) if elif.kind() == "elif_clause" => {
                    let start = text::place(elif.start_position());
                    (Some(Extent { start, end }), Onward::At(start))
                }
                Some(other) => {
                    let body = else_body(other);
                    (Some(extent(body)), self.first_of(body, frame.after))
                }
                None => (None, frame.after),
            };
            let condition = head.child_by_field_name("condition").map(bare);
            let text = self.head(&[head_word(kind)], condition);
            self.outline.decisions.push(Decision {
                kind,
                span: Extent {
                    start: text::place(head.start_position()),
                    end,
                },
                head: text,
                condition: condition.map(extent),
                declares: declares(head),
                arms: vec![
                    Arm {
                        role: Role::True,
                        label: "true".to_owned(),
                        code: Some(extent(consequence)),
                        onward: self.first_of(consequence, frame.after),
                    },
                    Arm {
                        role: Role::False,
                        label: "false".to_owned(),
                        code,
                        onward,
                    },
                ],
                function: frame.function,
            });
        }
        let from = self.stack.len();
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "elif_clause" => {
                    let mut cursor = child.walk();
                    for part in child.named_children(&mut cursor) {
                        self.push(frame, part, frame.after);
                    }
                }
                _ => self.push(frame, child, frame.after),
            }
        }
        self.in_text_order(from);
    }

    fn while_(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        let Some(body) = node.child_by_field_name("body") else {
            return self.children(frame);
        };
        let condition = node.child_by_field_name("condition").map(bare);
        let head = self.head(&["while"], condition);
        self.loop_(frame, DecisionKind::While, condition, head, body);
    }

    fn do_while(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        let (Some(body), Some(condition)) = (
            node.child_by_field_name("body"),
            node.child_by_field_name("condition"),
        ) else {
            return self.children(frame);
        };
        let condition = bare(condition);
        let back = Onward::At(text::place(condition.start_position()));
        let head = self.head(&["do", "while"], Some(condition));
        let arms = vec![
            Arm {
                role: Role::True,
                label: "true".to_owned(),
                code: Some(extent(body)),
                onward: self.first_of(body, back),
            },
            Arm {
                role: Role::False,
                label: "false".to_owned(),
                code: None,
                onward: frame.after,
            },
        ];
        self.decide(
            frame,
            DecisionKind::DoWhile,
            Some(extent(condition)),
            head,
            arms,
        );
        self.push(frame, condition, frame.after);
        self.push(frame, body, back);
    }

    fn for_(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        let Some(body) = node.child_by_field_name("body") else {
            return self.children(frame);
        };
        let mut kind = DecisionKind::ForEach;
        let mut condition = None;
        if node.kind() == "for_statement" && self.language != Language::Python {
            kind = DecisionKind::For;
            condition = node.child_by_field_name("condition");
            if self.language == Language::Go
                && let Some(clause) = node.named_child(0)
            {
                match clause.kind() {
                    "for_clause" => condition = clause.child_by_field_name("condition"),
                    "range_clause" => kind = DecisionKind::ForEach,
                    _ if clause != body => condition = Some(clause),
                    _ => {}
                }
            }
            condition =
                condition.filter(|node| node.is_named() && node.kind() != "empty_statement");
            if kind == DecisionKind::For && condition.is_none() {
                // Without a condition it is no decision: it is left from inside.
                let again = Onward::At(text::place(node.start_position()));
                let from = self.stack.len();
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    self.push(
                        frame,
                        child,
                        if child == body { again } else { frame.after },
                    );
                }
                return self.in_text_order(from);
            }
        }
        let condition = condition.map(bare);
        let head = self.head_before_body(node);
        self.loop_(frame, kind, condition, head, body);
    }

    /// A loop that asks before each turn. `condition` is `None` where it asks for a next item.
    fn loop_(
        &mut self,
        frame: &Frame<'t>,
        kind: DecisionKind,
        condition: Option<Node<'t>>,
        head: String,
        body: Node<'t>,
    ) {
        let node = frame.node;
        let back = Onward::At(text::place(
            node.child_by_field_name("increment")
                .or_else(|| node.child_by_field_name("update"))
                .unwrap_or(node)
                .start_position(),
        ));
        let otherwise = node.child_by_field_name("alternative").map(else_body);
        let arms = vec![
            Arm {
                role: Role::True,
                label: "true".to_owned(),
                code: Some(extent(body)),
                onward: self.first_of(body, back),
            },
            Arm {
                role: Role::False,
                label: "false".to_owned(),
                code: otherwise.map(extent),
                onward: otherwise.map_or(frame.after, |body| self.first_of(body, frame.after)),
            },
        ];
        self.decide(frame, kind, condition.map(extent), head, arms);
        let from = self.stack.len();
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.push(frame, child, if child == body { back } else { frame.after });
        }
        self.in_text_order(from);
    }

    /// `switch` and its relatives, with an arm for each clause.
    fn switch(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        let body = node.child_by_field_name("body").unwrap_or(node);
        let mut cursor = body.walk();
        let clauses: Vec<_> = body
            .named_children(&mut cursor)
            .filter(|child| is_clause(*child))
            .collect();
        let falls_through = clauses.iter().any(|clause| {
            matches!(
                clause.kind(),
                "switch_case"
                    | "switch_default"
                    | "switch_block_statement_group"
                    | "case_statement"
            )
        });
        let mut arms = Vec::with_capacity(clauses.len());
        let mut afters = Vec::with_capacity(clauses.len());
        let mut next = frame.after;
        for &clause in clauses.iter().rev() {
            let after = if falls_through { next } else { frame.after };
            let onward = self.first_of_clause(clause).unwrap_or(after);
            let (role, label) = self.clause_label(clause);
            arms.push(Arm {
                role,
                label,
                code: Some(extent(clause)),
                onward,
            });
            afters.push(after);
            next = onward;
        }
        arms.reverse();
        afters.reverse();
        let kind = if node.kind() == "match_expression" {
            DecisionKind::Match
        } else {
            DecisionKind::Switch
        };
        let subject = ["condition", "value"]
            .into_iter()
            .find_map(|field| node.child_by_field_name(field))
            .map(bare);
        let word = if node.kind() == "select_statement" {
            "select"
        } else {
            head_word(kind)
        };
        let head = self.head(&[word], subject);
        self.decide(frame, kind, subject.map(extent), head, arms);
        let from = self.stack.len();
        if let Some(subject) = subject {
            self.push(frame, subject, frame.after);
        }
        for (clause, after) in clauses.into_iter().zip(afters) {
            self.push_clause(frame, clause, after);
        }
        self.in_text_order(from);
    }

    /// A clause's statements run one after the other; its values are expressions.
    fn push_clause(&mut self, frame: &Frame<'t>, clause: Node<'t>, after: Onward) {
        let from = self.stack.len();
        let mut cursor = clause.walk();
        for child in clause.named_children(&mut cursor) {
            self.push(frame, child, after);
        }
        let mut after = after;
        for pushed in self.stack.iter_mut().skip(from).rev() {
            pushed.after = after;
            if is_clause_statement(clause, pushed.node) && runs(pushed.node, self.language) {
                after = Onward::At(text::place(pushed.node.start_position()));
            }
        }
    }

    fn first_of_clause(&self, clause: Node<'t>) -> Option<Onward> {
        let mut cursor = clause.walk();
        let first = clause
            .named_children(&mut cursor)
            .find(|child| is_clause_statement(clause, *child) && runs(*child, self.language))?;
        Some(self.first_of(first, Onward::At(text::place(first.start_position()))))
    }

    fn clause_label(&self, clause: Node<'t>) -> (Role, String) {
        let label = match clause.kind() {
            "switch_default" | "default_case" => return (Role::Default, "default".to_owned()),
            "match_arm" => {
                let pattern = clause
                    .child_by_field_name("pattern")
                    .map_or("", |pattern| self.slice(pattern));
                let role = if pattern.trim() == "_" {
                    Role::Default
                } else {
                    Role::Case
                };
                return (role, fold(pattern, LABEL));
            }
            "switch_block_statement_group" | "switch_rule" => {
                let mut cursor = clause.walk();
                let labels: Vec<_> = clause
                    .named_children(&mut cursor)
                    .filter(|child| child.kind() == "switch_label")
                    .map(|label| self.slice(label).trim_end_matches([':', ' ']))
                    .collect();
                fold(&labels.join(", "), LABEL)
            }
            "expression_case" | "type_case" | "communication_case" => {
                let whole = self.slice(clause);
                let mut cursor = clause.walk();
                let colon = clause
                    .children(&mut cursor)
                    .find(|child| child.kind() == ":")
                    .map_or(whole.len(), |colon| {
                        colon.start_byte() - clause.start_byte()
                    });
                fold(whole.get(..colon).unwrap_or(whole), LABEL)
            }
            _ => match clause.child_by_field_name("value") {
                Some(value) => format!("case {}", fold(self.slice(value), LABEL)),
                None => return (Role::Default, "default".to_owned()),
            },
        };
        if label == "default" {
            (Role::Default, label)
        } else {
            (Role::Case, label)
        }
    }

    /// Each `case` holds, or the next one is tried.
    fn python_match(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        let body = node.child_by_field_name("body").unwrap_or(node);
        let mut cursor = body.walk();
        let cases: Vec<_> = body
            .named_children(&mut cursor)
            .filter(|child| child.kind() == "case_clause")
            .collect();
        for (idx, &case) in cases.iter().enumerate() {
            let Some(consequence) = case.child_by_field_name("consequence") else {
                continue;
            };
            let otherwise = cases.get(idx + 1).map_or(frame.after, |next| {
                Onward::At(text::place(next.start_position()))
            });
            let head = self
                .text
                .get(case.start_byte()..consequence.start_byte())
                .unwrap_or_default();
            let head = fold(head.trim_end().trim_end_matches(':'), LABEL);
            self.outline.decisions.push(Decision {
                kind: DecisionKind::Case,
                span: extent(case),
                head: squeeze(&head, HEAD),
                condition: None,
                declares: false,
                arms: vec![
                    Arm {
                        role: Role::True,
                        label: head.clone(),
                        code: Some(extent(consequence)),
                        onward: self.first_of(consequence, frame.after),
                    },
                    Arm {
                        role: Role::False,
                        label: "no match".to_owned(),
                        code: None,
                        onward: otherwise,
                    },
                ],
                function: frame.function,
            });
        }
        let from = self.stack.len();
        if let Some(subject) = node.child_by_field_name("subject") {
            self.push(frame, subject, frame.after);
        }
        for case in cases {
            self.push_clause(frame, case, frame.after);
        }
        self.in_text_order(from);
    }

    fn try_(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        let mut handlers = Vec::new();
        let mut otherwise = None;
        let mut finally = None;
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "except_clause" | "except_group_clause" | "catch_clause" => handlers.push(child),
                "else_clause" => otherwise = Some(else_body(child)),
                "finally_clause" => finally = Some(else_body(child)),
                _ => {}
            }
        }
        let end = finally.map_or(frame.after, |body| self.first_of(body, frame.after));
        let body_after = otherwise.map_or(end, |body| self.first_of(body, end));
        for (idx, &handler) in handlers.iter().enumerate() {
            self.outline.handlers.push(extent(handler));
            let (Some(value), Some(block)) =
                (handler.child_by_field_name("value"), last_named(handler))
            else {
                continue;
            };
            let miss = match handlers.get(idx + 1) {
                Some(next) => Onward::At(text::place(next.start_position())),
                None if finally.is_some() => end,
                None => Onward::Exit,
            };
            let head = self.head(&["except"], Some(value));
            let label = format!("except {}", fold(self.slice(value), LABEL));
            self.outline.decisions.push(Decision {
                kind: DecisionKind::Except,
                span: extent(handler),
                head,
                condition: Some(extent(value)),
                declares: false,
                arms: vec![
                    Arm {
                        role: Role::True,
                        label,
                        code: Some(extent(block)),
                        onward: self.first_of(block, end),
                    },
                    Arm {
                        role: Role::False,
                        label: "not caught".to_owned(),
                        code: None,
                        onward: miss,
                    },
                ],
                function: frame.function,
            });
        }
        let from = self.stack.len();
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "except_clause" | "except_group_clause" | "catch_clause" => {
                    let mut cursor = child.walk();
                    for part in child.named_children(&mut cursor) {
                        self.push(frame, part, end);
                    }
                }
                "else_clause" => self.push(frame, child, end),
                "finally_clause" => self.push(frame, child, frame.after),
                _ => self.push(frame, child, body_after),
            }
        }
        self.in_text_order(from);
    }

    fn conditional(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        let (condition, consequence, alternative) = if self.language == Language::Python {
            let mut cursor = node.walk();
            let mut parts = node
                .named_children(&mut cursor)
                .filter(|child| !is_comment(*child));
            let consequence = parts.next();
            (parts.next(), consequence, parts.next())
        } else {
            (
                node.child_by_field_name("condition"),
                node.child_by_field_name("consequence"),
                node.child_by_field_name("alternative"),
            )
        };
        let Some(condition) = condition else {
            return self.children(frame);
        };
        let condition = bare(condition);
        // gcc's `a ?: b` has no consequence of its own: it is the condition.
        let arms = [
            (Role::True, "true", consequence.unwrap_or(condition)),
            (Role::False, "false", alternative.unwrap_or(condition)),
        ]
        .map(|(role, label, code)| Arm {
            role,
            label: label.to_owned(),
            code: Some(extent(code)),
            onward: Onward::At(text::place(code.start_position())),
        });
        let head = self.head(&["?"], Some(condition));
        self.decide(
            frame,
            DecisionKind::Conditional,
            Some(extent(condition)),
            head,
            arms.into(),
        );
        self.children(frame);
    }

    /// A chain of logical operators is one decision, however it is parenthesised: so Istanbul counts it.
    fn logical(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        let Some(kind) = logical_kind(node) else {
            return self.children(frame);
        };
        let mut operands = Vec::new();
        let mut open = vec![node];
        while let Some(part) = open.pop() {
            let inner = bare(part);
            let sides = (
                inner.child_by_field_name("left"),
                inner.child_by_field_name("right"),
            );
            match (logical_kind(inner), sides) {
                (Some(_), (Some(left), Some(right))) => open.extend([right, left]),
                _ => operands.push(inner),
            }
        }
        let arms = operands
            .iter()
            .enumerate()
            .map(|(idx, operand)| Arm {
                role: Role::Operand(u32::try_from(idx).unwrap_or(u32::MAX)),
                label: fold(self.slice(*operand), LABEL),
                code: Some(extent(*operand)),
                onward: Onward::At(text::place(operand.start_position())),
            })
            .collect();
        let head = squeeze(self.slice(node), HEAD);
        self.decide(frame, kind, None, head, arms);
        let from = self.stack.len();
        for operand in operands {
            self.push(frame, operand, frame.after);
        }
        self.in_text_order(from);
    }

    fn default_argument(&mut self, frame: &Frame<'t>) {
        let node = frame.node;
        let value = ["right", "value"]
            .into_iter()
            .find_map(|field| node.child_by_field_name(field));
        let target = ["left", "pattern"]
            .into_iter()
            .find_map(|field| node.child_by_field_name(field));
        if let (Some(value), Some(target)) = (value, target) {
            let arms = vec![Arm {
                role: Role::Default,
                label: "default".to_owned(),
                code: Some(extent(value)),
                onward: Onward::At(text::place(value.start_position())),
            }];
            let head = self.head(&["="], Some(target));
            self.decide(
                frame,
                DecisionKind::DefaultArgument,
                Some(extent(target)),
                head,
                arms,
            );
        }
        self.children(frame);
    }

    fn assert(&mut self, frame: &Frame<'t>) {
        let condition = frame.node.named_child(0).map(bare);
        let arms = [
            (Role::True, "true", frame.after),
            (Role::False, "false", Onward::Exit),
        ]
        .map(|(role, label, onward)| Arm {
            role,
            label: label.to_owned(),
            code: None,
            onward,
        });
        let head = self.head(&["assert"], condition);
        self.decide(
            frame,
            DecisionKind::Assert,
            condition.map(extent),
            head,
            arms.into(),
        );
        self.children(frame);
    }

    // ---- texts ----------------------------------------------------------------------------------

    fn slice(&self, node: Node<'t>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn head(&self, words: &[&str], condition: Option<Node<'t>>) -> String {
        let condition = condition.map_or("", |node| self.slice(node));
        format!("{} {}", words.join(" "), squeeze(condition, HEAD))
    }

    /// The text from the start of a statement to its body.
    fn head_before_body(&self, node: Node<'t>) -> String {
        let end = node
            .child_by_field_name("body")
            .map_or(node.end_byte(), |body| body.start_byte());
        squeeze(
            self.text.get(node.start_byte()..end).unwrap_or_default(),
            HEAD,
        )
    }

    /// Where a body starts to run; `after` when nothing in it runs.
    fn first_of(&self, body: Node<'t>, after: Onward) -> Onward {
        let mut body = body;
        loop {
            if !is_list(body) {
                return Onward::At(text::place(body.start_position()));
            }
            let mut cursor = body.walk();
            let first = body
                .named_children(&mut cursor)
                .find(|child| runs(*child, self.language));
            match first {
                Some(first) => body = first,
                None => return after,
            }
        }
    }
}

fn extent(node: Node<'_>) -> Extent {
    Extent {
        start: text::place(node.start_position()),
        end: text::place(node.end_position()),
    }
}

/// An expression without the parentheses around it.
fn bare(node: Node<'_>) -> Node<'_> {
    let mut node = node;
    loop {
        let inner = match node.kind() {
            "parenthesized_expression" => {
                let mut cursor = node.walk();
                node.named_children(&mut cursor)
                    .find(|child| !is_comment(*child))
            }
            "condition_clause" => node.child_by_field_name("value"),
            _ => None,
        };
        match inner {
            Some(inner) => node = inner,
            None => return node,
        }
    }
}

/// `if (T x = f())`, `if (T x; x.ok())`, `for (T x; …)`, `for (T x : f())`.
fn declares(node: Node<'_>) -> bool {
    if node.child_by_field_name("initializer").is_some() || node.kind() == "for_range_loop" {
        return true;
    }
    let condition = node.child_by_field_name("condition");
    condition
        .filter(|clause| clause.kind() == "condition_clause")
        .is_some_and(|clause| {
            let value = clause.child_by_field_name("value");
            clause.child_by_field_name("initializer").is_some()
                || value.is_some_and(|value| value.kind() == "declaration")
        })
}

/// What an `else` or `finally` clause holds; a node that is no such clause is its own body.
fn else_body(node: Node<'_>) -> Node<'_> {
    if !matches!(node.kind(), "else_clause" | "finally_clause") {
        return node;
    }
    node.child_by_field_name("body")
        .or_else(|| last_named(node))
        .unwrap_or(node)
}

fn last_named(node: Node<'_>) -> Option<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .filter(|child| !is_comment(*child))
        .last()
}

fn logical_kind(node: Node<'_>) -> Option<DecisionKind> {
    if !matches!(node.kind(), "binary_expression" | "boolean_operator") {
        return None;
    }
    match node.child_by_field_name("operator")?.kind() {
        "&&" | "and" => Some(DecisionKind::And),
        "||" | "or" => Some(DecisionKind::Or),
        "??" => Some(DecisionKind::Coalesce),
        _ => None,
    }
}

fn head_word(kind: DecisionKind) -> &'static str {
    match kind {
        DecisionKind::Elif => "elif",
        DecisionKind::Match => "match",
        DecisionKind::Switch => "switch",
        _ => "if",
    }
}

fn is_comment(node: Node<'_>) -> bool {
    matches!(node.kind(), "comment" | "line_comment" | "block_comment")
}

/// Nodes whose children are statements, run one after the other.
fn is_list(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "block"
            | "statement_block"
            | "compound_statement"
            | "statement_list"
            | "constructor_body"
            | "module"
            | "program"
            | "source_file"
            | "translation_unit"
            | "preproc_if"
            | "preproc_ifdef"
            | "preproc_else"
    )
}

/// Whether a child of a statement list does anything when its turn comes.
fn runs(node: Node<'_>, language: Language) -> bool {
    match node.kind() {
        "comment"
        | "line_comment"
        | "block_comment"
        | "empty_statement"
        | "global_statement"
        | "nonlocal_statement"
        | "interface_declaration"
        | "type_alias_declaration"
        | "function_item"
        | "use_declaration"
        | "struct_item"
        | "enum_item"
        | "impl_item"
        | "attribute_item"
        | "inner_attribute_item" => false,
        "function_declaration" | "generator_function_declaration" => !language.is_script(),
        _ => true,
    }
}

fn is_clause(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "switch_case"
            | "switch_default"
            | "switch_block_statement_group"
            | "switch_rule"
            | "case_statement"
            | "expression_case"
            | "type_case"
            | "communication_case"
            | "default_case"
            | "match_arm"
    )
}

/// Whether a child of a clause is part of what runs, and not of what is compared.
fn is_clause_statement(clause: Node<'_>, child: Node<'_>) -> bool {
    if matches!(
        child.kind(),
        "switch_label" | "match_pattern" | "case_pattern" | "if_clause"
    ) {
        return false;
    }
    let compared = match clause.kind() {
        "match_arm" => None, // its `value` is what runs
        "type_case" => clause.child_by_field_name("type"),
        "communication_case" => clause.child_by_field_name("communication"),
        _ => clause.child_by_field_name("value"),
    };
    Some(child) != compared && (clause.kind() != "type_case" || child.kind() == "statement_list")
}
