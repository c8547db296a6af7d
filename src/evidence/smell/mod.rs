//! Smells of a test file, read from its syntax: tests that assert nothing, that mock away what they
//! test, that compare with snapshots, or that depend on the clock, on chance or on the network.
//!
//! A parser reads the file, because a search for words would find `assert` in a comment and miss a
//! helper. What cannot be parsed gives no finding here; the runner will have its say about it.

mod java;
mod node;
mod python;
mod script;

use self::node::Tree;
use super::{Finding, FindingCode};
use crate::coverage::{FilePath, Line};
use crate::syntax::Language;

/// The code that the tests are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnderTest {
    /// Root-relative.
    pub path: Option<FilePath>,
    /// Functions, methods and classes defined there, by their own names. Replacing what the file merely
    /// imports is how external input and output is mocked; replacing one of these is not.
    pub defined: Vec<String>,
}

impl UnderTest {
    /// From the file's path and the qualified names of its functions (`Port.assign`).
    #[must_use]
    pub fn new<'a>(path: &FilePath, functions: impl IntoIterator<Item = &'a str>) -> Self {
        let mut defined: Vec<String> = functions
            .into_iter()
            .flat_map(|name| name.split('.'))
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        defined.sort_unstable();
        defined.dedup();
        Self {
            path: Some(path.clone()),
            defined,
        }
    }

    fn defines(&self, name: &str) -> bool {
        self.defined.iter().any(|defined| defined == name)
    }

    /// The file's name without its ending.
    fn stem(&self) -> &str {
        let name = self.path.as_ref().map_or("", FilePath::name);
        name.split('.').next().unwrap_or(name)
    }
}

/// Whether test files of this language are read.
#[must_use]
pub fn reads(language: Language) -> bool {
    matches!(language, Language::Python | Language::Java) || language.is_script()
}

/// Every smell of a test file, in the order of the text. Nothing for a language that is not read.
#[must_use]
pub fn findings(
    language: Language,
    path: &FilePath,
    text: &str,
    under: &UnderTest,
) -> Vec<Finding> {
    let Some(tree) = Tree::parse(language, text) else {
        return Vec::new();
    };
    let mut smells = match language {
        Language::Python => python::smells(&tree, under),
        Language::Java => java::smells(&tree, under),
        _ if language.is_script() => script::smells(&tree, path, under),
        _ => Vec::new(),
    };
    smells.sort_by_key(|smell| (smell.line, smell.code));
    // A chain of calls smells once.
    smells.dedup_by_key(|smell| (smell.line, smell.code));
    smells
        .into_iter()
        .map(|smell| Finding {
            code: smell.code,
            path: path.clone(),
            line: Some(smell.line),
            evidence: smell.evidence,
        })
        .collect()
}

/// One smell, before it has a path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Smell {
    code: FindingCode,
    line: Line,
    evidence: String,
}

#[cfg(test)]
mod tests;
