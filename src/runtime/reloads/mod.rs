//! Reading the reports and the sources, again and again, and telling what changed in between.
//!
//! All of it happens on threads of its own. Reports are read one after the other, never two at a time:
//! what is shown is always compared with what was shown before it. A report that cannot be read never
//! replaces one that could.

mod changes;
pub(super) mod known;
pub(super) mod measured;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::known::Knowledge;
use super::colours::Colours;
use super::git::{Git, GitError};
use super::reports::{Progress, Reader, Sources};
use super::sources;
use super::tasks::Tasks;
use super::watch::{Told, Watcher};
use crate::app::effect::RequestId;
use crate::app::filter::{Found, Mine};
use crate::app::message::{FileGaps, LoadFailure, Loaded, Message, SourceView, WatchState};
use crate::coverage::{FilePath, ReportInfo, Totals};
use crate::gaps::GapId;
use crate::settings::Settings;

/// So often it is told how far the reading is.
const GLANCE: Duration = Duration::from_millis(120);

/// Gaps of so many files go into one message.
const FILES_A_MESSAGE: usize = 64;

/// Reads for one run of the program, and watches what it read.
#[derive(Clone, Debug)]
pub(super) struct Reloads {
    tasks: Tasks,
    settings: Arc<Settings>,
    knowledge: Arc<Knowledge>,
    reading: Arc<Reading>,
    progress: Arc<Progress>,
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
        let reader = Reader::new(settings);
        let reloads = Self {
            progress: reader.progress(),
            tasks: tasks.clone(),
            settings: Arc::clone(settings),
            knowledge: Arc::new(Knowledge::new(Arc::clone(settings))),
            reading: Arc::new(Reading {
                newest: AtomicU64::default(),
                reader: Mutex::new(reader),
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
        let read = self.tell_progress();
        self.tasks.work(
            "reading the reports",
            move |answers| {
                let mut reader = this.reader();
                if this.reading.newest.load(Ordering::SeqCst) > request.0 {
                    return;
                }
                let outcome = reader
                    .load(Sources::Compared)
                    .map(|coverage| this.knowledge.take_in(coverage));
                drop(read);
                if let Some(watcher) = &this.watcher {
                    match &outcome {
                        Ok(loaded) => watcher.watch(reader.to_watch(&loaded.coverage.reports)),
                        // The last good ones stay on the screen, and stay watched.
                        Err(_) if this.knowledge.is_there() => {}
                        Err(failure) => watcher.watch(reader.to_watch_for(failure)),
                    }
                }
                drop(reader);
                this.tell(answers, request, outcome);
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

    /// Tells how far the reading is, again and again until what it returns is dropped. A reading that takes no
    /// longer than a glance tells nothing.
    fn tell_progress(&self) -> DropGuard {
        let stop = CancellationToken::new();
        let read = stop.clone().drop_guard();
        let (progress, sender) = (Arc::clone(&self.progress), self.tasks.sender());
        self.tasks
            .spawn("telling how far the reading is", async move {
                loop {
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(GLANCE) => {}
                    }
                    let reading = progress.now();
                    if reading.total > 0 && sender.send(Message::Reading(reading)).await.is_err() {
                        return;
                    }
                }
            });
        read
    }

    /// Reads the reports again of which the watcher says that they were written and are at rest.
    fn read_ready(&self, ready: Vec<PathBuf>) {
        let this = self.clone();
        self.tasks.work(
            "reading the reports",
            move |answers| {
                let mut reader = this.reader();
                let before = this.knowledge.reports();
                let reloaded = reader.reload(&ready, Sources::Compared);
                if let Some(watcher) = &this.watcher {
                    watcher.answer(reloaded.outcomes);
                }
                // What cannot be read is being written, and the watcher says so; the last good one stays.
                let Some(coverage) = reloaded.coverage else {
                    return;
                };
                let loaded = this.knowledge.take_in(coverage);
                let paths = |reports: &[ReportInfo]| -> Vec<FilePath> {
                    reports.iter().map(|report| report.path.clone()).collect()
                };
                if let Some(watcher) = &this.watcher
                    && paths(&before) != paths(&loaded.coverage.reports)
                {
                    watcher.watch(reader.to_watch(&loaded.coverage.reports));
                }
                drop(reader);
                this.tell(answers, RequestId::default(), Ok(loaded));
            },
            Message::Failed,
        );
    }

    /// Answers with what was read, and keeps the texts that were measured for the next comparison.
    fn tell(
        &self,
        answers: &mpsc::Sender<Message>,
        request: RequestId,
        outcome: Result<Arc<Loaded>, LoadFailure>,
    ) {
        let good = outcome.is_ok();
        let told = answers.blocking_send(Message::Reports { request, outcome });
        if good && told.is_ok() {
            let stop = self.tasks.stop();
            self.knowledge.keep_texts(|| !stop.is_cancelled());
        }
    }

    fn reader(&self) -> MutexGuard<'_, Reader> {
        let reader = self.reading.reader.lock();
        reader.unwrap_or_else(PoisonError::into_inner)
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

    /// The totals that are shown.
    pub(super) fn totals(&self) -> Totals {
        self.knowledge.totals()
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

    /// Finds the files whose names fit what was typed, and answers with [`Message::Files`].
    pub(super) fn find_files(&self, request: RequestId, query: String) {
        let knowledge = Arc::clone(&self.knowledge);
        self.tasks.work(
            "looking for files",
            move |answers| {
                let Some(loaded) = knowledge.loaded() else {
                    return;
                };
                let found = Arc::new(Found::of(&query, &loaded.coverage));
                let _ = answers.blocking_send(Message::Files { request, found });
            },
            Message::Failed,
        );
    }

    /// Finds the lines that the person changed, and answers with [`Message::Mine`].
    pub(super) fn find_mine(&self, request: RequestId) {
        let settings = Arc::clone(&self.settings);
        self.tasks.work(
            "asking git",
            move |answers| {
                let outcome = mine(&settings).map(Arc::new);
                let _ = answers.blocking_send(Message::Mine { request, outcome });
            },
            move |why| Message::Mine {
                request,
                outcome: Err(why),
            },
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

/// What changed since the merge base with `--diff`, or with what is usual.
fn mine(settings: &Settings) -> Result<Mine, String> {
    let wished = settings.diff.as_deref();
    let git = Git::at(&settings.root)
        .ok_or_else(|| GitError::NoWorkTree(wished.unwrap_or("anything").to_owned()).to_string())?;
    let base = wished.map_or_else(|| git.usual_base(), str::to_owned);
    let changes = git
        .merge_base(&base)
        .and_then(|commit| git.changes_since(&commit))
        .map_err(|error| error.to_string())?;
    Ok(Mine {
        base,
        files: changes.lines(),
    })
}
