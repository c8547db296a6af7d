//! Smells of a test file, read from its syntax: tests that assert nothing, that mock away what they
//! test, that compare with snapshots, or that depend on the clock, on chance or on the network.
//!
//! A parser reads the file, because a search for words would find `assert` in a comment and miss a
//! helper. What cannot be parsed gives no finding here; the runner will have its say about it.

mod java;
mod node;
mod python;
mod script;
mod skips;
mod tamper;

use self::node::Tree;
use super::{Finding, FindingCode};
use crate::coverage::{FilePath, Line};
use crate::syntax::{Language, squeeze};

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
    match language {
        Language::Python => tamper::python(&tree, &mut smells),
        Language::Java => tamper::java(&tree, &mut smells),
        _ if language.is_script() => tamper::script(&tree, &mut smells),
        _ => {}
    }
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

/// The smells that a change brought into a test file: those of its text now without those of its text
/// before, and tests that ran before and are told not to run now. With no text before the file is new, and
/// all of its smells count.
#[must_use]
pub fn brought(
    language: Language,
    path: &FilePath,
    before: Option<&str>,
    text: &str,
    under: &UnderTest,
) -> Vec<Finding> {
    let mut found = findings(language, path, text, under);
    let Some(before) = before else {
        return found;
    };
    let mut old: Vec<_> = findings(language, path, before, under)
        .into_iter()
        .map(|finding| (finding.code, finding.evidence))
        .collect();
    // Once for each time: a second sleep is a new one. Lines say nothing, they may have shifted.
    found.retain(|finding| {
        let same = old
            .iter()
            .position(|(code, evidence)| *code == finding.code && *evidence == finding.evidence);
        same.map(|at| old.swap_remove(at)).is_none()
    });
    found.extend(skipped(language, path, before, text));
    found.extend(gone(language, path, before, text));
    found.sort_by_key(|finding| (finding.line, finding.code));
    found
}

/// Tests that the file had and has no more. One that is there under another mark is told as skipped.
fn gone(language: Language, path: &FilePath, before: &str, text: &str) -> Vec<Finding> {
    let names = |text| {
        Tree::parse(language, text)
            .map(|tree| test_names(&tree, language))
            .unwrap_or_default()
    };
    let mut now = names(text);
    if let Some(tree) = Tree::parse(language, text) {
        let marked = skips::skips(&tree, language);
        now.extend(
            marked
                .iter()
                .filter_map(|skip| skip.test)
                .map(|test| match language {
                    _ if language.is_script() => script::quoted(test),
                    _ => test.to_owned(),
                }),
        );
    }
    let mut findings = Vec::new();
    for name in names(before) {
        if let Some(at) = now.iter().position(|other| *other == name) {
            now.swap_remove(at);
            continue;
        }
        findings.push(Finding {
            code: FindingCode::TestsSkipped,
            path: path.clone(),
            line: None,
            evidence: format!("{} is gone from the file", squeeze(&name, 60)),
        });
    }
    findings
}

fn test_names(tree: &Tree<'_>, language: Language) -> Vec<String> {
    match language {
        Language::Python => python::test_names(tree),
        Language::Java => java::test_names(tree),
        _ if language.is_script() => script::test_names(tree),
        _ => Vec::new(),
    }
}

fn skipped(language: Language, path: &FilePath, before: &str, text: &str) -> Vec<Finding> {
    let (Some(now), Some(then)) = (Tree::parse(language, text), Tree::parse(language, before))
    else {
        return Vec::new();
    };
    let mut old: Vec<_> = skips::skips(&then, language)
        .into_iter()
        .map(|skip| skip.evidence)
        .collect();
    skips::skips(&now, language)
        .into_iter()
        .filter(|skip| {
            // A test that is new did not run before.
            let ran = skip.test.is_none_or(|test| before.contains(test));
            let same = old.iter().position(|evidence| *evidence == skip.evidence);
            ran && same.map(|at| old.swap_remove(at)).is_none()
        })
        .map(|skip| Finding {
            code: FindingCode::TestsSkipped,
            path: path.clone(),
            line: Some(skip.line),
            evidence: skip.evidence,
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
