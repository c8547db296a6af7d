//! Scopes of the grammars to the few classes that a theme knows.

use std::sync::OnceLock;

use syntect::parsing::{Scope, ScopeStack};

use super::SyntaxClass;

/// The beginning of a scope's name and what it is; the first that fits decides. `None`: what is inside is
/// code again, whatever it is in.
const CLASSES: &[(&str, Option<SyntaxClass>)] = &[
    ("punctuation.definition.comment", Some(SyntaxClass::Comment)),
    ("punctuation.definition.string", Some(SyntaxClass::String)),
    (
        "punctuation.section.interpolation",
        Some(SyntaxClass::Punctuation),
    ),
    (
        "punctuation.definition.template-expression",
        Some(SyntaxClass::Punctuation),
    ),
    ("punctuation", Some(SyntaxClass::Punctuation)),
    ("comment", Some(SyntaxClass::Comment)),
    ("constant.numeric", Some(SyntaxClass::Number)),
    ("constant", Some(SyntaxClass::Constant)),
    ("string", Some(SyntaxClass::String)),
    ("keyword.operator", Some(SyntaxClass::Operator)),
    ("keyword", Some(SyntaxClass::Keyword)),
    ("storage.type.primitive", Some(SyntaxClass::Type)),
    ("storage", Some(SyntaxClass::Keyword)),
    ("entity.name.function", Some(SyntaxClass::Function)),
    ("entity.other.attribute-name", Some(SyntaxClass::Function)),
    ("entity.name", Some(SyntaxClass::Type)),
    ("entity.other.inherited-class", Some(SyntaxClass::Type)),
    ("support.function", Some(SyntaxClass::Function)),
    ("support.macro", Some(SyntaxClass::Function)),
    ("support.constant", Some(SyntaxClass::Constant)),
    ("support", Some(SyntaxClass::Type)),
    ("variable.function", Some(SyntaxClass::Function)),
    ("variable.annotation", Some(SyntaxClass::Function)),
    ("variable.language", Some(SyntaxClass::Constant)),
    ("variable", Some(SyntaxClass::Variable)),
    ("invalid", Some(SyntaxClass::Invalid)),
    ("meta.interpolation", None),
    ("meta.template.expression", None),
    ("meta.embedded", None),
    ("source", None),
];

fn classes() -> &'static [(Scope, Option<SyntaxClass>)] {
    static SCOPES: OnceLock<Vec<(Scope, Option<SyntaxClass>)>> = OnceLock::new();
    SCOPES.get_or_init(|| {
        CLASSES
            .iter()
            .filter_map(|(name, class)| Some((Scope::new(name).ok()?, *class)))
            .collect()
    })
}

/// What a text under these scopes is: the innermost scope that says anything.
pub(super) fn class_of(stack: &ScopeStack, text: &str) -> SyntaxClass {
    let found = stack.as_slice().iter().rev().find_map(|scope| {
        classes()
            .iter()
            .find(|(prefix, _)| prefix.is_prefix_of(*scope))
            .map(|(_, class)| *class)
    });
    match found.flatten().unwrap_or_default() {
        // `and`, `not`, `instanceof` are read as words.
        SyntaxClass::Operator if text.trim_start().starts_with(char::is_alphabetic) => {
            SyntaxClass::Keyword
        }
        class => class,
    }
}
