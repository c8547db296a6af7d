//! The watcher against real files: each tool's way of rewriting its report, as `strace` saw it, done by a
//! thread here, write by write; and, where they are installed, the tools themselves.
//!
//! Whatever the watcher says is ready is read at once. No reading may find a part of a report, unless it
//! is marked as one that may grow, and the last reading must find the whole of the last one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod tools;
mod ways;

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use untaken::app::message::WatchState;
use untaken::coverage::Ratio;
use untaken::formats;
use untaken::runtime::reports::{Reader, Sources};
use untaken::runtime::settle::Outcome;
use untaken::runtime::watch::{Told, Watched, Watcher, read_unmoved};
use untaken::settings::Settings;

/// One test counts what the process does while nothing happens: the others must not run then.
static ALONE: RwLock<()> = RwLock::new(());

/// Longer than any stillness that means something.
const STILL: Duration = Duration::from_millis(900);
/// No test takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

/// A project, its reports, and whoever reads them when they are ready.
struct Project {
    folder: TempDir,
    reports: Vec<PathBuf>,
    watcher: Watcher,
    told: Mutex<mpsc::Receiver<Told>>,
}

/// A report with its bytes, or why it is none.
type Reading = (PathBuf, Result<Vec<u8>, String>);

/// What the watcher said, and what was found when it was done.
#[derive(Debug, Default)]
struct Heard {
    /// For each reading: when it was, what was read together, each with its bytes or why not.
    readings: Vec<(Instant, Vec<Reading>)>,
    states: Vec<WatchState>,
}

impl Project {
    /// A folder with reports that were written and read long ago.
    fn new(reports: &[(&str, &[u8])]) -> Self {
        let folder = TempDir::new().unwrap();
        let names: Vec<&str> = reports.iter().map(|(name, _)| *name).collect();
        for (name, bytes) in reports.iter().filter(|(_, bytes)| !bytes.is_empty()) {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
        }
        Self::at(folder, &names)
    }

    /// A folder with reports in it, read long ago.
    fn at(folder: TempDir, names: &[&str]) -> Self {
        // A path without symbolic links in it, as the program's root is.
        let root = fs::canonicalize(folder.path()).unwrap();
        let reports: Vec<PathBuf> = names.iter().map(|name| root.join(name)).collect();
        for path in reports.iter().filter(|path| path.exists()) {
            let long_ago = SystemTime::now() - Duration::from_secs(3600);
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.set_modified(long_ago).unwrap();
        }
        let (sender, told) = mpsc::channel();
        let watcher = Watcher::start(root, move |one| {
            let _ = sender.send(one);
        })
        .unwrap();
        watcher.watch(reports.iter().map(|path| watched(path)).collect());
        // The answer comes after what was asked before: now it watches.
        watcher.answer(Vec::new());
        thread::sleep(Duration::from_millis(50));
        Self {
            folder,
            reports,
            watcher,
            told: Mutex::new(told),
        }
    }

    /// Reads what is ready while `writer` writes, and until nothing has happened for a while.
    fn listen(&self, writer: impl FnOnce() + Send) -> Heard {
        let told = self.told.lock().unwrap();
        let mut heard = Heard::default();
        let started = Instant::now();
        thread::scope(|scope| {
            let writing = scope.spawn(writer);
            loop {
                // What is told may come after the end of the writing, and is waited for.
                let was_over = writing.is_finished();
                match told.recv_timeout(STILL) {
                    Ok(Told::State(state)) => heard.states.push(state),
                    Ok(Told::Ready(paths)) => {
                        let read: Vec<_> = paths
                            .iter()
                            .map(|path| (path.clone(), read(path)))
                            .collect();
                        let outcomes = read.iter().map(|(path, bytes)| {
                            let outcome = match bytes {
                                Ok(_) => Outcome::Read,
                                Err(why) if why == MOVED => Outcome::Moved,
                                Err(why) => Outcome::Refused(why.clone()),
                            };
                            (path.clone(), outcome)
                        });
                        self.watcher.answer(outcomes.collect());
                        heard.readings.push((Instant::now(), read));
                    }
                    Err(RecvTimeoutError::Timeout) if was_over => break,
                    Err(RecvTimeoutError::Timeout) => {
                        assert!(started.elapsed() < PATIENCE, "{heard:?}");
                    }
                    Err(RecvTimeoutError::Disconnected) => panic!("the watcher ended"),
                }
            }
            writing.join().unwrap();
        });
        heard
    }

    fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(name)
    }
}

const MOVED: &str = "it moved";

fn watched(path: &Path) -> Watched {
    let since = fs::metadata(path).and_then(|about| about.modified()).ok();
    let since = since.map(|at| at.duration_since(SystemTime::UNIX_EPOCH).unwrap());
    Watched {
        path: path.to_owned(),
        read_ms: since.map(|since| u64::try_from(since.as_millis()).unwrap()),
    }
}

/// Reads and parses as the program does.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = match read_unmoved(path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(MOVED.to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    formats::parse(&bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

impl Heard {
    /// What was read of a report that could be parsed, without repetitions of the same.
    fn of(&self, path: &Path) -> Vec<&[u8]> {
        let all = self.readings.iter().flat_map(|(_, read)| read);
        all.filter(|(read, _)| read == path)
            .filter_map(|(_, bytes)| bytes.as_deref().ok())
            .collect()
    }

    /// Every reading found all of the new report, and there was one.
    fn assert_whole(&self, path: &Path, whole: &[u8]) {
        let read = self.of(path);
        assert!(!read.is_empty(), "the report was missed: {:?}", self.states);
        for bytes in read {
            assert!(
                bytes == whole,
                "{} of {} bytes were taken for a report",
                bytes.len(),
                whole.len()
            );
        }
    }

    fn assert_current(&self) {
        let last = self.states.last().unwrap_or(&WatchState::Current);
        assert_eq!(*last, WatchState::Current, "{:?}", self.states);
    }
}

/// An Istanbul report of so many files.
fn istanbul(n: usize) -> Vec<u8> {
    let mut text = String::from("{\n");
    for file in 0..n {
        let comma = if file + 1 < n { "," } else { "" };
        writeln!(
            text,
            "\"/p/src/f{file}.js\": {{\"path\":\"/p/src/f{file}.js\",\"statementMap\":{{\"0\":{{\"start\":{{\"line\":1,\"column\":0}},\"end\":{{\"line\":1,\"column\":9}}}}}},\"fnMap\":{{}},\"branchMap\":{{}},\"s\":{{\"0\":{file}}},\"f\":{{}},\"b\":{{}}}}{comma}"
        )
        .unwrap();
    }
    text.push_str("}\n");
    text.into_bytes()
}

fn lcov(n: usize) -> Vec<u8> {
    let mut text = String::new();
    for file in 0..n {
        writeln!(text, "TN:\nSF:src/f{file}.js\nDA:1,{file}\nBRDA:1,0,0,1\nBRDA:1,0,1,0\nLF:1\nLH:1\nend_of_record").unwrap();
    }
    text.into_bytes()
}

fn coverage_py(n: usize) -> Vec<u8> {
    let mut text = String::from(
        "{\"meta\": {\"format\": 3, \"version\": \"7.17.3\", \"branch_coverage\": true, \"show_contexts\": false}, \"files\": {",
    );
    for file in 0..n {
        let comma = if file > 0 { ", " } else { "" };
        write!(text, "{comma}\"src/f{file}.py\": {{\"executed_lines\": [1, 2], \"summary\": {{\"covered_lines\": 2, \"num_statements\": 2, \"num_branches\": 2, \"covered_branches\": 1}}, \"missing_lines\": [], \"excluded_lines\": [], \"executed_branches\": [[1, 2]], \"missing_branches\": [[1, -1]]}}").unwrap();
    }
    write!(text, "}}, \"totals\": {{\"covered_lines\": {0}, \"num_statements\": {0}, \"num_branches\": {0}, \"covered_branches\": {n}}}}}", 2 * n).unwrap();
    text.into_bytes()
}

fn jacoco(n: usize) -> Vec<u8> {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><!DOCTYPE report PUBLIC \"-//JACOCO//DTD Report 1.1//EN\" \"report.dtd\"><report name=\"core\"><package name=\"a\">",
    );
    for file in 0..n {
        write!(text, "<sourcefile name=\"F{file}.java\"><line nr=\"3\" mi=\"0\" ci=\"4\" mb=\"1\" cb=\"1\"/><counter type=\"BRANCH\" missed=\"1\" covered=\"1\"/><counter type=\"LINE\" missed=\"0\" covered=\"1\"/></sourcefile>").unwrap();
    }
    write!(text, "</package><counter type=\"BRANCH\" missed=\"{n}\" covered=\"{n}\"/><counter type=\"LINE\" missed=\"0\" covered=\"{n}\"/></report>").unwrap();
    text.into_bytes()
}

fn profile(n: usize) -> Vec<u8> {
    let mut text = String::from("mode: set\n");
    for block in 1..=n {
        writeln!(
            text,
            "example.com/q/f{}.go:{block}.1,{block}.9 1 1",
            block % 7
        )
        .unwrap();
    }
    text.into_bytes()
}

/// Opens as `open(path, O_WRONLY | O_CREAT | O_TRUNC)` does.
fn truncate(path: &Path) -> File {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .unwrap()
}

/// A write for each line, as Istanbul's reporters do.
fn write_lines(path: &Path, bytes: &[u8]) {
    let mut file = truncate(path);
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        file.write_all(line).unwrap();
    }
}

/// Writes in buffers of 8 KiB, with a pause after each.
fn write_buffers(file: &mut File, bytes: &[u8], pause: Duration) {
    for buffer in bytes.chunks(8192) {
        file.write_all(buffer).unwrap();
        thread::sleep(pause);
    }
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn what_stays_broken_is_told_and_the_next_whole_one_is_read() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("coverage.json", &coverage_py(3))]);
    let whole = coverage_py(40);
    let heard = project.listen(|| fs::write(&project.reports[0], &whole[..3000]).unwrap());
    assert_eq!(heard.of(&project.reports[0]).len(), 0);
    let Some(WatchState::Rewriting { path, why }) = heard.states.last() else {
        panic!("{:?}", heard.states)
    };
    assert_eq!(path.as_str(), "coverage.json");
    assert!(why.contains("the file ends in the middle of"), "{why}");
    let heard = project.listen(|| fs::write(&project.reports[0], &whole).unwrap());
    heard.assert_whole(&project.reports[0], &whole);
    heard.assert_current();
}

#[test]
fn what_changed_before_the_watching_began_is_read() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[]);
    let path = project.path("coverage.json");
    fs::write(&path, coverage_py(3)).unwrap();
    let read_before = Watched {
        path: path.clone(),
        read_ms: Some(1),
    };
    project.watcher.watch(vec![read_before]);
    let heard = project.listen(|| {});
    heard.assert_whole(&path, &coverage_py(3));
    // And the same set again is nothing new.
    project.watcher.watch(vec![watched(&path)]);
    let heard = project.listen(|| {});
    assert_eq!(heard.readings.len(), 0, "{heard:?}");
}

#[test]
fn a_run_of_our_own_is_read_once_at_its_end() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[
        ("a/coverage-final.json", &istanbul(3)),
        ("b/cover.out", &profile(3)),
    ]);
    let (json, blocks) = (istanbul(50), profile(50));
    let heard = project.listen(|| {
        project.watcher.hold();
        thread::sleep(ms(20));
        write_lines(&project.reports[0], &json);
        thread::sleep(ms(700));
        write_lines(&project.reports[1], &blocks);
        project.watcher.release();
    });
    assert_eq!(heard.readings.len(), 1, "one reload for one run: {heard:?}");
    heard.assert_whole(&project.reports[0], &json);
    heard.assert_whole(&project.reports[1], &blocks);
    assert_eq!(heard.states, [], "the end was known");
    let heard = project.listen(|| {
        project.watcher.hold();
        thread::sleep(ms(300));
        project.watcher.release();
    });
    assert_eq!(heard.readings.len(), 0, "nothing was written: {heard:?}");
}

#[test]
fn a_partial_run_that_was_put_back_never_happened() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let (before, partial) = (coverage_py(30), coverage_py(2));
    let project = Project::new(&[("coverage.json", &before)]);
    let heard = project.listen(|| {
        project.watcher.hold();
        fs::write(&project.reports[0], &partial).unwrap();
        thread::sleep(ms(500));
        fs::write(&project.reports[0], &before).unwrap();
        project.watcher.forget();
    });
    assert_eq!(heard.readings.len(), 0, "{heard:?}");
    assert_eq!(heard.states, []);
    // It watches again.
    let heard = project.listen(|| fs::write(&project.reports[0], &partial).unwrap());
    heard.assert_whole(&project.reports[0], &partial);
}

#[test]
fn only_what_is_ready_is_read_again_and_what_breaks_keeps_its_last() {
    let folder = TempDir::new().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    let reports = ["a/coverage.json", "b/coverage.json"].map(|name| root.join(name));
    for (report, files) in reports.iter().zip(["src/a", "src/b"]) {
        fs::create_dir_all(report.parent().unwrap()).unwrap();
        fs::write(report, named(files, 2)).unwrap();
    }
    let mut settings = Settings::defaults(root.clone());
    settings.reports.named = reports.to_vec();
    let mut reader = Reader::new(&settings);
    let coverage = reader.load(Sources::Found).unwrap();
    assert_eq!(coverage.totals.branches, Some(Ratio::new(4, 8)));
    let paths: Vec<_> = reader
        .to_watch(&coverage.reports)
        .into_iter()
        .map(|one| one.path)
        .collect();
    assert_eq!(paths, reports);

    // The first is being written when the second is ready.
    fs::write(&reports[0], "").unwrap();
    fs::write(&reports[1], named("src/b", 5)).unwrap();
    let reloaded = reader.reload(&reports[1..], Sources::Found);
    assert_eq!(reloaded.outcomes, [(reports[1].clone(), Outcome::Read)]);
    let totals = reloaded.coverage.unwrap().totals;
    assert_eq!(
        totals.branches,
        Some(Ratio::new(7, 14)),
        "two of the last reading, five new"
    );

    // A broken one is no news, and loses nothing.
    fs::write(&reports[1], &named("src/b", 9)[..400]).unwrap();
    let reloaded = reader.reload(&reports[1..], Sources::Found);
    assert!(reloaded.coverage.is_none());
    assert!(
        matches!(&reloaded.outcomes[..], [(_, Outcome::Refused(why))] if why.contains("in the middle"))
    );
    fs::write(&reports[0], named("src/a", 1)).unwrap();
    let reloaded = reader.reload(&reports[..1], Sources::Found);
    assert_eq!(
        reloaded.coverage.unwrap().totals.branches,
        Some(Ratio::new(6, 12))
    );
}

#[test]
fn the_first_report_of_a_project_is_waited_for_in_the_usual_places() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[]);
    let root = fs::canonicalize(project.folder.path()).unwrap();
    let mut reader = Reader::new(&Settings::defaults(root));
    let failure = reader.load(Sources::Found).unwrap_err();
    project.watcher.watch(reader.to_watch_for(&failure));
    let path = project.path("coverage/coverage-final.json");
    let heard = project.listen(|| {
        thread::sleep(ms(100));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_lines(&path, &istanbul(30));
    });
    heard.assert_whole(&path, &istanbul(30));
    let reloaded = reader.reload(std::slice::from_ref(&path), Sources::Found);
    assert_eq!(reloaded.coverage.unwrap().files.len(), 30);
}

/// coverage.py's report of so many files, each with an arm taken and one that was not.
fn named(folder: &str, n: usize) -> String {
    String::from_utf8(coverage_py(n))
        .unwrap()
        .replace("src/f", &format!("{folder}/f"))
}

#[cfg(target_os = "linux")]
#[test]
fn idle_costs_nothing() {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    let threads = || -> Vec<PathBuf> {
        let tasks = fs::read_dir("/proc/self/task").unwrap();
        tasks.map(|task| task.unwrap().path()).collect()
    };
    let before = threads();
    let project = Project::new(&[("coverage/lcov.info", &lcov(5))]);
    let heard = project.listen(|| write_lines(&project.reports[0], &lcov(50)));
    assert!(!heard.readings.is_empty());
    // Until the mark is gone that it may grow.
    let told = project.told.lock().unwrap();
    while told.recv_timeout(ms(5000)).unwrap() != Told::State(WatchState::Current) {}
    thread::sleep(ms(300));
    let ours: Vec<PathBuf> = threads()
        .into_iter()
        .filter(|task| !before.contains(task))
        .collect();
    let switches = || -> Vec<String> {
        let status = ours
            .iter()
            .map(|task| fs::read_to_string(task.join("status")).unwrap());
        status
            .map(|status| {
                let lines = status
                    .lines()
                    .filter(|line| line.starts_with("Name") || line.contains("ctxt_switches"));
                lines.collect::<Vec<_>>().join(" ")
            })
            .collect()
    };
    let then = switches();
    assert!(
        then.iter().any(|task| task.contains("untaken-watch")),
        "{then:?}"
    );
    thread::sleep(ms(1500));
    assert_eq!(
        switches(),
        then,
        "a thread woke up although nothing happened"
    );
}
