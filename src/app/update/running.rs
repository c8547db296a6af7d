//! The run of a campaign: begin, send, examine, and again, until nothing is left or a person is needed.

use std::sync::Arc;

use crate::agent::{EvidenceLine, FailureKind, Mark, Phase, TurnStatus};
use crate::app::doc::count;
use crate::app::effect::Effect;
use crate::app::run::{Stage, Wanted};
use crate::app::work::{RunNews, RunWish, Trouble, TroubleKind};
use crate::app::{App, Question, Step};
use crate::coverage::FilePath;
use crate::evidence::{Examined, Verdict};
use crate::gaps::{Gap, GapId};
use crate::triage::Limits;

/// As many of the last lines of a failed run stand in the transcript.
const OUTPUT_LINES: usize = 10;

impl App {
    pub(super) fn run_news(&mut self, news: RunNews, step: &mut Step) {
        match news {
            RunNews::Remembered(remembered) => self.remembered(remembered, step),
            RunNews::Begun { id, totals } => {
                if matches!(self.run.stage(), Stage::Beginning { .. }) {
                    self.run.begun(id, totals);
                    self.rested(true);
                    self.next_turn(step);
                }
            }
            RunNews::Prepared { turn, prompt } => self.prepared(turn, prompt, step),
            RunNews::Examined { turn, found } => self.examined(turn, &found, step),
            RunNews::PutBack { turn, paths } => self.put_back(turn, &paths, step),
            RunNews::Measured { totals } => self.run.know_totals(totals),
            RunNews::Step(words) => {
                if self.run.stage().measuring().is_some() {
                    self.tests.step(&words, self.now);
                    self.run.set_step(words);
                }
            }
            RunNews::Output(text) => {
                step.redraw = self.tests_shown;
                if self.run.stage().measuring().is_some() {
                    self.tests.output(&text);
                }
            }
            RunNews::Trouble(trouble) => self.trouble(trouble, step),
        }
    }

    /// Gaps go into the queue with the prompt that a person read for the first of their batches.
    pub(super) fn send_gaps(
        &mut self,
        gaps: Vec<(FilePath, Gap)>,
        prompt: (Vec<GapId>, String),
        step: &mut Step,
    ) {
        let limits = Limits {
            rounds: self.settings.rounds,
            target: self.settings.target,
            max_tokens: Some(self.settings.max_tokens),
            max_time: None,
        };
        if matches!(self.run.stage(), Stage::Off)
            && let Some(loaded) = &self.loaded
        {
            self.run.know_totals(loaded.coverage.totals);
        }
        let cost = self.session.session.usage().thread;
        if self.run.send(gaps, prompt, limits, cost, self.now) {
            self.begin_run(step);
        } else {
            self.say("they wait for their turn, behind what is queued");
        }
    }

    pub(super) fn begin_run(&mut self, step: &mut Step) {
        self.tests.measure(self.now);
        self.run.set_stage(Stage::Beginning { since: self.now });
        step.effects.push(Effect::Run(RunWish::Begin {
            unsandboxed: self.run.is_unsandboxed(),
        }));
    }

    /// A run that waits for a person goes on.
    pub(super) fn go_on(&mut self, step: &mut Step) {
        match self.run.stage() {
            Stage::Held { .. } => self.begin_run(step),
            Stage::Off | Stage::Done { .. } => self.say("nothing waits: pick gaps, then s"),
            _ => self.say("the run goes on by itself"),
        }
    }

    fn next_turn(&mut self, step: &mut Step) {
        let cost = self.session.session.usage().thread;
        match self.run.next(cost, self.now) {
            Wanted::Turn(plan) => {
                self.run.set_stage(Stage::Preparing { since: self.now });
                step.effects.push(Effect::Run(RunWish::Prepare(plan)));
            }
            Wanted::Stop(reason) => {
                let why = reason.says().to_owned();
                step.effects.push(Effect::Run(RunWish::End {
                    rounds: self.run.rounds(),
                    remaining: self.run.remaining(&why),
                    reason: why.clone(),
                }));
                self.ring(&format!("the run is done: {why}"), step);
                self.say(format!("the run is done: {why}"));
                self.run.set_stage(Stage::Done { why });
            }
        }
    }

    fn prepared(&mut self, turn: u32, prompt: String, step: &mut Step) {
        let about: Vec<GapId> = match self.run.turn() {
            Some(plan)
                if plan.number == turn && matches!(self.run.stage(), Stage::Preparing { .. }) =>
            {
                plan.batch.picks.iter().map(|pick| pick.gap).collect()
            }
            _ => return,
        };
        self.rested(true);
        self.run.turn_sent(self.session.session.usage().thread);
        let answer = self.session.session.send(prompt, about, self.now);
        self.session_step(answer, step);
    }

    /// The agent's turn is over. What it says of its work is kept for its reasons; the tree is what counts.
    pub(super) fn turn_ended(
        &mut self,
        status: TurnStatus,
        answer: Option<String>,
        step: &mut Step,
    ) {
        if !matches!(self.run.stage(), Stage::Turn) {
            return;
        }
        self.last_answer = answer.unwrap_or_default();
        match status {
            TurnStatus::Completed => {
                let cost = self.session.session.usage().thread;
                let thread = self.session.session.thread();
                let ended =
                    self.run
                        .ended_turn("completed", self.last_answer.clone(), cost, thread);
                if let Some(ended) = ended {
                    self.tests.measure(self.now);
                    self.run.set_stage(Stage::Examining { since: self.now });
                    step.effects
                        .push(Effect::Run(RunWish::Examine(Box::new(ended))));
                }
            }
            TurnStatus::Interrupted => self.run.set_stage(Stage::Losing {
                why: "the turn was interrupted".to_owned(),
            }),
            TurnStatus::Failed => self.run.set_stage(Stage::Losing {
                why: "the turn failed".to_owned(),
            }),
        }
    }

    /// After every word of the session: a turn that cannot come to its end any more is given up, as soon as
    /// nothing of the agent runs.
    pub(super) fn give_up_lost_turn(&mut self, step: &mut Step) {
        let phase = self.phase();
        let is_over = matches!(phase, Phase::Off | Phase::Idle | Phase::Failed(_));
        let said = match self.run.stage() {
            Stage::Losing { why } if is_over => why.clone(),
            // It was sent and never began.
            Stage::Turn if is_over => "the turn did not begin".to_owned(),
            _ => return,
        };
        let (status, why) = match phase {
            // Going on in the same thread is what the one key does.
            Phase::Failed(failure) if failure.kind == FailureKind::Ended => {
                ("failed", failure.says)
            }
            Phase::Failed(failure) => (
                "failed",
                format!("{} \u{b7} {}", failure.says, failure.what_to_do),
            ),
            _ => ("interrupted", said),
        };
        // What was not sent is not sent behind our back later.
        while self.session.session.unqueue(0).is_some() {}
        let cost = self.session.session.usage().thread;
        let thread = self.session.session.thread();
        let ended = self
            .run
            .ended_turn(status, self.last_answer.clone(), cost, thread);
        let Some(ended) = ended else {
            self.run.set_stage(Stage::Held { why });
            return;
        };
        self.run.turn_lost();
        self.tests.measure(self.now);
        self.run.set_stage(Stage::PuttingBack {
            since: self.now,
            why,
        });
        step.effects
            .push(Effect::Run(RunWish::PutBack(Box::new(ended))));
    }

    fn put_back(&mut self, _turn: u32, paths: &[FilePath], step: &mut Step) {
        let Stage::PuttingBack { why, .. } = self.run.stage().clone() else {
            return;
        };
        self.rested(true);
        let mut lines = vec![EvidenceLine {
            mark: Mark::Warn,
            text: why.clone(),
        }];
        lines.extend(paths.iter().map(|path| EvidenceLine {
            mark: Mark::Plain,
            text: format!("put back: {}", path.as_str()),
        }));
        self.session.session.note(lines, self.now);
        // The reason stands in the strip as long as it waits.
        self.notice = None;
        self.run.set_stage(Stage::Held { why });
        self.ring("the run waits for you", step);
    }

    fn examined(&mut self, turn: u32, found: &Arc<Examined>, step: &mut Step) {
        if !matches!(self.run.stage(), Stage::Examining { .. }) {
            return;
        }
        self.rested(true);
        let cost = self.session.session.usage().thread;
        let answer = std::mem::take(&mut self.last_answer);
        let notes = self.run.examined(turn, &answer, found, cost);
        self.session.session.note(evidence(found), self.now);
        if !notes.is_empty() {
            step.effects.push(Effect::Run(RunWish::Note(notes)));
        }
        self.next_turn(step);
    }

    fn trouble(&mut self, trouble: Trouble, step: &mut Step) {
        if self.run.stage().measuring().is_none() {
            self.complain(trouble.says);
            return;
        }
        self.run.turn_lost();
        self.rested(false);
        let why = match trouble.kind {
            TroubleKind::Stopped => "the measuring was stopped".to_owned(),
            TroubleKind::NoSandbox | TroubleKind::SuiteFails | TroubleKind::Other => trouble.says,
        };
        let mut lines = vec![EvidenceLine {
            mark: Mark::Bad,
            text: why.clone(),
        }];
        // The end of what the tests printed says why; all of it stands in their pane.
        let printed: Vec<&str> = trouble
            .output
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        let end = printed.len().saturating_sub(OUTPUT_LINES);
        lines.extend(printed.iter().skip(end).map(|line| EvidenceLine {
            mark: Mark::Plain,
            text: (*line).to_owned(),
        }));
        self.session.session.note(lines, self.now);
        match trouble.kind {
            TroubleKind::NoSandbox => {
                self.question = Some(Question::Unsandboxed);
                self.ring("the sandbox is not to be had: the run waits for you", step);
            }
            TroubleKind::Stopped => {}
            TroubleKind::SuiteFails | TroubleKind::Other => {
                self.ring("the run does not go on", step);
            }
        }
        self.notice = None;
        self.run.set_stage(Stage::Held { why });
    }

    /// `y` to going without a sandbox, for this run alone.
    pub(super) fn go_unsandboxed(&mut self, step: &mut Step) {
        self.run.go_unsandboxed();
        self.go_on(step);
    }

    /// Ends what is being measured. Whether anything was, and this is the first time it is asked.
    pub(super) fn stop_measuring(&mut self, step: &mut Step) -> bool {
        if self.run.stage().measuring().is_none() || self.run.stop_measuring() {
            return false;
        }
        step.effects.push(Effect::Run(RunWish::Stop));
        self.say("stopping the measuring");
        true
    }

    fn rested(&mut self, good: bool) {
        self.tests.measured(good, self.now);
    }
}

/// An examination as a person reads it in the transcript: what stays, what does not and why, what was found.
fn evidence(found: &Examined) -> Vec<EvidenceLine> {
    let mut lines = Vec::new();
    let mut add = |mark, text: String| lines.push(EvidenceLine { mark, text });
    for test in &found.tests {
        let mark = match test.verdict {
            Verdict::Kept => Mark::Good,
            Verdict::Rejected => Mark::Bad,
            Verdict::Aside => Mark::Warn,
        };
        add(
            mark,
            format!("{} is {}", test.path.as_str(), test.verdict.name()),
        );
        for rung in &test.rungs {
            let mark = if rung.ok { Mark::Good } else { Mark::Bad };
            add(mark, format!("  {:<9} {}", rung.rung.name(), rung.evidence));
        }
    }
    for finding in found.all_findings() {
        let mark = if finding.code.is_blocking() {
            Mark::Bad
        } else {
            Mark::Warn
        };
        let line = finding
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        add(
            mark,
            format!(
                "{} \u{b7} {}{line} \u{b7} {}",
                finding.code,
                finding.path.as_str(),
                finding.evidence
            ),
        );
    }
    let mark = if found.closed.is_empty() {
        Mark::Warn
    } else {
        Mark::Good
    };
    add(
        mark,
        format!(
            "measured: {} taken, {} lost, {} vanished",
            count(found.closed.len(), "arm"),
            found.lost.len(),
            found.vanished.len()
        ),
    );
    if !found.unstable.is_empty() {
        add(
            Mark::Warn,
            format!(
                "{} not the same from run to run: credited to nobody",
                count(found.unstable.len(), "arm")
            ),
        );
    }
    lines
}
