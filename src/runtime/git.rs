//! What version control knows, from the `git` program. It is only asked, never told to change anything.
//!
//! The repository's own settings cannot make it run other programs here: file system monitors, external
//! diffs and text conversion are switched off.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::app::filter::Changes as ChangedLines;
use crate::coverage::FilePath;
use crate::coverage::shift::{FileChange, Hunk, parse_diff};
use crate::harmless;

/// A project inside a git work tree.
#[derive(Clone, Debug)]
pub struct Git {
    root: PathBuf,
}

/// What git could not do, in its own words.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("git cannot be started ({0}); install it, or put it on PATH")]
    NotStarted(std::io::Error),
    #[error("git: {0}")]
    Failed(String),
    #[error("{0}: no such revision; name a branch, a tag or a commit{1}")]
    NoRevision(String, &'static str),
    #[error(
        "{0} and HEAD have no common ancestor here; fetch the whole history (actions/checkout: fetch-depth: 0)"
    )]
    NoMergeBase(String),
    #[error("not in a git work tree, so nothing can be compared with {0}")]
    NoWorkTree(String),
}

/// The lines that changed since a revision, uncommitted changes and new files included.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    files: Vec<FileChange>,
    untracked: FxHashSet<FilePath>,
}

impl Changes {
    /// Whether a file changed at all; its path is that in the work tree.
    pub fn has(&self, path: &FilePath) -> bool {
        self.untracked.contains(path) || self.file(path).is_some()
    }

    /// Whether any line from the first to the last is new or changed.
    pub fn touches(
        &self,
        path: &FilePath,
        first: crate::coverage::Line,
        last: crate::coverage::Line,
    ) -> bool {
        if self.untracked.contains(path) {
            return true;
        }
        self.file(path).is_some_and(|file| {
            file.hunks.iter().any(|hunk| {
                hunk.new_len > 0
                    && hunk.new_start <= last.get()
                    && first.get() < hunk.new_start.saturating_add(hunk.new_len)
            })
        })
    }

    /// All of them by file.
    pub fn lines(&self) -> FxHashMap<FilePath, ChangedLines> {
        let changed = self.files.iter().filter_map(|file| {
            let hunks = file.hunks.iter().filter(|hunk| hunk.new_len > 0);
            let lines = hunks.map(|hunk| {
                let last = hunk.new_start.saturating_add(hunk.new_len - 1);
                (hunk.new_start, last)
            });
            Some((file.new.clone()?, Some(lines.collect())))
        });
        let new = self.untracked.iter().map(|path| (path.clone(), None));
        changed.chain(new).collect()
    }

    fn file(&self, path: &FilePath) -> Option<&FileChange> {
        self.files
            .iter()
            .find(|file| file.new.as_ref() == Some(path))
    }
}

impl Git {
    /// The work tree that a folder lies in, if it lies in one and git is installed.
    pub fn at(root: &Path) -> Option<Self> {
        let git = Self {
            root: root.to_owned(),
        };
        let answer = git.run(&["rev-parse", "--is-inside-work-tree"]).ok()?;
        answer.starts_with(b"true").then_some(git)
    }

    /// What git calls itself, such as `git version 2.47.0`; `None` where there is none.
    #[must_use]
    pub fn version() -> Option<String> {
        let asked = Command::new("git").arg("--version").output().ok()?;
        let said = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
        (asked.status.success() && !said.is_empty()).then_some(said)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .args(["-c", "core.fsmonitor=false"])
            .args(["-c", "core.quotePath=false"])
            .args(["-c", "diff.renames=true"]);
        // A hook that runs us has its own ideas about where the repository is.
        for name in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_PREFIX",
            "GIT_EXTERNAL_DIFF",
        ] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        let output = self
            .command()
            .args(args)
            .output()
            .map_err(GitError::NotStarted)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().next().unwrap_or("failed without a word");
        let first = first.strip_prefix("fatal: ").unwrap_or(first);
        Err(GitError::Failed(harmless::line(first).into_owned()))
    }

    fn line(&self, args: &[&str]) -> Result<String, GitError> {
        let output = self.run(args)?;
        Ok(String::from_utf8_lossy(&output).trim().to_owned())
    }

    /// The commit that a person's word for a revision means.
    ///
    /// # Errors
    /// When there is no such revision.
    pub fn commit(&self, revision: &str) -> Result<String, GitError> {
        let none = |hint| GitError::NoRevision(harmless::line(revision).into_owned(), hint);
        if revision.starts_with('-') || revision.is_empty() {
            return Err(none(""));
        }
        let wanted = format!("{revision}^{{commit}}");
        self.line(&["rev-parse", "--verify", "--quiet", &wanted])
            .map_err(|_| {
                none("; a branch that is only on the server is called origin/NAME, and must have been fetched")
            })
    }

    /// The commit where the work branched off from `base`.
    ///
    /// # Errors
    /// When `base` is no revision, or has nothing to do with HEAD.
    pub fn merge_base(&self, base: &str) -> Result<String, GitError> {
        let commit = self.commit(base)?;
        let found = self.line(&["merge-base", &commit, "HEAD"]);
        found
            .ok()
            .filter(|commit| !commit.is_empty())
            .ok_or_else(|| GitError::NoMergeBase(harmless::line(base).into_owned()))
    }

    /// What a person who names no revision compares with: the branch that the server's HEAD is, else `main`
    /// or `master`; on that branch itself, or where there is none, the last commit.
    pub fn usual_base(&self) -> String {
        let here = self.line(&["rev-parse", "HEAD"]).unwrap_or_default();
        ["origin/HEAD", "main", "master"]
            .into_iter()
            .find(|base| self.commit(base).is_ok_and(|commit| commit != here))
            .unwrap_or("HEAD")
            .to_owned()
    }

    /// What changed between a commit and the files on the disk.
    ///
    /// # Errors
    /// When git fails.
    pub fn changes_since(&self, commit: &str) -> Result<Changes, GitError> {
        let diff = self.diff(commit, &["-M"], &[])?;
        let untracked = self.run(&["ls-files", "--others", "--exclude-standard", "-z"])?;
        Ok(Changes {
            files: parse_diff(&diff),
            untracked: paths(&untracked).collect(),
        })
    }

    fn diff(&self, commit: &str, options: &[&str], files: &[&str]) -> Result<Vec<u8>, GitError> {
        let mut args = vec![
            "diff",
            "-U0",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--relative",
            "--src-prefix=a/",
            "--dst-prefix=b/",
        ];
        args.extend(options);
        args.extend([commit, "--"]);
        args.extend(files);
        self.run(&args)
    }

    /// The commit that the work tree was at, at a time in milliseconds since 1970: as the reflog tells,
    /// else the newest one made before. `None` when there was none.
    pub fn commit_at(&self, time_ms: u64) -> Option<String> {
        let seconds = time_ms / 1000;
        let reflog = self
            .run(&[
                "log",
                "-g",
                "--date=unix",
                "--format=%H %gd",
                "-n",
                "1000",
                "HEAD",
            ])
            .unwrap_or_default();
        let reflog = String::from_utf8_lossy(&reflog).into_owned();
        let at = reflog.lines().find_map(|line| {
            let (commit, place) = line.split_once(' ')?;
            let time: u64 = place
                .rsplit_once("@{")?
                .1
                .trim_end_matches('}')
                .parse()
                .ok()?;
            (time <= seconds).then(|| commit.to_owned())
        });
        at.or_else(|| {
            let before = format!("--before={seconds}");
            self.line(&["rev-list", "-n", "1", &before, "HEAD"])
                .ok()
                .filter(|commit| !commit.is_empty())
        })
    }

    /// The tracked files whose text on the disk is not that of a commit.
    ///
    /// # Errors
    /// When git fails.
    pub fn differing(&self, commit: &str) -> Result<FxHashSet<FilePath>, GitError> {
        let names = self.run(&[
            "diff",
            "--name-only",
            "-z",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--relative",
            commit,
            "--",
        ])?;
        Ok(paths(&names).collect())
    }

    /// How one file on the disk differs from that of a commit.
    ///
    /// # Errors
    /// When git fails.
    pub fn hunks(&self, commit: &str, path: &FilePath) -> Result<Vec<Hunk>, GitError> {
        let name = format!(":(literal){}", path.as_str());
        let diff = self.diff(commit, &["--no-renames"], &[&name])?;
        Ok(parse_diff(&diff)
            .into_iter()
            .flat_map(|file| file.hunks)
            .collect())
    }

    /// The bytes of a file in a commit; `None` where it has no such file.
    pub fn text_at(&self, commit: &str, path: &FilePath) -> Option<Vec<u8>> {
        // `./` makes it relative to the root, which may be a folder of the work tree.
        let object = format!("{commit}:./{}", path.as_str());
        self.run(&["cat-file", "blob", &object]).ok()
    }
}

fn paths(separated: &[u8]) -> impl Iterator<Item = FilePath> + '_ {
    separated
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty())
        .map(|name| FilePath::new(&String::from_utf8_lossy(name)))
}
