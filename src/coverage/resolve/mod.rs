//! Which file of the project a report means.
//!
//! Reports name files as the machine that wrote them saw them: absolute paths of a build server,
//! Windows paths, Go import paths, `JaCoCo` packages, names in another Unicode form. Such a path is
//! tried as it stands, then relative to the report and the folders above it, and at last by its
//! longest common ending with a file of the tree. What fits several files equally well is ambiguous
//! and never guessed; what contradicts the way the rest of the report lies is missing.
//!
//! Pure: the caller says which paths exist, and lists the tree when it is asked for.

mod ending;
mod parts;
mod question;

use rustc_hash::FxHashSet;

use self::ending::Mappings;
use self::parts::composed;
use self::question::{Bases, Question};
use super::{FilePath, SourceState};

/// What there is at a path below the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A regular file inside the root.
    File,
    /// A link that leads out of the root.
    Outside,
    Absent,
}

/// What there is at an absolute path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AbsolutePresence {
    /// A regular file inside the root; its path from there.
    Inside(String),
    /// Something that exists elsewhere on this machine.
    Outside,
    Absent,
}

/// What can be asked about the disk.
pub trait Disk {
    /// `path` is relative to the root, normalised, with `/`.
    fn presence(&mut self, path: &str) -> Presence;
    /// `path` is absolute and normalised, with `/`.
    fn absolute(&mut self, path: &str) -> AbsolutePresence;
    /// The project's files, relative to the root, whose names are among `names` (in NFC). Asked at
    /// most once for a report, and only when something cannot be found otherwise.
    fn list(&mut self, names: &FxHashSet<String>) -> Tree;
}

/// What is known about the paths of one report.
#[derive(Clone, Debug, Default)]
pub struct Clues {
    /// The root as an absolute path.
    pub root: String,
    /// The folder that holds the report, relative to the root; `None` when it lies elsewhere.
    pub report_dir: Option<String>,
    /// Folders that the report's paths are relative to (Cobertura's `<source>`).
    pub source_roots: Vec<String>,
    /// Go modules: import path, and folder relative to the root.
    pub go_modules: Vec<(String, String)>,
    /// `[reports] strip`: beginnings to cut off, the first that fits.
    pub strip: Vec<String>,
    /// `[reports] prefix`: what to put before the rest.
    pub prefix: String,
}

/// A file that a report names.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// As the report writes it.
    pub path: &'a str,
    /// The module the report puts it in.
    pub module: Option<&'a str>,
}

/// The answer for one file: its path from the root, or the report's own where it was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    pub path: FilePath,
    /// Never [`SourceState::Changed`]: that is not a question of names.
    pub source: SourceState,
}

impl Resolved {
    fn found(path: &str) -> Self {
        Self {
            path: FilePath::new(path),
            source: SourceState::Found,
        }
    }

    fn kept(path: &str, source: SourceState) -> Self {
        Self {
            path: FilePath::new(path),
            source,
        }
    }

    /// One is found, several are ambiguous, none is nothing.
    fn one_of(mut paths: Vec<&str>, reported: &str) -> Option<Self> {
        paths.sort_unstable();
        paths.dedup();
        match paths.as_slice() {
            [] => None,
            [one] => Some(Self::found(one)),
            several => Some(Self::kept(
                reported,
                SourceState::Ambiguous(several.iter().map(|path| FilePath::new(path)).collect()),
            )),
        }
    }
}

/// The files of the project that have one of the wanted names.
#[derive(Debug, Default)]
pub struct Tree {
    /// Sorted by key, so that all files with one ending are neighbours.
    files: Vec<InTree>,
}

#[derive(Debug)]
struct InTree {
    /// The parts in NFC from the last to the first, each with a `/` behind it.
    key: String,
    path: String,
}

impl Tree {
    /// From paths relative to the root.
    pub fn new(paths: impl IntoIterator<Item = String>) -> Self {
        let mut files: Vec<InTree> = paths
            .into_iter()
            .map(|path| InTree {
                key: key(path.rsplit('/')),
                path,
            })
            .collect();
        files.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Self { files }
    }

    /// Its files, in no order that means anything.
    pub fn into_paths(self) -> impl Iterator<Item = String> {
        self.files.into_iter().map(|file| file.path)
    }

    /// The files whose key begins so.
    fn starting(&self, beginning: &str) -> impl Iterator<Item = &InTree> {
        let first = self
            .files
            .partition_point(|file| file.key.as_str() < beginning);
        self.files
            .iter()
            .skip(first)
            .take_while(move |file| file.key.starts_with(beginning))
    }

    /// The files at a path, whatever Unicode form their names have.
    fn at_path(&self, path: &str) -> Vec<&str> {
        let wanted = key(path.rsplit('/'));
        self.starting(&wanted)
            .take_while(|file| file.key == wanted)
            .map(|file| file.path.as_str())
            .collect()
    }

    /// The files that share the longest ending with some parts, and how many parts that is.
    fn longest_ending<'p>(
        &self,
        parts: impl DoubleEndedIterator<Item = &'p str>,
    ) -> (Vec<&str>, usize) {
        let wanted = key(parts.rev());
        // The longest common beginning of sorted texts is that with a neighbour.
        let place = self.files.partition_point(|file| file.key < wanted);
        let neighbours = [place.checked_sub(1), Some(place)];
        let longest = neighbours
            .into_iter()
            .flatten()
            .filter_map(|at| self.files.get(at))
            .map(|file| common_parts(&wanted, &file.key))
            .max()
            .unwrap_or_default();
        let beginning = wanted.get(..longest).unwrap_or_default();
        if beginning.is_empty() {
            return (Vec::new(), 0);
        }
        let files = self.starting(beginning).map(|file| file.path.as_str());
        (files.collect(), beginning.matches('/').count())
    }
}

fn key<'p>(last_to_first: impl Iterator<Item = &'p str>) -> String {
    let mut key = String::new();
    for part in last_to_first {
        key.push_str(&composed(part));
        key.push('/');
    }
    key
}

/// The length in bytes of the whole parts that two keys begin with alike.
fn common_parts(a: &str, b: &str) -> usize {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    a.as_bytes()
        .get(..same)
        .and_then(|bytes| memchr::memrchr(b'/', bytes))
        .map_or(0, |at| at + 1)
}

/// Resolves every file of one report, in its order.
pub fn resolve(files: &[Named<'_>], clues: &Clues, disk: &mut dyn Disk) -> Vec<Resolved> {
    let questions: Vec<Question<'_>> = files
        .iter()
        .map(|&file| Question::new(file, clues))
        .collect();
    let bases = Bases::vote(&questions, clues, disk);
    let mut answers: Vec<Option<Resolved>> = questions
        .iter()
        .map(|question| question.plain(&bases, disk))
        .collect();
    let open: Vec<&Question<'_>> = questions
        .iter()
        .zip(&answers)
        .filter_map(|(question, answer)| answer.is_none().then_some(question))
        .collect();
    if !open.is_empty() {
        let names = open
            .iter()
            .filter_map(|question| question.name())
            .map(|name| composed(name).into_owned())
            .collect();
        let tree = disk.list(&names);
        let mappings = Mappings::vote(&open, &tree);
        let (mut n_relative, mut n_found) = (0, 0);
        for (question, answer) in questions.iter().zip(&answers) {
            n_relative += usize::from(question.is_relative());
            n_found += usize::from(question.is_relative() && answer.is_some());
        }
        let most_have_a_base = n_found >= 2 && n_found * 2 > n_relative;
        for (question, answer) in questions.iter().zip(&mut answers) {
            if answer.is_none() {
                *answer = Some(question.by_ending(&tree, &mappings, &bases, most_have_a_base));
            }
        }
    }
    answers
        .into_iter()
        .zip(files)
        .map(|(answer, file)| {
            answer.unwrap_or_else(|| Resolved::kept(file.path, SourceState::Missing))
        })
        .collect()
}

#[cfg(test)]
mod tests;
