//! The real pytest, run for every set of test files that the demo can come to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::value::RawValue;
use untaken::runtime::demo::recording::{
    Parts, Pieces, ROOT, RecordedRun, RunsLine, TestFiles, digest, join,
};

use super::{package, project_files, sample};

const WITH_COVERAGE: &[&str] = &[
    "--cov",
    "--cov-branch",
    "--cov-report=json:coverage/coverage.json",
];

/// The test files that sessions write: path in the project, and its text after each round.
pub(crate) fn written() -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for name in ["letters", "loft", "route", "tariff"] {
        let rounds = (1..)
            .map_while(|round| {
                let file = format!("tests/tools/demo/test_{name}_edges.round-{round}.py");
                fs::read_to_string(package().join(file)).ok()
            })
            .collect();
        all.insert(format!("tests/test_{name}_edges.py"), rounds);
    }
    all
}

pub(crate) fn record(work: &Path) {
    let project = project_files();
    let written = written();
    let mut lines = vec![
        RunsLine::Tools(tools()),
        RunsLine::Project(
            project
                .iter()
                .map(|(path, text)| (path.clone(), digest(text)))
                .collect(),
        ),
    ];
    let mut known = BTreeSet::new();
    // Whole suites: each written file absent, or as some round left it.
    let mut suites: Vec<BTreeMap<&str, &str>> = vec![BTreeMap::new()];
    for (path, rounds) in &written {
        let with: Vec<_> = suites
            .iter()
            .flat_map(|suite| {
                rounds.iter().map(|text| {
                    let mut suite = suite.clone();
                    suite.insert(path.as_str(), text.as_str());
                    suite
                })
            })
            .collect();
        suites.extend(with);
    }
    for (number, suite) in suites.iter().enumerate() {
        println!("suite {} of {}", number + 1, suites.len());
        for covered in [true, false] {
            lines.extend(run(work, suite, None, covered, &mut known));
        }
    }
    // Test files by themselves.
    let mut alone: Vec<(&str, Option<&str>)> = Vec::new();
    alone.extend(
        project
            .iter()
            .filter(|(path, _)| path.starts_with("tests/"))
            .map(|(path, _)| (path.as_str(), None)),
    );
    for (path, rounds) in &written {
        alone.extend(
            rounds
                .iter()
                .map(|text| (path.as_str(), Some(text.as_str()))),
        );
    }
    for (path, text) in alone {
        println!("{path} alone");
        let present = text.map(|text| (path, text)).into_iter().collect();
        for covered in [true, false] {
            lines.extend(run(work, &present, Some(path), covered, &mut known));
        }
    }
    let mut text = String::new();
    for line in &lines {
        let _ = writeln!(text, "{}", serde_json::to_string(line).unwrap());
    }
    fs::write(package().join("assets/demo/runs.jsonl"), text).unwrap();
}

/// One run, in a fresh copy of the sample with these files beside its own tests.
fn run(
    work: &Path,
    present: &BTreeMap<&str, &str>,
    only: Option<&str>,
    covered: bool,
    known: &mut BTreeSet<String>,
) -> Vec<RunsLine> {
    let folder = work.join("sample");
    let _ = fs::remove_dir_all(&folder);
    sample(&folder);
    for (path, text) in present {
        fs::write(folder.join(path), text).unwrap();
    }
    let mut command = Command::new(folder.join(".venv/bin/pytest"));
    command
        .current_dir(&folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // So wide that it fits into a session pane.
        .env("COLUMNS", "56");
    if covered {
        command.args(WITH_COVERAGE);
    }
    command.args(only);
    let started = Instant::now();
    let done = command.output().unwrap();
    let took = started.elapsed();
    let mut output = String::from_utf8(done.stdout).unwrap();
    output.push_str(&String::from_utf8(done.stderr).unwrap());
    let mut lines = Vec::new();
    let report = covered.then(|| {
        let text = fs::read_to_string(folder.join("coverage/coverage.json")).unwrap();
        take_apart(&text, known, &mut lines)
    });
    let tests = tests_of(&folder)
        .into_iter()
        .filter(|(path, _)| only.is_none_or(|only| only == path))
        .collect();
    lines.push(RunsLine::Run(RecordedRun {
        tests,
        exit: done.status.code().unwrap(),
        took_ms: u64::try_from(took.as_millis()).unwrap(),
        output: output.replace(folder.to_str().unwrap(), ROOT),
        report,
    }));
    lines
}

fn tests_of(folder: &Path) -> TestFiles {
    fs::read_dir(folder.join("tests"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "py"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            (format!("tests/{name}"), digest(&text))
        })
        .collect()
}

/// A report as its parts; those that are new go to the lines.
fn take_apart(text: &str, known: &mut BTreeSet<String>, lines: &mut Vec<RunsLine>) -> Pieces {
    let parts: Parts = serde_json::from_str(text).unwrap();
    let files: Vec<_> = parts
        .files
        .iter()
        .map(|(path, text)| (path.as_str(), text.get()))
        .collect();
    let again = join(parts.meta.get(), &files, parts.totals.get());
    assert_eq!(again, text, "coverage.py writes in another way than it did");
    let mut name = |part: &RawValue| {
        let name = digest(part.get());
        if known.insert(name.clone()) {
            lines.push(RunsLine::Piece {
                digest: name.clone(),
                text: part.to_owned(),
            });
        }
        name
    };
    Pieces {
        meta: name(&parts.meta),
        files: parts
            .files
            .iter()
            .map(|(path, part)| (path.clone(), name(part)))
            .collect(),
        totals: name(&parts.totals),
    }
}

/// What runs here, in words.
fn tools() -> Vec<String> {
    let python = "import platform, pytest, coverage, pytest_cov\n\
                  print('Python', platform.python_version())\n\
                  print('pytest', pytest.__version__)\n\
                  print('coverage.py', coverage.__version__)\n\
                  print('pytest-cov', pytest_cov.__version__)";
    let done = Command::new("python3")
        .args(["-c", python])
        .output()
        .unwrap();
    assert!(done.status.success(), "python3 has no pytest or pytest-cov");
    let said = String::from_utf8(done.stdout).unwrap();
    said.lines().map(str::to_owned).collect()
}
