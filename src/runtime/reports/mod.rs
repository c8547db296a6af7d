//! Coverage reports: found, read, resolved against the project, merged.

mod blocks;
mod changed;
mod find;
mod go;
mod live;
mod pair;
mod progress;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use rustc_hash::FxHashMap;

pub use self::changed::speaks_past;
pub use self::find::{Found, find};
pub use self::live::Reloaded;
pub use self::progress::Progress;
use super::sources::OnDisk;
use super::{project, watch};
pub use crate::app::message::LoadFailure;
use crate::coverage::merge::{self, Part};
use crate::coverage::resolve::{Clues, Named, resolve};
use crate::coverage::{
    Coverage, CoveredFile, FileCoverage, FilePath, Format, Report, ReportInfo, SourceState, Totals,
    Warning,
};
use crate::formats::{ParseError, Reading};
use crate::settings::{ReportSettings, Settings};

/// Reports larger than this are not read: memory is bounded by a few times this.
pub const LARGEST: u64 = 2 * 1024 * 1024 * 1024;

/// How much is asked about the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sources {
    /// Where they are and whether they changed since.
    Compared,
    /// Where they are.
    Found,
    /// Nothing, unless several reports may speak of the same file: figures alone are wanted.
    OnlyIfShared,
}

/// Reads the reports of one project, again and again. What did not change is not parsed again.
#[derive(Debug)]
pub struct Reader {
    root: PathBuf,
    settings: ReportSettings,
    parsed: FxHashMap<PathBuf, Parsed>,
    /// What the last reading was made of.
    last: Vec<Parsed>,
    progress: Arc<Progress>,
}

/// One report as it was read.
#[derive(Clone, Debug)]
struct Parsed {
    path: PathBuf,
    written: SystemTime,
    len: u64,
    /// The file was old enough when it was read that a later write cannot have the same time.
    settled: bool,
    format: Format,
    tool: Option<String>,
    totals: Totals,
    files: Vec<Arc<FileCoverage>>,
    source_roots: Vec<String>,
    warnings: Vec<Warning>,
}

/// Two writes this far apart have different times on every file system.
const TICK: Duration = Duration::from_secs(2);

impl Reader {
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            root: settings.root.clone(),
            settings: settings.reports.clone(),
            parsed: FxHashMap::default(),
            last: Vec::new(),
            progress: Arc::default(),
        }
    }

    /// How far the reading is; it may be asked from elsewhere.
    #[must_use]
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// The reports to read: those that were named, else those that are found.
    ///
    /// # Errors
    /// When none is found; the message says what was there instead, and what to do.
    pub fn paths(&self) -> Result<Chosen, LoadFailure> {
        let mut chosen = Chosen::default();
        if self.settings.named.is_empty() {
            chosen.add(self.search(&self.root)?);
            return Ok(chosen);
        }
        for path in &self.settings.named {
            if path.is_dir() {
                chosen.add(self.search(path)?);
            } else {
                chosen.paths.push(path.clone());
            }
        }
        Ok(chosen)
    }

    fn search(&self, folder: &Path) -> Result<Found, LoadFailure> {
        let found = find(folder);
        if !found.reports.is_empty() {
            return Ok(found);
        }
        let (path, message) = match found.rejected.first() {
            Some((path, why)) => (self.shown(path), why.to_string()),
            None => (
                FilePath::new(&folder.to_string_lossy()),
                format!(
                    "no coverage report found; {}, or name the report",
                    project::detect(&self.root).how_to_measure()
                ),
            ),
        };
        Err(LoadFailure { path, message })
    }

    /// Finds and reads the reports.
    ///
    /// # Errors
    /// When there is none, or one of them cannot be read.
    pub fn load(&mut self, sources: Sources) -> Result<Coverage, LoadFailure> {
        let chosen = self.paths()?;
        let mut coverage = self.read(&chosen.paths, sources)?;
        let warnings = chosen.much_newer.iter().map(|(best, newer)| {
            let message = format!(
                "{} is much newer, and was probably written by another run; name it to read it instead",
                self.shown(newer).as_str()
            );
            (self.shown(best), Warning::new(message))
        });
        coverage.warnings.extend(warnings);
        Ok(coverage)
    }

    /// Reads reports, in this order.
    ///
    /// # Errors
    /// When one of them cannot be read: the first that fails.
    pub fn read(&mut self, paths: &[PathBuf], sources: Sources) -> Result<Coverage, LoadFailure> {
        self.last = self.parse_all(paths)?;
        Ok(self.assemble(sources))
    }

    /// Puts the reports of the last reading together.
    fn assemble(&self, sources: Sources) -> Coverage {
        let mut warnings = Vec::new();
        let mut infos = Vec::new();
        let mut parts = Vec::new();
        let mut stats = FxHashMap::default();
        for report in &self.last {
            let mut disk = OnDisk::new(&self.root);
            let is_summary = report.format == Format::IstanbulSummary;
            let by_name = sources == Sources::OnlyIfShared && self.last.len() == 1;
            let mut part = if by_name {
                self.as_reported(report)
            } else {
                self.resolved(report, &mut disk)
            };
            infos.push(self.info(report));
            warnings.extend(
                report
                    .warnings
                    .iter()
                    .map(|warning| (part.report.clone(), warning.clone())),
            );
            if is_summary && !by_name {
                let paired = pair::locations(self, report, &part, &mut disk);
                warnings.extend(paired.warning.map(|warning| (part.report.clone(), warning)));
                if let Some((info, files)) = paired.found {
                    infos.push(info);
                    part.files = files;
                }
            }
            stats.extend(disk.found);
            parts.push(part);
        }
        if parts.len() > 1 {
            parts = without_repeated(parts);
        }
        let merged = merge::merge(parts);
        warnings.extend(merged.warnings);
        let mut coverage = Coverage {
            reports: infos,
            totals: merged.totals,
            files: merged.files,
            warnings,
        };
        if sources == Sources::Compared {
            changed::mark(&self.root, &mut coverage.files, &stats);
        }
        merge::order(&mut coverage.files);
        coverage
    }

    /// Parses what is not known yet, two at a time.
    fn parse_all(&mut self, paths: &[PathBuf]) -> Result<Vec<Parsed>, LoadFailure> {
        let known: Vec<Option<&Parsed>> = paths.iter().map(|path| self.parsed.get(path)).collect();
        let sizes = paths
            .iter()
            .filter_map(|path| Some(fs::metadata(path).ok()?.len()));
        self.progress.begin(sizes.sum());
        let progress = &*self.progress;
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let idx = next.fetch_add(1, Ordering::Relaxed);
                let Some(path) = paths.get(idx) else {
                    return done;
                };
                let known = known.get(idx).copied().flatten();
                done.push((idx, read_one(path, known, progress)));
            }
        };
        let mut done = if paths.len() > 1 {
            thread::scope(|scope| {
                let other = scope.spawn(work);
                let mut done = work();
                done.extend(other.join().unwrap_or_default());
                done
            })
        } else {
            work()
        };
        done.sort_by_key(|(idx, _)| *idx);
        let mut reports = Vec::with_capacity(done.len());
        for (idx, outcome) in done {
            let path = paths.get(idx).map_or(Path::new(""), PathBuf::as_path);
            reports.push(outcome.map_err(|unread| LoadFailure {
                path: self.shown(path),
                message: unread.to_string(),
            })?);
        }
        self.parsed = reports
            .iter()
            .filter(|report| report.settled)
            .map(|report| (report.path.clone(), report.clone()))
            .collect();
        Ok(reports)
    }

    /// The files of a report under the report's own names.
    fn as_reported(&self, report: &Parsed) -> Part {
        let measured_ms = milliseconds(report.written);
        let files = report.files.iter().map(|coverage| CoveredFile {
            path: FilePath::new(coverage.reported()),
            source: SourceState::Missing,
            coverage: Arc::clone(coverage),
            measured_ms,
        });
        Part {
            report: self.shown(&report.path),
            totals: report.totals,
            files: files.collect(),
        }
    }

    /// Finds the file of each path in a report.
    fn resolved(&self, report: &Parsed, disk: &mut OnDisk<'_>) -> Part {
        let report_dir = report
            .path
            .parent()
            .and_then(|folder| folder.canonicalize().ok())
            .and_then(|folder| {
                Some(
                    folder
                        .strip_prefix(&self.root)
                        .ok()?
                        .to_string_lossy()
                        .into_owned(),
                )
            });
        let names: Vec<Named<'_>> = report
            .files
            .iter()
            .map(|file| Named {
                path: file.reported(),
                module: file.module(),
            })
            .collect();
        let clues = Clues {
            root: self.root.to_string_lossy().into_owned(),
            go_modules: match report.format {
                Format::GoCover => go::modules(&names, report_dir.as_deref(), &self.root, disk),
                _ => Vec::new(),
            },
            report_dir,
            source_roots: report.source_roots.clone(),
            strip: self.settings.strip.clone(),
            prefix: self.settings.prefix.clone(),
        };
        let written_ms = milliseconds(report.written);
        let files = resolve(&names, &clues, disk)
            .into_iter()
            .zip(&report.files)
            .map(|(resolved, coverage)| CoveredFile {
                path: resolved.path,
                source: resolved.source,
                coverage: Arc::clone(coverage),
                measured_ms: written_ms,
            })
            .collect();
        Part {
            report: self.shown(&report.path),
            totals: report.totals,
            files,
        }
    }

    fn info(&self, report: &Parsed) -> ReportInfo {
        ReportInfo {
            path: self.shown(&report.path),
            format: report.format,
            tool: report.tool.clone(),
            written_ms: milliseconds(report.written),
        }
    }

    /// A path as it is shown: from the root where it lies below it.
    fn shown(&self, path: &Path) -> FilePath {
        let below = path
            .strip_prefix(&self.root)
            .ok()
            .map(Path::to_owned)
            .or_else(|| {
                let folder = path.parent()?.canonicalize().ok()?;
                let below = folder.strip_prefix(&self.root).ok()?;
                Some(below.join(path.file_name()?))
            });
        FilePath::new(&below.as_deref().unwrap_or(path).to_string_lossy())
    }
}

/// Which reports are read.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    pub paths: Vec<PathBuf>,
    /// The report that was taken, and a sibling that is much newer.
    pub much_newer: Vec<(PathBuf, PathBuf)>,
}

impl Chosen {
    fn add(&mut self, found: Found) {
        self.paths.extend(found.reports);
        self.much_newer.extend(found.much_newer);
    }
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Why a report was not read.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("it changed while it was read; a tool is writing it")]
    Moved,
    #[error("{0}")]
    Refused(String),
}

fn read_one(path: &Path, known: Option<&Parsed>, progress: &Progress) -> Result<Parsed, Unread> {
    let refused = |error: io::Error| {
        Unread::Refused(match error.kind() {
            io::ErrorKind::NotFound => "no such file".to_owned(),
            _ => error.to_string(),
        })
    };
    let about = fs::metadata(path).map_err(refused)?;
    if about.is_dir() {
        return Err(Unread::Refused("a folder, not a report".to_owned()));
    }
    let written = about.modified().unwrap_or(UNIX_EPOCH);
    if let Some(known) = known.filter(|known| known.written == written && known.len == about.len())
    {
        return Ok(known.clone());
    }
    if about.len() > LARGEST {
        return Err(Unread::Refused(format!(
            "larger than {} GB, which is as much as is read",
            LARGEST >> 30
        )));
    }
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let n_threads = cores.clamp(2, MOST_THREADS);
    let report = if let Some(report) = blocks::read(path, n_threads, progress) {
        report
    } else {
        let bytes = watch::read_unmoved(path).map_err(refused)?;
        let bytes = bytes.ok_or(Unread::Moved)?;
        parse(&bytes, n_threads, progress).map_err(|error| Unread::Refused(error.to_string()))?
    };
    progress.parsed(report.files.len());
    Ok(Parsed {
        path: path.to_owned(),
        written,
        len: about.len(),
        settled: SystemTime::now()
            .duration_since(written)
            .is_ok_and(|age| age > TICK),
        format: report.format,
        tool: report.tool,
        totals: report.totals,
        files: report.files.into_iter().map(Arc::new).collect(),
        source_roots: report.source_roots,
        warnings: report.warnings,
    })
}

/// More threads than this gain nothing: the memory is the bottleneck.
const MOST_THREADS: usize = 4;

/// Parses a report on a thread for each core where it is large enough to be cut.
fn parse(bytes: &[u8], n_threads: usize, progress: &Progress) -> Result<Report, ParseError> {
    let reading = Reading::new(bytes, n_threads)?;
    if reading.n_parts() == 1 {
        return reading.join(vec![reading.part(0)]);
    }
    let part = |idx| {
        let part = reading.part(idx);
        progress.add(bytes.len() / reading.n_parts());
        part
    };
    let parts = thread::scope(|scope| {
        let others: Vec<_> = (1..reading.n_parts())
            .map(|idx| {
                let part = &part;
                scope.spawn(move || part(idx))
            })
            .collect();
        let mut parts = vec![part(0)];
        for other in others {
            // A part is lost only when its thread panicked, and that goes on here.
            parts.push(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        parts
    });
    reading.join(parts)
}

/// An aggregate of all modules lies beside the modules' own reports: those that say nothing but what a
/// larger one of the same run says are left out, so that its figures stay the tool's own.
fn without_repeated(parts: Vec<Part>) -> Vec<Part> {
    let figures: Vec<FxHashMap<&FilePath, Totals>> = parts
        .iter()
        .map(|part| {
            let files = part.files.iter();
            files
                .map(|file| (&file.path, file.coverage.totals()))
                .collect()
        })
        .collect();
    let repeats = |small: &Part, large: &FxHashMap<&FilePath, Totals>| {
        small.files.len() < large.len()
            && small.files.iter().all(|file| {
                file.source.is_readable() && large.get(&file.path) == Some(&file.coverage.totals())
            })
    };
    let keep: Vec<bool> = parts
        .iter()
        .map(|part| !figures.iter().any(|other| repeats(part, other)))
        .collect();
    drop(figures);
    parts
        .into_iter()
        .zip(keep)
        .filter_map(|(part, keep)| keep.then_some(part))
        .collect()
}
