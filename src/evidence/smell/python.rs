//! Python: pytest and unittest.

use rustc_hash::FxHashSet;
use tree_sitter::Node;

use super::node::{Tree, all, arguments, each, is_foregone, last_name, line};
use super::{Smell, UnderTest};
use crate::evidence::FindingCode;

pub(super) fn smells(tree: &Tree<'_>, under: &UnderTest) -> Vec<Smell> {
    let functions = all(tree.root(), &["function_definition"]);
    let helpers = asserting_helpers(tree, &functions);
    let mut smells = Vec::new();
    for test in functions
        .iter()
        .filter(|function| is_test(tree, **function))
    {
        let name = tree.field(*test, "name");
        match assertions(tree, *test, &helpers) {
            Asserts::Nothing => smells.push(Smell {
                code: FindingCode::NoAssertion,
                line: line(*test),
                evidence: format!("{name} asserts nothing"),
            }),
            Asserts::OnlyForegone(what) => smells.push(tree.smell(
                FindingCode::NoAssertion,
                what,
                &format!("{name} asserts only what holds whatever the code does"),
            )),
            Asserts::Something => {}
        }
    }
    over_mocked(tree, under, &mut smells);
    surroundings(tree, &mut smells);
    smells
}

/// Collected by pytest or unittest: `test…`, at the top or in a class. A function inside a test is not.
fn is_test(tree: &Tree<'_>, function: Node<'_>) -> bool {
    if !tree.field(function, "name").starts_with("test") {
        return false;
    }
    let mut above = function.parent();
    while let Some(node) = above {
        if node.kind() == "function_definition" {
            return false;
        }
        above = node.parent();
    }
    // A fixture may be called `test_client`.
    let decorated = function
        .parent()
        .filter(|parent| parent.kind() == "decorated_definition");
    !decorated.is_some_and(|decorated| {
        all(decorated, &["decorator"])
            .iter()
            .any(|decorator| tree.text(*decorator).contains("fixture"))
    })
}

/// The names of its tests, in the order of the text.
pub(super) fn test_names(tree: &Tree<'_>) -> Vec<String> {
    all(tree.root(), &["function_definition"])
        .into_iter()
        .filter(|function| is_test(tree, *function))
        .map(|function| tree.field(function, "name").to_owned())
        .collect()
}

enum Asserts<'n> {
    Something,
    /// One of the assertions that prove nothing.
    OnlyForegone(Node<'n>),
    Nothing,
}

/// Functions of the file whose call asserts, directly or through one another.
fn asserting_helpers<'t>(tree: &Tree<'t>, functions: &[Node<'_>]) -> FxHashSet<&'t str> {
    let mut helpers = FxHashSet::default();
    loop {
        let before = helpers.len();
        for function in functions
            .iter()
            .filter(|function| !is_test(tree, **function))
        {
            if matches!(assertions(tree, *function, &helpers), Asserts::Something) {
                helpers.insert(tree.field(*function, "name"));
            }
        }
        if helpers.len() == before {
            return helpers;
        }
    }
}

fn assertions<'n>(tree: &Tree<'_>, function: Node<'n>, helpers: &FxHashSet<&str>) -> Asserts<'n> {
    let mut foregone = None;
    let mut something = false;
    each(function, |node| {
        match node.kind() {
            // What a swallowing handler hides is no assertion.
            "try_statement" if swallows(tree, node) => return false,
            "assert_statement" => {
                let condition = node.named_child(0);
                if condition.is_some_and(|condition| proves_nothing(tree, condition)) {
                    foregone = foregone.or(Some(node));
                } else {
                    something = true;
                }
            }
            "call" => match asserting_call(tree, node, helpers) {
                Some(true) => something = true,
                Some(false) => foregone = foregone.or(Some(node)),
                None => {}
            },
            _ => {}
        }
        true
    });
    match (something, foregone) {
        (true, _) => Asserts::Something,
        (false, Some(node)) => Asserts::OnlyForegone(node),
        (false, None) => Asserts::Nothing,
    }
}

/// `try: … except …: pass` around assertions, where the handler would catch a failed one.
fn swallows(tree: &Tree<'_>, try_statement: Node<'_>) -> bool {
    all(try_statement, &["except_clause"])
        .into_iter()
        .filter(|clause| clause.parent() == Some(try_statement))
        .any(|clause| {
            let text = tree.text(clause);
            let head = text.split(':').next().unwrap_or(text);
            let catches = head.trim() == "except"
                || ["AssertionError", "Exception"].iter().any(|name| {
                    head.split(|c: char| !c.is_alphanumeric() && c != '_')
                        .any(|word| word == *name)
                });
            let body = all(clause, &["block"]).into_iter().next();
            let silent = body
                .is_some_and(|body| matches!(tree.text(body).trim(), "pass" | "..." | "return"));
            catches && silent
        })
}

fn proves_nothing(tree: &Tree<'_>, condition: Node<'_>) -> bool {
    match condition.kind() {
        "parenthesized_expression" => condition
            .named_child(0)
            .is_some_and(|inner| proves_nothing(tree, inner)),
        "not_operator" => condition
            .named_child(0)
            .is_some_and(|inner| is_foregone(tree, &[inner])),
        // A tuple that is not empty is always true: `assert (x == 1, "why")`.
        "tuple" => condition.named_child_count() > 0,
        "comparison_operator" => {
            let sides: Vec<Node<'_>> = super::node::children(condition);
            is_foregone(tree, &sides)
        }
        // `x == 1 or True`
        "boolean_operator" => {
            tree.field(condition, "operator") == "or"
                && ["left", "right"]
                    .iter()
                    .any(|side| tree.field(condition, side) == "True")
        }
        _ => is_foregone(tree, &[condition]),
    }
}

/// `Some(true)` for a call that asserts, `Some(false)` for one that asserts what is known beforehand.
fn asserting_call(tree: &Tree<'_>, call: Node<'_>, helpers: &FxHashSet<&str>) -> Option<bool> {
    let function = tree.field(call, "function");
    let name = function.rsplit('.').next().unwrap_or(function);
    let asserts = (name.starts_with("assert") && name != "assert_")
        || matches!(
            function,
            "self.fail"
                | "pytest.raises"
                | "pytest.warns"
                | "pytest.deprecated_call"
                | "pytest.fail"
        )
        || matches!(name, "raises" | "warns")
        || helpers.contains(name);
    if !asserts {
        return None;
    }
    let compared = match name {
        "assertTrue" | "assertFalse" | "assertIsNone" | "assertIsNotNone" => 1,
        "assertEqual" | "assertEquals" | "assertIs" | "assertAlmostEqual" | "assertListEqual"
        | "assertDictEqual" => 2,
        _ => return Some(true),
    };
    let sides: Vec<Node<'_>> = arguments(call).into_iter().take(compared).collect();
    Some(!is_foregone(tree, &sides))
}

/// Whether `module` (dotted) is the file under test: `shop.cart` and `cart` are both `src/shop/cart.py`.
fn names_module(under: &UnderTest, module: &str) -> bool {
    let Some(path) = &under.path else {
        return false;
    };
    let without = path.as_str().strip_suffix(".py").unwrap_or(path.as_str());
    let without = without.strip_suffix("/__init__").unwrap_or(without);
    let dotted = without.replace('/', ".");
    !module.is_empty() && (dotted == module || dotted.ends_with(&format!(".{module}")))
}

/// Splits `shop.cart.Cart.total` where the module under test ends.
fn split_target<'t>(under: &UnderTest, target: &'t str) -> Option<&'t str> {
    target
        .match_indices('.')
        .find(|(at, _)| {
            target
                .get(..*at)
                .is_some_and(|module| names_module(under, module))
        })
        .and_then(|(at, _)| target.get(at + 1..))
}

fn over_mocked(tree: &Tree<'_>, under: &UnderTest, smells: &mut Vec<Smell>) {
    let (modules, names) = imports(tree, under);
    let own = |object: &str, name: &str| {
        let base = object.split('.').next().unwrap_or(object);
        let is_module = modules.contains(object);
        let is_class = names.contains(base) && under.defines(base);
        (is_module || is_class) && under.defines(name)
    };
    let mut note = |node: Node<'_>| {
        smells.push(tree.smell(
            FindingCode::OverMocked,
            node,
            "replaces the code under test",
        ));
    };
    each(tree.root(), |node| {
        match node.kind() {
            "call" => {
                let function = tree.field(node, "function");
                let args = arguments(node);
                let first = args.first().copied();
                let second = args.get(1).copied();
                let is_patch = matches!(last_name(function), "patch" | "setattr");
                let target = first.and_then(|first| tree.string(first));
                if let (true, Some(target)) = (is_patch, target)
                    && let Some(rest) = split_target(under, target)
                    && rest
                        .split('.')
                        .next()
                        .is_some_and(|name| under.defines(name))
                {
                    note(node);
                }
                let is_object =
                    function.ends_with("patch.object") || last_name(function) == "setattr";
                if let (true, Some(object), Some(name)) = (
                    is_object,
                    first,
                    second.and_then(|second| tree.string(second)),
                ) && own(tree.text(object), name)
                {
                    note(node);
                }
            }
            "assignment" => {
                let left = node.child_by_field_name("left");
                if let Some(left) = left.filter(|left| left.kind() == "attribute")
                    && own(tree.field(left, "object"), tree.field(left, "attribute"))
                {
                    note(node);
                }
                if let Some(left) = left.filter(|left| left.kind() == "subscript")
                    && tree.field(left, "value") == "sys.modules"
                    && left
                        .child_by_field_name("subscript")
                        .and_then(|key| tree.string(key))
                        .is_some_and(|module| names_module(under, module))
                {
                    note(node);
                }
            }
            _ => {}
        }
        true
    });
}

/// The names that the module under test has in this file, and the names taken out of it.
fn imports<'t>(tree: &Tree<'t>, under: &UnderTest) -> (FxHashSet<&'t str>, FxHashSet<&'t str>) {
    let (mut modules, mut names) = (FxHashSet::default(), FxHashSet::default());
    for import in all(tree.root(), &["import_statement", "import_from_statement"]) {
        let from = tree.field(import, "module_name").trim_start_matches('.');
        let is_from = import.kind() == "import_from_statement";
        let mut cursor = import.walk();
        for item in import.children_by_field_name("name", &mut cursor) {
            let (what, known_as) = match item.kind() {
                "aliased_import" => (tree.field(item, "name"), tree.field(item, "alias")),
                _ => (tree.text(item), tree.text(item)),
            };
            if !is_from {
                if names_module(under, what) {
                    modules.insert(known_as);
                }
            } else if names_module(under, &format!("{from}.{what}"))
                || (from.is_empty() && names_module(under, what))
            {
                modules.insert(known_as);
            } else if names_module(under, from) {
                names.insert(known_as);
            }
        }
    }
    (modules, names)
}

/// Snapshots, the clock, chance and the network.
fn surroundings(tree: &Tree<'_>, smells: &mut Vec<Smell>) {
    let text = tree.text(tree.root());
    let clock_is_held = ["freeze_time", "freezegun", "time_machine"]
        .iter()
        .any(|word| text.contains(word));
    let seeded = text.contains("random.seed(") || text.contains("Random(");
    for call in all(tree.root(), &["call"]) {
        let function = tree.field(call, "function");
        let head = function.split('.').next().unwrap_or(function);
        let why = match function {
            "time.sleep" | "sleep" => Some("waits on the clock"),
            "asyncio.sleep"
                if arguments(call)
                    .first()
                    .is_some_and(|time| tree.text(*time) != "0") =>
            {
                Some("waits on the clock")
            }
            "time.time"
            | "datetime.now"
            | "datetime.utcnow"
            | "datetime.datetime.now"
            | "datetime.datetime.utcnow"
            | "date.today"
            | "datetime.date.today"
                if !clock_is_held =>
            {
                Some("reads the clock")
            }
            _ if head == "random"
                && !seeded
                && function.contains('.')
                && function != "random.seed" =>
            {
                Some("draws random values")
            }
            "uuid.uuid4" | "uuid4" | "os.urandom" | "secrets.token_hex" => {
                Some("draws random values")
            }
            _ if matches!(head, "requests" | "httpx") && function.contains('.') => {
                Some("reaches for the network")
            }
            "urllib.request.urlopen" | "urlopen" | "socket.socket" | "socket.create_connection" => {
                Some("reaches for the network")
            }
            _ => None,
        };
        if let Some(why) = why {
            smells.push(tree.smell(FindingCode::Sleep, call, why));
        }
        if function.ends_with("snapshot.assert_match")
            || function.ends_with("assert_match_snapshot")
        {
            smells.push(tree.smell(
                FindingCode::Snapshot,
                call,
                "compares with a stored snapshot",
            ));
        }
    }
    for comparison in all(tree.root(), &["comparison_operator"]) {
        let compared = super::node::children(comparison);
        if compared
            .iter()
            .any(|side| side.kind() == "identifier" && tree.text(*side).starts_with("snapshot"))
        {
            smells.push(tree.smell(
                FindingCode::Snapshot,
                comparison,
                "compares with a stored snapshot",
            ));
        }
    }
}
