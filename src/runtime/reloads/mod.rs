//! Reading the reports and the sources, again and again, and telling what changed in between.
//!
//! All of it happens on threads of its own. Reports are read one after the other, never two at a time:
//! what is shown is always compared with what was shown before it. A report that cannot be read never
//! replaces one that could.

mod changes;
mod known;
pub(super) mod measured;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use tokio::sync::mpsc;

use self::known::Knowledge;
use super::colours::Colours;
use super::reports::{Reader, Sources};
use super::settle::Outcome;
use super::sources;
use super::tasks::Tasks;
use super::watch::{Told, Watched, Watcher};
use crate::app::effect::RequestId;
use crate::app::message::{FileGaps, LoadFailure, Loaded, Message, SourceView, WatchState};
use crate::coverage::{Coverage, FilePath, ReportInfo};
use crate::gaps::GapId;
use crate::settings::Settings;

/// Gaps of so many files go into one message.
const FILES_A_MESSAGE: usize = 64;

/// Where tools write when nobody tells them otherwise: watched while there is no report yet, so that the
/// first one shows by itself.
const USUAL: &[&str] = &[
    "coverage/coverage-final.json",
    "coverage/coverage-summary.json",
    "coverage/lcov.info",
    "coverage/coverage.json",
    "coverage.json",
    "coverage.xml",
    "lcov.info",
    "build/reports/jacoco/test/jacocoTestReport.xml",
    "target/site/jacoco/jacoco.xml",
    "coverage.out",
    "cover.out",
];

/// Reads for one run of the program, and watches what it read.
#[derive(Clone, Debug)]
pub(super) struct Reloads {
    tasks: Tasks,
    settings: Arc<Settings>,
    knowledge: Arc<Knowledge>,
    reading: Arc<Reading>,
    /// `None` where there is no watching.
    watcher: Option<Arc<Watcher>>,
}

#[derive(Debug)]
struct Reading {
    /// The newest request; an older one that has not begun is passed over.
    newest: AtomicU64,
    /// Held while reports are read.
    reader: Mutex<Reader>,
}

impl Reloads {
    pub(super) fn new(tasks: &Tasks, settings: &Arc<Settings>) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        // An error is the end of the run, in which nobody wants to be told.
        let watcher = Watcher::start(settings.root.clone(), move |said| drop(tell.send(said)));
        if let Err(error) = &watcher {
            tasks.say(Message::Watch(WatchState::Blind {
                why: format!("{error}; new reports are read only on demand"),
            }));
        }
        let reloads = Self {
            tasks: tasks.clone(),
            settings: Arc::clone(settings),
            knowledge: Arc::new(Knowledge::new(Arc::clone(settings))),
            reading: Arc::new(Reading {
                newest: AtomicU64::default(),
                reader: Mutex::new(Reader::new(settings)),
            }),
            watcher: watcher.ok().map(Arc::new),
        };
        tasks.spawn("watching the reports", reloads.clone().follow(told));
        reloads
    }

    /// Does what the watcher says.
    async fn follow(self, mut told: mpsc::UnboundedReceiver<Told>) {
        while let Some(said) = told.recv().await {
            match said {
                Told::Ready(reports) => self.read_ready(reports),
                Told::State(state) => self.tasks.say(Message::Watch(state)),
            }
        }
    }

    /// Reads the reports, and answers with [`Message::Reports`].
    pub(super) fn load_reports(&self, request: RequestId) {
        self.reading.newest.fetch_max(request.0, Ordering::SeqCst);
        let this = self.clone();
        let root = FilePath::new(&self.settings.root.to_string_lossy());
        self.tasks.work(
            "reading the reports",
            move |answers| {
                if this.reading.newest.load(Ordering::SeqCst) > request.0 {
                    return;
                }
                let outcome = this.read().map(|read| this.knowledge.take_in(read));
                this.watch(outcome.as_deref().ok());
                let good = outcome.is_ok();
                let told = answers.blocking_send(Message::Reports { request, outcome });
                if good && told.is_ok() {
                    this.keep_texts();
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

    /// Reads the reports because the watcher says that these were written and are at rest.
    fn read_ready(&self, ready: Vec<PathBuf>) {
        let this = self.clone();
        self.tasks.work(
            "reading the reports",
            move |answers| {
                let before = this.watched();
                let read = this.read();
                let result = match &read {
                    Err(failure) => Outcome::Refused(failure.message.clone()),
                    Ok(read) if moved(&this.settings.root, &read.reports) => Outcome::Moved,
                    Ok(_) => Outcome::Read,
                };
                if let Some(watcher) = &this.watcher {
                    let results = ready.into_iter().map(|path| (path, result.clone()));
                    watcher.answer(results.collect());
                }
                // What cannot be read is being written, and the watcher says so; the last good one stays.
                if result == Outcome::Moved || (read.is_err() && this.knowledge.is_there()) {
                    return;
                }
                let outcome = read.map(|read| this.knowledge.take_in(read));
                if let Ok(loaded) = &outcome
                    && before != this.watched()
                {
                    this.watch(Some(loaded));
                }
                let good = outcome.is_ok();
                let request = RequestId::default();
                let told = answers.blocking_send(Message::Reports { request, outcome });
                if good && told.is_ok() {
                    this.keep_texts();
                }
            },
            Message::Failed,
        );
    }

    fn read(&self) -> Result<Coverage, LoadFailure> {
        let mut reader = self
            .reading
            .reader
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        reader.load(Sources::Compared)
    }

    /// The reports that are read, where they lie.
    fn watched(&self) -> Vec<PathBuf> {
        let reports = self.knowledge.reports();
        let paths = reports
            .iter()
            .map(|report| self.settings.root.join(report.path.as_str()));
        paths.collect()
    }

    /// Watches the reports that were read; while there are none, those that were named, or the usual places.
    fn watch(&self, loaded: Option<&Loaded>) {
        let Some(watcher) = &self.watcher else { return };
        let root = &self.settings.root;
        let not_read = |path: PathBuf| Watched {
            path,
            read_ms: None,
        };
        let reports = match loaded {
            Some(loaded) => loaded
                .coverage
                .reports
                .iter()
                .map(|report| Watched {
                    path: root.join(report.path.as_str()),
                    read_ms: Some(report.written_ms),
                })
                .collect(),
            // The last good ones stay on the screen, and stay watched.
            None if self.knowledge.is_there() => return,
            None if self.settings.reports.named.is_empty() => USUAL
                .iter()
                .map(|place| not_read(root.join(place)))
                .collect(),
            None => {
                let named = self.settings.reports.named.iter();
                named.cloned().map(not_read).collect()
            }
        };
        watcher.watch(reports);
    }

    /// Keeps the texts that were measured, for the next comparison.
    fn keep_texts(&self) {
        let stop = self.tasks.stop();
        self.knowledge.keep_texts(|| !stop.is_cancelled());
    }

    /// A run of the tests that we started begins: what it writes is read at its end, once.
    pub(super) fn hold(&self) {
        if let Some(watcher) = &self.watcher {
            watcher.hold();
        }
    }

    /// The run has ended, every process of it.
    pub(super) fn release(&self) {
        if let Some(watcher) = &self.watcher {
            watcher.release();
        }
    }

    /// The reports that are shown.
    pub(super) fn reports(&self) -> Vec<ReportInfo> {
        self.knowledge.reports()
    }

    /// Reads a source and finds its gaps, and answers with [`Message::Source`].
    pub(super) fn load_source(&self, request: RequestId, path: FilePath, colours: &Colours) {
        let knowledge = Arc::clone(&self.knowledge);
        let (colours, asked) = (colours.clone(), path.clone());
        self.tasks.work(
            "reading a source",
            move |answers| {
                let outcome = knowledge.source(&path).map(|(source, gaps)| {
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
        let knowledge = Arc::clone(&self.knowledge);
        let stop = self.tasks.stop();
        self.tasks.work(
            "finding gaps",
            move |answers| {
                for paths in paths.chunks(FILES_A_MESSAGE) {
                    let files = paths
                        .iter()
                        .map(|path| FileGaps {
                            path: path.clone(),
                            outcome: knowledge.gaps(path).map(Into::into),
                        })
                        .collect();
                    let told = answers.blocking_send(Message::Gaps { request, files });
                    if told.is_err() || stop.is_cancelled() {
                        return;
                    }
                }
            },
            Message::Failed,
        );
    }

    /// Writes the prompt for some gaps, and answers with [`Message::Prompt`].
    pub(super) fn build_prompt(&self, request: RequestId, picks: Vec<(FilePath, GapId)>) {
        let knowledge = Arc::clone(&self.knowledge);
        self.tasks.work(
            "writing the prompt",
            move |answers| {
                let text = knowledge.prompt(picks);
                let _ = answers.blocking_send(Message::Prompt { request, text });
            },
            Message::Failed,
        );
    }

    /// Where a source lies that may be opened in an editor.
    ///
    /// # Errors
    /// When there is none, in words for the person.
    pub(super) fn source_on_disk(&self, path: &FilePath) -> Result<PathBuf, String> {
        sources::locate(&self.settings.root, path)
            .map_err(|why| format!("{}: {why}", path.as_str()))
    }
}

/// Whether a report was written again since it was read.
fn moved(root: &Path, reports: &[ReportInfo]) -> bool {
    reports.iter().any(|report| {
        let modified = root
            .join(report.path.as_str())
            .metadata()
            .and_then(|about| about.modified());
        let now = modified
            .ok()
            .and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
        now.is_none_or(|now| now.as_millis() != u128::from(report.written_ms))
    })
}
