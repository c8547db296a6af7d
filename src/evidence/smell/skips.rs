//! Tests that are told not to run: skipped, ignored, expected to fail, or left out because another one is
//! marked as the only one.

use tree_sitter::Node;

use super::node::{Tree, all, arguments, last_name, line};
use crate::coverage::Line;
use crate::syntax::{Language, squeeze};

/// A mark that keeps tests from running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Skip<'t> {
    pub(super) line: Line,
    /// The test or class it is about; `None` when it is about more than one.
    pub(super) test: Option<&'t str>,
    pub(super) evidence: String,
}

pub(super) fn skips<'t>(tree: &Tree<'t>, language: Language) -> Vec<Skip<'t>> {
    match language {
        Language::Python => python(tree),
        Language::Java => java(tree),
        _ if language.is_script() => script(tree),
        _ => Vec::new(),
    }
}

fn skip<'t>(tree: &Tree<'t>, node: Node<'_>, test: Option<&'t str>) -> Skip<'t> {
    let code = squeeze(tree.text(node), 80);
    let evidence = match test {
        Some(test) => format!("{} does not run: {code}", squeeze(test, 60)),
        None => format!("tests do not run: {code}"),
    };
    Skip {
        line: line(node),
        test,
        evidence,
    }
}

// ---- Python -----------------------------------------------------------------------------------

fn python<'t>(tree: &Tree<'t>) -> Vec<Skip<'t>> {
    let mut found = Vec::new();
    for decorated in all(tree.root(), &["decorated_definition"]) {
        let Some(definition) = decorated.child_by_field_name("definition") else {
            continue;
        };
        let mut cursor = decorated.walk();
        for decorator in decorated.named_children(&mut cursor) {
            if decorator.kind() == "decorator"
                && let Some(expression) = decorator.named_child(0)
                && is_python_mark(tree, expression)
            {
                found.push(skip(tree, decorator, Some(tree.field(definition, "name"))));
            }
        }
    }
    for call in all(tree.root(), &["call"]) {
        if matches!(
            tree.field(call, "function"),
            "pytest.skip" | "pytest.xfail" | "self.skipTest" | "unittest.skip"
        ) && !is_in(call, "decorator")
        {
            let test = around(call, "function_definition").map(|it| tree.field(it, "name"));
            found.push(skip(tree, call, test));
        }
    }
    for raise in all(tree.root(), &["raise_statement"]) {
        if tree.text(raise).contains("SkipTest") {
            let test = around(raise, "function_definition").map(|it| tree.field(it, "name"));
            found.push(skip(tree, raise, test));
        }
    }
    for assignment in all(tree.root(), &["assignment"]) {
        if tree.field(assignment, "left") == "pytestmark"
            && all(assignment, &["attribute"])
                .iter()
                .any(|mark| is_python_mark(tree, *mark))
        {
            found.push(skip(tree, assignment, None));
        }
    }
    found
}

/// `pytest.mark.skip`, `pytest.mark.xfail(…)`, `unittest.skipIf(…)`, `expectedFailure`.
fn is_python_mark(tree: &Tree<'_>, expression: Node<'_>) -> bool {
    let name = match expression.kind() {
        "call" => tree.field(expression, "function"),
        _ => tree.text(expression),
    };
    matches!(
        last_name(name),
        "skip" | "skipif" | "skipIf" | "skipUnless" | "xfail" | "expectedFailure"
    )
}

// ---- JavaScript and TypeScript ------------------------------------------------------------------

fn script<'t>(tree: &Tree<'t>) -> Vec<Skip<'t>> {
    let mut found = Vec::new();
    for call in all(tree.root(), &["call_expression"]) {
        let Some(mut function) = call.child_by_field_name("function") else {
            continue;
        };
        if function.kind() == "call_expression" {
            // `test.skip.each(table)("…", …)`
            let Some(inner) = function.child_by_field_name("function") else {
                continue;
            };
            function = inner;
        }
        let words: Vec<_> = tree.text(function).split('.').map(str::trim).collect();
        let (Some(&head), rest) = (words.first(), words.get(1..).unwrap_or_default()) else {
            continue;
        };
        let args = arguments(call);
        let title = args.first().and_then(|first| tree.string(*first));
        if title.is_none() {
            if matches!(head, "this" | "t" | "ctx" | "context") && rest == ["skip"] {
                let test = enclosing_title(tree, call);
                found.push(skip(tree, call, test));
            }
            continue;
        }
        let runs_tests = matches!(
            head,
            "it" | "test" | "describe" | "context" | "suite" | "specify"
        );
        let options = args.iter().filter(|arg| arg.kind() == "object");
        let option = |names: &[&str]| {
            options.clone().any(|object| {
                all(*object, &["pair"]).iter().any(|pair| {
                    names.contains(&tree.field(*pair, "key"))
                        && tree.field(*pair, "value") != "false"
                })
            })
        };
        let skipped = matches!(head, "xit" | "xtest" | "xdescribe" | "xcontext")
            || runs_tests
                && (rest
                    .iter()
                    .any(|word| matches!(*word, "skip" | "skipIf" | "fails"))
                    || option(&["skip"]));
        let alone = matches!(head, "fit" | "fdescribe")
            || runs_tests && (rest.contains(&"only") || option(&["only"]));
        if let Some(head_line) = (skipped || alone).then(|| line(call)) {
            let code = squeeze(tree.text(function), 40);
            let title = title.unwrap_or_default();
            let evidence = if alone {
                format!("only {title:?} runs: {code}")
            } else {
                format!("{title:?} does not run: {code}")
            };
            found.push(Skip {
                line: head_line,
                test: (!alone).then_some(title),
                evidence,
            });
        }
    }
    found
}

fn enclosing_title<'t>(tree: &Tree<'t>, node: Node<'_>) -> Option<&'t str> {
    let mut above = node.parent();
    while let Some(node) = above {
        if node.kind() == "call_expression"
            && let Some(title) = arguments(node)
                .first()
                .and_then(|first| tree.string(*first))
        {
            return Some(title);
        }
        above = node.parent();
    }
    None
}

// ---- Java ---------------------------------------------------------------------------------------

fn java<'t>(tree: &Tree<'t>) -> Vec<Skip<'t>> {
    let mut found = Vec::new();
    for annotation in all(tree.root(), &["marker_annotation", "annotation"]) {
        if !matches!(
            last_name(tree.field(annotation, "name")),
            "Disabled" | "Ignore"
        ) {
            continue;
        }
        let owner = annotation.parent().and_then(|modifiers| modifiers.parent());
        let test = owner.map(|owner| tree.field(owner, "name"));
        found.push(skip(tree, annotation, test.filter(|name| !name.is_empty())));
    }
    for call in all(tree.root(), &["method_invocation"]) {
        if !matches!(
            tree.field(call, "name"),
            "assumeTrue" | "assumeFalse" | "abort"
        ) {
            continue;
        }
        // An assumption about the platform is honest; one that cannot hold is a skip.
        let first = arguments(call).first().map(|first| tree.text(*first));
        let never = match tree.field(call, "name") {
            "assumeTrue" => first == Some("false"),
            "assumeFalse" => first == Some("true"),
            _ => last_name(tree.field(call, "object")) == "Assumptions",
        };
        if never {
            let test = around(call, "method_declaration").map(|it| tree.field(it, "name"));
            found.push(skip(tree, call, test));
        }
    }
    found
}

// ---- climbing -------------------------------------------------------------------------------------

fn around<'n>(node: Node<'n>, kind: &str) -> Option<Node<'n>> {
    let mut above = node.parent();
    while let Some(node) = above {
        if node.kind() == kind {
            return Some(node);
        }
        above = node.parent();
    }
    None
}

fn is_in(node: Node<'_>, kind: &str) -> bool {
    around(node, kind).is_some()
}
