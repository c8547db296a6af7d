//! A project in a folder of its own, and the program run in it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Project {
    _place: TempDir,
    root: PathBuf,
}

/// What the program answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("project");
        fs::create_dir(&root).unwrap();
        let project = Self {
            root: root.canonicalize().unwrap(),
            _place: place,
        };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// A copy of one of the samples that real tools wrote.
    pub(crate) fn sample(name: &str) -> Self {
        fn copy(from: &Path, to: &Path) {
            fs::create_dir_all(to).unwrap();
            for entry in fs::read_dir(from).unwrap() {
                let entry = entry.unwrap();
                let (from, to) = (entry.path(), to.join(entry.file_name()));
                if from.is_dir() {
                    copy(&from, &to);
                } else {
                    fs::write(&to, fs::read(&from).unwrap()).unwrap();
                }
            }
        }
        let project = Self::new(&[]);
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reports");
        copy(&samples.join(name), &project.root);
        project
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Makes a file so many seconds older than now.
    pub(crate) fn age(&self, path: &str, seconds: u64) {
        let file = File::options().write(true).open(self.path(path)).unwrap();
        let time = SystemTime::now() - Duration::from_secs(seconds);
        file.set_modified(time).unwrap();
    }

    /// Runs the program at the root. Its surroundings are the same on every machine.
    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        self.run_in("", args)
    }

    pub(crate) fn run_in(&self, folder: &str, args: &[&str]) -> Answer {
        let output = self.command(folder, args).output().unwrap();
        Answer {
            status: output.status.code().expect("no signal ends it"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn command(&self, folder: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_untaken"));
        command
            .args(args)
            .current_dir(self.path(folder))
            .env("XDG_CONFIG_HOME", self.path("../config"))
            .env("XDG_STATE_HOME", self.path("../state"))
            .env("HOME", self.path(".."))
            .env_remove("NO_COLOR");
        command
    }

    /// `untaken gaps --format json …`, which must succeed.
    pub(crate) fn gaps(&self, args: &[&str]) -> Value {
        let answer = self.run(&[&["gaps", "--format", "json"], args].concat());
        assert_eq!(answer.status, 0, "{}", answer.stderr);
        serde_json::from_str(&answer.stdout).unwrap()
    }

    /// Runs git with an author and a time of its own.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_at("2026-01-02T03:04:05Z", args)
    }

    pub(crate) fn git_at(&self, time: &str, args: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "init.defaultBranch=main",
                "-c",
                "core.autocrlf=false",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(args)
            .current_dir(&self.root)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_NAME", "A. Tester")
            .env("GIT_AUTHOR_EMAIL", "tester@example.com")
            .env("GIT_AUTHOR_DATE", time)
            .env("GIT_COMMITTER_NAME", "A. Tester")
            .env("GIT_COMMITTER_EMAIL", "tester@example.com")
            .env("GIT_COMMITTER_DATE", time)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Everything there is, committed.
    pub(crate) fn commit(&self, message: &str) {
        if !self.path(".git").exists() {
            self.git(&["init", "-q"]);
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }
}

/// A file of a report: its path, lines and arms.
type Covered<'a> = (&'a str, &'a [(u32, u64)], &'a [(u32, u32, u64)]);

/// An LCOV report: for each file its lines `(line, hits)` and arms `(line, arm, hits)`.
pub(crate) fn lcov(files: &[Covered<'_>]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for (path, lines, arms) in files {
        writeln!(text, "TN:\nSF:{path}").unwrap();
        for (line, hits) in *lines {
            writeln!(text, "DA:{line},{hits}").unwrap();
        }
        for (line, arm, hits) in *arms {
            writeln!(text, "BRDA:{line},0,{arm},{hits}").unwrap();
        }
        writeln!(text, "end_of_record").unwrap();
    }
    text
}

/// The files of an answer as `path:source`.
pub(crate) fn files(answer: &Value) -> Vec<String> {
    let files = answer["files"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    files
        .iter()
        .map(|file| format!("{}:{}", text(&file["path"]), text(&file["source"])))
        .collect()
}

/// `covered/total` of a figure.
pub(crate) fn figure(figures: &Value, name: &str) -> String {
    let figure = &figures[name];
    format!("{}/{}", figure["covered"], figure["total"])
}

/// The gaps of an answer as `path:line`.
pub(crate) fn places(answer: &Value) -> Vec<String> {
    let mut places = Vec::new();
    for file in answer["files"].as_array().unwrap() {
        for gap in file["gaps"].as_array().unwrap() {
            places.push(format!(
                "{}:{}",
                file["path"].as_str().unwrap(),
                gap["line"]
            ));
        }
    }
    places
}

/// Whether any character would do something to a terminal.
pub(crate) fn acts_on_terminal(text: &str) -> bool {
    text.chars()
        .any(|c| c != '\n' && untaken::harmless::acts_on_terminal(c))
}
