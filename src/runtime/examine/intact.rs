//! Keeping the tree what it is: what a turn hides from snapshots, and what tests do to the project while
//! they run, is brought to light and put back.

use std::fs;

use super::super::snapshot::{Change, ChangeKind, TreeId};
use super::hidden::{self, Hidden};
use super::{Baseline, ExamineError, Examiner, Turn, lock};
use crate::coverage::FilePath;
use crate::evidence::guard::{self, FileKind};
use crate::evidence::{Examined, Finding, FindingCode, Rung, RungResult, TestFile, Verdict};
use crate::syntax::Language;

impl Examiner {
    pub(super) fn kind_of(&self, path: &FilePath) -> FileKind {
        guard::kind(path, self.tests.paths.contains(path))
    }

    /// The kind of a change. A link among the tests may lead anywhere, and what other tests already rely on
    /// is theirs: a helper may be added, and data may grow, but neither may become something else.
    pub(super) fn kind_of_change(&self, change: &Change, patch: &str) -> FileKind {
        let kind = self.kind_of(&change.path);
        let on_disk = self.root().join(change.path.as_str());
        if kind.may_change() && on_disk.is_symlink() {
            return FileKind::Source;
        }
        if kind != FileKind::TestSupport || change.kind == ChangeKind::Added {
            return kind;
        }
        let grew = match guard::patch_size(patch) {
            (added, 0) => added > 0 && Language::of(&change.path).is_none(),
            _ => false,
        };
        if grew { kind } else { FileKind::Source }
    }

    /// Brings to light what a snapshot would not show, and puts it back: settings that git ignores, and
    /// repositories inside the project. Packages that were changed cannot be put back, only told.
    pub(super) fn uncover(&mut self, findings: &mut Vec<Finding>) -> Result<(), ExamineError> {
        let root = self.root().to_owned();
        let now = Hidden::of(&root);
        let changes = self.hidden.until(&now, &root, &self.usual_packages);
        let mut find = |code, path: &FilePath, evidence: String| {
            findings.push(Finding {
                code,
                path: path.clone(),
                line: None,
                evidence,
            });
        };
        for folder in &changes.repositories {
            let kept = lock(&self.record).folder().join("repositories");
            fs::create_dir_all(&kept)?;
            hidden::take_repository(&root, folder, &kept)?;
            let why = "a repository was made inside the project, which hides its files from git; \
                       it is kept in the run's record";
            find(FindingCode::SourceChanged, folder, why.to_owned());
        }
        // What git does not ignore is the snapshots' business.
        let ignored = self.snapshots.ignored(&changes.settings)?;
        for path in &ignored {
            if let Ok(bytes) = fs::read(root.join(path.as_str())) {
                lock(&self.record).keep(&bytes, "txt")?;
            }
            self.hidden.restore(&root, path)?;
            let why = "changed although git ignores it; put back";
            find(FindingCode::ConfigChanged, path, why.to_owned());
        }
        if let Some((first, n)) = &changes.package {
            let why = format!(
                "{n} files of installed packages changed and cannot be put back; install them anew"
            );
            find(FindingCode::ConfigChanged, first, why);
        }
        self.hidden = now.with(&self.hidden, &ignored, &root);
        Ok(())
    }

    /// The same after the last run: what the tests themselves hid. Then none of them can stay.
    pub(super) fn uncover_late(
        &mut self,
        turn: &Turn<'_>,
        before: &Baseline,
        tests: &mut [TestFile],
        found: &mut Examined,
    ) -> Result<(), ExamineError> {
        let mut findings = Vec::new();
        self.uncover(&mut findings)?;
        let Some(first) = findings.first() else {
            return Ok(());
        };
        let why = format!("{}: {}", first.path.as_str(), first.evidence);
        let code = first.code;
        found.findings.extend(findings);
        if !tests.iter().any(|test| test.verdict == Verdict::Kept) {
            return Ok(());
        }
        found.closed.clear();
        found.gaps_closed.clear();
        found.gaps_narrowed.clear();
        self.reject(turn, before, code, &why, tests, found)
    }

    /// Puts back what changed in the tree while tests ran, but for what the suite has always written and
    /// for snapshots that it stores. Returns what it was.
    pub(super) fn put_back_writes(&self, expected: &TreeId) -> Result<Vec<Finding>, ExamineError> {
        let now = self.snapshots.take()?;
        let mut findings = Vec::new();
        if now == *expected {
            return Ok(findings);
        }
        for change in self.snapshots.changes(expected, &now)? {
            let is_snapshot = change.path.as_str().contains("__snapshots__/");
            if self.litter.contains(&change.path)
                || (is_snapshot && change.kind == ChangeKind::Added)
            {
                continue;
            }
            let patch = self.snapshots.patch(expected, &now, &change.path)?;
            lock(&self.record).keep(patch.as_bytes(), "patch")?;
            self.snapshots.restore(expected, &change.path)?;
            let kind = self.kind_of(&change.path);
            // Data that a test leaves among the tests is only removed.
            if kind == FileKind::TestSupport && change.kind == ChangeKind::Added {
                continue;
            }
            findings.push(Finding {
                code: match kind {
                    FileKind::Config => FindingCode::ConfigChanged,
                    _ => FindingCode::SourceChanged,
                },
                path: change.path,
                line: None,
                evidence: "changed by the tests while they ran; put back".to_owned(),
            });
        }
        Ok(findings)
    }

    /// A test that changes files of the project while it runs has not left them untouched.
    pub(super) fn blame(test: &mut TestFile, findings: Vec<Finding>) {
        let Some(first) = findings.first() else {
            return;
        };
        let evidence = format!("running it changed {}; put back", first.path.as_str());
        match test
            .rungs
            .iter_mut()
            .find(|rung| rung.rung == Rung::Untouched)
        {
            Some(rung) => {
                rung.ok = false;
                rung.evidence = evidence;
            }
            None => test.rungs.push(RungResult {
                rung: Rung::Untouched,
                ok: false,
                evidence,
            }),
        }
        test.findings.extend(findings);
    }
}
