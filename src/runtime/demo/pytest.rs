//! The stand-in for pytest: for the files that lie in the folder it looks up what the real pytest did with
//! exactly these, says that again, and writes the report that it wrote. It runs nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::recording::{ROOT, RecordedRun, Runs, TestFiles, digest};

/// What pytest was asked for, as far as the sample project's commands go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Test files, relative to the project; empty: all there are.
    only: Vec<String>,
    without: Vec<String>,
    coverage: bool,
    /// Where the JSON report goes.
    report: Option<PathBuf>,
}

impl Asked {
    /// # Errors
    /// For a word that would change the run in a way of which there is no recording.
    pub(super) fn parse(words: &[String]) -> Result<Self, String> {
        let mut asked = Self::default();
        for word in words {
            if let Some(path) = word.strip_prefix("--cov-report=json:") {
                asked.report = Some(PathBuf::from(path));
            } else if let Some(path) = word.strip_prefix("--ignore=") {
                asked.without.push(plain(path));
            } else if matches!(word.as_str(), "--cov" | "--cov-branch" | "--cov=pigeonpost") {
                asked.coverage = true;
            } else if word == "-q" {
                // The sample's own configuration says so, too.
            } else if word.starts_with('-') {
                return Err(format!("there is no recording of a run with {word}"));
            } else if word != "tests" && word != "tests/" {
                asked.only.push(plain(word));
            }
        }
        Ok(asked)
    }
}

fn plain(path: &str) -> String {
    path.trim_start_matches("./").to_owned()
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Played {
    pub(super) exit: i32,
    pub(super) took: Duration,
    /// What pytest printed then, with this folder's path.
    pub(super) output: String,
    /// Where the report goes, and its text.
    report: Option<(PathBuf, String)>,
}

impl Played {
    /// Writes the report as coverage.py does: the old one is cut to nothing, then the new one comes.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub(super) fn write_report(&self) -> io::Result<()> {
        let Some((path, text)) = &self.report else {
            return Ok(());
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)
    }
}

/// What the real pytest did with what lies in the folder.
///
/// # Errors
/// When files were changed so that there is no recording for them: which, and that this is a recording.
pub(super) fn play(root: &Path, asked: &Asked, runs: &Runs) -> Result<Played, String> {
    let tests = collected(root, asked).map_err(|error| error.to_string())?;
    for (path, digest_then) in &runs.project {
        let is_test = path.starts_with("tests/");
        let now = fs::read_to_string(root.join(path)).ok();
        // A test that was deleted or left out is another set of tests; a source that was is another program.
        if now.map(|text| digest(&text)).as_ref() != Some(digest_then) && !is_test {
            return Err(unknown(path));
        }
    }
    let Some(run) = runs.find(&tests, asked.coverage) else {
        return Err(unknown_tests(&tests, runs));
    };
    let report = match (&run.report, &asked.report) {
        (Some(pieces), Some(path)) => {
            let text = runs
                .report(pieces)
                .ok_or("the recording lacks a part of this report")?;
            Some((root.join(path), text))
        }
        _ => None,
    };
    Ok(Played {
        exit: run.exit,
        took: Duration::from_millis(run.took_ms),
        output: output(run, root, asked),
        report,
    })
}

fn output(run: &RecordedRun, root: &Path, asked: &Asked) -> String {
    let text = run.output.replace(ROOT, &root.to_string_lossy());
    match &asked.report {
        Some(path) => text.replace("coverage/coverage.json", &path.to_string_lossy()),
        None => text,
    }
}

/// The test files that pytest would run.
fn collected(root: &Path, asked: &Asked) -> io::Result<TestFiles> {
    let mut tests = BTreeMap::new();
    for entry in fs::read_dir(root.join("tests"))? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| {
            name.starts_with("test_") && Path::new(name).extension().is_some_and(|it| it == "py")
        }) else {
            continue;
        };
        let path = format!("tests/{name}");
        let is_named = |list: &[String]| {
            list.iter()
                .any(|named| *named == path || root.join(&path) == Path::new(named))
        };
        if (asked.only.is_empty() || is_named(&asked.only)) && !is_named(&asked.without) {
            tests.insert(path, digest(&fs::read_to_string(entry.path())?));
        }
    }
    Ok(tests)
}

fn unknown(path: &str) -> String {
    format!("this is a recording: {path} is not as it was then, and no recorded run fits it")
}

/// Says which test file no recording knows, else that there is none for this choice of them.
fn unknown_tests(tests: &TestFiles, runs: &Runs) -> String {
    let known = |path: &str, digest: &str| {
        runs.all()
            .any(|run| run.tests.get(path).is_some_and(|it| it == digest))
    };
    match tests.iter().find(|(path, digest)| !known(path, digest)) {
        Some((path, _)) => unknown(path),
        None if tests.is_empty() => "no tests ran".to_owned(),
        None => "this is a recording: no recorded run has just these test files".to_owned(),
    }
}
