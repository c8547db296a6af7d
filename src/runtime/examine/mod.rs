//! Examining a turn: the world's half of the evidence. It takes snapshots, runs tests, reads reports and
//! puts files back; what an outcome means is decided in `evidence`.
//!
//! Everything here blocks and belongs on a thread of its own. The order is the contract's: cheapest
//! first, and nothing is believed that a run of ours did not show.

mod hidden;
mod intact;
mod measure;
mod turn;
mod writes;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::hidden::Hidden;
pub use self::measure::Measurement;
use self::measure::{Stamp, Usual};
pub use self::turn::Turn;
use super::project::Tests;
use super::reports::Reader;
use super::snapshot::{SnapshotError, Snapshots, TreeId};
use super::store::{RunRecord, now_ms};
use super::tests_run::{Sandbox, TestRunError};
use crate::coverage::{FilePath, ReportInfo, Totals};
use crate::evidence::suite::TestOutcome;
use crate::gaps::{ArmRef, GapId};
use crate::settings::Settings;
use crate::triage::Batch;
use crate::triage::record::{Event, Figures};

/// What goes on, for the screen and for standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A step has begun, in words.
    Step(String),
    /// What a test run prints.
    Output(String),
}

/// Why an examination could not be finished. The tree is as it was found, but for what the record says.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Run(#[from] TestRunError),
    #[error("the record of the run cannot be written: {0}")]
    Record(#[from] std::io::Error),
    #[error("no test command is known; set command under [tests] in untaken.toml")]
    NoCommand,
    /// The suite fails before any work, so that nothing could be told from it afterwards.
    #[error("the tests already fail before any work: {summary}{hint}")]
    SuiteFails {
        summary: String,
        hint: &'static str,
        tail: String,
    },
    #[error(
        "{command} did not write {report}; its command has to measure coverage ([tests] command)"
    )]
    NoReport { command: String, report: String },
    #[error("{path}: {message}")]
    Unreadable { path: String, message: String },
    #[error("interrupted")]
    Stopped,
}

/// What is known of the tree when no turn is under way.
#[derive(Clone, Debug)]
pub struct Baseline {
    pub outcome: TestOutcome,
    pub totals: Totals,
    measured: Arc<super::reloads::measured::Measured>,
}

impl Baseline {
    /// The gaps of a file as it was measured.
    fn gaps_of(&self, path: &FilePath) -> Vec<crate::gaps::Gap> {
        self.measured
            .of(path)
            .map(|facts| crate::gaps::find(path, &facts.coverage, facts.source.as_deref()))
            .unwrap_or_default()
    }
}

/// Examines the turns of one run.
#[derive(Debug)]
pub struct Examiner {
    settings: Arc<Settings>,
    tests: Tests,
    reader: Reader,
    /// The project's own reports, absolute.
    reports: Vec<PathBuf>,
    infos: Vec<ReportInfo>,
    record: Arc<Mutex<RunRecord>>,
    snapshots: Snapshots,
    sandbox: Sandbox,
    supervisor: PathBuf,
    handle: tokio::runtime::Handle,
    progress: mpsc::Sender<Progress>,
    stop: CancellationToken,
    baseline: Option<Baseline>,
    /// Arms that flickered between two runs without any change, by gap and name.
    unstable: FxHashSet<(GapId, String)>,
    n_measured: u32,
    /// What the reports of the project looked like when we last wrote them.
    report_stamps: Vec<Option<Stamp>>,
    /// What is usual for the reports, in the project and elsewhere (`true`).
    usual: FxHashMap<bool, Usual>,
    /// Arms that a measurement of this turn found taken.
    seen: FxHashSet<(GapId, String)>,
    /// Files that the suite itself writes into the tree, without any agent.
    litter: FxHashSet<FilePath>,
    /// What no snapshot shows.
    hidden: Hidden,
    /// Files of installed packages that the suite itself changes.
    usual_packages: FxHashSet<PathBuf>,
}

/// What an examiner needs to begin.
#[derive(Debug)]
pub struct Setup {
    pub settings: Arc<Settings>,
    /// The reports in use, as the coverage on the screen names them.
    pub reports: Vec<ReportInfo>,
    pub record: Arc<Mutex<RunRecord>>,
    pub sandbox: Sandbox,
    /// This program's own binary.
    pub supervisor: PathBuf,
    pub handle: tokio::runtime::Handle,
    pub progress: mpsc::Sender<Progress>,
    pub stop: CancellationToken,
}

impl Examiner {
    /// Prepares snapshots and finds out how the tests run.
    ///
    /// # Errors
    /// When no test command is known, or the record's folder cannot be used.
    pub fn new(setup: Setup) -> Result<Self, ExamineError> {
        let tests = Tests::of(&setup.settings, &setup.reports);
        if tests.command.is_none() {
            return Err(ExamineError::NoCommand);
        }
        let root = setup.settings.root.clone();
        let git_dir = lock(&setup.record).folder().join("tree.git");
        let artefacts: Vec<FilePath> = setup.reports.iter().map(|info| info.path.clone()).collect();
        let snapshots = Snapshots::open(&git_dir, &root, &artefacts)?;
        let reports = setup
            .reports
            .iter()
            .map(|info| root.join(info.path.as_str()))
            .collect();
        Ok(Self {
            reader: Reader::new(&setup.settings),
            tests,
            reports,
            infos: setup.reports,
            record: setup.record,
            snapshots,
            sandbox: setup.sandbox,
            supervisor: setup.supervisor,
            handle: setup.handle,
            progress: setup.progress,
            stop: setup.stop,
            settings: setup.settings,
            baseline: None,
            unstable: FxHashSet::default(),
            n_measured: 0,
            report_stamps: Vec::new(),
            usual: FxHashMap::default(),
            seen: FxHashSet::default(),
            litter: FxHashSet::default(),
            hidden: Hidden::default(),
            usual_packages: FxHashSet::default(),
        })
    }

    /// The first event of a record: who works, where, and from which figures.
    #[must_use]
    pub fn started(&self, by: &str, totals: &Totals) -> Event {
        let before = figures(totals);
        Event::Started {
            at: now_ms(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            root: self.settings.root.display().to_string(),
            by: by.to_owned(),
            engine: "codex app-server".to_owned(),
            test_command: self.test_command().to_owned(),
            reports: self
                .infos
                .iter()
                .map(|info| info.path.as_str().to_owned())
                .collect(),
            before: before.as_ref().map(|(figures, _)| *figures),
            measure: before.map_or("lines", |(_, measure)| measure).to_owned(),
        }
    }

    /// Takes down what is sent before it is sent.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub fn tell_turn(
        &self,
        turn: u32,
        round: u32,
        batch: &Batch,
        prompt: &str,
    ) -> Result<(), ExamineError> {
        let prompt = lock(&self.record).keep(prompt.as_bytes(), "md")?;
        self.tell(&Event::TurnStarted {
            at: now_ms(),
            turn,
            round,
            file: batch.file.as_str().to_owned(),
            gaps: batch
                .picks
                .iter()
                .map(|pick| pick.gap.to_string())
                .collect(),
            prompt,
        })
    }

    /// From now on this ends what runs: a token that was cancelled once stays cancelled.
    pub fn stop_with(&mut self, stop: CancellationToken) {
        self.stop = stop;
    }

    /// Measures the tree once more, in place, after a person changed it: later turns are compared with this.
    ///
    /// # Errors
    /// When the suite fails now, cannot be run, or writes no report.
    pub fn measure_anew(&mut self) -> Result<&Baseline, ExamineError> {
        self.step("running the whole suite");
        let measured = self.measure_in_place()?;
        if !measured.outcome.passed() {
            return Err(ExamineError::SuiteFails {
                summary: measured.outcome.summary(),
                hint: "",
                tail: measured.outcome.tail,
            });
        }
        if let Some((figures, _)) = figures(&measured.totals) {
            self.tell(&Event::Measured {
                at: now_ms(),
                figures,
            })?;
        }
        Ok(self.baseline.insert(Baseline {
            outcome: measured.outcome,
            totals: measured.totals,
            measured: Arc::new(measured.measured),
        }))
    }

    /// The tree as it is now.
    ///
    /// # Errors
    /// When git cannot read the tree.
    pub fn snapshot(&self) -> Result<TreeId, ExamineError> {
        Ok(self.snapshots.take()?)
    }

    /// The tree and all around it before a turn. The reports are kept, so that a turn that comes to nothing,
    /// or to a crash, leaves no report of its own.
    ///
    /// # Errors
    /// When git cannot read the tree, or the record cannot be written.
    pub fn before_turn(&mut self) -> Result<TreeId, ExamineError> {
        lock(&self.record).put_reports_aside(&self.reports)?;
        self.note_reports();
        self.hidden = Hidden::of(self.root());
        self.snapshot()
    }

    /// Puts one file back as a snapshot has it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn restore(&self, tree: &TreeId, path: &FilePath) -> Result<(), ExamineError> {
        Ok(self.snapshots.restore(tree, path)?)
    }

    /// Puts back everything that differs from a snapshot, and returns the paths. For a turn that did not
    /// end: nothing is known of what it left.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn put_all_back(&mut self, before: &TreeId) -> Result<Vec<FilePath>, ExamineError> {
        self.uncover(&mut Vec::new())?;
        lock(&self.record).put_back_reports()?;
        self.note_reports();
        let now = self.snapshots.take()?;
        let changes = self.snapshots.changes(before, &now)?;
        for change in &changes {
            let patch = self.snapshots.patch(before, &now, &change.path)?;
            lock(&self.record).keep(patch.as_bytes(), "patch")?;
            self.snapshots.restore(before, &change.path)?;
        }
        Ok(changes.into_iter().map(|change| change.path).collect())
    }

    /// A file as the last whole measurement has it.
    #[must_use]
    pub fn file(&self, path: &FilePath) -> Option<std::sync::Arc<crate::coverage::FileCoverage>> {
        self.baseline
            .as_ref()?
            .measured
            .of(path)
            .map(|facts| Arc::clone(&facts.coverage))
    }

    /// What the last whole measurement found.
    #[must_use]
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_ref()
    }

    /// The command that the suite is run with.
    #[must_use]
    pub fn test_command(&self) -> &str {
        self.tests.command.as_deref().unwrap_or_default()
    }

    /// Runs the suite before any work, twice: it has to pass, and what flickers between the two runs is
    /// credited to nobody later on.
    ///
    /// # Errors
    /// When it fails, cannot be run, or writes no report.
    pub fn measure_baseline(&mut self) -> Result<&Baseline, ExamineError> {
        self.step("running the tests as they are");
        lock(&self.record).note_mount_points(self.root())?;
        self.baseline = None;
        self.usual.clear();
        let before = self.snapshots.take()?;
        self.hidden = Hidden::of(self.root());
        let first = self.measure_aside()?;
        if !first.outcome.passed() {
            let sandboxed = self.sandbox != Sandbox::None;
            let hint = if sandboxed {
                " (in the sandbox, without network; where that is the reason, set sandbox = false under [tests])"
            } else {
                ""
            };
            let (summary, tail) = (first.outcome.summary(), first.outcome.tail);
            self.tell(&Event::Baseline {
                at: now_ms(),
                passed: false,
                summary: summary.clone(),
            })?;
            return Err(ExamineError::SuiteFails {
                summary,
                hint,
                tail,
            });
        }
        self.step("running them again, to know what flickers");
        let second = self.measure_in_place()?;
        self.note_flicker(&first, &second)?;
        let after = self.snapshots.take()?;
        let hidden = Hidden::of(self.root());
        self.usual_packages
            .extend(self.hidden.packages_until(&hidden));
        self.hidden = hidden;
        self.litter.extend(
            self.snapshots
                .changes(&before, &after)?
                .into_iter()
                .map(|change| change.path),
        );
        let summary = second.outcome.summary();
        self.tell(&Event::Baseline {
            at: now_ms(),
            passed: true,
            summary,
        })?;
        Ok(self.baseline.insert(Baseline {
            outcome: second.outcome,
            totals: second.totals,
            measured: Arc::new(second.measured),
        }))
    }

    /// Takes down what differs between two measurements of the same tree.
    fn note_flicker(
        &mut self,
        first: &Measurement,
        second: &Measurement,
    ) -> Result<Vec<ArmRef>, ExamineError> {
        let delta = first.measured.until(&second.measured);
        let flickered: Vec<ArmRef> = delta.taken.into_iter().chain(delta.lost).collect();
        for arm in &flickered {
            if self.unstable.insert((arm.gap, arm.arm.clone())) {
                self.tell(&Event::Unstable {
                    at: now_ms(),
                    arm: arm.into(),
                })?;
            }
        }
        Ok(flickered)
    }

    /// Whether nothing may be concluded from an arm.
    fn is_unstable(&self, arm: &ArmRef) -> bool {
        self.unstable.contains(&(arm.gap, arm.arm.clone()))
    }

    /// Appends to the record.
    fn tell(&self, event: &Event) -> Result<(), ExamineError> {
        Ok(lock(&self.record).append(event)?)
    }

    fn step(&self, words: &str) {
        // A screen that fell behind misses a line; the examination never waits for it.
        let _ = self.progress.try_send(Progress::Step(words.to_owned()));
    }

    fn root(&self) -> &Path {
        &self.settings.root
    }
}

/// The figures that a target and a result are about: branches, else lines. The word names them.
#[must_use]
pub fn figures(totals: &Totals) -> Option<(Figures, &'static str)> {
    match (totals.branches, totals.lines) {
        (Some(branches), _) if branches.total > 0 => Some((branches.into(), "branches")),
        (_, Some(lines)) => Some((lines.into(), "lines")),
        _ => None,
    }
}

impl Drop for Examiner {
    fn drop(&mut self) {
        lock(&self.record).clear_leftovers();
    }
}

pub(super) fn lock(record: &Mutex<RunRecord>) -> std::sync::MutexGuard<'_, RunRecord> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
