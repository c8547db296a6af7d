//! Runs of the tests that are measured, and runs of some files alone.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::super::reloads::measured::{Measured, Which};
use super::super::reports::Sources;
use super::super::store;
use super::super::tests_run::{RunEnd, Sandbox, TestCommand, TestRun};
use super::writes::Writes;
use super::{ExamineError, Examiner, Progress, lock};
use crate::coverage::{Coverage, FilePath, Format, Totals};
use crate::evidence::contexts::Contexts;
use crate::evidence::elsewhere::{Elsewhere, elsewhere};
use crate::evidence::suite::TestOutcome;
use crate::gaps::ArmRef;
use crate::runtime::project::Framework;

/// One run of the whole suite, with the report that it wrote.
#[derive(Debug)]
pub struct Measurement {
    pub outcome: TestOutcome,
    pub took: Duration,
    pub totals: Totals,
    pub coverage: Coverage,
    pub(in crate::runtime) measured: Measured,
    /// Why its report is not to be believed.
    pub(in crate::runtime) forged: Option<String>,
    /// Which tests ran which lines, where the report tells.
    pub(in crate::runtime) contexts: Option<Contexts>,
}

/// What the suite does to its reports when no agent has worked yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Usual {
    /// How often each was written.
    writes: Vec<Option<u32>>,
    /// Which of the project's own reports were written.
    own: Vec<bool>,
}

/// What tells whether a file was written: its content may well be the same again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = fs::metadata(path).ok()?;
    Some(Stamp {
        inode: found.ino(),
        len: found.len(),
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
    })
}

fn stamps(paths: &[PathBuf]) -> Vec<Option<Stamp>> {
    paths.iter().map(|path| stamp(path)).collect()
}

/// The folder of a report that is written elsewhere, in the one that the sandbox lets be written.
const WITHIN: &str = "report";

impl Examiner {
    /// Runs the suite and reads its report, and leaves the project's own report as it was.
    pub(super) fn measure_aside(&mut self) -> Result<Measurement, ExamineError> {
        lock(&self.record).put_reports_aside(&self.reports)?;
        let written_since = self.reports_were_written();
        let measured = self.measure(true);
        lock(&self.record).put_back_reports()?;
        if !written_since {
            self.note_reports();
        }
        measured
    }

    /// The project's reports are as we want them.
    pub(super) fn note_reports(&mut self) {
        self.report_stamps = stamps(&self.reports);
    }

    /// Whether something wrote a report of the project since we last did.
    pub(super) fn reports_were_written(&self) -> bool {
        self.report_stamps != stamps(&self.reports)
    }

    /// Runs the suite as the user would, so that the project's own report is the one of this tree.
    pub(super) fn measure_in_place(&mut self) -> Result<Measurement, ExamineError> {
        let measured = self.measure(false);
        self.note_reports();
        measured
    }

    /// The arms that the project's own report counts as taken and the last measurement does not, when
    /// something else has written that report since.
    pub(super) fn claimed_on_disk(&mut self, baseline: &Measured) -> Vec<ArmRef> {
        if !self.reports_were_written() {
            return Vec::new();
        }
        // One that cannot be read claims nothing.
        self.take_down_own(baseline)
            .map(|own| baseline.until(&own).taken)
            .unwrap_or_default()
    }

    fn take_down_own(&mut self, last: &Measured) -> Option<Measured> {
        let mut coverage = self.reader.read(&self.reports, Sources::Found).ok()?;
        let mut own = Measured::take_down(&mut coverage, Some(last));
        own.read_texts(self.root(), &coverage.files, Some(last), Which::All, || {
            true
        });
        Some(own)
    }

    /// What speaks against the report of a run: more writers than the runner, or a second report of the
    /// same run that says something else. `own_before` are the stamps of the project's reports.
    fn forgery(
        &mut self,
        is_elsewhere: bool,
        writes: Vec<Option<u32>>,
        own_before: &[Option<Stamp>],
        measured: &Measured,
    ) -> Option<String> {
        let own: Vec<bool> = stamps(&self.reports)
            .iter()
            .zip(own_before)
            .map(|(now, before)| now != before)
            .collect();
        if self.baseline.is_none() {
            self.usual.insert(is_elsewhere, Usual { writes, own });
            return None;
        }
        let usual = self.usual.get(&is_elsewhere)?;
        let often = writes
            .iter()
            .zip(&usual.writes)
            .find_map(|pair| match pair {
                (Some(now), Some(before)) if now > before => Some((*now, *before)),
                _ => None,
            });
        if let Some((now, before)) = often {
            return Some(format!(
                "the report was written {now} times in one run, and {before} in the run before any work"
            ));
        }
        if !is_elsewhere {
            return None;
        }
        if own
            .iter()
            .zip(&usual.own)
            .any(|(now, before)| *now && !before)
        {
            return Some(
                "the project's report was written by a run whose report goes elsewhere".to_owned(),
            );
        }
        if !own.contains(&true) {
            return None;
        }
        let own = self.take_down_own(measured)?;
        let delta = measured.until(&own);
        let first = delta.taken.first().or(delta.lost.first())?;
        Some(format!(
            "one run wrote two reports that differ in {} arms, first {} line {} ({})",
            delta.taken.len() + delta.lost.len(),
            first.file.as_str(),
            first.line,
            first.arm
        ))
    }

    fn measure(&mut self, may_write_elsewhere: bool) -> Result<Measurement, ExamineError> {
        let place = if may_write_elsewhere {
            self.place_elsewhere()?
        } else {
            None
        };
        let (shell, reports, writable) = match &place {
            Some((folder, Elsewhere { command, report })) => (
                command.clone(),
                vec![folder.join(WITHIN).join(report)],
                vec![folder.clone()],
            ),
            None => (
                self.test_command().to_owned(),
                self.reports.clone(),
                Vec::new(),
            ),
        };
        let before = stamps(&reports);
        let own_before = stamps(&self.reports);
        let watched = Writes::watch(&reports);
        let ran = self.run(shell.clone(), writable)?;
        let writes = watched.counts();
        if !ran.outcome.passed() {
            // A failed run may have written no report, or one of half the tests: what it says is not asked.
            return Ok(Measurement {
                outcome: ran.outcome,
                took: ran.took,
                totals: Totals::default(),
                coverage: Coverage::default(),
                measured: Measured::take_down(&mut Coverage::default(), None),
                forged: None,
                contexts: None,
            });
        }
        for (report, before) in reports.iter().zip(before) {
            let after = stamp(report);
            if after.is_none() || after == before {
                let report = report
                    .strip_prefix(self.root())
                    .unwrap_or(report)
                    .display()
                    .to_string();
                return Err(ExamineError::NoReport {
                    command: shell,
                    report,
                });
            }
        }
        let mut coverage = self
            .reader
            .read(&reports, Sources::Found)
            .map_err(|failure| ExamineError::Unreadable {
                path: failure.path.as_str().to_owned(),
                message: failure.message,
            })?;
        let last = self
            .baseline
            .as_ref()
            .map(|baseline| Arc::clone(&baseline.measured));
        let mut measured = Measured::take_down(&mut coverage, last.as_deref());
        measured.read_texts(
            self.root(),
            &coverage.files,
            last.as_deref(),
            Which::All,
            || true,
        );
        let forged = self.forgery(place.is_some(), writes, &own_before, &measured);
        if let Some(baseline) = &self.baseline {
            let taken = baseline.measured.until(&measured).taken;
            self.seen
                .extend(taken.into_iter().map(|arm| (arm.gap, arm.arm)));
        }
        let contexts = match (self.infos.as_slice(), reports.as_slice()) {
            ([info], [report]) if info.format == Format::CoveragePy => {
                fs::read(report).ok().as_deref().and_then(Contexts::read)
            }
            _ => None,
        };
        if let Some((folder, _)) = place {
            let _ = fs::remove_dir_all(folder);
        }
        Ok(Measurement {
            outcome: ran.outcome,
            took: ran.took,
            totals: coverage.totals,
            coverage,
            measured,
            forged,
            contexts,
        })
    }

    /// A folder that nobody could have prepared, and the command that writes the report there; `None`
    /// where the runner does not take one.
    fn place_elsewhere(&mut self) -> Result<Option<(PathBuf, Elsewhere)>, ExamineError> {
        let [info] = self.infos.as_slice() else {
            return Ok(None);
        };
        self.n_measured += 1;
        let folder = lock(&self.record)
            .folder()
            .join(format!("measured-{}", self.n_measured));
        let command = self.test_command();
        let script = package_script(self.root(), command);
        // Vitest removes the folder of its reports and makes it anew (4.1), and what the sandbox lets be
        // written cannot itself be removed in it: so the report goes one folder deeper.
        let within = folder.join(WITHIN);
        let found = elsewhere(
            command,
            script.as_deref(),
            info.format,
            &within.to_string_lossy(),
        );
        if found.is_some() {
            fs::create_dir_all(&within)?;
        }
        Ok(found.map(|elsewhere| (folder, elsewhere)))
    }

    /// Runs some test files by themselves; `None` where no command for that is known. The project's own
    /// report stays what it was.
    pub(super) fn run_alone(
        &mut self,
        files: &[FilePath],
    ) -> Result<Option<TestRun>, ExamineError> {
        let Some(shell) = self.tests.command_for(files) else {
            return Ok(None);
        };
        lock(&self.record).put_reports_aside(&self.reports)?;
        let ran = self.run(shell, Vec::new());
        lock(&self.record).put_back_reports()?;
        ran.map(Some)
    }

    fn run(&self, shell: String, more_writable: Vec<PathBuf>) -> Result<TestRun, ExamineError> {
        // Compiled Python that lies in the project could be something else than its source. What the suite
        // compiles before any work is kept where later runs can read it, and the sandbox lets none write it.
        let mut compiled = None;
        let mut environment = Vec::new();
        if self.tests.framework == Some(Framework::Pytest) {
            let folder = lock(&self.record).folder().join(store::COMPILED);
            fs::create_dir_all(&folder)?;
            environment.push((
                "PYTHONPYCACHEPREFIX".into(),
                folder.clone().into_os_string(),
            ));
            compiled = Some(folder).filter(|_| self.baseline.is_none());
        }
        let sandbox = match &self.sandbox {
            Sandbox::None => Sandbox::None,
            Sandbox::Codex { program, writable } => {
                let writable = writable
                    .iter()
                    .cloned()
                    .chain(more_writable)
                    .chain(compiled)
                    .collect();
                Sandbox::Codex {
                    program: program.clone(),
                    writable,
                }
            }
        };
        let command = TestCommand {
            shell,
            folder: self.settings.root.clone(),
            environment,
            sandbox,
            timeout: self.settings.tests.timeout,
            supervisor: self.supervisor.clone(),
        };
        let (output, mut printed) = mpsc::channel(64);
        let progress = self.progress.clone();
        let ran = self.handle.block_on(async {
            let forward = async {
                while let Some(text) = printed.recv().await {
                    let _ = progress.try_send(Progress::Output(text));
                }
            };
            let (ran, ()) = tokio::join!(command.run(Some(output), self.stop.clone()), forward);
            ran
        })?;
        match ran.end {
            RunEnd::Stopped => Err(ExamineError::Stopped),
            RunEnd::ByItself | RunEnd::TimedOut => Ok(ran),
        }
    }
}

/// What a package script runs, for commands such as `npm test` and `npm run cover`.
fn package_script(root: &Path, command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let name = match words.as_slice() {
        ["npm", "test" | "t", ..] => "test",
        [
            "npm" | "bun" | "yarn" | "pnpm",
            "run" | "run-script",
            name,
            ..,
        ]
        | ["yarn" | "pnpm", name, ..] => name,
        _ => return None,
    };
    let text = fs::read(root.join("package.json")).ok()?;
    let package: serde_json::Value = serde_json::from_slice(&text).ok()?;
    package
        .get("scripts")?
        .get(name)?
        .as_str()
        .map(str::to_owned)
}
