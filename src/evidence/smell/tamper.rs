//! A test that reaches into the measurement: it switches the tracer, edits the data, writes the report, or
//! ends the process before the runner can. Whatever a report says after that is not evidence.
//!
//! Code that runs inside the measuring process can always hide better than a reader can look. This finds it
//! where it lies open; runs that contradict each other are for the later rungs.

use tree_sitter::Node;

use super::Smell;
use super::node::{Tree, all, arguments, each};
use crate::evidence::FindingCode;

/// Files that hold a measurement, by their usual names.
const REPORTS: [&str; 9] = [
    ".coverage",
    "coverage.json",
    "coverage.xml",
    "coverage-final.json",
    "coverage-summary.json",
    "lcov.info",
    "clover.xml",
    "jacoco.xml",
    "jacoco.exec",
];

/// What is said of each of them.
const WHY: &str = "reaches into the measurement";

pub(super) fn python(tree: &Tree<'_>, smells: &mut Vec<Smell>) {
    each(tree.root(), |node| {
        let is_one = match node.kind() {
            "import_statement" | "import_from_statement" => imports_the_measurer(tree, node),
            "attribute" => matches!(
                tree.text(node),
                "sys.settrace"
                    | "sys.setprofile"
                    | "sys.monitoring"
                    | "threading.settrace"
                    | "threading.setprofile"
                    | "threading.settrace_all_threads"
                    | "os._exit"
                    | "os.abort"
                    | "gc.get_objects"
            ),
            "call" => {
                let function = tree.field(node, "function");
                let is_import = function == "__import__" || function.ends_with("import_module");
                let first = arguments(node)
                    .first()
                    .and_then(|first| tree.string(*first));
                // The plugin as pytest-cov registers it.
                let is_plugin = function.ends_with("plugin") && first == Some("_cov");
                is_plugin || (is_import && first.is_some_and(is_measurer))
            }
            "string" => tree.string(node).is_some_and(names_a_report),
            _ => false,
        };
        if is_one {
            note(tree, node, smells);
        }
        !is_one
    });
}

fn imports_the_measurer(tree: &Tree<'_>, import: Node<'_>) -> bool {
    let from = tree.field(import, "module_name");
    let mut cursor = import.walk();
    import
        .children_by_field_name("name", &mut cursor)
        .any(|item| {
            let name = match item.kind() {
                "aliased_import" => tree.field(item, "name"),
                _ => tree.text(item),
            };
            if from.is_empty() {
                is_measurer(name)
            } else {
                is_measurer(from)
                    || matches!(
                        (from, name),
                        ("sys", "settrace" | "setprofile" | "monitoring")
                            | ("os", "_exit" | "abort")
                            | ("gc", "get_objects")
                    )
            }
        })
}

/// `coverage`, `coverage.data`, `pytest_cov.plugin`.
fn is_measurer(module: &str) -> bool {
    let head = module.split('.').next().unwrap_or(module);
    matches!(head, "coverage" | "pytest_cov" | "slipcover")
}

pub(super) fn script(tree: &Tree<'_>, smells: &mut Vec<Smell>) {
    each(tree.root(), |node| {
        let is_one = match node.kind() {
            "identifier" | "property_identifier" => matches!(
                tree.text(node),
                "__coverage__" | "__VITEST_COVERAGE__" | "__VITEST_V8_COVERAGE__"
            ),
            "call_expression" => matches!(
                tree.field(node, "function"),
                "process.exit"
                    | "process.reallyExit"
                    | "process.abort"
                    | "v8.stopCoverage"
                    | "v8.takeCoverage"
            ),
            "string" => tree.string(node).is_some_and(|text| {
                names_a_report(text)
                    || text == "__coverage__"
                    || matches!(
                        text,
                        "inspector"
                            | "node:inspector"
                            | "inspector/promises"
                            | "node:inspector/promises"
                    )
                    || ["istanbul-lib-", "istanbul-reports", "@vitest/coverage-"]
                        .iter()
                        .any(|start| text.starts_with(start))
            }),
            _ => false,
        };
        if is_one {
            note(tree, node, smells);
        }
        !is_one
    });
}

pub(super) fn java(tree: &Tree<'_>, smells: &mut Vec<Smell>) {
    for import in all(tree.root(), &["import_declaration"]) {
        if tree.text(import).contains("org.jacoco") {
            note(tree, import, smells);
        }
    }
    for call in all(tree.root(), &["method_invocation"]) {
        let text = tree.text(call);
        if text.starts_with("System.exit(") || text.starts_with("Runtime.getRuntime().halt(") {
            note(tree, call, smells);
        }
    }
    for literal in all(tree.root(), &["string_literal"]) {
        if tree
            .string(literal)
            .is_some_and(|text| names_a_report(text) || text.contains("org.jacoco"))
        {
            note(tree, literal, smells);
        }
    }
}

/// The name of a report by itself, or at the end of a path.
fn names_a_report(text: &str) -> bool {
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    REPORTS.contains(&name)
}

fn note(tree: &Tree<'_>, node: Node<'_>, smells: &mut Vec<Smell>) {
    smells.push(tree.smell(FindingCode::ReportForged, node, WHY));
}
