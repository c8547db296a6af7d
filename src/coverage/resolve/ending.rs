//! The last resort: the longest common ending with a file of the tree.

use rustc_hash::FxHashMap;

use super::parts::Parts;
use super::question::{Bases, Question};
use super::{Resolved, Tree};
use crate::coverage::SourceState;

/// Where the folders of another machine lie here, as far as the files of one report agree on it.
#[derive(Debug, Default)]
pub(super) struct Mappings {
    /// Foreign folder, folder here, and how many files say so; most first.
    agreed: Vec<(Vec<String>, String, usize)>,
}

/// How many files are asked where their folder lies.
const SAMPLE: usize = 512;

impl Mappings {
    /// Files with a rare name tell most; those that could be many files tell nothing.
    pub(super) fn vote(questions: &[&Question<'_>], tree: &Tree) -> Self {
        let mut votes: FxHashMap<Vec<String>, FxHashMap<String, usize>> = FxHashMap::default();
        let step = questions.len().div_ceil(SAMPLE).max(1);
        for question in questions.iter().step_by(step) {
            for meaning in question.meanings() {
                let (paths, n) = meaning.longest_ending(tree);
                let (&[path], Some(foreign)) = (
                    paths.as_slice(),
                    meaning.names.get(..meaning.names.len() - n),
                ) else {
                    continue;
                };
                if n < 2 || foreign.is_empty() {
                    continue;
                }
                *votes
                    .entry(foreign.to_vec())
                    .or_default()
                    .entry(without_ending(path, n).to_owned())
                    .or_default() += 1;
            }
        }
        let mut agreed = Vec::new();
        for (foreign, places) in votes {
            let all: usize = places.values().sum();
            let most = places.into_iter().max_by_key(|(_, n)| *n);
            if let Some((here, n)) = most.filter(|(_, n)| *n >= 2 && n * 2 > all) {
                agreed.push((foreign, here, n));
            }
        }
        agreed.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
        Self { agreed }
    }

    /// Where a path must lie, if the other files of the report tell.
    fn place(&self, path: &Parts) -> Option<String> {
        self.agreed.iter().find_map(|(foreign, here, _)| {
            let rest = path.names.strip_prefix(foreign.as_slice())?.join("/");
            Some(if here.is_empty() {
                rest
            } else {
                format!("{here}/{rest}")
            })
        })
    }
}

/// What stands before the last `n` parts of a path, without the separator.
fn without_ending(path: &str, n: usize) -> &str {
    let mut rest = path;
    for _ in 0..n {
        rest = rest.rsplit_once('/').map_or("", |(before, _)| before);
    }
    rest
}

impl Parts {
    fn longest_ending<'t>(&self, tree: &'t Tree) -> (Vec<&'t str>, usize) {
        tree.longest_ending(self.names.iter().map(String::as_str))
    }
}

impl Question<'_> {
    /// Decides by the tree alone; only called for what is not where the path points.
    pub(super) fn by_ending(
        &self,
        tree: &Tree,
        mappings: &Mappings,
        bases: &Bases,
        most_have_a_base: bool,
    ) -> Resolved {
        if let Some(places) = self.known_places(mappings, bases, most_have_a_base) {
            let there = places
                .iter()
                .flat_map(|place| tree.at_path(place))
                .collect();
            return self.settle(there, bases);
        }
        let mut best: (usize, Vec<&str>) = (0, Vec::new());
        for meaning in self.meanings() {
            let (paths, n) = meaning.longest_ending(tree);
            let fitting = self.fitting(meaning, paths, n, mappings);
            if !fitting.is_empty() && n > best.0 {
                best = (n, fitting);
            }
        }
        self.settle(best.1, bases)
    }

    /// Where it must lie if it is here at all: below the root as the report says, in the folder that
    /// the rest of the report starts from, or where the rest of the report lies. A path may differ
    /// from the file's there in its Unicode form, and in nothing else.
    fn known_places(
        &self,
        mappings: &Mappings,
        bases: &Bases,
        most_have_a_base: bool,
    ) -> Option<Vec<String>> {
        let below_root: Vec<_> = self
            .meanings()
            .filter(|meaning| meaning.absolute)
            .filter_map(|meaning| bases.below_root(meaning))
            .collect();
        if !below_root.is_empty() {
            return Some(below_root);
        }
        if let Some(place) = self.meanings().find_map(|meaning| mappings.place(meaning)) {
            return Some(vec![place]);
        }
        if most_have_a_base && !self.itself.absolute && self.placed.is_empty() {
            return Some(
                bases
                    .order
                    .iter()
                    .filter_map(|base| self.itself.under(base))
                    .collect(),
            );
        }
        None
    }

    /// Those of the longest matches that mean more than a common name.
    fn fitting<'t>(
        &self,
        wanted: &Parts,
        paths: Vec<&'t str>,
        n: usize,
        mappings: &Mappings,
    ) -> Vec<&'t str> {
        let is_all_of_wanted = n == wanted.names.len();
        if is_all_of_wanted {
            // A package path, or one relative to a folder that is not known.
            return paths;
        }
        let others_lie_elsewhere = !mappings.agreed.is_empty();
        // The tree's root is a folder of the other machine.
        let whole: Vec<&str> = paths
            .iter()
            .copied()
            .filter(|path| path.split('/').count() == n)
            .collect();
        if !whole.is_empty() {
            let name_alone_is_enough = wanted.above == 0 && !others_lie_elsewhere;
            return if n >= 2 || name_alone_is_enough {
                whole
            } else {
                Vec::new()
            };
        }
        if self.is_jvm() && !wanted.absolute {
            // Kotlin lets the common package go without folders of its own.
            return paths
                .into_iter()
                .filter(|path| is_source_root(without_ending(path, n)))
                .collect();
        }
        if wanted.absolute && !others_lie_elsewhere {
            return paths;
        }
        Vec::new()
    }

    fn is_jvm(&self) -> bool {
        let name = self.name().unwrap_or_default();
        [".kt", ".kts", ".java", ".scala", ".groovy"]
            .iter()
            .any(|extension| name.ends_with(extension))
    }

    /// One is found; of several, those of the report's module, or nearest to the report; else ambiguous.
    fn settle(&self, paths: Vec<&str>, bases: &Bases) -> Resolved {
        let narrowed = nearest_to_report(self.of_module(paths), bases);
        Resolved::one_of(narrowed, self.file.path).unwrap_or_else(|| {
            let leaves_the_root = !self.itself.absolute
                && self.placed.is_empty()
                && bases
                    .order
                    .iter()
                    .all(|base| base.len() < self.itself.above);
            let source = if leaves_the_root {
                SourceState::Outside
            } else {
                SourceState::Missing
            };
            Resolved::kept(self.file.path, source)
        })
    }

    /// Those in the folder of the module that the report names, if it tells them apart: `core`,
    /// `bank/core` and `:core` are the folder `core`, and so is an artifact called `bank-core`.
    fn of_module<'t>(&self, paths: Vec<&'t str>) -> Vec<&'t str> {
        let Some(module) = self.file.module.filter(|_| paths.len() > 1) else {
            return paths;
        };
        let names: Vec<&str> = module
            .split(['/', ':'])
            .filter(|name| !name.is_empty())
            .collect();
        let Some(&last) = names.last() else {
            return paths;
        };
        let whole = names.join("/");
        let in_folder =
            |path: &str, folder: &str| format!("/{path}").contains(&format!("/{folder}/"));
        let has_ending_of = |path: &str| {
            path.rsplit_once('/').is_some_and(|(folders, _)| {
                folders.split('/').any(|folder| {
                    last.strip_suffix(folder)
                        .is_some_and(|before| before.ends_with(['-', '_', '.']))
                })
            })
        };
        let tests: [&dyn Fn(&str) -> bool; 3] = [
            &|path| in_folder(path, &whole),
            &|path| in_folder(path, last),
            &has_ending_of,
        ];
        for test in tests {
            let kept: Vec<&str> = paths.iter().copied().filter(|path| test(path)).collect();
            if !kept.is_empty() && kept.len() < paths.len() {
                return kept;
            }
        }
        paths
    }
}

/// Those below the lowest folder above the report that holds any of them.
fn nearest_to_report<'t>(paths: Vec<&'t str>, bases: &Bases) -> Vec<&'t str> {
    if paths.len() < 2 {
        return paths;
    }
    let mut folders: Vec<String> = bases.order.iter().map(|base| base.join("/")).collect();
    folders.sort_unstable_by_key(|folder| std::cmp::Reverse(folder.len()));
    for folder in folders.iter().filter(|folder| !folder.is_empty()) {
        let below: Vec<&str> = paths
            .iter()
            .copied()
            .filter(|path| {
                path.strip_prefix(folder.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
            })
            .collect();
        if !below.is_empty() {
            return below;
        }
    }
    paths
}
/// Whether packages start below a folder: `src/main/kotlin`, `app/src`, `src/commonMain/kotlin`.
fn is_source_root(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    match parts.next() {
        Some("kotlin" | "java" | "scala" | "groovy") => {
            let set = parts.next();
            set.is_none() || set == Some("src") || parts.next() == Some("src")
        }
        Some("src") => true,
        _ => false,
    }
}
