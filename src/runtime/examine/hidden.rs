//! What snapshots leave out although tests obey it: settings that git ignores, installed packages, and
//! repositories inside the project, whose files git would not show.
//!
//! Everything here is about what a turn can write and a later run reads. Caches are nobody's evidence and
//! stay out of it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::coverage::FilePath;
use crate::evidence::guard::{self, FileKind};

/// Folders of installed packages: what lies there runs with the tests, and no snapshot has it.
const PACKAGES: [&str; 4] = ["node_modules", ".venv", "venv", "vendor"];
/// What tools write there while they run.
const CACHES: [&str; 7] = [
    ".cache",
    ".vite",
    ".vite-temp",
    ".vitest",
    "__pycache__",
    ".package-lock.json",
    ".yarn-state.yml",
];
/// What builds write. No runner collects tests or reads settings there.
const BUILT: [&str; 9] = [
    "target", "build", "dist", "out", ".next", ".gradle", ".tox", ".nox", "coverage",
];
/// A tree with more entries than this is not looked through.
const MOST: usize = 400_000;
/// A settings file larger than this is nobody's.
const LARGEST: u64 = 1 << 20;

/// Size, and the time of the last change, which no program can set back.
type Stamp = (u64, i64, i64);

/// The hidden part of a tree at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Hidden {
    /// Whether all of the tree was looked at; nothing is concluded from a part.
    whole: bool,
    packages: FxHashMap<PathBuf, Stamp>,
    /// Settings files with their bytes, wherever they lie.
    settings: FxHashMap<PathBuf, Vec<u8>>,
    repositories: Vec<PathBuf>,
}

/// What is different, relative to the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HiddenChanges {
    /// The first of the packages' files, and how many.
    pub(super) package: Option<(FilePath, usize)>,
    pub(super) settings: Vec<FilePath>,
    /// Folders that have become repositories.
    pub(super) repositories: Vec<FilePath>,
}

impl Hidden {
    pub(super) fn of(root: &Path) -> Self {
        let mut found = Self::default();
        let mut left = MOST;
        let mut folders = vec![(root.to_owned(), false)];
        while let Some((folder, in_packages)) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.filter_map(Result::ok) {
                left = left.saturating_sub(1);
                if left == 0 {
                    return Self::default();
                }
                let (path, name) = (entry.path(), entry.file_name());
                let name = name.to_string_lossy();
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                if name == ".git" {
                    if folder != root && !in_packages {
                        found.repositories.push(folder.clone());
                    }
                } else if CACHES.contains(&&*name) || (!in_packages && BUILT.contains(&&*name)) {
                    // Nobody's evidence.
                } else if kind.is_dir() {
                    let packages = in_packages || PACKAGES.contains(&&*name);
                    folders.push((path, packages));
                } else if in_packages {
                    if let Ok(about) = entry.metadata()
                        && path.extension().is_none_or(|extension| extension != "pyc")
                    {
                        let stamp = (about.len(), about.ctime(), about.ctime_nsec());
                        found.packages.insert(path, stamp);
                    }
                } else if is_setting(root, &path)
                    && entry.metadata().is_ok_and(|about| about.len() <= LARGEST)
                    && let Ok(bytes) = fs::read(&path)
                {
                    found.settings.insert(path, bytes);
                }
            }
        }
        found.whole = true;
        found
    }

    /// This state with some settings as they were in an earlier one: they have been put back.
    pub(super) fn with(mut self, earlier: &Self, restored: &[FilePath], root: &Path) -> Self {
        for path in restored {
            let path = root.join(path.as_str());
            match earlier.settings.get(&path) {
                Some(bytes) => self.settings.insert(path, bytes.clone()),
                None => self.settings.remove(&path),
            };
        }
        self
    }

    /// The files of packages that differ in a later state. What the suite itself changes there when no agent
    /// has worked yet (`uv run` installs the project anew) is told by this.
    pub(super) fn packages_until(&self, later: &Self) -> Vec<PathBuf> {
        if !self.whole || !later.whole {
            return Vec::new();
        }
        let (was, is) = (&self.packages, &later.packages);
        let changed = is
            .iter()
            .filter(|(path, stamp)| was.get(*path) != Some(*stamp))
            .map(|(path, _)| path);
        let gone = was.keys().filter(|path| !is.contains_key(*path));
        changed.chain(gone).cloned().collect()
    }

    /// What differs in a later state of the same tree, but for `usual` files of packages.
    pub(super) fn until(
        &self,
        later: &Self,
        root: &Path,
        usual: &FxHashSet<PathBuf>,
    ) -> HiddenChanges {
        if !self.whole || !later.whole {
            return HiddenChanges::default();
        }
        let mut packages = self.packages_until(later);
        packages.retain(|path| !usual.contains(path));
        packages.sort_unstable();
        let package = packages
            .iter()
            .find_map(|path| relative(root, path))
            .map(|path| (path, packages.len()));
        let mut settings: Vec<FilePath> = later
            .settings
            .iter()
            .filter(|(path, bytes)| self.settings.get(*path) != Some(*bytes))
            .map(|(path, _)| path)
            .chain(
                self.settings
                    .keys()
                    .filter(|path| !later.settings.contains_key(*path)),
            )
            .filter_map(|path| relative(root, path))
            .collect();
        settings.sort_unstable();
        let mut repositories: Vec<FilePath> = later
            .repositories
            .iter()
            .filter(|folder| !self.repositories.contains(folder))
            .filter_map(|folder| relative(root, folder))
            .collect();
        repositories.sort_unstable();
        HiddenChanges {
            package,
            settings,
            repositories,
        }
    }

    /// Makes one settings file what it was here: its bytes, or its absence.
    pub(super) fn restore(&self, root: &Path, path: &FilePath) -> io::Result<()> {
        let on_disk = root.join(path.as_str());
        match self.settings.get(&on_disk) {
            Some(bytes) => {
                if let Some(parent) = on_disk.parent() {
                    fs::create_dir_all(parent)?;
                }
                crate::runtime::store::write_whole(&on_disk, bytes)
            }
            None => match fs::remove_file(&on_disk) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    }
}

/// Takes a repository's own folder out of the project, so that its files can be seen. Nothing is deleted.
pub(super) fn take_repository(root: &Path, folder: &FilePath, into: &Path) -> io::Result<()> {
    let from = root.join(folder.as_str()).join(".git");
    let name: String = folder
        .as_str()
        .chars()
        .map(|c| if c == '/' { '_' } else { c })
        .collect();
    // `mv` because the record may well lie on another disk.
    let done = Command::new("mv")
        .arg("--")
        .arg(&from)
        .arg(into.join(format!("{name}.git")))
        .stdin(Stdio::null())
        .output()?;
    if done.status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        Err(io::Error::other(said))
    }
}

fn relative(root: &Path, path: &Path) -> Option<FilePath> {
    path.strip_prefix(root)
        .ok()
        .map(|path| FilePath::new(&path.to_string_lossy()))
}

fn is_setting(root: &Path, path: &Path) -> bool {
    relative(root, path).is_some_and(|path| {
        guard::kind(&path, false) == FileKind::Config && path.extension() != "tsbuildinfo"
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use rustc_hash::FxHashSet;

    use super::{Hidden, HiddenChanges, take_repository};
    use crate::coverage::FilePath;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn settings_packages_and_repositories_are_seen_and_caches_are_not() {
        let place = tempfile::tempdir().unwrap();
        let root = &place.path().join("project");
        write(root, ".env", "A=1");
        write(root, "node_modules/jest/index.js", "honest");
        let before = Hidden::of(root);
        write(root, "node_modules/.cache/x", "cache");
        write(root, "src/__pycache__/a.pyc", "cache");
        write(root, "build/package.json", "built");
        let none = FxHashSet::default();
        assert_eq!(
            before.until(&Hidden::of(root), root, &none),
            HiddenChanges::default()
        );

        write(root, ".env", "A=2");
        write(root, "local/conftest.py", "skip all");
        write(root, "node_modules/jest/index.js", "forged");
        write(root, "tests/sub/.git/HEAD", "ref: refs/heads/main");
        let usual = before.packages_until(&Hidden::of(root));
        assert_eq!(usual, [root.join("node_modules/jest/index.js")]);
        let usual = usual.into_iter().collect();
        let changes = before.until(&Hidden::of(root), root, &usual);
        assert_eq!(changes.package, None);
        let changes = before.until(&Hidden::of(root), root, &none);
        let path = FilePath::new;
        assert_eq!(
            changes.package,
            Some((path("node_modules/jest/index.js"), 1))
        );
        assert_eq!(changes.settings, [path(".env"), path("local/conftest.py")]);
        assert_eq!(changes.repositories, [path("tests/sub")]);

        for setting in &changes.settings {
            before.restore(root, setting).unwrap();
        }
        assert_eq!(fs::read_to_string(root.join(".env")).unwrap(), "A=1");
        assert!(!root.join("local/conftest.py").exists());
        take_repository(root, &path("tests/sub"), place.path()).unwrap();
        assert!(!root.join("tests/sub/.git").exists());
        assert!(place.path().join("tests_sub.git/HEAD").exists());
    }
}
