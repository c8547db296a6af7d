//! Looking for reports in the usual places of a project and its modules.
//!
//! Every folder that is not ignored may be a module. In each, the report that knows most is taken, and
//! its siblings, which the same run wrote, are left alone. The places themselves are looked into whether
//! version control ignores them or not: it almost always does.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::coverage::Format;
use crate::formats::{self, ParseError};

/// What a search gave.
#[derive(Debug, Default)]
pub struct Found {
    /// The best report of each module, in the order of their paths.
    pub reports: Vec<PathBuf>,
    /// What looked like one and is none, with the reason: binary data with the command that exports it,
    /// empty files, cut off ones.
    pub rejected: Vec<(PathBuf, ParseError)>,
    /// A better report was chosen although these are much newer.
    pub much_newer: Vec<(PathBuf, PathBuf)>,
}

/// Report names that are looked for in a module's own folder, and in places of mixed content.
const NAMES: &[&str] = &[
    "coverage-final.json",
    "coverage-summary.json",
    "coverage.json",
    "coverage.xml",
    "coverage.lcov",
    "lcov.info",
    "coverage.info",
    "cobertura.xml",
    "cobertura-coverage.xml",
    "coverage.cobertura.xml",
    "clover.xml",
    "jacoco.xml",
    "jacoco.csv",
    "jacocoTestReport.xml",
    "cover.out",
    "coverage.out",
    "c.out",
    "coverage.txt",
    ".resultset.json",
    ".coverage",
];

/// What ends the name of a report in a place that holds nothing else.
const EXTENSIONS: &[&str] = &["json", "xml", "info", "lcov", "csv", "out"];

/// What only its own tool can read; named when nothing better is there.
const BINARY_EXTENSIONS: &[&str] = &["exec", "profdata", "profraw"];

/// Places below a module, and whether only known names count there. `*` is any one folder.
const PLACES: &[(&str, Names)] = &[
    ("", Names::Known),
    ("coverage", Names::Any),
    ("coverage/*", Names::Known),
    ("reports", Names::Known),
    ("reports/coverage", Names::Any),
    ("build", Names::Known),
    ("build/logs", Names::Known),
    ("build/coverage", Names::Any),
    ("build/jacoco", Names::Any),
    ("build/reports/jacoco", Names::Any),
    ("build/reports/jacoco/*", Names::Any),
    ("build/reports/kover", Names::Any),
    ("target", Names::Known),
    ("target/site/*", Names::Known),
    ("target/coverage", Names::Any),
    ("target/llvm-cov", Names::Any),
    ("target/llvm-cov/*", Names::Known),
    ("target/tarpaulin", Names::Any),
    ("TestResults", Names::Known),
    ("TestResults/*", Names::Known),
    (".nyc_output", Names::NycOutput),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Known,
    Any,
    /// Raw data of a run that nyc has yet to turn into a report.
    NycOutput,
}

/// Folders that never hold a module: other people's code, caches, and samples.
const SKIPPED: &[&str] = &[
    "node_modules",
    "bower_components",
    "site-packages",
    "vendor",
    "venv",
    "__pycache__",
    "fixtures",
    "__fixtures__",
    "testdata",
    "htmlcov",
    "lcov-report",
];

/// Folders that are a module only when something in them says so; else they are a module's places.
const PLACE_NAMES: &[&str] = &[
    "coverage",
    "reports",
    "build",
    "target",
    "TestResults",
    "logs",
];

/// What says that a folder is a module.
const MANIFESTS: &[&str] = &[
    "package.json",
    "pyproject.toml",
    "setup.py",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "Cargo.toml",
    "go.mod",
    "CMakeLists.txt",
    "composer.json",
    "Gemfile",
];

/// How much newer a lesser sibling may be before it is mentioned: siblings of one run are minutes apart.
const MUCH: std::time::Duration = std::time::Duration::from_secs(15 * 60);

#[derive(Debug)]
struct Candidate {
    path: PathBuf,
    written: SystemTime,
    rank: u8,
}

/// What the threads of a search put together.
#[derive(Debug, Default)]
struct Seen {
    modules: BTreeMap<PathBuf, Vec<Candidate>>,
    rejected: Vec<(PathBuf, ParseError)>,
}

/// Where a report of a module may appear: every known name in every place without a `*`.
pub(super) fn usual(module: &Path) -> Vec<PathBuf> {
    let places = PLACES
        .iter()
        .filter(|(place, names)| !place.contains('*') && *names != Names::NycOutput);
    places
        .flat_map(|(place, _)| NAMES.iter().map(move |name| module.join(place).join(name)))
        .filter(|path| path.file_name().is_none_or(|name| name != ".coverage"))
        .collect()
}

/// Searches a project. Folders that cannot be read are passed over.
pub fn find(root: &Path) -> Found {
    let seen: Mutex<Seen> = Mutex::default();
    walker(root).build_parallel().run(|| {
        Box::new(|entry| {
            let Ok(entry) = entry else {
                return WalkState::Continue;
            };
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            if is_folder && (entry.depth() == 0 || may_be_module(&entry)) {
                let (candidates, rejected) = candidates_of(entry.path());
                if !candidates.is_empty() || !rejected.is_empty() {
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.modules.insert(entry.path().to_owned(), candidates);
                    seen.rejected.extend(rejected);
                }
            }
            WalkState::Continue
        })
    });
    let Seen {
        modules,
        mut rejected,
    } = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    rejected.sort_by(|a, b| a.0.cmp(&b.0));
    let mut found = Found {
        rejected,
        ..Found::default()
    };
    for mut candidates in modules.into_values() {
        candidates.sort_by(|a, b| {
            (a.rank, Reverse(a.written), &a.path).cmp(&(b.rank, Reverse(b.written), &b.path))
        });
        let mut candidates = candidates.into_iter();
        let Some(best) = candidates.next() else {
            continue;
        };
        let newest = candidates.max_by_key(|other| other.written);
        if let Some(newer) = newest.filter(|other| {
            other
                .written
                .duration_since(best.written)
                .is_ok_and(|by| by > MUCH)
        }) {
            found.much_newer.push((best.path.clone(), newer.path));
        }
        found.reports.push(best.path);
    }
    found.reports.sort();
    found.reports.dedup();
    found
}

fn walker(root: &Path) -> WalkBuilder {
    let mut walker = WalkBuilder::new(root);
    walker
        .parents(false)
        .require_git(false)
        .git_global(false)
        .threads(2)
        .filter_entry(|entry| {
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            let name = entry.file_name().to_str().unwrap_or_default();
            entry.depth() == 0 || is_file || !SKIPPED.contains(&name)
        });
    walker
}

fn may_be_module(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_str().unwrap_or_default();
    !PLACE_NAMES.contains(&name)
        || MANIFESTS
            .iter()
            .any(|manifest| entry.path().join(manifest).is_file())
}

fn candidates_of(module: &Path) -> (Vec<Candidate>, Vec<(PathBuf, ParseError)>) {
    let mut candidates = Vec::new();
    let mut rejected = Vec::new();
    for &(place, names) in PLACES {
        for folder in folders(module, place) {
            for path in reports_in(&folder, names) {
                match look(&path) {
                    Ok(candidate) => candidates.extend(candidate),
                    Err(why) => rejected.push((path, why)),
                }
            }
        }
    }
    (candidates, rejected)
}

/// The folders that a place means, those that exist.
fn folders(module: &Path, place: &str) -> Vec<PathBuf> {
    let Some(parent) = place.strip_suffix("/*") else {
        return vec![module.join(place)];
    };
    let Ok(entries) = fs::read_dir(module.join(parent)) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| !SKIPPED.iter().any(|name| entry.file_name() == *name))
        .map(|entry| entry.path())
        .collect()
}

fn reports_in(folder: &Path, names: Names) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let extension = path
                .extension()
                .and_then(|it| it.to_str())
                .unwrap_or_default();
            match names {
                Names::Known => NAMES.contains(&name) || BINARY_EXTENSIONS.contains(&extension),
                Names::Any => {
                    NAMES.contains(&name)
                        || EXTENSIONS.contains(&extension)
                        || BINARY_EXTENSIONS.contains(&extension)
                }
                Names::NycOutput => extension == "json",
            }
        })
        .collect();
    paths.sort();
    if names == Names::NycOutput {
        paths.truncate(1);
    }
    paths
}

/// What a file is by its first bytes. `Ok(None)` for files of another kind.
fn look(path: &Path) -> Result<Option<Candidate>, ParseError> {
    let Some((head, written)) = head(path) else {
        return Ok(None);
    };
    if path
        .parent()
        .is_some_and(|folder| folder.ends_with(".nyc_output"))
    {
        return Err(ParseError::Binary {
            what: "nyc's raw data",
            export: "npx nyc report --reporter=json",
        });
    }
    match formats::sniff(&head) {
        Ok(format) => Ok(Some(Candidate {
            path: path.to_owned(),
            written,
            rank: rank(format),
        })),
        Err(ParseError::NotAReport { .. } | ParseError::Foreign { .. }) => Ok(None),
        Err(why) => Err(why),
    }
}

fn head(path: &Path) -> Option<(Vec<u8>, SystemTime)> {
    let about = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mut head = Vec::new();
    let n_bytes = u64::try_from(formats::HEAD).unwrap_or(u64::MAX);
    File::open(path)
        .ok()?
        .take(n_bytes)
        .read_to_end(&mut head)
        .ok()?;
    Some((head, about.modified().unwrap_or(SystemTime::UNIX_EPOCH)))
}

/// How much a format knows, the most first: arms with their places, arms by line, counts by line, figures.
fn rank(format: Format) -> u8 {
    match format {
        Format::Istanbul
        | Format::CoveragePy
        | Format::LlvmCov
        | Format::Gcovr
        | Format::SimpleCov => 0,
        Format::Lcov => 1,
        Format::JacocoXml | Format::Cobertura | Format::Clover | Format::GoCover => 2,
        Format::JacocoCsv => 3,
        Format::IstanbulSummary => 4,
    }
}
