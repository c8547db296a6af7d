//! Contexts: which tests ran a line, where coverage.py has written that into its JSON report
//! (`[json] show_contexts`, with `--cov-context=test` or `dynamic_context`; coverage.py 5 to 7).
//!
//! A file is credited with the arms that are taken because it is there. Where contexts are given, they have
//! to agree: a test that only makes other tests take an arm has not closed it.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::coverage::{FilePath, Line};
use crate::gaps::ArmRef;

/// The contexts of one report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Contexts {
    files: FxHashMap<String, File>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct File {
    /// By line, 1-based, as text.
    #[serde(default)]
    contexts: FxHashMap<String, Vec<String>>,
}

impl Contexts {
    /// Reads a report; `None` where it says nothing of contexts.
    #[must_use]
    pub fn read(report: &[u8]) -> Option<Self> {
        // The report's head names what it holds, so that a large one is not read twice for nothing.
        let head = String::from_utf8_lossy(report.get(..report.len().min(1024))?);
        let head: String = head.chars().filter(|c| !c.is_whitespace()).collect();
        if !head.contains("\"show_contexts\":true") {
            return None;
        }
        serde_json::from_slice(report).ok()
    }

    /// The arms of `taken` that tests of `file` have taken, as far as contexts tell, and the names of
    /// those tests. An arm that no context speaks of stays.
    #[must_use]
    pub fn credit(&self, file: &FilePath, taken: Vec<ArmRef>) -> (Vec<ArmRef>, Vec<String>) {
        let mut names: Vec<String> = Vec::new();
        let credited = taken
            .into_iter()
            .filter(|arm| {
                let contexts = self.of(&arm.file, arm.line);
                let mut own = contexts
                    .iter()
                    .filter_map(|context| test_of(file, context))
                    .peekable();
                // The empty context is what runs outside of tests: an import, a fixture of the session.
                let untold = contexts.is_empty() || contexts.iter().any(String::is_empty);
                let is_own = own.peek().is_some();
                for name in own {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                is_own || untold
            })
            .collect();
        names.sort_unstable();
        (credited, names)
    }

    fn of(&self, path: &FilePath, line: Line) -> &[String] {
        let file = self.files.get(path.as_str()).or_else(|| {
            let end = format!("/{}", path.as_str());
            let mut fitting = self.files.iter().filter(|(name, _)| name.ends_with(&end));
            fitting.next().map(|(_, file)| file)
        });
        file.and_then(|file| file.contexts.get(&line.get().to_string()))
            .map_or(&[], Vec::as_slice)
    }
}

/// The test of `file` that a context names: `tests/test_cart.py::test_total|run` (pytest-cov), or
/// `tests.test_cart.TestCart.test_total`, with as much of the package as Python sees (coverage.py itself).
fn test_of(file: &FilePath, context: &str) -> Option<String> {
    let context = context.rsplit_once('|').map_or(context, |(name, _)| name);
    if let Some((path, name)) = context.split_once("::") {
        let same = path == file.as_str() || file.as_str().ends_with(&format!("/{path}"));
        return same.then(|| name.to_owned());
    }
    let dotted = file.as_str().strip_suffix(".py")?.replace('/', ".");
    let mut module = dotted.as_str();
    loop {
        if let Some(name) = context
            .strip_prefix(module)
            .and_then(|rest| rest.strip_prefix('.'))
        {
            return Some(name.to_owned());
        }
        module = module.split_once('.')?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Contexts, test_of};
    use crate::coverage::{FilePath, Line};
    use crate::gaps::{ArmRef, GapId};

    fn arm(line: usize) -> ArmRef {
        ArmRef {
            gap: GapId(1),
            file: FilePath::new("src/shop/cart.py"),
            line: Line::from_index(line - 1),
            arm: "true".to_owned(),
        }
    }

    #[test]
    fn arms_that_other_tests_took_are_not_credited() {
        let report = br#"{"meta": {"format": 3, "show_contexts": true}, "files": {"src/shop/cart.py": {"contexts": {
            "2": ["tests/test_new.py::test_a|run", "tests/test_old.py::test_x|run"],
            "5": ["tests/test_old.py::test_x|run"],
            "7": ["", "tests/test_old.py::test_x|run"]}}}}"#;
        let contexts = Contexts::read(report).unwrap();
        let (credited, names) = contexts.credit(
            &FilePath::new("tests/test_new.py"),
            vec![arm(2), arm(5), arm(7), arm(9)],
        );
        let lines: Vec<u32> = credited.iter().map(|arm| arm.line.get()).collect();
        assert_eq!((lines, names), (vec![2, 7, 9], vec!["test_a".to_owned()]));
        assert_eq!(
            Contexts::read(br#"{"meta": {"show_contexts": false}, "files": {}}"#),
            None
        );
        assert_eq!(Contexts::read(b""), None);
    }

    #[test]
    fn tests_are_known_by_path_and_by_module() {
        let of = |context| test_of(&FilePath::new("tests/unit/test_cart.py"), context);
        assert_eq!(
            of("tests/unit/test_cart.py::T::test_a|setup"),
            Some("T::test_a".into())
        );
        assert_eq!(of("test_cart.test_a"), Some("test_a".into()));
        assert_eq!(of("unit.test_cart.T.test_a"), Some("T.test_a".into()));
        assert_eq!(of("tests/unit/test_cart_2.py::test_a|run"), None);
        assert_eq!(of("test_cart_2.test_a"), None);
        assert_eq!(of(""), None);
    }
}
