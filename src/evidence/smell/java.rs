//! Java: `JUnit` 3 to 5, `AssertJ`, Hamcrest, Truth and Mockito.

use rustc_hash::FxHashSet;
use tree_sitter::Node;

use super::node::{Tree, all, arguments, each, is_foregone, line};
use super::{Smell, UnderTest};
use crate::evidence::FindingCode;

pub(super) fn smells(tree: &Tree<'_>, under: &UnderTest) -> Vec<Smell> {
    let methods = all(tree.root(), &["method_declaration"]);
    let helpers = asserting_helpers(tree, &methods);
    let mut smells = Vec::new();
    for test in methods.iter().filter(|method| is_test(tree, **method)) {
        let name = tree.field(*test, "name");
        if annotations(*test).any(|annotation| tree.text(annotation).contains("expected")) {
            continue;
        }
        let (mut something, mut foregone) = (false, None);
        each(*test, |node| {
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
                line: line(*test),
                evidence: format!("{name} asserts nothing"),
            }),
        }
    }
    over_mocked(tree, under, &mut smells);
    surroundings(tree, &mut smells);
    smells
}

/// The names of its tests, in the order of the text.
pub(super) fn test_names(tree: &Tree<'_>) -> Vec<String> {
    all(tree.root(), &["method_declaration"])
        .into_iter()
        .filter(|method| is_test(tree, *method))
        .map(|method| tree.field(method, "name").to_owned())
        .collect()
}

fn annotations<'n>(declaration: Node<'n>) -> impl Iterator<Item = Node<'n>> {
    let modifiers: Vec<Node<'n>> = super::node::children(declaration)
        .into_iter()
        .filter(|child| child.kind() == "modifiers")
        .collect();
    modifiers
        .into_iter()
        .flat_map(super::node::children)
        .filter(|child| matches!(child.kind(), "marker_annotation" | "annotation"))
}

fn is_test(tree: &Tree<'_>, method: Node<'_>) -> bool {
    let annotated = annotations(method).any(|annotation| {
        let name = tree.field(annotation, "name");
        let name = name.rsplit('.').next().unwrap_or(name);
        matches!(
            name,
            "Test" | "ParameterizedTest" | "RepeatedTest" | "TestTemplate" | "Property" | "Theory"
        )
    });
    // JUnit 3 knows its tests by their names, in subclasses of TestCase.
    annotated
        || (tree.field(method, "name").starts_with("test")
            && tree.text(tree.root()).contains("extends TestCase"))
}

fn asserting_helpers<'t>(tree: &Tree<'t>, methods: &[Node<'_>]) -> FxHashSet<&'t str> {
    let mut helpers = FxHashSet::default();
    loop {
        let before = helpers.len();
        for method in methods.iter().filter(|method| !is_test(tree, **method)) {
            let mut asserts = false;
            each(*method, |node| {
                asserts |= assertion(tree, node, &helpers) == Some(true);
                !asserts
            });
            if asserts {
                helpers.insert(tree.field(*method, "name"));
            }
        }
        if helpers.len() == before {
            return helpers;
        }
    }
}

fn assertion(tree: &Tree<'_>, node: Node<'_>, helpers: &FxHashSet<&str>) -> Option<bool> {
    if node.kind() == "assert_statement" {
        let condition = node.named_child(0)?;
        return Some(!is_foregone(tree, &[condition]));
    }
    if node.kind() != "method_invocation" {
        return None;
    }
    let name = tree.field(node, "name");
    let on_itself = matches!(tree.field(node, "object"), "" | "this");
    let asserts = name.starts_with("assert")
        || matches!(
            name,
            "fail"
                | "verify"
                | "verifyNoInteractions"
                | "verifyNoMoreInteractions"
                | "expectThrows"
                | "andExpect"
        )
        || (on_itself && helpers.contains(name));
    if !asserts {
        return None;
    }
    let args = arguments(node);
    let compared = match name {
        "assertTrue" | "assertFalse" | "assertNull" | "assertNotNull" => 1,
        "assertEquals" | "assertSame" | "assertArrayEquals" => 2,
        // `assertThat(x)` alone asserts nothing; what is chained to it does.
        "assertThat" if args.len() == 1 => {
            let chained = node
                .parent()
                .is_some_and(|parent| parent.kind() == "method_invocation");
            return Some(chained && !is_foregone(tree, &args));
        }
        _ => return Some(true),
    };
    // JUnit 4 takes the message first, JUnit 5 last; the compared ones are those that are no message.
    let sides: Vec<Node<'_>> = if args.len() > compared
        && args
            .first()
            .is_some_and(|first| first.kind() == "string_literal")
    {
        args.into_iter().skip(1).take(compared).collect()
    } else {
        args.into_iter().take(compared).collect()
    };
    let fresh = sides.len() == 1
        && name == "assertNotNull"
        && sides
            .first()
            .is_some_and(|side| side.kind() == "object_creation_expression");
    Some(!fresh && !is_foregone(tree, &sides))
}

/// The class of the file under test, replaced by a mock. A spy runs the real code and is left alone.
fn over_mocked(tree: &Tree<'_>, under: &UnderTest, smells: &mut Vec<Smell>) {
    let class = under.stem();
    if class.is_empty() {
        return;
    }
    for call in all(tree.root(), &["method_invocation"]) {
        let mocks = matches!(
            tree.field(call, "name"),
            "mock" | "mockStatic" | "mockConstruction" | "createMock" | "niceMock"
        );
        let of_class = arguments(call).first().is_some_and(|first| {
            let named = tree.text(*first).trim_end_matches(".class");
            named.rsplit('.').next() == Some(class)
        });
        if mocks && of_class {
            smells.push(tree.smell(
                FindingCode::OverMocked,
                call,
                "replaces the class under test",
            ));
        }
    }
    for field in all(tree.root(), &["field_declaration", "formal_parameter"]) {
        let kind = tree.field(field, "type");
        let mocked = annotations(field).any(|annotation| {
            matches!(
                tree.field(annotation, "name"),
                "Mock" | "MockBean" | "MockitoBean" | "InjectMock"
            )
        });
        if mocked && kind.split('<').next() == Some(class) {
            smells.push(tree.smell(
                FindingCode::OverMocked,
                field,
                "replaces the class under test",
            ));
        }
    }
}

fn surroundings(tree: &Tree<'_>, smells: &mut Vec<Smell>) {
    for call in all(
        tree.root(),
        &["method_invocation", "object_creation_expression"],
    ) {
        if call.kind() == "object_creation_expression" {
            if tree.field(call, "type") == "Random" && arguments(call).is_empty() {
                smells.push(tree.smell(FindingCode::Sleep, call, "draws random values"));
            }
            continue;
        }
        let (object, name) = (tree.field(call, "object"), tree.field(call, "name"));
        let object = object.rsplit('.').next().unwrap_or(object);
        let why = match (object, name) {
            ("Thread" | "SECONDS" | "MILLISECONDS", "sleep") => Some("waits on the clock"),
            ("System", "currentTimeMillis" | "nanoTime") => Some("reads the clock"),
            (
                "Instant" | "LocalDate" | "LocalDateTime" | "LocalTime" | "ZonedDateTime"
                | "OffsetDateTime",
                "now",
            ) if arguments(call).is_empty() => Some("reads the clock"),
            ("Math", "random") | ("UUID", "randomUUID") => Some("draws random values"),
            ("HttpClient", "newHttpClient") | (_, "openConnection") => {
                Some("reaches for the network")
            }
            _ => None,
        };
        if let Some(why) = why {
            smells.push(tree.smell(FindingCode::Sleep, call, why));
        }
        if name == "toMatchSnapshot" || (object == "Approvals" && name.starts_with("verify")) {
            smells.push(tree.smell(
                FindingCode::Snapshot,
                call,
                "compares with a stored snapshot",
            ));
        }
    }
}
