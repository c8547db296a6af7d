//! What became of arms between two measurements.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Decided, DecidedArm, GapId, Source, decisions};
use crate::coverage::{FileCoverage, FilePath, Line, Totals};

/// One file of a measurement. `source` is the text as it was at that measurement, where it is at hand.
#[derive(Clone, Debug)]
pub struct Facts {
    pub path: FilePath,
    pub coverage: Arc<FileCoverage>,
    pub source: Option<Arc<Source>>,
}

/// One arm of one decision, by name, for deltas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmRef {
    /// The gap (decision) that the arm belongs to.
    pub gap: GapId,
    pub file: FilePath,
    /// The decision's line: in the newer source for taken and lost arms, in the older for vanished ones.
    pub line: Line,
    /// `true`, `case 3`, `to line 705`…; `1 of 4` where the report only counts.
    pub arm: String,
}

/// What became of arms between two reports: three lists, never one number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Untaken before, taken now.
    pub taken: Vec<ArmRef>,
    /// Taken before, untaken now.
    pub lost: Vec<ArmRef>,
    /// Untaken before, and not in the report any more; with the reason as far as it can be told.
    pub vanished: Vec<(ArmRef, String)>,
    /// The totals of both, for the figure in the header.
    pub before: Totals,
    pub after: Totals,
}

/// Compares two measurements arm by arm. A file whose coverage is the same on both sides costs nothing,
/// and its source is not read. The totals are the sums over the files; a caller that has the tools' own
/// puts those in their place.
#[must_use]
pub fn delta(before: &[Facts], after: &[Facts]) -> Delta {
    let mut delta = Delta {
        before: totals(before),
        after: totals(after),
        ..Delta::default()
    };
    let now: FxHashMap<&FilePath, &Facts> =
        after.iter().map(|facts| (&facts.path, facts)).collect();
    for old in before {
        match now.get(&old.path) {
            None => delta.file_left(old),
            Some(new) if is_same(old, new) => {}
            Some(new) => delta.file(old, new),
        }
    }
    delta
}

fn totals(facts: &[Facts]) -> Totals {
    facts
        .iter()
        .map(|facts| facts.coverage.totals())
        .fold(Totals::default(), Totals::plus)
}

/// What is measured is the same, wherever it stands: then no arm can have changed.
fn is_same(old: &Facts, new: &Facts) -> bool {
    Arc::ptr_eq(&old.coverage, &new.coverage) || old.coverage == new.coverage
}

impl Delta {
    fn file_left(&mut self, old: &Facts) {
        for decision in decided(old) {
            for arm in untaken(&decision) {
                let arm = named(&old.path, &decision, decision.line, arm);
                self.vanished
                    .push((arm, "the file left the report".to_owned()));
            }
        }
    }

    fn file(&mut self, old: &Facts, new: &Facts) {
        let now = decided(new);
        let by_id: FxHashMap<GapId, &Decided> =
            now.iter().map(|decision| (decision.id, decision)).collect();
        let mut why = None;
        for was in decided(old) {
            match by_id.get(&was.id) {
                Some(is) if !was.arms.is_empty() && !is.arms.is_empty() => {
                    self.arms(old, new, &was, is, &mut why);
                }
                Some(is) => self.counts(old, new, &was, is, &mut why),
                None => {
                    for arm in untaken(&was) {
                        let why = why.get_or_insert_with(|| reason(old, new)).clone();
                        let arm = named(&old.path, &was, was.line, arm);
                        self.vanished.push((arm, why));
                    }
                }
            }
        }
    }

    /// A decision whose arms are told apart on both sides.
    fn arms(
        &mut self,
        old: &Facts,
        new: &Facts,
        was: &Decided,
        is: &Decided,
        why: &mut Option<String>,
    ) {
        let now: FxHashMap<&str, &DecidedArm> =
            is.arms.iter().map(|arm| (arm.key.as_str(), arm)).collect();
        for arm in &was.arms {
            match now.get(arm.key.as_str()) {
                Some(other) if other.taken == arm.taken => {}
                Some(other) => {
                    let list = if other.taken {
                        &mut self.taken
                    } else {
                        &mut self.lost
                    };
                    list.push(named(&new.path, is, is.line, other.label.clone()));
                }
                None if !arm.taken => {
                    let why = why.get_or_insert_with(|| reason(old, new)).clone();
                    let arm = named(&old.path, was, was.line, arm.label.clone());
                    self.vanished.push((arm, why));
                }
                None => {}
            }
        }
    }

    /// A decision of which one side only knows how many arms were taken. What cannot have happened is not
    /// told: fewer missed ones were taken, or are not there any more; more missed ones were lost.
    fn counts(
        &mut self,
        old: &Facts,
        new: &Facts,
        was: &Decided,
        is: &Decided,
        why: &mut Option<String>,
    ) {
        let missed = (was.ratio.missed(), is.ratio.missed());
        let removed = was.ratio.total.saturating_sub(is.ratio.total);
        let fewer = missed.0.saturating_sub(missed.1);
        let added = is.ratio.total.saturating_sub(was.ratio.total);
        let vanished = fewer.min(removed);
        // New arms that are missed were not taken before.
        let lost = missed.1.saturating_sub(missed.0).saturating_sub(added);
        let total = is.ratio.total;
        for nth in 1..=fewer - vanished {
            let arm = format!("{} of {total}", was.ratio.covered + nth);
            self.taken.push(named(&new.path, is, is.line, arm));
        }
        for nth in 1..=lost {
            let arm = format!("{} of {total}", is.ratio.covered + nth);
            self.lost.push(named(&new.path, is, is.line, arm));
        }
        for nth in 1..=vanished {
            let why = why.get_or_insert_with(|| reason(old, new)).clone();
            let arm = format!("{} of {}", was.ratio.covered + nth, was.ratio.total);
            self.vanished
                .push((named(&old.path, was, was.line, arm), why));
        }
    }
}

fn decided(facts: &Facts) -> Vec<Decided> {
    decisions(&facts.path, &facts.coverage, facts.source.as_deref())
}

/// The untaken arms of a decision by what people call them.
fn untaken(decision: &Decided) -> Vec<String> {
    if decision.arms.is_empty() {
        let ratio = decision.ratio;
        return (ratio.covered + 1..=ratio.total)
            .map(|nth| format!("{nth} of {}", ratio.total))
            .collect();
    }
    decision
        .arms
        .iter()
        .filter(|arm| !arm.taken)
        .map(|arm| arm.label.clone())
        .collect()
}

fn named(file: &FilePath, decision: &Decided, line: Line, arm: String) -> ArmRef {
    ArmRef {
        gap: decision.id,
        file: file.clone(),
        line,
        arm,
    }
}

/// Why arms of a file that is still measured are not in its report any more, as far as the texts tell.
fn reason(old: &Facts, new: &Facts) -> String {
    let (Some(before), Some(after)) = (&old.source, &new.source) else {
        return "left the report".to_owned();
    };
    let known: FxHashSet<&str> = before.lines().iter().map(|line| line.trim()).collect();
    let excluded = after
        .lines()
        .iter()
        .any(|line| is_exclusion(line) && !known.contains(line.trim()));
    if excluded {
        "excluded: a comment that takes code out of the measurement was added".to_owned()
    } else if before.lines() == after.lines() {
        "excluded: the source is the same, so the configuration or the tool took it out".to_owned()
    } else {
        "left the report: the source changed".to_owned()
    }
}

/// The words by which tools leave code out: coverage.py, Istanbul and V8's providers, lcov and gcovr.
fn is_exclusion(line: &str) -> bool {
    const WORDS: [&str; 12] = [
        "pragma: no cover",
        "pragma: no branch",
        "pragma:no cover",
        "istanbul ignore",
        "c8 ignore",
        "v8 ignore",
        "vitest ignore",
        "node:coverage",
        "LCOV_EXCL",
        "GCOV_EXCL",
        "GCOVR_EXCL",
        "coverage(off)",
    ];
    WORDS.iter().any(|word| line.contains(word))
}
