//! The project's own files: where they are, what they hold.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use ignore::{WalkBuilder, WalkState};
use rustc_hash::{FxHashMap, FxHashSet};
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::git::Git;
use super::reports::speaks_past;
use crate::app::message::SourceView;
use crate::coverage::resolve::{AbsolutePresence, Disk, Presence, Tree};
use crate::coverage::shift::old_lines;
use crate::coverage::{CoveredFile, FilePath, Line, SourceState};
use crate::gaps::{self, Gap, Source};

/// Folders whose files are never meant by a report: other people's code, caches, version control.
const SKIPPED: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".venv",
    ".tox",
    ".nox",
    ".gradle",
    ".idea",
    ".cache",
    "node_modules",
    "bower_components",
    "site-packages",
    "__pycache__",
    "venv",
];

/// Where build tools put sources that they write; version control ignores them, reports do not.
const GENERATED: &[&str] = &["build/generated", "target/generated-sources"];

/// The files below a root, asked one by one, and listed once if need be.
#[derive(Debug)]
pub struct OnDisk<'a> {
    /// Absolute, without symbolic links.
    root: &'a Path,
    /// Whether folders lie inside the root when links are followed.
    folders: FxHashMap<PathBuf, bool>,
    /// What was learnt of files that were found.
    pub found: FxHashMap<String, Stat>,
}

/// What the file system says of a file.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    pub modified: SystemTime,
    pub len: u64,
}

impl<'a> OnDisk<'a> {
    pub fn new(root: &'a Path) -> Self {
        Self {
            root,
            folders: FxHashMap::default(),
            found: FxHashMap::default(),
        }
    }

    fn is_inside(&mut self, file: &Path) -> bool {
        let Some(folder) = file.parent() else {
            return false;
        };
        if let Some(&inside) = self.folders.get(folder) {
            return inside;
        }
        let inside = folder
            .canonicalize()
            .is_ok_and(|folder| folder.starts_with(self.root));
        self.folders.insert(folder.to_owned(), inside);
        inside
    }

    fn look(&mut self, path: &str, file: &Path) -> Presence {
        let Ok(about) = fs::symlink_metadata(file) else {
            return Presence::Absent;
        };
        let about = if about.is_symlink() {
            match (file.canonicalize(), fs::metadata(file)) {
                (Ok(target), Ok(_)) if !target.starts_with(self.root) => return Presence::Outside,
                (Ok(_), Ok(about)) => about,
                _ => return Presence::Absent,
            }
        } else if self.is_inside(file) {
            about
        } else {
            return Presence::Outside;
        };
        // A pipe or a device would never end.
        if !about.is_file() {
            return Presence::Absent;
        }
        let modified = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let len = about.len();
        self.found.insert(path.to_owned(), Stat { modified, len });
        Presence::File
    }
}

impl Disk for OnDisk<'_> {
    fn presence(&mut self, path: &str) -> Presence {
        let presence = self.look(path, &self.root.join(path));
        match latin1(path).filter(|_| presence == Presence::Absent) {
            Some(name) => self.look(path, &self.root.join(name)),
            None => presence,
        }
    }

    fn absolute(&mut self, path: &str) -> AbsolutePresence {
        let Ok(real) = Path::new(path).canonicalize() else {
            return AbsolutePresence::Absent;
        };
        let Ok(inside) = real.strip_prefix(self.root) else {
            return AbsolutePresence::Outside;
        };
        let inside = as_text(inside);
        match self.presence(&inside) {
            Presence::File => AbsolutePresence::Inside(inside),
            Presence::Outside => AbsolutePresence::Outside,
            Presence::Absent => AbsolutePresence::Absent,
        }
    }

    fn list(&mut self, names: &FxHashSet<String>) -> Tree {
        let is_jvm = |name: &String| {
            [".java", ".kt", ".groovy", ".scala"]
                .iter()
                .any(|end| name.ends_with(end))
        };
        let generated = if names.iter().any(is_jvm) {
            GENERATED
        } else {
            &[]
        };
        let mut roots = vec![self.root.to_owned()];
        let mut paths = Vec::new();
        let mut is_first = true;
        while let Some(folder) = roots.pop() {
            let (files, more) = list(&folder, names, if is_first { generated } else { &[] });
            paths.extend(files);
            roots.extend(more);
            is_first = false;
        }
        paths.sort_unstable();
        paths.dedup();
        Tree::new(
            paths
                .iter()
                .filter_map(|path| path.strip_prefix(self.root).ok())
                .map(as_text),
        )
    }
}

/// The files of some names below a folder, and the folders `generated` that were met on the way.
fn list(
    folder: &Path,
    names: &FxHashSet<String>,
    generated: &[&str],
) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let seen: Mutex<(Vec<PathBuf>, Vec<PathBuf>)> = Mutex::default();
    WalkBuilder::new(folder)
        .hidden(false)
        .parents(false)
        .require_git(false)
        .git_global(false)
        .threads(2)
        .filter_entry(|entry| {
            let name = entry.file_name().to_str().unwrap_or_default();
            entry.depth() == 0 || !SKIPPED.contains(&name)
        })
        .build_parallel()
        .run(|| {
            Box::new(|entry| {
                let Ok(entry) = entry else {
                    return WalkState::Continue;
                };
                let kind = entry.file_type();
                if kind.is_some_and(|kind| kind.is_dir()) {
                    let there = generated
                        .iter()
                        .map(|place| entry.path().join(place))
                        .filter(|place| place.is_dir());
                    let mut there = there.peekable();
                    if there.peek().is_some() {
                        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                        seen.1.extend(there);
                    }
                } else if kind.is_some_and(|kind| kind.is_file())
                    && is_wanted(entry.file_name(), names)
                {
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.0.push(entry.into_path());
                }
                WalkState::Continue
            })
        });
    seen.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn is_wanted(name: &std::ffi::OsStr, names: &FxHashSet<String>) -> bool {
    match name.to_str() {
        Some(name) if is_nfc_quick(name.chars()) == IsNormalized::Yes => names.contains(name),
        Some(name) => names.contains(&name.nfc().collect::<String>()),
        None => names.contains(&as_text(Path::new(name)).nfc().collect::<String>()),
    }
}

/// A path as text with `/`. Names that are no UTF-8 are read as Latin-1, as LCOV files write them.
fn as_text(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| {
            let part = part.as_os_str();
            match part.to_str() {
                Some(text) => text.to_owned(),
                None => part
                    .as_encoded_bytes()
                    .iter()
                    .map(|&byte| char::from(byte))
                    .collect(),
            }
        })
        .collect();
    parts.join("/")
}

/// The name that a path would have on a disk whose names are Latin-1; `None` where that is no other.
#[cfg(unix)]
fn latin1(path: &str) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt as _;
    if path.is_ascii() {
        return None;
    }
    let bytes: Result<Vec<u8>, _> = path.chars().map(u8::try_from).collect();
    bytes.ok().map(OsString::from_vec)
}

#[cfg(not(unix))]
fn latin1(_: &str) -> Option<OsString> {
    None
}

/// Where a file that was found lies on the disk.
///
/// # Errors
/// When it is not there any more, or lies outside the root by now.
pub fn locate(root: &Path, path: &FilePath) -> Result<PathBuf, String> {
    let mut disk = OnDisk::new(root);
    let plain = root.join(path.as_str());
    for file in [
        Some(plain),
        latin1(path.as_str()).map(|name| root.join(name)),
    ]
    .into_iter()
    .flatten()
    {
        match disk.look(path.as_str(), &file) {
            Presence::File => return Ok(file),
            Presence::Outside => {
                return Err("it lies outside the root and is not opened".to_owned());
            }
            Presence::Absent => {}
        }
    }
    Err("it is not there any more".to_owned())
}

/// Sources larger than this are not opened: no person wrote them, and no screen shows them.
pub const LARGEST: u64 = 16 * 1024 * 1024;

/// The lines of a file that was found, without their ends.
///
/// # Errors
/// In words for the person.
pub fn lines(root: &Path, path: &FilePath) -> Result<Vec<String>, String> {
    let file = locate(root, path)?;
    let about = fs::metadata(&file).map_err(|error| error.to_string())?;
    if about.len() > LARGEST {
        return Err(format!(
            "it is larger than {} MB and is not opened",
            LARGEST / 1024 / 1024
        ));
    }
    let bytes = fs::read(&file).map_err(|error| error.to_string())?;
    Ok(split(&bytes))
}

/// Lines of UTF-8 text; other bytes become U+FFFD. Tabs and everything else stay.
pub fn split(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    text.split_terminator('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned())
        .collect()
}

/// The text of a covered file, ready for questions. Where the text changed since the measurement, it
/// knows which line was which, as far as git can tell.
#[derive(Debug)]
pub struct Text {
    pub source: Source,
    /// Whether it is still the text that was measured, or one whose lines can be followed back to it. If
    /// not, nothing in the text says anything about the report's lines.
    pub fits: bool,
}

/// Reads the text of a covered file.
///
/// # Errors
/// In words for the person: not found, ambiguous with the candidates, outside the root, unreadable.
pub fn text(root: &Path, file: &CoveredFile) -> Result<Text, String> {
    match &file.source {
        SourceState::Found | SourceState::Changed => {}
        SourceState::Missing => {
            return Err(
                "not found in the project; [reports] strip and prefix in untaken.toml say where it lies"
                    .to_owned(),
            );
        }
        SourceState::Ambiguous(candidates) => {
            let names: Vec<&str> = candidates.iter().map(FilePath::as_str).collect();
            return Err(format!(
                "several files fit: {}; [reports] strip and prefix in untaken.toml say which is meant",
                names.join(", ")
            ));
        }
        SourceState::Outside => return Err("it lies outside the root and is not opened".to_owned()),
    }
    let lines = lines(root, &file.path)?;
    if file.source == SourceState::Changed
        && let Some(map) = line_map(root, file, lines.len())
    {
        return Ok(Text {
            source: Source::new(&file.path, lines).shifted(map),
            fits: true,
        });
    }
    let fits = file.source == SourceState::Found && !speaks_past(&file.coverage, lines.len());
    Ok(Text {
        source: Source::new(&file.path, lines),
        fits,
    })
}

/// For each line of a changed text the line it was when it was measured.
fn line_map(root: &Path, file: &CoveredFile, n_lines: usize) -> Option<Vec<Option<Line>>> {
    let git = Git::at(root)?;
    let commit = git.commit_at(file.measured_ms)?;
    let hunks = git.hunks(&commit, &file.path).ok()?;
    let added: u32 = hunks.iter().map(|hunk| hunk.new_len).sum();
    let removed: u32 = hunks.iter().map(|hunk| hunk.old_len).sum();
    let n_measured = (n_lines + removed as usize).saturating_sub(added as usize);
    // The commit's text may not be the one that was measured: it was edited then, too.
    if speaks_past(&file.coverage, n_measured) {
        return None;
    }
    Some(old_lines(&hunks, n_lines))
}

/// A source for the screen, with its gaps.
///
/// # Errors
/// As [`text`].
pub fn view(root: &Path, file: &CoveredFile) -> Result<SourceView, String> {
    let text = text(root, file)?;
    let gaps = gaps_of(file, Some(&text));
    Ok(SourceView {
        path: file.path.clone(),
        gaps,
        report_lines: text.source.report_lines().map(<[_]>::to_vec),
        lines: text.source.lines().to_vec(),
    })
}

/// The gaps of a file with what its text tells, if it tells anything.
#[must_use]
pub fn gaps_of(file: &CoveredFile, text: Option<&Text>) -> Vec<Gap> {
    let source = text.filter(|text| text.fits).map(|text| &text.source);
    gaps::find(&file.path, &file.coverage, source)
}
