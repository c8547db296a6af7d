//! What functions and classes are called.

use tree_sitter::Node;

use super::text::fold;

/// Characters of one name that are kept.
const MOST: usize = 80;

/// `outer.inner`.
pub(super) fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() {
        name.to_owned()
    } else {
        format!("{scope}.{name}")
    }
}

/// A function's own name; `None` for one without.
pub(super) fn function(node: Node<'_>, text: &str) -> Option<String> {
    if node.kind() == "static_initializer" {
        return Some("static".to_owned());
    }
    if let Some(name) = node.child_by_field_name("name") {
        let name = property(name, text)?;
        // Go names a method beside its receiver.
        return Some(match receiver(node, text) {
            Some(receiver) => format!("{receiver}.{name}"),
            None => name,
        });
    }
    if node.kind() == "lambda_expression" {
        return None; // C++'s has a declarator, for its parameters
    }
    // C and C++: the name stands inside declarators.
    let mut declarator = node.child_by_field_name("declarator")?;
    for _ in 0..64 {
        match declarator.child_by_field_name("declarator") {
            Some(inner) => declarator = inner,
            None => match declarator.kind() {
                "reference_declarator" | "parenthesized_declarator" => {
                    declarator = declarator.named_child(0)?;
                }
                _ => break,
            },
        }
    }
    slice(declarator, text).map(|name| name.replace("::", "."))
}

fn receiver(node: Node<'_>, text: &str) -> Option<String> {
    let list = node.child_by_field_name("receiver")?;
    let kind = list.named_child(0)?.child_by_field_name("type")?;
    type_name(kind, text)
}

/// The name of a class-like thing; `None` for one that does not name what is inside it.
pub(super) fn scope(node: Node<'_>, text: &str) -> Option<String> {
    match node.kind() {
        "impl_item" => type_name(node.child_by_field_name("type")?, text),
        // Java's class without a name is known by what it makes.
        "object_creation_expression" => {
            let mut cursor = node.walk();
            node.named_children(&mut cursor)
                .any(|child| child.kind() == "class_body")
                .then(|| type_name(node.child_by_field_name("type")?, text))
                .flatten()
        }
        _ => slice(node.child_by_field_name("name")?, text).map(|name| name.replace("::", ".")),
    }
}

/// What an assignment or declaration gives its value to: the variable, or the last property.
pub(super) fn target(node: Node<'_>, text: &str) -> Option<String> {
    let target = ["name", "key", "left", "property", "declarator", "pattern"]
        .into_iter()
        .find_map(|field| node.child_by_field_name(field))?;
    match target.kind() {
        "member_expression" => slice(target.child_by_field_name("property")?, text),
        "attribute" => slice(target.child_by_field_name("attribute")?, text),
        "expression_list" => slice(target.named_child(0)?, text),
        "object_pattern"
        | "array_pattern"
        | "pattern_list"
        | "tuple_pattern"
        | "tuple_struct_pattern"
        | "subscript_expression"
        | "subscript" => None,
        _ => property(target, text),
    }
}

fn property(name: Node<'_>, text: &str) -> Option<String> {
    let raw = slice(name, text)?;
    Some(match name.kind() {
        "string" | "string_literal" => raw.trim_matches(['\'', '"']).to_owned(),
        _ => raw,
    })
}

/// A type's name without pointers, references and type arguments.
fn type_name(node: Node<'_>, text: &str) -> Option<String> {
    let mut node = node;
    for _ in 0..64 {
        let inner = match node.kind() {
            "pointer_type" | "reference_type" | "parenthesized_type" => last_child(node),
            "generic_type" => node
                .child_by_field_name("type")
                .or_else(|| node.named_child(0)),
            _ => None,
        };
        match inner {
            Some(inner) => node = inner,
            None => break,
        }
    }
    slice(node, text).map(|name| name.replace("::", "."))
}

fn last_child(node: Node<'_>) -> Option<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).last()
}

fn slice(node: Node<'_>, text: &str) -> Option<String> {
    let name = fold(text.get(node.byte_range())?, MOST);
    (!name.is_empty()).then_some(name)
}
