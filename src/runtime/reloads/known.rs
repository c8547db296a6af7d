//! What is known of the project's coverage: what is shown, the first measurement and the last, and what
//! can be told from them about a file.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashSet;

use super::changes;
use super::measured::{Measured, Which};
use crate::app::message::Loaded;
use crate::app::tree::Files;
use crate::coverage::{Coverage, CoveredFile, FilePath, ReportInfo, SourceState, Totals, shift};
use crate::gaps::{self, Gap, GapId, Source};
use crate::runtime::project::Tests;
use crate::runtime::prompts::{self, Picked};
use crate::runtime::{clock, sources};
use crate::settings::Settings;

/// Shared by all jobs; each takes what it needs at once and keeps nobody waiting.
#[derive(Debug)]
pub(in crate::runtime) struct Knowledge {
    settings: Arc<Settings>,
    known: Mutex<Option<Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    loaded: Arc<Loaded>,
    first: Arc<Measured>,
    last: Arc<Measured>,
}

impl Knowledge {
    pub(in crate::runtime) fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            known: Mutex::default(),
        }
    }

    /// Whether a report could be read so far.
    pub(super) fn is_there(&self) -> bool {
        self.lock().is_some()
    }

    /// The reports that are shown.
    pub(super) fn reports(&self) -> Vec<ReportInfo> {
        self.known()
            .map(|known| known.loaded.coverage.reports.clone())
            .unwrap_or_default()
    }

    /// The totals that are shown.
    pub(super) fn totals(&self) -> Totals {
        self.known()
            .map(|known| known.loaded.coverage.totals)
            .unwrap_or_default()
    }

    /// What was read last.
    pub(in crate::runtime) fn loaded(&self) -> Option<Arc<Loaded>> {
        self.known().map(|known| known.loaded)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> Option<Known> {
        self.lock().clone()
    }

    /// Compares new coverage with the first and with the last, and makes it the last.
    pub(in crate::runtime) fn take_in(&self, mut coverage: Coverage) -> Arc<Loaded> {
        let before = self.known();
        let last = before.as_ref().map(|known| &*known.last);
        let mut measured = Measured::take_down(&mut coverage, last);
        if let Some(known) = &before {
            let root = &self.settings.root;
            // A file may be as it was last time and yet not as it was at first: both comparisons need its text.
            for earlier in [&known.last, &known.first] {
                measured.read_texts(root, &coverage.files, Some(earlier), Which::Changed, || {
                    true
                });
            }
        }
        let measured = Arc::new(measured);
        let since_start = before.as_ref().map(|known| known.first.until(&measured));
        let loaded = Arc::new(Loaded {
            files: Arc::new(Files::of(&coverage, since_start.as_ref())),
            clock: coverage
                .reports
                .iter()
                .map(|report| report.written_ms)
                .max()
                .map(clock::local)
                .unwrap_or_default(),
            since_start,
            since_last: before.as_ref().map(|known| known.last.until(&measured)),
            coverage,
        });
        *self.lock() = Some(Known {
            loaded: Arc::clone(&loaded),
            first: before.map_or_else(|| Arc::clone(&measured), |known| known.first),
            last: measured,
        });
        loaded
    }

    /// Reads the texts that the comparison did not need at once, for the next one.
    pub(in crate::runtime) fn keep_texts(&self, go_on: impl Fn() -> bool) {
        let Some(known) = self.known() else { return };
        let mut measured = (*known.last).clone();
        let files = &known.loaded.coverage.files;
        let root = &self.settings.root;
        measured.read_texts(root, files, Some(&known.last), Which::All, go_on);
        let measured = Arc::new(measured);
        let mut now = self.lock();
        if let Some(now) = now.as_mut() {
            if Arc::ptr_eq(&now.first, &now.last) {
                now.first = Arc::clone(&measured);
            }
            now.last = measured;
        }
    }

    /// The gaps of a file with its text. Without the text, they are as exact as the report.
    pub(in crate::runtime) fn gaps(&self, path: &FilePath) -> Result<Vec<Gap>, String> {
        let known = self.known().ok_or(NOTHING_READ)?;
        let file = known.loaded.coverage.file(path).ok_or(NOT_IN_REPORT)?;
        let source = self.text(&known, file).ok();
        Ok(gaps::find(path, &file.coverage, source.as_ref()))
    }

    /// The prompt for picks; those that are no gaps any more are left out.
    pub(super) fn prompt(&self, picks: Vec<(FilePath, GapId)>) -> String {
        let mut picked: BTreeMap<FilePath, FxHashSet<GapId>> = BTreeMap::new();
        for (path, gap) in picks {
            picked.entry(path).or_default().insert(gap);
        }
        let known = self.known();
        let coverage = known.as_ref().map(|known| &known.loaded.coverage);
        let files: Vec<(FilePath, Option<Source>, Vec<Gap>)> = picked
            .into_iter()
            .filter_map(|(path, wanted)| {
                let file = coverage?.file(&path)?;
                let source = self.text(known.as_ref()?, file).ok();
                let mut gaps = gaps::find(&path, &file.coverage, source.as_ref());
                gaps.retain(|gap| wanted.contains(&gap.id));
                Some((path, source, gaps))
            })
            .collect();
        let picked = files.iter().map(|(path, source, gaps)| Picked {
            path: path.clone(),
            source: source.as_ref(),
            gaps: gaps.clone(),
        });
        let reports = coverage.map_or(&[][..], |coverage| &coverage.reports);
        let tests = Tests::of(&self.settings, reports);
        prompts::build(&self.settings, &tests, picked.collect(), None)
    }

    pub(in crate::runtime) fn source(&self, path: &FilePath) -> Result<(Source, Vec<Gap>), String> {
        let known = self.known().ok_or(NOTHING_READ)?;
        let file = known.loaded.coverage.file(path).ok_or(NOT_IN_REPORT)?;
        let source = self.text(&known, file)?;
        let gaps = gaps::find(path, &file.coverage, Some(&source));
        Ok((source, gaps))
    }

    /// The text of a file as it is now; where it is not the one that was measured, with the lines of the
    /// report that its lines were.
    fn text(&self, known: &Known, file: &CoveredFile) -> Result<Source, String> {
        let root = &self.settings.root;
        let lines = sources::lines(root, &file.path)?;
        let measured = known.last.of(&file.path).and_then(|it| it.source.as_ref());
        let hunks = match measured {
            Some(measured) if measured.lines() == lines => None,
            Some(measured) => Some(changes::between(measured.lines(), &lines)),
            None if file.source == SourceState::Changed => changes::since_measured(root, file),
            None => None,
        };
        let n_lines = lines.len();
        let source = Source::new(&file.path, lines);
        Ok(match hunks {
            Some(hunks) => source.shifted(shift::old_lines(&hunks, n_lines)),
            None => source,
        })
    }
}

const NOTHING_READ: &str = "no report has been read yet";
const NOT_IN_REPORT: &str = "it is not in the report any more";
