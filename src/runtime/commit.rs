//! Committing accepted tests: those files and nothing else, never a push.
//!
//! What the person has staged of other files stays staged and uncommitted, and a commit that fails leaves
//! the index as it was. Hooks run, as they would for the person.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::snapshot;

/// A hook that takes longer waits for something that will not come: nobody can answer it here.
const LONGEST: Duration = Duration::from_secs(300);

/// Commits these files of the tree at `root` as they are, and returns the short id.
///
/// # Errors
/// In git's own words, or a hook's.
pub fn commit(root: &Path, paths: &[String], message: &str) -> Result<String, String> {
    let mut paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    paths.sort_unstable();
    paths.dedup();
    let git = Git { root };
    let known = git.run(&["ls-files", "-z", "--cached", "--"], &paths)?;
    let known: Vec<&str> = known.split('\0').collect();
    let new: Vec<&str> = paths
        .iter()
        .copied()
        .filter(|path| !known.contains(path))
        .collect();
    if !new.is_empty() {
        // `--only` does not see files that git has never heard of; their content is taken below.
        git.run(&["add", "--intent-to-add", "--"], &new)?;
    }
    // `--only` leaves alone what the person has staged of other files.
    let done = git.run(
        &["commit", "--quiet", "--only", "--message", message, "--"],
        &paths,
    );
    if let Err(why) = done {
        if !new.is_empty() {
            let _ = git.run(
                &["rm", "--quiet", "--cached", "--ignore-unmatch", "--"],
                &new,
            );
        }
        return Err(why);
    }
    let id = git.run(&["rev-parse", "--short", "HEAD"], &[])?;
    Ok(id.trim().to_owned())
}

/// Those of the files that differ from the last commit, or are not in it.
///
/// # Errors
/// In git's own words: no repository, or no git.
pub fn uncommitted(root: &Path, paths: &[String]) -> Result<Vec<String>, String> {
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let arguments = [
        "status",
        "--porcelain",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        "--ignored=traditional",
        "--",
    ];
    // Paths in the answer are relative to the top of the work tree, which may lie above the root.
    let git = Git { root };
    let prefix = git.run(&["rev-parse", "--show-prefix"], &[])?;
    let prefix = prefix.trim_end_matches('\n');
    let told = git.run(&arguments, &paths)?;
    let dirty: Vec<&str> = told
        .split('\0')
        .filter_map(|entry| entry.get(3..)?.strip_prefix(prefix))
        .collect();
    Ok(paths
        .into_iter()
        .filter(|path| {
            dirty
                .iter()
                .any(|found| found == path || (found.ends_with('/') && path.starts_with(found)))
        })
        .map(str::to_owned)
        .collect())
}

struct Git<'a> {
    root: &'a Path,
}

impl Git<'_> {
    fn run(&self, arguments: &[&str], paths: &[&str]) -> Result<String, String> {
        let mut git = Command::new("git");
        git.arg("--literal-pathspecs").args(arguments).args(paths);
        snapshot::clean(&mut git);
        git.current_dir(self.root);
        let (status, output, errors) = run(&mut git)
            .map_err(|error| format!("git could not be run: {error}"))?
            .ok_or_else(|| format!("git did not end within {} s", LONGEST.as_secs()))?;
        if status.success() {
            return Ok(output);
        }
        let said = if errors.trim().is_empty() {
            output
        } else {
            errors
        };
        Err(said.trim().to_owned())
    }
}

/// Runs a command without anything to type into it; `None` when it had to be ended.
fn run(command: &mut Command) -> io::Result<Option<(ExitStatus, String, String)>> {
    // Files and not pipes: a hook may leave a process behind that keeps a pipe open for ever.
    let (output, errors) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(errors.try_clone()?);
    let mut child = command.spawn()?;
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() > LONGEST {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Ok(Some((status, text(output)?, text(errors)?)))
}

fn text(mut file: File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::{commit, uncommitted};

    fn git(root: &Path, args: &[&str]) -> String {
        let done = Command::new("git")
            .args(args)
            .current_dir(root)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        String::from_utf8(done.stdout).unwrap()
    }

    fn repository() -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        git(root, &["init", "-q"]);
        git(root, &["config", "user.name", "t"]);
        git(root, &["config", "user.email", "t@example.org"]);
        fs::write(root.join("old_test.py"), "one\n").unwrap();
        fs::write(root.join("mine.py"), "one\n").unwrap();
        git(root, &["add", "-A"]);
        git(root, &["commit", "-qm", "start"]);
        place
    }

    #[test]
    fn only_the_named_files_are_committed_and_the_index_of_the_person_stays() {
        let place = repository();
        let root = place.path();
        fs::write(root.join("mine.py"), "staged\n").unwrap();
        fs::write(root.join("mine_too.py"), "staged\n").unwrap();
        git(root, &["add", "mine.py", "mine_too.py"]);
        fs::write(root.join("mine.py"), "and edited\n").unwrap();
        fs::write(root.join("new [1].py"), "new\n").unwrap();
        fs::write(root.join("old_test.py"), "changed\n").unwrap();
        fs::write(root.join("untracked.py"), "x\n").unwrap();
        let paths = ["new [1].py".to_owned(), "old_test.py".to_owned()];
        let id = commit(root, &paths, "Take 2 arms\n\nCodex-Thread: 1\n").unwrap();
        assert!(git(root, &["rev-parse", "HEAD"]).starts_with(&id));
        let trailers = "--format=%(trailers:key=Codex-Thread,valueonly,separator=%x2C)";
        assert_eq!(git(root, &["log", "-1", trailers]), "1\n");
        assert_eq!(
            git(root, &["show", "--name-only", "--format="]),
            "new [1].py\nold_test.py\n"
        );
        assert_eq!(
            git(root, &["status", "--porcelain"]),
            "MM mine.py\nA  mine_too.py\n?? untracked.py\n"
        );
    }

    #[test]
    fn a_hook_that_refuses_leaves_everything_as_it_was() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = repository();
        let root = place.path();
        let hook = root.join(".git/hooks/pre-commit");
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, "#!/bin/sh\necho no tests today >&2\nexit 1\n").unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(root.join("new.py"), "new\n").unwrap();
        fs::write(root.join("mine.py"), "staged\n").unwrap();
        git(root, &["add", "mine.py"]);
        let before = git(root, &["status", "--porcelain"]);
        let why = commit(root, &["new.py".to_owned()], "x").unwrap_err();
        assert_eq!(why, "no tests today");
        assert_eq!(git(root, &["status", "--porcelain"]), before);
    }

    #[test]
    fn what_is_committed_already_is_known_also_below_the_top_of_the_work_tree() {
        let place = repository();
        let root = place.path().join("sub");
        fs::create_dir_all(root.join("deep")).unwrap();
        for name in ["a.py", "b.py", "deep/c.py"] {
            fs::write(root.join(name), "x\n").unwrap();
        }
        git(&root, &["add", "a.py", "b.py"]);
        git(&root, &["commit", "-qm", "more"]);
        fs::write(root.join("b.py"), "y\n").unwrap();
        let all = ["a.py", "b.py", "deep/c.py"].map(str::to_owned);
        assert_eq!(uncommitted(&root, &all).unwrap(), ["b.py", "deep/c.py"]);
        assert!(uncommitted(Path::new("/"), &all).is_err());
    }
}
