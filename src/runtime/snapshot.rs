//! The tree before and after a turn, by git, in an object store of our own.
//!
//! The truth about what a turn changed is the difference between two of these snapshots, never the
//! agent's own diff. The user's repository is only read: objects, index and excludes live in a folder
//! of ours, so a dirty tree, a staged index, or no repository at all make no difference.
//!
//! Ignored files are left alone: they are neither kept nor put back. Contents are kept byte for byte;
//! line-ending conversion and filters are switched off.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::coverage::FilePath;

/// A whole tree, by content. Two equal trees have equal ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TreeId(String);

impl TreeId {
    /// The id as the record keeps it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What happened to one file between two snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Relative to the root.
    pub path: FilePath,
    pub kind: ChangeKind,
}

/// Takes snapshots of one tree and puts single files back.
#[derive(Clone, Debug)]
pub struct Snapshots {
    git_dir: PathBuf,
    root: PathBuf,
}

/// What could not be done, in words, with what git said.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {why}")]
pub struct SnapshotError {
    doing: &'static str,
    why: String,
}

fn failed(doing: &'static str, why: impl std::fmt::Display) -> SnapshotError {
    SnapshotError {
        doing,
        why: why.to_string().trim().to_owned(),
    }
}

/// A path from the root as a line of an exclude file.
fn escaped(path: &str) -> String {
    let letters = path.chars().flat_map(|c| {
        matches!(c, '*' | '?' | '[' | '\\' | '!' | '#' | ' ')
            .then_some('\\')
            .into_iter()
            .chain([c])
    });
    std::iter::once('/').chain(letters).collect()
}

/// Things that test tools leave behind; a turn that ran the tests did not "change" them.
const LEFT_BEHIND: &str = "\
__pycache__/
*.pyc
.pytest_cache/
.hypothesis/
.mypy_cache/
.ruff_cache/
.coverage
.coverage.*
htmlcov/
node_modules/
.nyc_output/
.vite/
.vitest/
.jest-cache/
*.profraw
*.profdata
*.gcda
jacoco.exec
/.agents/
/.aws/
/.codex/
";

impl Snapshots {
    /// Prepares the object store in `git_dir` (made when absent) for the tree at `root`.
    /// `artefacts` are root-relative paths that no snapshot takes in: the coverage reports themselves.
    ///
    /// # Errors
    /// When git is missing or the folder cannot be written.
    pub fn open(
        git_dir: &Path,
        root: &Path,
        artefacts: &[FilePath],
    ) -> Result<Self, SnapshotError> {
        let doing = "cannot prepare the folder for snapshots of the tree";
        let this = Self {
            git_dir: git_dir.to_owned(),
            root: root.to_owned(),
        };
        if !git_dir.join("HEAD").exists() {
            fs::create_dir_all(git_dir).map_err(|error| failed(doing, error))?;
            let mut init = Command::new("git");
            init.args(["init", "--quiet", "--bare", "--template="])
                .arg(git_dir);
            clean(&mut init);
            run(doing, &mut init, &[])?;
        }
        let info = git_dir.join("info");
        fs::create_dir_all(&info).map_err(|error| failed(doing, error))?;
        let mut exclude = LEFT_BEHIND.to_owned();
        for path in artefacts {
            exclude.push_str(&escaped(path.as_str()));
            exclude.push('\n');
        }
        // Where the state folder lies in the project (a home folder that is one), the record is no part of it.
        let store = git_dir.ancestors().nth(3);
        if let Some(within) = store.and_then(|store| store.strip_prefix(root).ok())
            && let Some(within) = within.to_str().filter(|within| !within.is_empty())
        {
            exclude.push_str(&escaped(within));
            exclude.push_str("/\n");
        }
        if let Some(user_git) = this.user_git_dir() {
            if let Ok(user) = fs::read_to_string(user_git.join("info/exclude")) {
                exclude.push_str(&user);
            }
            // Blobs that the user's repository already has need not be written a second time.
            let objects = git_dir.join("objects/info");
            fs::create_dir_all(&objects).map_err(|error| failed(doing, error))?;
            let mut line = user_git
                .join("objects")
                .into_os_string()
                .into_encoded_bytes();
            line.push(b'\n');
            fs::write(objects.join("alternates"), line).map_err(|error| failed(doing, error))?;
        }
        fs::write(info.join("exclude"), exclude).map_err(|error| failed(doing, error))?;
        fs::write(
            info.join("attributes"),
            "* -text -filter -ident -working-tree-encoding\n",
        )
        .map_err(|error| failed(doing, error))?;
        Ok(this)
    }

    /// The tree as it is now, untracked files included, ignored ones not.
    ///
    /// # Errors
    /// When git cannot read a file of the tree or write its objects.
    pub fn take(&self) -> Result<TreeId, SnapshotError> {
        let doing = "cannot take a snapshot of the tree";
        run(doing, self.git().args(["add", "--all", "--", "."]), &[])?;
        let forced = self.tracked_though_ignored();
        if !forced.is_empty() {
            let mut add = self.git();
            add.args([
                "add",
                "--force",
                "--ignore-errors",
                "--pathspec-from-file=-",
                "--pathspec-file-nul",
            ]);
            // A path may have been deleted; then `add --all` above has already said so.
            let _ = run(doing, &mut add, &forced);
        }
        let id = run(doing, self.git().arg("write-tree"), &[])?;
        let id = String::from_utf8_lossy(&id).trim().to_owned();
        if id.is_empty() {
            Err(failed(doing, "git wrote no tree"))
        } else {
            Ok(TreeId(id))
        }
    }

    /// What changed between two snapshots, by path.
    pub fn changes(&self, before: &TreeId, after: &TreeId) -> Result<Vec<Change>, SnapshotError> {
        let doing = "cannot compare two snapshots of the tree";
        let mut diff = self.git();
        diff.args([
            "diff-tree",
            "-r",
            "-z",
            "--no-renames",
            "--name-status",
            &before.0,
            &after.0,
        ]);
        let out = run(doing, &mut diff, &[])?;
        let mut fields = out.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let mut changes = Vec::new();
        while let (Some(status), Some(path)) = (fields.next(), fields.next()) {
            let kind = match status.as_bytes().first() {
                Some(b'A') => ChangeKind::Added,
                Some(b'D') => ChangeKind::Deleted,
                Some(_) => ChangeKind::Modified,
                None => continue,
            };
            changes.push(Change {
                path: FilePath::new(&path),
                kind,
            });
        }
        Ok(changes)
    }

    /// The difference of one file as a patch that `git apply` takes.
    pub fn patch(
        &self,
        before: &TreeId,
        after: &TreeId,
        path: &FilePath,
    ) -> Result<String, SnapshotError> {
        let mut diff = self.git();
        diff.args([
            "diff-tree",
            "-r",
            "-p",
            "--binary",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
        ]);
        diff.args([&before.0, &after.0, "--", path.as_str()]);
        let out = run("cannot write a patch", &mut diff, &[])?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    /// A file's bytes in a snapshot, `None` where it had no such file.
    pub fn read(&self, tree: &TreeId, path: &FilePath) -> Result<Option<Vec<u8>>, SnapshotError> {
        if !self.holds(tree, path)? {
            return Ok(None);
        }
        let doing = "cannot read a file of a snapshot";
        let spec = format!("{}:{}", tree.0, path.as_str());
        run(doing, self.git().args(["cat-file", "blob", &spec]), &[]).map(Some)
    }

    /// Those of some paths that no snapshot takes in, because they are ignored.
    ///
    /// # Errors
    /// When git cannot be run.
    pub fn ignored(&self, paths: &[FilePath]) -> Result<Vec<FilePath>, SnapshotError> {
        let doing = "cannot ask which files are ignored";
        let mut ignored = Vec::new();
        for path in paths {
            let mut ask = self.git();
            ask.args(["check-ignore", "--quiet", "--no-index", "--", path.as_str()]);
            let done = ask
                .stdin(Stdio::null())
                .output()
                .map_err(|error| failed(doing, error))?;
            // 0: ignored, 1: not. A path that git does not take counts as not ignored.
            if done.status.code() == Some(0) {
                ignored.push(path.clone());
            }
        }
        Ok(ignored)
    }

    /// Makes one file what it was in a snapshot: its bytes and its mode, or its absence. Folders that
    /// stand empty because of it are removed.
    pub fn restore(&self, tree: &TreeId, path: &FilePath) -> Result<(), SnapshotError> {
        let doing = "cannot put a file back";
        if self.holds(tree, path)? {
            let on_disk = self.root.join(path.as_str());
            // A folder in the file's place would make the checkout fail.
            if on_disk.is_dir() && !on_disk.is_symlink() {
                fs::remove_dir_all(&on_disk).map_err(|error| failed(doing, error))?;
            }
            run(
                doing,
                self.git()
                    .args(["checkout", "--quiet", &tree.0, "--", path.as_str()]),
                &[],
            )?;
            return Ok(());
        }
        let on_disk = self.root.join(path.as_str());
        match fs::symlink_metadata(&on_disk) {
            Ok(found) if !found.is_dir() => {
                fs::remove_file(&on_disk).map_err(|error| failed(doing, error))?;
            }
            _ => return Ok(()),
        }
        let mut folder = on_disk.parent();
        while let Some(parent) =
            folder.filter(|parent| *parent != self.root && parent.starts_with(&self.root))
        {
            if fs::remove_dir(parent).is_err() {
                break;
            }
            folder = parent.parent();
        }
        Ok(())
    }

    fn holds(&self, tree: &TreeId, path: &FilePath) -> Result<bool, SnapshotError> {
        let mut list = self.git();
        list.args([
            "ls-tree",
            "-z",
            "--name-only",
            "--full-tree",
            &tree.0,
            "--",
            path.as_str(),
        ]);
        run("cannot look into a snapshot", &mut list, &[]).map(|out| !out.is_empty())
    }

    fn git(&self) -> Command {
        let mut git = Command::new("git");
        git.arg("--literal-pathspecs");
        for setting in [
            "core.autocrlf=false",
            "core.safecrlf=false",
            "core.bare=false",
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "advice.addEmbeddedRepo=false",
            "gc.auto=0",
        ] {
            git.args(["-c", setting]);
        }
        clean(&mut git);
        git.env("GIT_DIR", &self.git_dir)
            .env("GIT_WORK_TREE", &self.root)
            .env("GIT_INDEX_FILE", self.git_dir.join("index"))
            .current_dir(&self.root);
        git
    }

    fn user_git_dir(&self) -> Option<PathBuf> {
        let mut ask = Command::new("git");
        ask.args(["rev-parse", "--path-format=absolute", "--git-common-dir"])
            .current_dir(&self.root);
        clean(&mut ask);
        let out = run("", &mut ask, &[]).ok()?;
        let path = PathBuf::from(String::from_utf8_lossy(&out).trim());
        path.is_dir().then_some(path)
    }

    /// Files that the user tracks although an exclude rule matches them, NUL-separated.
    fn tracked_though_ignored(&self) -> Vec<u8> {
        let mut list = Command::new("git");
        list.args([
            "ls-files",
            "-z",
            "--cached",
            "--ignored",
            "--exclude-standard",
        ]);
        list.current_dir(&self.root);
        clean(&mut list);
        run("", &mut list, &[]).unwrap_or_default()
    }
}

/// No question, no lock on the user's index, and none of the variables a calling git hook may have set.
pub(super) fn clean(git: &mut Command) {
    for variable in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
    ] {
        git.env_remove(variable);
    }
    git.env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C");
}

fn run(doing: &'static str, command: &mut Command, input: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    command.stdin(if input.is_empty() {
        Stdio::null()
    } else {
        Stdio::piped()
    });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        let program: &OsStr = command.get_program();
        failed(
            doing,
            format!("{} could not be started: {error}", program.display()),
        )
    })?;
    // The list of paths is read whole before git answers, so writing it first cannot lock up.
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(input)
            .map_err(|error| failed(doing, error))?;
    }
    let done = child
        .wait_with_output()
        .map_err(|error| failed(doing, error))?;
    if done.status.success() {
        Ok(done.stdout)
    } else {
        Err(failed(doing, String::from_utf8_lossy(&done.stderr)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::{ChangeKind, Snapshots};
    use crate::coverage::FilePath;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(root: &Path, args: &[&str]) {
        let done = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(args)
            .current_dir(root)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    fn kinds(snapshots: &Snapshots, before: &super::TreeId) -> Vec<(String, ChangeKind)> {
        let after = snapshots.take().unwrap();
        snapshots
            .changes(before, &after)
            .unwrap()
            .into_iter()
            .map(|change| (change.path.as_str().to_owned(), change.kind))
            .collect()
    }

    #[test]
    fn a_dirty_tree_is_put_back_byte_for_byte_and_the_users_repository_is_not_touched() {
        let place = tempfile::tempdir().unwrap();
        let (root, store) = (place.path().join("project"), place.path().join("store.git"));
        write(&root, "src/a.py", "one\r\n");
        write(&root, ".gitattributes", "* text=auto\n");
        write(&root, "forced.log", "tracked\n");
        git(&root, &["init", "-q"]);
        git(&root, &["add", "-A"]);
        write(&root, ".gitignore", "*.log\n");
        git(&root, &["add", "-A"]);
        git(&root, &["commit", "-qm", "start"]);
        write(&root, "src/a.py", "my edit\r\n");
        write(&root, "mine.txt", "untracked\n");
        let index = fs::read(root.join(".git/index")).unwrap();

        let snapshots =
            Snapshots::open(&store, &root, &[FilePath::new("coverage #1.json")]).unwrap();
        let before = snapshots.take().unwrap();
        write(&root, "src/a.py", "agent\n");
        write(&root, "tests/deep/test_a.py", "new\n");
        write(&root, "forced.log", "agent\n");
        write(&root, "ignored.log", "ignored\n");
        write(&root, "coverage #1.json", "{}");
        fs::remove_file(root.join("mine.txt")).unwrap();

        let mut found = kinds(&snapshots, &before);
        found.sort();
        assert_eq!(
            found,
            [
                ("forced.log".to_owned(), ChangeKind::Modified),
                ("mine.txt".to_owned(), ChangeKind::Deleted),
                ("src/a.py".to_owned(), ChangeKind::Modified),
                ("tests/deep/test_a.py".to_owned(), ChangeKind::Added),
            ]
        );
        let after = snapshots.take().unwrap();
        let patch = snapshots
            .patch(&before, &after, &FilePath::new("src/a.py"))
            .unwrap();
        assert!(patch.contains("-my edit\r\n+agent\n"), "{patch}");
        for (path, _) in found {
            snapshots.restore(&before, &FilePath::new(&path)).unwrap();
        }
        assert_eq!(
            fs::read_to_string(root.join("src/a.py")).unwrap(),
            "my edit\r\n"
        );
        assert_eq!(
            fs::read_to_string(root.join("mine.txt")).unwrap(),
            "untracked\n"
        );
        assert_eq!(
            fs::read_to_string(root.join("forced.log")).unwrap(),
            "tracked\n"
        );
        assert_eq!(
            fs::read_to_string(root.join("ignored.log")).unwrap(),
            "ignored\n"
        );
        assert!(
            !root.join("tests").exists(),
            "a folder that only the turn made stays behind"
        );
        assert_eq!(kinds(&snapshots, &before), []);
        assert_eq!(fs::read(root.join(".git/index")).unwrap(), index);
    }

    #[test]
    fn a_folder_without_a_repository_has_snapshots_too() {
        let place = tempfile::tempdir().unwrap();
        let (root, store) = (place.path().join("project"), place.path().join("store.git"));
        write(&root, "a b [1].py", "one\n");
        let snapshots = Snapshots::open(&store, &root, &[]).unwrap();
        let before = snapshots.take().unwrap();
        let path = FilePath::new("a b [1].py");
        assert_eq!(snapshots.read(&before, &path).unwrap().unwrap(), b"one\n");
        assert_eq!(
            snapshots.read(&before, &FilePath::new("no.py")).unwrap(),
            None
        );
        fs::remove_file(root.join("a b [1].py")).unwrap();
        write(&root, "a b [1].py/inside.py", "a folder in its place\n");
        snapshots
            .restore(&before, &FilePath::new("a b [1].py/inside.py"))
            .unwrap();
        snapshots.restore(&before, &path).unwrap();
        assert_eq!(
            fs::read_to_string(root.join("a b [1].py")).unwrap(),
            "one\n"
        );
    }
}
