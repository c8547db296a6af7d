//! Which files are tests, and which of them is the pattern for a source.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{WalkBuilder, WalkState};

use crate::coverage::FilePath;

/// What counts as a test, by path.
#[derive(Clone, Debug)]
pub struct TestPaths {
    patterns: Vec<String>,
    matcher: Gitignore,
}

impl TestPaths {
    /// From patterns as in a `.gitignore`, relative to the root: `tests/`, `*.test.ts`, `/e2e/`. One that
    /// cannot be understood counts nothing.
    #[must_use]
    pub fn new(patterns: &[String]) -> Self {
        let mut builder = GitignoreBuilder::new("");
        for pattern in patterns {
            let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
            let _ = builder.add_line(None, pattern);
        }
        Self {
            patterns: patterns.to_vec(),
            matcher: builder.build().unwrap_or_else(|_| Gitignore::empty()),
        }
    }

    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether a path relative to the root is that of a test, or of a test's helper.
    #[must_use]
    pub fn contains(&self, path: &FilePath) -> bool {
        self.matcher
            .matched_path_or_any_parents(Path::new(path.as_str().trim_start_matches('/')), false)
            .is_ignore()
    }
}

/// The existing test file that is the best pattern for testing a source: the one named after it, else
/// the nearest in the tree, in the same language. `None` when there is no test yet.
#[must_use]
pub fn nearest_test(root: &Path, tests: &TestPaths, source: &FilePath) -> Option<FilePath> {
    let best: Mutex<Option<(Nearness, FilePath)>> = Mutex::default();
    WalkBuilder::new(root)
        .parents(false)
        .require_git(false)
        .git_global(false)
        .threads(2)
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != "node_modules")
        .build_parallel()
        .run(|| {
            Box::new(|entry| {
                let Ok(entry) = entry else {
                    return WalkState::Continue;
                };
                let below = entry.path().strip_prefix(root).ok().and_then(Path::to_str);
                let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                if let Some(path) = below.filter(|_| is_file).map(FilePath::new)
                    && &path != source
                    && is_same_family(path.extension(), source.extension())
                    && is_test_itself(&path)
                    && tests.contains(&path)
                {
                    let nearness = Nearness::of(&path, source);
                    let mut best = best.lock().unwrap_or_else(PoisonError::into_inner);
                    if best
                        .as_ref()
                        .is_none_or(|(known, known_path)| (&nearness, &path) < (known, known_path))
                    {
                        *best = Some((nearness, path));
                    }
                }
                WalkState::Continue
            })
        });
    best.into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .map(|(_, path)| path)
}

/// How far a test is from a source; less is nearer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Nearness {
    /// Not named after the source.
    other_name: bool,
    /// Folders of the source's path that the test's does not have, and the other way round.
    steps: usize,
}

impl Nearness {
    fn of(test: &FilePath, source: &FilePath) -> Self {
        let folders = |path: &FilePath| -> Vec<String> {
            let mut parts: Vec<String> = path.as_str().split('/').map(str::to_owned).collect();
            parts.pop();
            // `tests/shop/test_tax.py` mirrors `src/shop/tax.py`.
            parts.retain(|part| !LAYOUT.contains(&part.as_str()));
            parts
        };
        let (there, here) = (folders(test), folders(source));
        let shared = there.iter().zip(&here).take_while(|(a, b)| a == b).count();
        Self {
            other_name: subject(test) != stem(source).to_lowercase(),
            steps: there.len() + here.len() - 2 * shared,
        }
    }
}

/// Folder names that say what kind of file lies below, and nothing about what it is of.
const LAYOUT: &[&str] = &[
    "src",
    "lib",
    "main",
    "test",
    "tests",
    "spec",
    "__tests__",
    "java",
    "kotlin",
    "unit",
    "python",
];

fn stem(path: &FilePath) -> &str {
    path.name().split('.').next().unwrap_or_default()
}

/// What a test file is named after: `test_tax.py`, `tax.test.ts`, `TaxTest.java`, `tax_test.go`.
fn subject(test: &FilePath) -> String {
    let stem = stem(test).to_lowercase();
    let stem = stem
        .strip_prefix("test_")
        .or_else(|| stem.strip_prefix("test-"))
        .unwrap_or(&stem);
    ["_test", "-test", "_spec", "-spec", "tests", "test", "spec"]
        .iter()
        .find_map(|end| stem.strip_suffix(end))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(stem)
        .to_owned()
}

/// Files that serve tests and hold none.
fn is_test_itself(path: &FilePath) -> bool {
    let name = path.name();
    !matches!(
        name,
        "conftest.py" | "__init__.py" | "mod.rs" | "setup.js" | "setup.ts"
    ) && !path.as_str().split('/').any(|part| {
        matches!(
            part,
            "fixtures"
                | "__fixtures__"
                | "testdata"
                | "__mocks__"
                | "__snapshots__"
                | "support"
                | "helpers"
        )
    })
}

fn is_same_family(a: &str, b: &str) -> bool {
    const FAMILIES: &[&[&str]] = &[
        &[
            "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte",
        ],
        &["java", "kt", "kts", "groovy", "scala"],
        &["c", "h", "cc", "cpp", "cxx", "hpp", "hh", "hxx"],
    ];
    a == b
        || FAMILIES
            .iter()
            .any(|family| family.contains(&a) && family.contains(&b))
}
