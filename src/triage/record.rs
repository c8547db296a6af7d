//! The record of a run, as a list of events that only ever grows, and the result that follows from it.
//!
//! Everything a later question could be about is an event: what was sent, what came back, what was
//! measured, what was found, what a person decided. The result is a fold over the events, so that the
//! audit of an interactive run and the output of a headless one cannot differ.
//!
//! `runtime::store` keeps the events on disk, one JSON object a line; a line that was cut off by a crash
//! is dropped when they are read back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Covered and total arms (or lines, where the report has no branches), and the percentage cut to two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    pub covered: u64,
    pub total: u64,
    /// `null` for 0 of 0.
    pub percent: Option<f64>,
}

impl From<crate::coverage::Ratio> for Figures {
    fn from(ratio: crate::coverage::Ratio) -> Self {
        Self {
            covered: ratio.covered,
            total: ratio.total,
            percent: ratio.percent().map(crate::coverage::Percent::as_f64),
        }
    }
}

/// An arm by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArmRecord {
    /// The gap it belongs to.
    pub id: String,
    pub file: String,
    pub line: u32,
    pub arm: String,
}

impl From<&crate::gaps::ArmRef> for ArmRecord {
    fn from(arm: &crate::gaps::ArmRef) -> Self {
        Self {
            id: arm.gap.to_string(),
            file: arm.file.as_str().to_owned(),
            line: arm.line.get(),
            arm: arm.arm.clone(),
        }
    }
}

/// An arm that a kept test file closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClosedArm {
    #[serde(flatten)]
    pub arm: ArmRecord,
    /// The test file that closed it.
    pub by: String,
}

/// An arm that left the report without being taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VanishedArm {
    pub id: String,
    pub file: String,
    pub line: u32,
    pub why: String,
}

/// What is left open in one file, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemainingGaps {
    pub file: String,
    pub uncovered_lines: Vec<u32>,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RungRecord {
    pub rung: String,
    pub ok: bool,
    pub evidence: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestRecord {
    pub path: String,
    /// `kept`, `rejected` or `aside`.
    pub verdict: String,
    pub rungs: Vec<RungRecord>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingRecord {
    pub code: String,
    pub path: String,
    pub evidence: String,
    pub blocking: bool,
}

impl From<&crate::evidence::Finding> for FindingRecord {
    fn from(finding: &crate::evidence::Finding) -> Self {
        Self {
            code: finding.code.name().to_owned(),
            path: finding.path.as_str().to_owned(),
            evidence: match finding.line {
                Some(line) => format!("line {line}: {}", finding.evidence),
                None => finding.evidence.clone(),
            },
            blocking: finding.code.is_blocking(),
        }
    }
}

/// Tokens as the engine counts them. `cached` is the part of `input` that was read from its cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenRecord {
    pub input: u64,
    pub cached: u64,
    pub output: u64,
    pub reasoning: u64,
}

impl TokenRecord {
    /// What a budget counts: everything sent and everything received.
    #[must_use]
    pub fn spent(self) -> u64 {
        self.input.saturating_add(self.output)
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
        }
    }
}

/// The bytes of a file before and after it was written, as files of the record; `None`: there was no file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    pub from: Option<String>,
    pub to: Option<String>,
}

/// Something that happened in a run. `at` is in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    Started {
        at: u64,
        /// The version of untaken.
        version: String,
        root: String,
        /// `explorer` or `close`.
        by: String,
        engine: String,
        test_command: String,
        reports: Vec<String>,
        before: Option<Figures>,
        /// `branches`, or `lines` where the report has no branches.
        measure: String,
    },
    /// The suite was run before any work.
    Baseline {
        at: u64,
        passed: bool,
        summary: String,
    },
    /// A gap changed its state.
    Gap {
        at: u64,
        id: String,
        file: String,
        line: u32,
        says: String,
        state: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    TurnStarted {
        at: u64,
        turn: u32,
        round: u32,
        file: String,
        gaps: Vec<String>,
        prompt: String,
    },
    Thread {
        at: u64,
        id: String,
    },
    /// `tokens` are those of this turn alone.
    TurnEnded {
        at: u64,
        turn: u32,
        status: String,
        answer: String,
        tokens: TokenRecord,
    },
    /// A file that differs between the snapshots around a turn. `patch`, `before` and `after` name files of
    /// the record; the last two hold its bytes around the turn, and are absent where there was no such file.
    Changed {
        at: u64,
        turn: u32,
        path: String,
        change: String,
        kind: String,
        patch: String,
        put_back: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    Rung {
        at: u64,
        turn: u32,
        path: String,
        rung: String,
        ok: bool,
        evidence: String,
    },
    Finding {
        at: u64,
        turn: u32,
        code: String,
        path: String,
        evidence: String,
        blocking: bool,
    },
    /// `tests` is how many tests the file holds, as the runner counts them. `text` names a file of the record.
    Verdict {
        at: u64,
        turn: u32,
        path: String,
        verdict: String,
        tests: u64,
        text: String,
    },
    Closed {
        at: u64,
        turn: u32,
        #[serde(flatten)]
        arm: ArmRecord,
        by: String,
    },
    Lost {
        at: u64,
        turn: u32,
        #[serde(flatten)]
        arm: ArmRecord,
    },
    Vanished {
        at: u64,
        turn: u32,
        #[serde(flatten)]
        arm: ArmRecord,
        why: String,
    },
    /// Taken in one run and not in the next, without any change: credited to nobody.
    Unstable {
        at: u64,
        #[serde(flatten)]
        arm: ArmRecord,
    },
    /// The whole suite was measured.
    Measured {
        at: u64,
        figures: Figures,
    },
    /// A person decided about what a turn did to a file; `action` is a name of
    /// [`super::review::Decision`], or `undone` for taking the last one back. Told before the file is
    /// written, with what is written.
    Reviewed {
        at: u64,
        path: String,
        /// The turn whose work it is about.
        #[serde(default)]
        turn: u32,
        action: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wrote: Option<Swap>,
    },
    Committed {
        at: u64,
        commit: String,
        paths: Vec<String>,
    },
    Remaining {
        at: u64,
        #[serde(flatten)]
        gaps: RemainingGaps,
    },
    Ended {
        at: u64,
        reason: String,
        rounds: u32,
        files: u32,
    },
}

/// The result of a run, version 1, in the shape that `close -o` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResult {
    pub version: u32,
    pub files_processed: u32,
    pub tests_generated: u64,
    /// `null` where the report has nothing to count.
    pub coverage_before: Option<f64>,
    pub coverage_after: Option<f64>,
    pub remaining_gaps: Vec<RemainingGaps>,
    pub closed: Vec<ClosedArm>,
    pub lost: Vec<ArmRecord>,
    pub vanished: Vec<VanishedArm>,
    pub tests: Vec<TestRecord>,
    pub findings: Vec<FindingRecord>,
    pub rounds: u32,
    pub threads: Vec<String>,
    pub tokens: TokenRecord,
}

/// What a list of runs shows of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Milliseconds since 1970.
    pub started: u64,
    /// `None` while it runs, and for ever when it was killed.
    pub ended: Option<u64>,
    pub by: String,
    pub turns: u32,
    pub reason: Option<String>,
}

impl RunResult {
    /// Folds the events of one run.
    #[must_use]
    pub fn of(events: &[Event]) -> Self {
        let mut result = Self {
            version: 1,
            files_processed: 0,
            tests_generated: 0,
            coverage_before: None,
            coverage_after: None,
            remaining_gaps: Vec::new(),
            closed: Vec::new(),
            lost: Vec::new(),
            vanished: Vec::new(),
            tests: Vec::new(),
            findings: Vec::new(),
            rounds: 0,
            threads: Vec::new(),
            tokens: TokenRecord::default(),
        };
        let mut files: Vec<&str> = Vec::new();
        let mut n_tests: Vec<(&str, u64)> = Vec::new();
        let mut taken_away: Vec<TakenAway<'_>> = Vec::new();
        let mut piles: Vec<(&str, Vec<&str>)> = Vec::new();
        // The turn whose text of a file was kept last.
        let mut kept_in: Vec<(&str, u32)> = Vec::new();
        for event in events {
            match event {
                Event::Started { before, .. } => {
                    result.coverage_before = before.and_then(|figures| figures.percent);
                    result.coverage_after = result.coverage_before;
                }
                Event::TurnStarted { file, round, .. } => {
                    if !files.contains(&file.as_str()) {
                        files.push(file);
                    }
                    result.rounds = result.rounds.max(*round);
                }
                Event::Thread { id, .. } => {
                    if !result.threads.contains(id) {
                        result.threads.push(id.clone());
                    }
                }
                Event::TurnEnded { tokens, .. } => result.tokens = result.tokens.plus(*tokens),
                Event::Rung {
                    path,
                    rung,
                    ok,
                    evidence,
                    ..
                } => {
                    let rung = RungRecord {
                        rung: rung.clone(),
                        ok: *ok,
                        evidence: evidence.clone(),
                    };
                    with_test(&mut result.tests, path, |test| {
                        if !test.verdict.is_empty() {
                            test.verdict.clear();
                            test.rungs.clear();
                        }
                        test.rungs.push(rung);
                    });
                }
                Event::Finding {
                    code,
                    path,
                    evidence,
                    blocking,
                    ..
                } => {
                    result.findings.push(FindingRecord {
                        code: code.clone(),
                        path: path.clone(),
                        evidence: evidence.clone(),
                        blocking: *blocking,
                    });
                }
                Event::Verdict {
                    turn,
                    path,
                    verdict,
                    tests,
                    ..
                } => {
                    with_test(&mut result.tests, path, |test| {
                        test.verdict.clone_from(verdict);
                    });
                    // What a person had decided was about an earlier text.
                    taken_away.retain(|taken| taken.path != path);
                    piles.retain(|(known, _)| known != path);
                    n_tests.retain(|(known, _)| known != path);
                    if verdict == "kept" {
                        kept_in.retain(|(known, _)| known != path);
                        kept_in.push((path, *turn));
                        n_tests.push((path, *tests));
                    }
                }
                Event::Closed { arm, by, .. } => {
                    result.lost.retain(|lost| lost != arm);
                    result.closed.push(ClosedArm {
                        arm: arm.clone(),
                        by: by.clone(),
                    });
                }
                Event::Lost { arm, .. } => result.lost.push(arm.clone()),
                Event::Vanished { arm, why, .. } => result.vanished.push(VanishedArm {
                    id: arm.id.clone(),
                    file: arm.file.clone(),
                    line: arm.line,
                    why: why.clone(),
                }),
                Event::Measured { figures, .. } => result.coverage_after = figures.percent,
                Event::Reviewed {
                    path, turn, action, ..
                } => {
                    let credited = kept_in.iter().find(|(known, _)| known == path);
                    if credited.is_some_and(|(_, kept)| *turn != 0 && turn != kept) {
                        // It is about another turn's text, to which nothing is credited.
                        continue;
                    }
                    let is_rejected = piled(&mut piles, path, action);
                    let taken = taken_away.iter().position(|taken| taken.path == path);
                    match (is_rejected, taken) {
                        (true, None) => {
                            taken_away.push(take_away(&mut result, &mut n_tests, path));
                        }
                        (false, Some(at)) => {
                            let taken = taken_away.remove(at);
                            with_test(&mut result.tests, path, |test| test.verdict = taken.verdict);
                            result.closed.extend(taken.closed);
                            n_tests.extend(taken.n_tests.map(|n| (path.as_str(), n)));
                        }
                        (true, Some(_)) | (false, None) => {}
                    }
                }
                Event::Remaining { gaps, .. } => result.remaining_gaps.push(gaps.clone()),
                Event::Ended { rounds, .. } => result.rounds = result.rounds.max(*rounds),
                Event::Baseline { .. }
                | Event::Gap { .. }
                | Event::Changed { .. }
                | Event::Unstable { .. }
                | Event::Committed { .. } => {}
            }
        }
        result.files_processed = u32::try_from(files.len()).unwrap_or(u32::MAX);
        result.tests_generated = n_tests.iter().map(|(_, n)| n).sum();
        result
    }
}

impl Summary {
    /// Folds the events of one run.
    #[must_use]
    pub fn of(events: &[Event]) -> Self {
        let mut summary = Self::default();
        for event in events {
            match event {
                Event::Started { at, by, .. } => {
                    summary.started = *at;
                    summary.by.clone_from(by);
                }
                Event::TurnStarted { .. } => summary.turns += 1,
                Event::Ended { at, reason, .. } => {
                    summary.ended = Some(*at);
                    summary.reason = Some(reason.clone());
                }
                _ => {}
            }
        }
        summary
    }
}

/// What a rejection by a person took from the result, for the day it is undone.
struct TakenAway<'a> {
    path: &'a str,
    verdict: String,
    closed: Vec<ClosedArm>,
    n_tests: Option<u64>,
}

/// Puts a decision about a file on those before it, or takes the last one off; whether the file is rejected
/// then.
fn piled<'a>(piles: &mut Vec<(&'a str, Vec<&'a str>)>, path: &'a str, action: &'a str) -> bool {
    let at = piles.iter().position(|(known, _)| *known == path);
    let at = at.unwrap_or_else(|| {
        piles.push((path, Vec::new()));
        piles.len() - 1
    });
    let Some((_, pile)) = piles.get_mut(at) else {
        return false;
    };
    if action == "undone" {
        pile.pop();
    } else {
        pile.push(action);
    }
    pile.last()
        .is_some_and(|last| matches!(*last, "rejected" | "removed"))
}

/// A person rejected a file: nothing is credited to it any more.
fn take_away<'a>(
    result: &mut RunResult,
    n_tests: &mut Vec<(&'a str, u64)>,
    path: &'a str,
) -> TakenAway<'a> {
    let mut verdict = "rejected".to_owned();
    with_test(&mut result.tests, path, |test| {
        std::mem::swap(&mut verdict, &mut test.verdict);
    });
    let (closed, kept) = std::mem::take(&mut result.closed)
        .into_iter()
        .partition(|closed| closed.by == path);
    result.closed = kept;
    let at = n_tests.iter().position(|(known, _)| *known == path);
    TakenAway {
        path,
        verdict,
        closed,
        n_tests: at.map(|at| n_tests.remove(at).1),
    }
}

/// Changes the record of a test file, made when there is none. A file that a later round wrote anew,
/// or that was measured anew, climbs the rungs anew.
fn with_test(tests: &mut Vec<TestRecord>, path: &str, change: impl FnOnce(&mut TestRecord)) {
    if let Some(known) = tests.iter_mut().find(|test| test.path == path) {
        change(known);
        return;
    }
    let mut fresh = TestRecord {
        path: path.to_owned(),
        verdict: String::new(),
        rungs: Vec::new(),
    };
    change(&mut fresh);
    tests.push(fresh);
}

#[cfg(test)]
mod tests {
    use super::{ArmRecord, Event, Figures, RunResult, Summary, TokenRecord};

    fn arm(id: &str) -> ArmRecord {
        ArmRecord {
            id: id.into(),
            file: "src/a.py".into(),
            line: 3,
            arm: "true".into(),
        }
    }

    fn rung(path: &str, rung: &str, ok: bool) -> Event {
        Event::Rung {
            at: 0,
            turn: 1,
            path: path.into(),
            rung: rung.into(),
            ok,
            evidence: String::new(),
        }
    }

    fn verdict(path: &str, verdict: &str, tests: u64) -> Event {
        Event::Verdict {
            at: 0,
            turn: 1,
            path: path.into(),
            verdict: verdict.into(),
            tests,
            text: String::new(),
        }
    }

    fn reviewed(path: &str, action: &str) -> Event {
        Event::Reviewed {
            at: 4,
            path: path.into(),
            turn: 1,
            action: action.into(),
            wrote: None,
        }
    }

    fn turn(n: u32, round: u32, file: &str) -> Event {
        Event::TurnStarted {
            at: 5,
            turn: n,
            round,
            file: file.into(),
            gaps: Vec::new(),
            prompt: String::new(),
        }
    }

    fn measured(covered: u64) -> Event {
        let figures = Figures {
            covered,
            total: 52,
            percent: Some(71.15),
        };
        Event::Measured { at: 1, figures }
    }

    #[test]
    fn the_result_counts_what_was_kept() {
        let tokens = TokenRecord {
            input: 100,
            cached: 60,
            output: 9,
            reasoning: 2,
        };
        let ended = Event::TurnEnded {
            at: 2,
            turn: 1,
            status: "completed".into(),
            answer: String::new(),
            tokens,
        };
        let events = [
            turn(1, 1, "src/a.py"),
            ended.clone(),
            rung("tests/test_a.py", "static", true),
            verdict("tests/test_a.py", "kept", 9),
            verdict("tests/test_b.py", "rejected", 4),
            Event::Closed {
                at: 3,
                turn: 1,
                arm: arm("aa"),
                by: "tests/test_a.py".into(),
            },
            turn(2, 2, "src/a.py"),
            ended,
            measured(40),
        ];
        let result = RunResult::of(&events);
        assert_eq!(
            (
                result.files_processed,
                result.tests_generated,
                result.rounds
            ),
            (1, 9, 2)
        );
        assert_eq!(result.coverage_after, Some(71.15));
        assert_eq!(result.closed.len(), 1);
        assert_eq!(result.tokens.spent(), 218);
        assert_eq!(Summary::of(&events).turns, 2);
    }

    #[test]
    fn a_rejected_file_takes_its_credit_with_it() {
        let events = [
            verdict("tests/test_a.py", "kept", 9),
            Event::Closed {
                at: 3,
                turn: 1,
                arm: arm("aa"),
                by: "tests/test_a.py".into(),
            },
            reviewed("tests/test_a.py", "rejected"),
        ];
        let result = RunResult::of(&events);
        assert_eq!(result.closed, []);
        assert_eq!(result.tests_generated, 0);
        assert_eq!(result.tests[0].verdict, "rejected");
    }

    #[test]
    fn an_undone_rejection_gives_the_credit_back() {
        let path = "tests/test_a.py";
        let mut events = vec![
            verdict(path, "kept", 9),
            Event::Closed {
                at: 3,
                turn: 1,
                arm: arm("aa"),
                by: path.into(),
            },
        ];
        let before = RunResult::of(&events);
        events.push(reviewed(path, "accepted"));
        events.push(reviewed(path, "undone"));
        events.push(reviewed(path, "rejected"));
        assert_ne!(RunResult::of(&events), before);
        events.push(reviewed(path, "undone"));
        assert_eq!(RunResult::of(&events), before);
        assert_eq!(before.closed.len(), 1);
        // And so does accepting it after all; taking that back does not.
        events.push(reviewed(path, "rejected"));
        events.push(reviewed(path, "accepted"));
        assert_eq!(RunResult::of(&events), before);
        events.push(reviewed(path, "undone"));
        assert_eq!(RunResult::of(&events).closed, []);
    }

    #[test]
    fn a_file_written_anew_climbs_anew() {
        let path = "tests/test_a.py";
        let events = [
            rung(path, "static", true),
            rung(path, "passes", false),
            verdict(path, "rejected", 0),
            rung(path, "static", true),
            rung(path, "passes", true),
            verdict(path, "kept", 3),
        ];
        let result = RunResult::of(&events);
        assert_eq!(result.tests.len(), 1);
        let rungs: Vec<_> = result.tests[0]
            .rungs
            .iter()
            .map(|r| (r.rung.as_str(), r.ok))
            .collect();
        assert_eq!(rungs, [("static", true), ("passes", true)]);
        assert_eq!(result.tests[0].verdict, "kept");
    }

    #[test]
    fn events_are_flat_json_that_reads_back() {
        let event = Event::Closed {
            at: 3,
            turn: 1,
            arm: arm("4f1c9a0e77d2"),
            by: "t.py".into(),
        };
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(
            text,
            r#"{"event":"closed","at":3,"turn":1,"id":"4f1c9a0e77d2","file":"src/a.py","line":3,"arm":"true","by":"t.py"}"#
        );
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}
