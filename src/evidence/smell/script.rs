//! JavaScript and TypeScript: Jest, Vitest, Mocha with Chai or `assert`, and node:test.

use rustc_hash::FxHashSet;
use tree_sitter::Node;

use super::node::{Tree, all, arguments, each, is_foregone, last_name, line};
use super::{Smell, UnderTest};
use crate::coverage::FilePath;
use crate::evidence::FindingCode;

pub(super) fn smells(tree: &Tree<'_>, path: &FilePath, under: &UnderTest) -> Vec<Smell> {
    let helpers = asserting_helpers(tree);
    let mut smells = Vec::new();
    for call in all(tree.root(), &["call_expression"]) {
        let Some((name, body)) = test_of(tree, call) else {
            continue;
        };
        let (mut something, mut foregone) = (false, None);
        each(body, |node| {
            if node.kind() == "try_statement" && swallows(tree, node) {
                return false;
            }
            match assertion(tree, node, &helpers) {
                Some(true) => something = true,
                Some(false) => foregone = foregone.or(Some(node)),
                None => {}
            }
            true
        });
        match (something, foregone) {
            (true, _) => {}
            (false, Some(node)) => smells.push(tree.smell(
                FindingCode::NoAssertion,
                node,
                &format!("{name} asserts only what holds whatever the code does"),
            )),
            (false, None) => smells.push(Smell {
                code: FindingCode::NoAssertion,
                line: line(call),
                evidence: format!("{name} asserts nothing"),
            }),
        }
    }
    over_mocked(tree, path, under, &mut smells);
    surroundings(tree, &mut smells);
    smells
}

/// The titles of its tests, in the order of the text.
pub(super) fn test_names(tree: &Tree<'_>) -> Vec<String> {
    all(tree.root(), &["call_expression"])
        .into_iter()
        .filter_map(|call| test_of(tree, call).map(|(name, _)| name))
        .collect()
}

/// The title and the body of `test("…", () => …)`, `it.each(…)("…", …)` and their relatives.
fn test_of<'n>(tree: &Tree<'_>, call: Node<'n>) -> Option<(String, Node<'n>)> {
    let mut function = call.child_by_field_name("function")?;
    let is_table = function.kind() == "call_expression";
    if is_table {
        // `test.each(table)("…", …)`: the inner call names it.
        function = function.child_by_field_name("function")?;
    }
    let name = tree.text(function);
    let head = name.split(['.', '(', '`']).next().unwrap_or(name).trim();
    let only_a_table = last_name(name) == "each" && !is_table;
    if !matches!(head, "test" | "it" | "specify" | "fit")
        || last_name(name) == "todo"
        || only_a_table
    {
        return None;
    }
    let args = arguments(call);
    let body = args.iter().rev().find(|arg| {
        matches!(
            arg.kind(),
            "arrow_function" | "function_expression" | "function" | "generator_function"
        )
    })?;
    let title = args
        .first()
        .and_then(|first| tree.string(*first))
        .unwrap_or("a test");
    Some((quoted(title), *body))
}

/// A title as it is told.
pub(super) fn quoted(title: &str) -> String {
    format!("{:?}", title.chars().take(60).collect::<String>())
}

/// Functions of the file whose call asserts, directly or through one another.
fn asserting_helpers<'t>(tree: &Tree<'t>) -> FxHashSet<&'t str> {
    let mut functions: Vec<(&'t str, Node<'_>)> = Vec::new();
    each(tree.root(), |node| {
        match node.kind() {
            "function_declaration" | "generator_function_declaration" => {
                functions.push((tree.field(node, "name"), node));
            }
            "variable_declarator" => {
                let value = node.child_by_field_name("value");
                if let Some(value) = value.filter(|value| {
                    matches!(
                        value.kind(),
                        "arrow_function" | "function_expression" | "function"
                    )
                }) {
                    functions.push((tree.field(node, "name"), value));
                }
            }
            _ => {}
        }
        true
    });
    let mut helpers = FxHashSet::default();
    loop {
        let before = helpers.len();
        for (name, body) in &functions {
            let mut asserts = false;
            each(*body, |node| {
                asserts |= assertion(tree, node, &helpers) == Some(true);
                !asserts
            });
            if asserts {
                helpers.insert(*name);
            }
        }
        if helpers.len() == before {
            return helpers;
        }
    }
}

/// `try { … } catch { }` around assertions.
fn swallows(tree: &Tree<'_>, try_statement: Node<'_>) -> bool {
    try_statement
        .child_by_field_name("handler")
        .and_then(|handler| handler.child_by_field_name("body"))
        .is_some_and(|body| {
            let inner = tree
                .text(body)
                .trim_matches(|c: char| c == '{' || c == '}' || c.is_whitespace());
            inner.is_empty() || inner.starts_with("//") || inner.trim_end_matches(';') == "return"
        })
}

/// `Some(true)` for a call that asserts, `Some(false)` for one whose outcome is known beforehand.
fn assertion(tree: &Tree<'_>, node: Node<'_>, helpers: &FxHashSet<&str>) -> Option<bool> {
    // Chai's properties: `expect(x).to.be.true` is no call at all.
    if node.kind() == "expression_statement" {
        let inner = node.named_child(0)?;
        if inner.kind() == "member_expression" {
            let text = tree.text(inner);
            if text.contains(").to.") || text.contains(").not.") || text.contains(".should.") {
                let root = expect_root(tree, inner);
                return Some(!root.is_some_and(|root| is_foregone(tree, &arguments(root))));
            }
        }
        return None;
    }
    if node.kind() != "call_expression" {
        return None;
    }
    let function = node.child_by_field_name("function")?;
    let name = tree.text(function);
    if function.kind() == "identifier" {
        if helpers.contains(name) {
            return Some(true);
        }
        if name == "assert" || name == "ok" {
            return Some(!is_foregone(
                tree,
                &arguments(node).into_iter().take(1).collect::<Vec<_>>(),
            ));
        }
        return None;
    }
    if function.kind() != "member_expression" {
        return None;
    }
    let method = tree.field(function, "property");
    let object = tree.field(function, "object");
    let head = object.split(['.', '(']).next().unwrap_or(object);
    if let Some(root) = expect_root(tree, function) {
        // `expect(x)` by itself, and `expect.assertions(1)`, say nothing of the code.
        let mut sides = arguments(root);
        sides.truncate(1);
        let takes_one = method.starts_with("to") && arguments(node).is_empty();
        if !takes_one {
            sides.extend(arguments(node).into_iter().take(1));
        }
        let is_value = matches!(
            method,
            "toBe"
                | "toEqual"
                | "toStrictEqual"
                | "toBeTruthy"
                | "toBeDefined"
                | "toBeFalsy"
                | "equal"
                | "eql"
                | "equals"
                | "eq"
        );
        return Some(!(is_value && is_foregone(tree, &sides)));
    }
    if head == "assert" || object == "t.assert" || object == "chai.assert" {
        let compared = match method {
            "ok" | "isTrue" | "isOk" => 1,
            "equal" | "strictEqual" | "deepEqual" | "deepStrictEqual" => 2,
            _ => return Some(true),
        };
        return Some(!is_foregone(
            tree,
            &arguments(node)
                .into_iter()
                .take(compared)
                .collect::<Vec<_>>(),
        ));
    }
    let by_t = head == "t"
        && matches!(
            method,
            "is" | "deepEqual"
                | "true"
                | "false"
                | "throws"
                | "equal"
                | "same"
                | "ok"
                | "not"
                | "rejects"
                | "strictEqual"
        );
    let by_sinon = object.starts_with("sinon.assert");
    (by_t || by_sinon || object.contains(".should")).then_some(true)
}

/// The `expect(…)` at the root of a chain such as `expect(x).not.toBe`.
fn expect_root<'n>(tree: &Tree<'_>, chain: Node<'n>) -> Option<Node<'n>> {
    let mut at = chain;
    for _ in 0..16 {
        match at.kind() {
            "member_expression" => at = at.child_by_field_name("object")?,
            "call_expression" => {
                let function = at.child_by_field_name("function")?;
                let name = tree.text(function);
                if function.kind() == "identifier" {
                    return matches!(name, "expect" | "expectTypeOf").then_some(at);
                }
                if matches!(name, "expect.soft" | "chai.expect" | "expect.poll") {
                    return Some(at);
                }
                at = function;
            }
            "await_expression" | "parenthesized_expression" => at = at.named_child(0)?,
            _ => return None,
        }
    }
    None
}

/// Whether an import path written in the test file means the file under test.
fn names_module(path: &FilePath, under: &UnderTest, module: &str) -> bool {
    let Some(target) = &under.path else {
        return false;
    };
    let stem = without_extension(target.as_str());
    if !module.starts_with('.') {
        // An alias such as `@/shop/cart`: by its last two parts.
        let tail: Vec<&str> = without_extension(module).rsplit('/').take(2).collect();
        let own: Vec<&str> = stem.rsplit('/').take(2).collect();
        return tail.len() == 2 && tail == own;
    }
    let mut parts: Vec<&str> = path.as_str().split('/').collect();
    parts.pop();
    for part in module.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let named = parts.join("/");
    let named = without_extension(&named);
    named == stem || format!("{named}/index") == stem
}

fn without_extension(path: &str) -> &str {
    for extension in [".tsx", ".ts", ".jsx", ".js", ".mjs", ".cjs", ".mts", ".cts"] {
        if let Some(stem) = path.strip_suffix(extension) {
            return stem;
        }
    }
    path
}

fn over_mocked(tree: &Tree<'_>, path: &FilePath, under: &UnderTest, smells: &mut Vec<Smell>) {
    let namespaces = namespaces(tree, path, under);
    each(tree.root(), |node| {
        if node.kind() != "call_expression" {
            return true;
        }
        let function = tree.field(node, "function");
        let args = arguments(node);
        let replaces_module = matches!(
            function,
            "jest.mock"
                | "jest.doMock"
                | "jest.unstable_mockModule"
                | "vi.mock"
                | "vi.doMock"
                | "mock.module"
                | "t.mock.module"
        );
        if replaces_module
            && let Some(module) = args.first().and_then(|first| module_word(tree, *first))
            && names_module(path, under, module)
        {
            smells.push(tree.smell(
                FindingCode::OverMocked,
                node,
                "replaces the module under test",
            ));
        }
        let spies = matches!(
            function,
            "jest.spyOn"
                | "vi.spyOn"
                | "sinon.stub"
                | "sandbox.stub"
                | "mock.method"
                | "t.mock.method"
        );
        if spies
            && let (Some(object), Some(name)) = (
                args.first(),
                args.get(1).and_then(|name| tree.string(*name)),
            )
        {
            let object = tree.text(*object);
            let base = object.split('.').next().unwrap_or(object);
            let own = namespaces.contains(object) || under.defines(base);
            if own && under.defines(name) && replaces(tree, node, function) {
                smells.push(tree.smell(
                    FindingCode::OverMocked,
                    node,
                    "replaces the code under test",
                ));
            }
        }
        true
    });
}

/// `"./cart"`, and `import("./cart")` as Vitest allows it.
fn module_word<'t>(tree: &Tree<'t>, node: Node<'_>) -> Option<&'t str> {
    tree.string(node).or_else(|| {
        all(node, &["string"])
            .first()
            .and_then(|string| tree.string(*string))
    })
}

/// A spy alone only watches; it replaces when it is told what to return. A stub always replaces.
fn replaces(tree: &Tree<'_>, spy: Node<'_>, function: &str) -> bool {
    if last_name(function) == "stub" || arguments(spy).len() > 2 {
        return true;
    }
    let mut above = spy.parent();
    for _ in 0..6 {
        let Some(node) = above else { return false };
        if node.kind() == "member_expression" && tree.field(node, "property").starts_with("mock") {
            return true;
        }
        if !matches!(node.kind(), "member_expression" | "call_expression") {
            return false;
        }
        above = node.parent();
    }
    false
}

/// The names under which this file knows the module under test as a whole.
fn namespaces<'t>(tree: &Tree<'t>, path: &FilePath, under: &UnderTest) -> FxHashSet<&'t str> {
    let mut found = FxHashSet::default();
    for import in all(tree.root(), &["import_statement"]) {
        let from = import
            .child_by_field_name("source")
            .and_then(|source| tree.string(source));
        if !from.is_some_and(|from| names_module(path, under, from)) {
            continue;
        }
        for clause in all(import, &["namespace_import", "import_clause"]) {
            found.extend(
                super::node::children(clause)
                    .into_iter()
                    .filter(|name| name.kind() == "identifier")
                    .map(|name| tree.text(name)),
            );
        }
    }
    for declared in all(tree.root(), &["variable_declarator"]) {
        let required = declared.child_by_field_name("value").filter(|value| {
            value.kind() == "call_expression" && tree.field(*value, "function") == "require"
        });
        let module = required.and_then(|call| {
            arguments(call)
                .first()
                .and_then(|first| tree.string(*first))
        });
        if module.is_some_and(|module| names_module(path, under, module)) {
            found.insert(tree.field(declared, "name"));
        }
    }
    found
}

/// Snapshots, the clock, chance and the network.
fn surroundings(tree: &Tree<'_>, smells: &mut Vec<Smell>) {
    let text = tree.text(tree.root());
    let clock_is_held = ["useFakeTimers", "mockdate", "mock.timers", "setSystemTime"]
        .iter()
        .any(|word| text.contains(word));
    for call in all(tree.root(), &["call_expression", "new_expression"]) {
        if call.kind() == "new_expression" {
            if tree.field(call, "constructor") == "Date"
                && arguments(call).is_empty()
                && !clock_is_held
            {
                smells.push(tree.smell(FindingCode::Sleep, call, "reads the clock"));
            }
            continue;
        }
        let function = tree.field(call, "function");
        let method = function.rsplit('.').next().unwrap_or(function);
        if matches!(
            method,
            "toMatchSnapshot"
                | "toMatchInlineSnapshot"
                | "toThrowErrorMatchingSnapshot"
                | "toThrowErrorMatchingInlineSnapshot"
                | "toMatchFileSnapshot"
        ) || function.ends_with("assert.snapshot")
        {
            smells.push(tree.smell(
                FindingCode::Snapshot,
                call,
                "compares with a stored snapshot",
            ));
        }
        let why = match function {
            "setTimeout" | "setInterval" | "sleep" | "delay" if !clock_is_held => {
                Some("waits on the clock")
            }
            "Date.now" | "performance.now" if !clock_is_held => Some("reads the clock"),
            "Math.random" | "crypto.randomUUID" | "randomUUID" => Some("draws random values"),
            "fetch" | "axios" | "axios.get" | "axios.post" | "http.get" | "https.get"
            | "http.request" | "https.request" | "net.connect" => Some("reaches for the network"),
            _ => None,
        };
        if let Some(why) = why {
            smells.push(tree.smell(FindingCode::Sleep, call, why));
        }
    }
}
