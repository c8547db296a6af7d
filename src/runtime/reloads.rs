//! Reading the reports and the sources, again and again, and telling what changed in between.
//!
//! All of it happens on threads of its own. Reports are read one after the other, never two at a time:
//! what is shown is always compared with what was shown before it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashSet;

use super::colours::Colours;
use super::measured::{Measured, Which};
use super::project::Tests;
use super::prompts::{self, Picked};
use super::reports::{Reader, Sources};
use super::tasks::Tasks;
use super::{changes, clock, sources};
use crate::app::effect::RequestId;
use crate::app::message::{FileGaps, LoadFailure, Loaded, Message, SourceView};
use crate::coverage::{Coverage, CoveredFile, FilePath, ReportInfo, SourceState, shift};
use crate::gaps::{self, Gap, GapId, Source};
use crate::settings::Settings;

/// Gaps of so many files go into one message.
const FILES_A_MESSAGE: usize = 64;

/// Reads for one run of the program, and remembers the first measurement and the last.
#[derive(Debug)]
pub(super) struct Reloads {
    tasks: Tasks,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: Arc<Settings>,
    /// The newest request for reports; an older one that has not begun is passed over.
    newest: AtomicU64,
    /// Held while reports are read.
    reader: Mutex<Reader>,
    known: Mutex<Option<Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    loaded: Arc<Loaded>,
    first: Arc<Measured>,
    last: Arc<Measured>,
}

impl Reloads {
    pub(super) fn new(tasks: Tasks, settings: Arc<Settings>) -> Self {
        let shared = Shared {
            reader: Mutex::new(Reader::new(&settings)),
            settings,
            newest: AtomicU64::default(),
            known: Mutex::default(),
        };
        Self {
            tasks,
            shared: Arc::new(shared),
        }
    }

    /// Reads the reports, and answers with [`Message::Reports`].
    pub(super) fn load_reports(&self, request: RequestId) {
        self.shared.newest.fetch_max(request.0, Ordering::SeqCst);
        let shared = Arc::clone(&self.shared);
        let stop = self.tasks.stop();
        let root = FilePath::new(&shared.settings.root.to_string_lossy());
        self.tasks.work(
            "reading the reports",
            move |answers| {
                let mut reader = lock(&shared.reader);
                let newest = shared.newest.load(Ordering::SeqCst);
                if request != RequestId::default() && request.0 < newest {
                    return;
                }
                let outcome = reader
                    .load(Sources::Compared)
                    .map(|coverage| shared.take_in(coverage));
                let good = outcome.is_ok();
                let answered = answers.blocking_send(Message::Reports { request, outcome });
                if good && answered.is_ok() {
                    shared.read_remaining_texts(|| !stop.is_cancelled());
                }
            },
            move |message| Message::Reports {
                request,
                outcome: Err(LoadFailure {
                    path: root,
                    message,
                }),
            },
        );
    }

    /// Reads a source and finds its gaps, and answers with [`Message::Source`].
    pub(super) fn load_source(&self, request: RequestId, path: FilePath, colours: &Colours) {
        let shared = Arc::clone(&self.shared);
        let (colours, asked) = (colours.clone(), path.clone());
        self.tasks.work(
            "reading a source",
            move |answers| {
                let outcome = shared.source(&path).map(|(source, gaps)| {
                    Arc::new(SourceView {
                        path: path.clone(),
                        lines: source.lines().to_vec(),
                        gaps,
                        report_lines: source.report_lines().map(<[_]>::to_vec),
                    })
                });
                if let Ok(view) = &outcome {
                    colours.know(Arc::clone(view));
                }
                let _ = answers.blocking_send(Message::Source {
                    request,
                    path,
                    outcome,
                });
            },
            move |why| Message::Source {
                request,
                path: asked,
                outcome: Err(why),
            },
        );
    }

    /// Finds the gaps of files, and answers with as many [`Message::Gaps`] as it takes.
    pub(super) fn find_gaps(&self, request: RequestId, paths: Vec<FilePath>) {
        let shared = Arc::clone(&self.shared);
        let stop = self.tasks.stop();
        self.tasks.work(
            "finding gaps",
            move |answers| {
                for paths in paths.chunks(FILES_A_MESSAGE) {
                    if stop.is_cancelled() {
                        return;
                    }
                    let files = paths
                        .iter()
                        .map(|path| FileGaps {
                            path: path.clone(),
                            outcome: shared.gaps(path).map(Into::into),
                        })
                        .collect();
                    if answers
                        .blocking_send(Message::Gaps { request, files })
                        .is_err()
                    {
                        return;
                    }
                }
            },
            Message::Failed,
        );
    }

    /// Writes the prompt for some gaps, and answers with [`Message::Prompt`].
    pub(super) fn build_prompt(&self, request: RequestId, picks: Vec<(FilePath, GapId)>) {
        let shared = Arc::clone(&self.shared);
        self.tasks.work(
            "writing the prompt",
            move |answers| {
                let text = shared.prompt(picks);
                let _ = answers.blocking_send(Message::Prompt { request, text });
            },
            Message::Failed,
        );
    }

    /// The reports that are shown.
    pub(super) fn reports_read(&self) -> Vec<ReportInfo> {
        self.shared
            .known()
            .map(|known| known.loaded.coverage.reports.clone())
            .unwrap_or_default()
    }

    /// Where a source lies that may be opened in an editor.
    ///
    /// # Errors
    /// When there is none, in words for the person.
    pub(super) fn source_on_disk(&self, path: &FilePath) -> Result<PathBuf, String> {
        sources::locate(&self.shared.settings.root, path)
            .map_err(|why| format!("{}: {why}", path.as_str()))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn known(&self) -> Option<Known> {
        lock(&self.known).clone()
    }

    /// Compares new coverage with the first and with the last, and makes it the last.
    fn take_in(&self, mut coverage: Coverage) -> Arc<Loaded> {
        let before = self.known();
        let last = before.as_ref().map(|known| &*known.last);
        let mut measured = Measured::take_down(&mut coverage, last);
        if last.is_some() {
            let root = &self.settings.root;
            measured.read_texts(root, &coverage.files, last, Which::Changed, || true);
        }
        let measured = Arc::new(measured);
        let loaded = Arc::new(Loaded {
            clock: coverage
                .reports
                .iter()
                .map(|report| report.written_ms)
                .max()
                .map(clock::local)
                .unwrap_or_default(),
            since_start: before.as_ref().map(|known| known.first.until(&measured)),
            since_last: before.as_ref().map(|known| known.last.until(&measured)),
            coverage,
        });
        *lock(&self.known) = Some(Known {
            loaded: Arc::clone(&loaded),
            first: before.map_or_else(|| Arc::clone(&measured), |known| known.first),
            last: measured,
        });
        loaded
    }

    /// Reads the texts that the comparison did not need at once, for the next one.
    fn read_remaining_texts(&self, go_on: impl Fn() -> bool) {
        let Some(known) = self.known() else { return };
        let mut measured = (*known.last).clone();
        let files = &known.loaded.coverage.files;
        let root = &self.settings.root;
        measured.read_texts(root, files, Some(&known.last), Which::All, go_on);
        let measured = Arc::new(measured);
        let mut now = lock(&self.known);
        if let Some(now) = now.as_mut() {
            if Arc::ptr_eq(&now.first, &now.last) {
                now.first = Arc::clone(&measured);
            }
            now.last = measured;
        }
    }

    /// The gaps of a file with its text. Without the text, they are as exact as the report.
    fn gaps(&self, path: &FilePath) -> Result<Vec<Gap>, String> {
        let known = self.known().ok_or(NOTHING_READ)?;
        let file = known.loaded.coverage.file(path).ok_or(NOT_IN_REPORT)?;
        let source = self.text(&known, file).ok();
        Ok(gaps::find(path, &file.coverage, source.as_ref()))
    }

    /// The prompt for picks; those that are no gaps any more are left out.
    fn prompt(&self, picks: Vec<(FilePath, GapId)>) -> String {
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

    fn source(&self, path: &FilePath) -> Result<(Source, Vec<Gap>), String> {
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
