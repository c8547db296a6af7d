//! One turn, from the tree it left to the files that may stay.

use std::fs;

use super::super::snapshot::{Change, ChangeKind, TreeId};
use super::super::store::now_ms;
use super::measure::Measurement;
use super::{Baseline, ExamineError, Examiner, lock};
use crate::coverage::FilePath;
use crate::evidence::guard::{self, FileKind};
use crate::evidence::suite::{TestCounts, TestOutcome};
use crate::evidence::{
    Examined, Finding, FindingCode, PutBack, Rung, RungResult, TestFile, Verdict, judge, smell,
    suspect,
};
use crate::gaps::{self, ArmRef, Gap, GapKind, Source};
use crate::runtime::sources;
use crate::syntax::Language;
use crate::triage::record::{Event, FindingRecord};
use crate::triage::{Answer, Batch};

/// A turn that has ended.
#[derive(Clone, Debug)]
pub struct Turn<'a> {
    /// 1-based, in the run.
    pub number: u32,
    pub before: &'a TreeId,
    pub batch: &'a Batch,
    pub answer: &'a Answer,
}

impl Examiner {
    /// Examines what a turn left in the tree. Afterwards the tree holds what was there before and the
    /// test files that are kept, and the project's report is of that tree.
    ///
    /// # Errors
    /// When something of ours could not be done; then the tree is put back as it was before the turn.
    pub fn examine(&mut self, turn: &Turn<'_>) -> Result<Examined, ExamineError> {
        lock(&self.record).forget_reports()?;
        self.seen.clear();
        let mut findings = Vec::new();
        self.uncover(&mut findings)?;
        let left = self.snapshots.take()?;
        let changes = self.snapshots.changes(turn.before, &left)?;
        let outcome = self.examine_changes(turn, &left, &changes, findings);
        if outcome.is_err() {
            for change in &changes {
                // Tests stay where they are until somebody rejects them; the rest must not stay.
                if !self.kind_of(&change.path).may_change() {
                    let _ = self.snapshots.restore(turn.before, &change.path);
                }
            }
        }
        outcome
    }

    /// The report that was found in the project after the turn, against our own runs of the same tests.
    fn judge_claims(&self, claimed: &[ArmRef], all_measured: bool, found: &mut Examined) {
        let unseen: Vec<&ArmRef> = claimed
            .iter()
            .filter(|arm| {
                !self.seen.contains(&(arm.gap, arm.arm.clone())) && !self.is_unstable(arm)
            })
            .collect();
        // A file that was not measured may have taken them when the turn ran it.
        if let (true, Some(first), Some(report)) =
            (all_measured, unseen.first(), self.infos.first())
        {
            let why = format!(
                "it was written during the turn and counted {} arms as taken that a run of the same tests does not take, first {} line {} ({})",
                unseen.len(),
                first.file.as_str(),
                first.line,
                first.arm
            );
            found.find(FindingCode::ReportForged, &report.path, why);
        }
    }

    fn examine_changes(
        &mut self,
        turn: &Turn<'_>,
        left: &TreeId,
        changes: &[Change],
        findings: Vec<Finding>,
    ) -> Result<Examined, ExamineError> {
        let baseline = self.baseline.clone().ok_or(ExamineError::NoCommand)?;
        let mut found = Examined {
            findings,
            ..Examined::default()
        };
        let has_forged = self.reports_were_written();
        let claimed = self.claimed_on_disk(&baseline.measured);
        let mut tests = Vec::new();
        let mut support = Vec::new();
        let mut others = Vec::new();
        for change in changes {
            let patch = self.snapshots.patch(turn.before, left, &change.path)?;
            let kind = self.kind_of_change(change, &patch);
            match kind {
                FileKind::Test if change.kind != ChangeKind::Deleted => {
                    tests.push(TestFile::new(
                        change.path.clone(),
                        change.kind == ChangeKind::Added,
                        patch.clone(),
                    ));
                }
                FileKind::Test => {
                    let why = "the test file was deleted; it is put back";
                    found.find(FindingCode::TestsSkipped, &change.path, why);
                    self.snapshots.restore(turn.before, &change.path)?;
                }
                FileKind::TestSupport => support.push(change.path.clone()),
                FileKind::Source | FileKind::Config => {
                    others.push(PutBack {
                        path: change.path.clone(),
                        kind,
                        patch: patch.clone(),
                    });
                }
            }
            self.tell_change(turn, left, change, kind, &patch)?;
        }

        let no_others = others.is_empty();
        if changes.is_empty() && found.findings.is_empty() {
            found.find(
                FindingCode::NothingClosed,
                &turn.batch.file,
                "the turn changed no file",
            );
        }
        self.judge_others(turn, &baseline, others, &mut found)?;
        self.climb_alone(turn, &mut tests, &found.put_back)?;
        for test in tests.iter().filter(|test| !test.stands()) {
            self.snapshots.restore(turn.before, &test.path)?;
        }
        let last = self.climb_in_suite(turn, left, baseline.clone(), &mut tests, &mut found)?;
        if !tests.iter().any(|test| test.verdict == Verdict::Kept) {
            for path in &support {
                self.snapshots.restore(turn.before, path)?;
            }
        }
        self.measure_whole(
            turn,
            &baseline,
            last,
            !changes.is_empty() || has_forged || !found.findings.is_empty(),
            &mut tests,
            &mut found,
        )?;
        self.uncover_late(turn, &baseline, &mut tests, &mut found)?;
        let all_measured = no_others && tests.iter().all(|test| test.was_tried(Rung::Gains));
        self.judge_claims(&claimed, all_measured, &mut found);
        found.tests = tests;
        Self::compare_claims(turn, &mut found);
        self.tell_outcome(turn, left, &found)?;
        Ok(found)
    }

    /// What is no test is put back. Before that the suite runs once on the tree as it was left: the arms
    /// that are missing from its report are what the change took out of the measurement.
    fn judge_others(
        &mut self,
        turn: &Turn<'_>,
        baseline: &Baseline,
        others: Vec<PutBack>,
        found: &mut Examined,
    ) -> Result<(), ExamineError> {
        if others.is_empty() {
            return Ok(());
        }
        self.step("measuring what the changes outside tests did");
        let as_left = self.snapshots.take()?;
        let measured = self.measure_aside();
        let written = self.put_back_writes(&as_left)?;
        found.findings.extend(written);
        let vanished = match measured {
            Ok(measured) if measured.outcome.passed() => {
                let delta = baseline.measured.until(&measured.measured);
                let fewer = baseline.totals.branches.map_or(0, |ratio| ratio.total)
                    > measured.totals.branches.map_or(0, |ratio| ratio.total);
                (delta.vanished, fewer)
            }
            // A tree that does not even pass says nothing about arms; the change itself is finding enough.
            Ok(_) | Err(ExamineError::NoReport { .. } | ExamineError::Unreadable { .. }) => {
                (Vec::new(), false)
            }
            Err(error) => return Err(error),
        };
        for other in &others {
            let (added, removed) = guard::patch_size(&other.patch);
            let code = match other.kind {
                FileKind::Config => FindingCode::ConfigChanged,
                _ => FindingCode::SourceChanged,
            };
            found.find(
                code,
                &other.path,
                format!("{added} lines added, {removed} removed; put back"),
            );
            let exclusions = guard::exclusions_added(&other.patch);
            if let Some(first) = exclusions.first() {
                let why = format!("an exclusion was added: {first}");
                found.find(FindingCode::DenominatorShrank, &other.path, why);
            }
            self.snapshots.restore(turn.before, &other.path)?;
        }
        let (vanished, fewer) = vanished;
        let told = found
            .findings
            .iter()
            .any(|finding| finding.code == FindingCode::DenominatorShrank);
        if !told && (fewer || !vanished.is_empty()) {
            let why = match vanished.first() {
                Some((arm, _)) => format!(
                    "{} arms left the report without being taken, first {} line {} ({})",
                    vanished.len(),
                    arm.file.as_str(),
                    arm.line,
                    arm.arm
                ),
                None => "the report counted fewer arms than before".to_owned(),
            };
            let path = others
                .first()
                .map_or_else(|| turn.batch.file.clone(), |other| other.path.clone());
            found.find(FindingCode::DenominatorShrank, &path, why);
        }
        found.vanished.extend(vanished);
        found.put_back = others;
        Ok(())
    }

    /// The rungs that need no other test: smells, nothing else touched, passes alone, passes every time.
    fn climb_alone(
        &mut self,
        turn: &Turn<'_>,
        tests: &mut [TestFile],
        put_back: &[PutBack],
    ) -> Result<(), ExamineError> {
        let others: Vec<FilePath> = put_back.iter().map(|other| other.path.clone()).collect();
        let source = sources::lines(self.root(), &turn.batch.file)
            .ok()
            .map(|lines| Source::new(&turn.batch.file, lines));
        let functions = source
            .iter()
            .flat_map(|source| &source.outline().functions)
            .map(|function| function.name.as_str());
        let under_test = smell::UnderTest::new(&turn.batch.file, functions);
        let expected = self.snapshots.take()?;
        for test in tests {
            let text = fs::read(self.root().join(test.path.as_str())).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            // What was in the file before the turn is not the turn's doing.
            let before = self.snapshots.read(turn.before, &test.path)?;
            let before = before.as_deref().map(String::from_utf8_lossy);
            test.climb(match Language::of(&test.path) {
                Some(language) if smell::reads(language) => judge::of_smells(smell::brought(
                    language,
                    &test.path,
                    before.as_deref(),
                    &text,
                    &under_test,
                )),
                _ => judge::of_unread_smells(),
            });
            if !test.stands() {
                continue;
            }
            test.rungs.push(judge::of_others(&others));
            if !test.stands() {
                continue;
            }
            self.run_by_itself(turn, test)?;
            Self::blame(test, self.put_back_writes(&expected)?);
        }
        Ok(())
    }

    /// The rungs of a file that runs alone, as often as asked for.
    fn run_by_itself(&mut self, turn: &Turn<'_>, test: &mut TestFile) -> Result<(), ExamineError> {
        self.step(&format!("running {} alone", test.path.as_str()));
        let files = [test.path.clone()];
        let Some(first) = self.run_alone(&files)? else {
            let evidence =
                "no command is known that runs it alone ([tests] file_command); the suite decides";
            test.rungs.push(RungResult {
                rung: Rung::Passes,
                ok: true,
                evidence: evidence.to_owned(),
            });
            return Ok(());
        };
        test.n_tests = first.outcome.counts.map_or(0, TestCounts::run);
        test.climb(judge::of_alone(&test.path, &first.outcome));
        if !test.stands() {
            Self::suspect(turn, test, &first.outcome);
            return Ok(());
        }
        let mut outcomes = vec![first.outcome];
        for n in 2..=self.settings.tests.repeat.max(1) {
            self.step(&format!(
                "running {} alone, {n} of {}",
                test.path.as_str(),
                self.settings.tests.repeat
            ));
            match self.run_alone(&files)? {
                Some(again) => outcomes.push(again.outcome),
                None => break,
            }
        }
        test.climb(judge::of_repeats(&test.path, &outcomes));
        Ok(())
    }

    /// A failure raised in the code is kept aside for a person: the test may be right.
    fn suspect(turn: &Turn<'_>, test: &mut TestFile, outcome: &TestOutcome) {
        if let Some(line) = suspect::suspected_bug(&outcome.tail, &turn.batch.file) {
            test.findings.push(crate::evidence::Finding {
                code: FindingCode::SuspectedBug,
                path: test.path.clone(),
                line: None,
                evidence: line,
            });
            test.verdict = Verdict::Aside;
        }
    }

    /// The rungs within the suite. The files come into the tree one after the other, each measured on top
    /// of those kept before it: so each arm has one file that closed it, and a file that breaks the suite
    /// is known by name. Returns the last measurement of a tree that stays.
    fn climb_in_suite(
        &mut self,
        turn: &Turn<'_>,
        left: &TreeId,
        mut baseline: Baseline,
        tests: &mut [TestFile],
        found: &mut Examined,
    ) -> Result<Option<Measurement>, ExamineError> {
        let standing: Vec<usize> = (0..tests.len())
            .filter(|idx| tests.get(*idx).is_some_and(TestFile::stands))
            .collect();
        // All but the first wait outside the tree. Their text is in the snapshot, and in the record.
        if standing.len() > 1 {
            for test in standing.iter().filter_map(|idx| tests.get(*idx)) {
                self.snapshots.restore(turn.before, &test.path)?;
            }
        }
        let n = standing.len();
        let mut last = None;
        for idx in standing {
            let Some(test) = tests.get_mut(idx) else {
                continue;
            };
            if n > 1 {
                self.snapshots.restore(left, &test.path)?;
            }
            self.step(&format!("running the suite with {}", test.path.as_str()));
            let expected = self.snapshots.take()?;
            let measured = match self.measure_aside() {
                Err(error @ (ExamineError::NoReport { .. } | ExamineError::Unreadable { .. })) => {
                    test.climb(judge::of_no_report(&test.path, &error.to_string()));
                    Self::blame(test, self.put_back_writes(&expected)?);
                    self.snapshots.restore(turn.before, &test.path)?;
                    continue;
                }
                measured => measured?,
            };
            Self::blame(test, self.put_back_writes(&expected)?);
            if !test.stands() {
                self.snapshots.restore(turn.before, &test.path)?;
                continue;
            }
            let new_tests = (test.added && test.n_tests > 0).then_some(test.n_tests);
            test.climb(judge::of_suite(
                &test.path,
                &baseline.outcome,
                &measured.outcome,
                new_tests,
            ));
            if !test.stands() {
                found.failed_output.clone_from(&measured.outcome.tail);
                Self::suspect(turn, test, &measured.outcome);
                self.snapshots.restore(turn.before, &test.path)?;
                continue;
            }
            if let Some(why) = &measured.forged {
                test.climb(judge::of_forgery(&test.path, why));
                self.snapshots.restore(turn.before, &test.path)?;
                continue;
            }
            let delta = baseline.measured.until(&measured.measured);
            let taken: Vec<ArmRef> = delta
                .taken
                .into_iter()
                .filter(|arm| !self.is_unstable(arm))
                .collect();
            let (taken, by) = match &measured.contexts {
                Some(contexts) => contexts.credit(&test.path, taken),
                None => (taken, Vec::new()),
            };
            let lines = measured
                .totals
                .lines
                .zip(baseline.totals.lines)
                .map_or(0, |(after, before)| {
                    after.covered.saturating_sub(before.covered)
                });
            // Lines count only where the batch holds gaps that are no branches, else arms decide.
            let lines = if self.batch_has_lines(turn) { lines } else { 0 };
            test.climb(judge::of_gains(&test.path, &taken, lines));
            if let (Some(rung), false) = (test.rungs.last_mut(), by.is_empty()) {
                rung.evidence = format!("{}; by {}", rung.evidence, judge::some_of(&by));
            }
            if !test.stands() {
                self.snapshots.restore(turn.before, &test.path)?;
                continue;
            }
            test.closed = taken;
            test.verdict = Verdict::Kept;
            baseline = Baseline {
                outcome: measured.outcome.clone(),
                totals: measured.totals,
                measured: std::sync::Arc::new(measured.measured.clone()),
            };
            last = Some(measured);
        }
        Ok(last)
    }

    fn batch_has_lines(&self, turn: &Turn<'_>) -> bool {
        let Some(baseline) = &self.baseline else {
            return false;
        };
        let gaps = baseline.gaps_of(&turn.batch.file);
        turn.batch.picks.iter().any(|pick| {
            gaps.iter()
                .any(|gap| gap.id == pick.gap && gap.kind != GapKind::Branch)
        })
    }

    /// The whole suite at last, in place, as often as asked for: the report on the disk is of the tree that
    /// stays, and an arm counts only when every run took it.
    fn measure_whole(
        &mut self,
        turn: &Turn<'_>,
        before: &Baseline,
        last: Option<Measurement>,
        must_run: bool,
        tests: &mut [TestFile],
        found: &mut Examined,
    ) -> Result<(), ExamineError> {
        if !must_run {
            found.totals = Some(before.totals);
            return Ok(());
        }
        let n_runs = if last.is_some() {
            self.settings.tests.repeat.max(2) - 1
        } else {
            1
        };
        let mut earlier = last;
        for n in 1..=n_runs {
            self.step(if n == n_runs {
                "running the whole suite"
            } else {
                "running the whole suite again"
            });
            let expected = self.snapshots.take()?;
            let measured = if n == n_runs {
                self.measure_in_place()
            } else {
                self.measure_aside()
            };
            let written = self.put_back_writes(&expected)?;
            let has_kept = tests.iter().any(|test| test.verdict == Verdict::Kept);
            let measured = match measured {
                Err(error @ (ExamineError::NoReport { .. } | ExamineError::Unreadable { .. }))
                    if has_kept =>
                {
                    let why = error.to_string();
                    return self.reject(turn, before, FindingCode::Flaky, &why, tests, found);
                }
                measured => measured?,
            };
            if let Some(first) = written.first() {
                let why = format!("{} was {}", first.path.as_str(), first.evidence);
                let code = first.code;
                found.findings.extend(written);
                if has_kept {
                    return self.reject(turn, before, code, &why, tests, found);
                }
            }
            if let Some(why) = &measured.forged {
                if has_kept {
                    return self.reject(turn, before, FindingCode::ReportForged, why, tests, found);
                }
                let path = self
                    .infos
                    .first()
                    .map_or(&turn.batch.file, |info| &info.path);
                found.find(FindingCode::ReportForged, path, why.as_str());
            }
            if !measured.outcome.passed() {
                return self.give_up(turn, before, &measured.outcome, tests, found);
            }
            if let Some(earlier) = &earlier {
                let same_counts = earlier.outcome.counts == measured.outcome.counts;
                if !same_counts {
                    let why = format!(
                        "the suite: {}, then {}",
                        earlier.outcome.summary(),
                        measured.outcome.summary()
                    );
                    return self.reject(turn, before, FindingCode::Flaky, &why, tests, found);
                }
                let flickered = self.note_flicker(earlier, &measured)?;
                for test in tests.iter_mut() {
                    test.closed.retain(|arm| {
                        !flickered
                            .iter()
                            .any(|other| other.gap == arm.gap && other.arm == arm.arm)
                    });
                }
                found.unstable.extend(flickered);
            }
            earlier = Some(measured);
        }
        let Some(measured) = earlier else {
            return Ok(());
        };
        let delta = before.measured.until(&measured.measured);
        found
            .lost
            .extend(delta.lost.into_iter().filter(|arm| !self.is_unstable(arm)));
        for test in tests
            .iter_mut()
            .filter(|test| test.verdict == Verdict::Kept)
        {
            for arm in &test.closed {
                found.closed.push((arm.clone(), test.path.clone()));
            }
        }
        self.note_gaps(turn, &measured, found);
        found.totals = Some(measured.totals);
        found.suite = Some(measured.outcome.clone());
        self.baseline = Some(Baseline {
            outcome: measured.outcome,
            totals: measured.totals,
            measured: std::sync::Arc::new(measured.measured),
        });
        Ok(())
    }

    /// With the new files the whole suite is not what it was a run before: none of them can stay.
    pub(super) fn reject(
        &mut self,
        turn: &Turn<'_>,
        before: &Baseline,
        code: FindingCode,
        why: &str,
        tests: &mut [TestFile],
        found: &mut Examined,
    ) -> Result<(), ExamineError> {
        for test in tests
            .iter_mut()
            .filter(|test| test.verdict == Verdict::Kept)
        {
            test.verdict = Verdict::Rejected;
            test.closed.clear();
            test.rungs.push(RungResult {
                rung: match code {
                    FindingCode::Flaky => Rung::Repeats,
                    FindingCode::ReportForged => Rung::Gains,
                    _ => Rung::Untouched,
                },
                ok: false,
                evidence: why.to_owned(),
            });
            test.findings.push(crate::evidence::Finding {
                code,
                path: test.path.clone(),
                line: None,
                evidence: why.to_owned(),
            });
            self.snapshots.restore(turn.before, &test.path)?;
        }
        self.measure_whole(turn, before, None, true, tests, found)
    }

    fn give_up(
        &mut self,
        turn: &Turn<'_>,
        before: &Baseline,
        outcome: &TestOutcome,
        tests: &mut [TestFile],
        found: &mut Examined,
    ) -> Result<(), ExamineError> {
        found.failed_output.clone_from(&outcome.tail);
        if tests.iter().any(|test| test.verdict == Verdict::Kept) {
            let why = format!("the suite passed with it, then: {}", outcome.summary());
            return self.reject(turn, before, FindingCode::Flaky, &why, tests, found);
        }
        let why = format!("the suite as it was before the turn: {}", outcome.summary());
        found.find(FindingCode::Flaky, &turn.batch.file, why);
        found.totals = Some(before.totals);
        Ok(())
    }

    /// Which gaps of the batch are gone from the last report, and which have become smaller.
    fn note_gaps(&self, turn: &Turn<'_>, measured: &Measurement, found: &mut Examined) {
        let Some(file) = measured.coverage.file(&turn.batch.file) else {
            return;
        };
        let source = sources::lines(self.root(), &file.path)
            .ok()
            .map(|lines| Source::new(&file.path, lines));
        let now: Vec<Gap> = gaps::find(&file.path, &file.coverage, source.as_ref());
        for pick in &turn.batch.picks {
            let still = now.iter().find(|gap| gap.id == pick.gap);
            match still {
                None => found.gaps_closed.push(pick.gap),
                Some(gap) if gap.kind == GapKind::Branch && gap.arms_untaken < pick.arms => {
                    found.gaps_narrowed.push(pick.gap);
                }
                Some(_) => {}
            }
        }
    }

    /// The agent's own figures against the report's.
    fn compare_claims(turn: &Turn<'_>, found: &mut Examined) {
        let measured = found
            .totals
            .as_ref()
            .and_then(super::figures)
            .and_then(|(figures, _)| figures.percent);
        if let (Some(claimed), Some(measured)) = (turn.answer.coverage_after, measured)
            // Tools cut, round and print whole percentages; what differs by more was not read off a report.
            && (claimed - measured).abs() >= 1.0
        {
            let why = format!("the agent says {claimed:.2} %, the report {measured:.2} %");
            found.find(FindingCode::ClaimContradicted, &turn.batch.file, why);
        }
    }

    fn tell_change(
        &self,
        turn: &Turn<'_>,
        left: &TreeId,
        change: &Change,
        kind: FileKind,
        patch: &str,
    ) -> Result<(), ExamineError> {
        let name = lock(&self.record).keep(patch.as_bytes(), "patch")?;
        // Whole, and not only as a patch: a person may want either side of it long after this snapshot.
        let keep = |tree: &TreeId| -> Result<Option<String>, ExamineError> {
            let bytes = self.snapshots.read(tree, &change.path)?;
            Ok(match bytes {
                Some(bytes) => Some(lock(&self.record).keep(&bytes, "txt")?),
                None => None,
            })
        };
        let (before, after) = (keep(turn.before)?, keep(left)?);
        self.tell(&Event::Changed {
            at: now_ms(),
            turn: turn.number,
            before,
            after,
            path: change.path.as_str().to_owned(),
            change: match change.kind {
                ChangeKind::Added => "added",
                ChangeKind::Modified => "modified",
                ChangeKind::Deleted => "deleted",
            }
            .to_owned(),
            kind: kind.name().to_owned(),
            patch: name,
            put_back: !kind.may_change() || change.kind == ChangeKind::Deleted,
        })
    }

    fn tell_outcome(
        &self,
        turn: &Turn<'_>,
        left: &TreeId,
        found: &Examined,
    ) -> Result<(), ExamineError> {
        let number = turn.number;
        for test in &found.tests {
            let path = test.path.as_str().to_owned();
            for rung in &test.rungs {
                self.tell(&Event::Rung {
                    at: now_ms(),
                    turn: number,
                    path: path.clone(),
                    rung: rung.rung.name().to_owned(),
                    ok: rung.ok,
                    evidence: rung.evidence.clone(),
                })?;
            }
            let text = self.snapshots.read(left, &test.path)?.unwrap_or_default();
            let text = lock(&self.record).keep(&text, "txt")?;
            self.tell(&Event::Verdict {
                at: now_ms(),
                turn: number,
                path,
                verdict: test.verdict.name().to_owned(),
                tests: test.n_tests,
                text,
            })?;
        }
        for finding in found.all_findings() {
            let FindingRecord {
                code,
                path,
                evidence,
                blocking,
            } = finding.into();
            self.tell(&Event::Finding {
                at: now_ms(),
                turn: number,
                code,
                path,
                evidence,
                blocking,
            })?;
        }
        for (arm, by) in &found.closed {
            let by = by.as_str().to_owned();
            self.tell(&Event::Closed {
                at: now_ms(),
                turn: number,
                arm: arm.into(),
                by,
            })?;
        }
        for arm in &found.lost {
            self.tell(&Event::Lost {
                at: now_ms(),
                turn: number,
                arm: arm.into(),
            })?;
        }
        for (arm, why) in &found.vanished {
            self.tell(&Event::Vanished {
                at: now_ms(),
                turn: number,
                arm: arm.into(),
                why: why.clone(),
            })?;
        }
        if let Some((figures, _)) = found.totals.as_ref().and_then(super::figures) {
            self.tell(&Event::Measured {
                at: now_ms(),
                figures,
            })?;
        }
        Ok(())
    }
}
