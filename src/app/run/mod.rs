//! The run: the campaign on the screen, turn by turn, and what the measurements say became of each gap.
//!
//! It never believes the agent. A gap is closed when a measurement of ours counts its arms as taken; a
//! report that comes while an agent works is only noted.

mod found;
mod gaps;

use std::collections::VecDeque;
use std::time::Duration;

use rustc_hash::FxHashMap;

pub use self::found::Found;
pub use self::gaps::{RunGap, RunGaps};
use super::work::{EndedTurn, GapNote, TurnPlan};
use crate::agent::Tokens;
use crate::coverage::{FilePath, Percent, Totals};
use crate::evidence::Examined;
use crate::gaps::{Delta, Gap, GapId};
use crate::triage::record::RemainingGaps;
use crate::triage::{
    Answer, Batch, Campaign, GapState, Limits, Next, Pick, Standing, StopReason, TurnResult,
};

/// What goes on. All times are since the program started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was sent yet.
    #[default]
    Off,
    /// The tests are measured as they are, before any work.
    Beginning { since: Duration },
    /// The tree is being looked at before a turn.
    Preparing { since: Duration },
    /// The agent works.
    Turn,
    /// A turn did not come to its end; the agent's commands are being ended. Why, in words.
    Losing { why: String },
    /// What a turn left is measured.
    Examining { since: Duration },
    /// What a turn that did not end had left is put back. Why it did not end.
    PuttingBack { since: Duration, why: String },
    /// It waits for a person, and this is why.
    Held { why: String },
    /// Nothing is left to be sent for now, and this is why.
    Done { why: String },
}

impl Stage {
    /// Since when something of ours is being measured.
    #[must_use]
    pub fn measuring(&self) -> Option<Duration> {
        match self {
            Self::Beginning { since }
            | Self::Preparing { since }
            | Self::Examining { since }
            | Self::PuttingBack { since, .. } => Some(*since),
            Self::Off
            | Self::Turn
            | Self::Losing { .. }
            | Self::Held { .. }
            | Self::Done { .. } => None,
        }
    }

    /// Whether nothing goes on by itself.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        matches!(self, Self::Off | Self::Held { .. } | Self::Done { .. })
    }
}

/// The run of this program.
#[derive(Clone, Debug, Default)]
pub struct Run {
    gaps: RunGaps,
    campaign: Option<Campaign>,
    stage: Stage,
    /// When the first prompt was sent.
    started: Option<Duration>,
    /// When the campaign began, and what the conversation had cost until then.
    since: Duration,
    cost_before: Tokens,
    /// The turn that is under way, and what the conversation had cost before it.
    turn: Option<TurnPlan>,
    turn_cost_before: Tokens,
    n_turns: u32,
    /// Prompts as a person left them, by the gaps they are about.
    prompts: Vec<(Vec<GapId>, String)>,
    /// Messages that wait until the tree may be changed again.
    messages: VecDeque<String>,
    /// The last measurement of ours.
    totals: Option<Totals>,
    found: Found,
    /// The record's id.
    id: Option<String>,
    /// The tests run outside of the sandbox: a person said so.
    unsandboxed: bool,
    /// A person wants what is being measured to stop.
    stopping: bool,
    /// What is measured right now, in words.
    step: String,
    /// The last known states of gaps that were not sent by this program, dismissals among them.
    known: FxHashMap<GapId, GapState>,
}

/// How many gaps are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub closed: usize,
    pub still_open: usize,
    /// Queued, or being worked on.
    pub to_go: usize,
    /// Untestable or dismissed.
    pub settled: usize,
    pub arms_closed: u32,
}

/// What the campaign wants next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wanted {
    Turn(Box<TurnPlan>),
    Stop(StopReason),
}

impl Run {
    #[must_use]
    pub fn gaps(&self) -> &[RunGap] {
        self.gaps.all()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gaps.all().is_empty()
    }

    #[must_use]
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    #[must_use]
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// The record's id, as `untaken runs` lists it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What is measured right now, in words.
    #[must_use]
    pub fn step(&self) -> &str {
        &self.step
    }

    /// When the first prompt was sent, since the program started.
    #[must_use]
    pub fn started(&self) -> Option<Duration> {
        self.started
    }

    /// The turn that is under way.
    #[must_use]
    pub fn turn(&self) -> Option<&TurnPlan> {
        self.turn.as_ref()
    }

    /// The batches that wait, first to be sent first.
    #[must_use]
    pub fn queue(&self) -> Vec<&Batch> {
        self.campaign
            .as_ref()
            .map(|campaign| campaign.queue().collect())
            .unwrap_or_default()
    }

    /// The place of a gap's batch in the queue, 1-based.
    #[must_use]
    pub fn place_in_queue(&self, gap: GapId) -> Option<usize> {
        let campaign = self.campaign.as_ref()?;
        let at = campaign
            .queue()
            .position(|batch| batch.picks.iter().any(|pick| pick.gap == gap))?;
        Some(at + 1)
    }

    /// The state of a gap, where it was ever sent or dismissed.
    #[must_use]
    pub fn state(&self, path: &FilePath, gap: GapId) -> Option<&GapState> {
        self.gaps
            .find(gap)
            .filter(|own| &own.path == path)
            .map(|own| &own.state)
            .or_else(|| self.known.get(&gap))
    }

    /// Whether a person said that a gap needs no test.
    #[must_use]
    pub fn is_dismissed(&self, gap: GapId) -> bool {
        let state = self
            .gaps
            .find(gap)
            .map(|own| &own.state)
            .or_else(|| self.known.get(&gap));
        matches!(state, Some(GapState::Dismissed { .. }))
    }

    /// The files that were sent.
    pub fn paths(&self) -> impl Iterator<Item = &FilePath> {
        self.gaps.paths()
    }

    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for own in self.gaps.all() {
            tally.arms_closed += own.arms_taken;
            match own.state {
                GapState::Closed => tally.closed += 1,
                GapState::Queued | GapState::Working => tally.to_go += 1,
                GapState::Open | GapState::StillOpen { .. } | GapState::Regressed => {
                    tally.still_open += 1;
                }
                GapState::Untestable { .. } | GapState::Dismissed { .. } => tally.settled += 1,
            }
        }
        tally
    }

    /// What earlier runs of the program knew.
    pub(super) fn remember(&mut self, states: Vec<(GapId, GapState)>) {
        for (gap, state) in states {
            // What this program has found out meanwhile is newer.
            self.known.entry(gap).or_insert(state);
        }
    }

    /// Gaps go into the queue, the first batch with a prompt of its own. Whether the run has to be begun: nothing
    /// goes on by itself.
    pub(super) fn send(
        &mut self,
        gaps: Vec<(FilePath, Gap)>,
        prompt: (Vec<GapId>, String),
        limits: Limits,
        cost: Tokens,
        now: Duration,
    ) -> bool {
        let picks: Vec<Pick> = gaps
            .iter()
            .map(|(path, gap)| Pick::new(path, gap))
            .collect();
        self.started.get_or_insert(now);
        self.prompts.push(prompt);
        for pick in &picks {
            self.known.remove(&pick.gap);
        }
        self.gaps.add(gaps);
        let is_new = matches!(self.stage, Stage::Off | Stage::Done { .. });
        match &mut self.campaign {
            Some(campaign) if !is_new => {
                for pick in &picks {
                    campaign.reopen(pick.gap);
                }
                campaign.add(&picks);
            }
            _ => {
                self.campaign = Some(Campaign::new(self.beyond(limits), &picks));
                self.since = now;
                self.cost_before = cost;
            }
        }
        self.follow();
        self.stage.is_at_rest()
    }

    /// A target that is reached already is no reason not to do what a person asks for.
    fn beyond(&self, limits: Limits) -> Limits {
        Limits {
            target: limits
                .target
                .filter(|target| self.percent().is_none_or(|percent| percent < *target)),
            ..limits
        }
    }

    fn percent(&self) -> Option<Percent> {
        let totals = self.totals?;
        totals
            .branches
            .filter(|ratio| ratio.total > 0)
            .or(totals.lines)?
            .percent()
    }

    /// The totals as they are shown, until something of ours was measured.
    pub(super) fn know_totals(&mut self, totals: Totals) {
        self.totals = Some(totals);
    }

    pub(super) fn set_stage(&mut self, stage: Stage) {
        if !matches!(stage, Stage::PuttingBack { .. }) {
            self.stopping = false;
        }
        self.step.clear();
        self.stage = stage;
    }

    pub(super) fn begun(&mut self, id: String, totals: Totals) {
        self.id = Some(id);
        self.totals = Some(totals);
    }

    pub(super) fn set_step(&mut self, words: String) {
        self.step = words;
    }

    /// Whether a person asked for the measuring to stop; from now on yes.
    pub(super) fn stop_measuring(&mut self) -> bool {
        std::mem::replace(&mut self.stopping, true)
    }

    #[must_use]
    pub fn is_unsandboxed(&self) -> bool {
        self.unsandboxed
    }

    pub(super) fn go_unsandboxed(&mut self) {
        self.unsandboxed = true;
    }

    /// A message waits until it may be sent as a turn of its own.
    pub(super) fn add_message(&mut self, text: String) {
        self.messages.push_back(text);
    }

    /// What comes next, and takes it as begun.
    pub(super) fn next(&mut self, cost: Tokens, now: Duration) -> Wanted {
        if let Some(text) = self.messages.pop_front() {
            self.n_turns += 1;
            let file = self
                .gaps
                .all()
                .first()
                .map_or_else(|| FilePath::new("."), |own| own.path.clone());
            let plan = TurnPlan {
                number: self.n_turns,
                round: 1,
                batch: Batch {
                    file,
                    picks: Vec::new(),
                },
                learnt: Vec::new(),
                prompt: Some(text),
            };
            self.turn = Some(plan.clone());
            return Wanted::Turn(Box::new(plan));
        }
        let standing = Standing {
            percent: self.percent(),
            elapsed: now.saturating_sub(self.since),
            tokens: cost.since(self.cost_before).total(),
        };
        let next = match &mut self.campaign {
            Some(campaign) => campaign.next(standing),
            None => Next::Stop(StopReason::NothingLeft),
        };
        let wanted = match next {
            Next::Stop(reason) => Wanted::Stop(reason),
            Next::Turn {
                batch,
                round,
                learnt,
            } => {
                self.n_turns += 1;
                let plan = TurnPlan {
                    number: self.n_turns,
                    round,
                    prompt: self.prompt_of(&batch),
                    batch,
                    learnt,
                };
                self.turn = Some(plan.clone());
                Wanted::Turn(Box::new(plan))
            }
        };
        self.follow();
        wanted
    }

    /// The prompt that a person read for exactly this batch; it is sent once.
    fn prompt_of(&mut self, batch: &Batch) -> Option<String> {
        let ids: Vec<GapId> = batch.picks.iter().map(|pick| pick.gap).collect();
        let at = self.prompts.iter().position(|(about, _)| {
            about.len() == ids.len() && ids.iter().all(|id| about.contains(id))
        })?;
        Some(self.prompts.remove(at).1)
    }

    /// The prompt is sent now.
    pub(super) fn turn_sent(&mut self, cost: Tokens) {
        self.stage = Stage::Turn;
        self.turn_cost_before = cost;
    }

    /// A turn is over, as the world is told of it.
    pub(super) fn ended_turn(
        &self,
        status: &'static str,
        answer: String,
        cost: Tokens,
        thread: Option<&str>,
    ) -> Option<EndedTurn> {
        let plan = self.turn.as_ref()?;
        Some(EndedTurn {
            number: plan.number,
            round: plan.round,
            batch: plan.batch.clone(),
            status,
            answer,
            tokens: cost.since(self.turn_cost_before),
            thread: thread.map(str::to_owned),
        })
    }

    /// What a turn left was examined. Returns what to take down of its gaps.
    pub(super) fn examined(
        &mut self,
        turn: u32,
        answer: &str,
        found: &Examined,
        cost: Tokens,
    ) -> Vec<GapNote> {
        let Some(plan) = self.turn.take_if(|plan| plan.number == turn) else {
            return Vec::new();
        };
        self.found.take(turn, found);
        if let Some(totals) = found.totals {
            self.totals = Some(totals);
        }
        let about: Vec<GapId> = plan.batch.picks.iter().map(|pick| pick.gap).collect();
        if !about.is_empty()
            && let Some(campaign) = &mut self.campaign
        {
            let spent = cost.since(self.turn_cost_before).total();
            let said = Answer::read(answer);
            campaign.turn_ended(TurnResult::of(&plan.batch, plan.round, &said, found, spent));
        }
        self.follow();
        self.gaps.measured(&about, |gap| {
            let n = found
                .closed
                .iter()
                .filter(|(arm, _)| arm.gap == gap)
                .count();
            u32::try_from(n).unwrap_or(u32::MAX)
        });
        self.notes(&about)
    }

    /// The turn under way came to nothing; its gaps are first in the queue again.
    pub(super) fn turn_lost(&mut self) {
        if let Some(plan) = self.turn.take()
            && let Some(campaign) = &mut self.campaign
            && !plan.batch.picks.is_empty()
        {
            campaign.turn_lost();
            self.follow();
        }
    }

    fn follow(&mut self) {
        if let Some(campaign) = &self.campaign {
            self.gaps.follow(campaign);
        }
    }

    /// The states of gaps, for the record.
    pub(super) fn notes(&self, about: &[GapId]) -> Vec<GapNote> {
        self.gaps
            .all()
            .iter()
            .filter(|own| about.contains(&own.gap.id))
            .map(|own| GapNote {
                gap: own.gap.id,
                file: own.path.clone(),
                line: own.gap.line,
                says: own.gap.says.clone(),
                state: own.state.clone(),
            })
            .collect()
    }

    /// The highest number of turns that any batch came to.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.campaign.as_ref().map_or(0, Campaign::rounds)
    }

    /// What is left open, file by file, and why.
    pub(super) fn remaining(&self, reason: &str) -> Vec<RemainingGaps> {
        let mut remaining: Vec<RemainingGaps> = Vec::new();
        for own in self.gaps.all() {
            let why = match &own.state {
                GapState::Closed => continue,
                GapState::Untestable { reason } => format!("untestable: {reason}"),
                GapState::Dismissed { reason } => format!("dismissed: {reason}"),
                GapState::StillOpen { rounds } => format!("still open after {rounds} rounds"),
                GapState::Regressed => "regressed".to_owned(),
                GapState::Open | GapState::Queued | GapState::Working => {
                    format!("not attempted: {reason}")
                }
            };
            let (file, line) = (own.path.as_str(), own.gap.line.get());
            match remaining
                .iter_mut()
                .find(|gaps| gaps.file == file && gaps.reason == why)
            {
                Some(gaps) if gaps.uncovered_lines.contains(&line) => {}
                Some(gaps) => gaps.uncovered_lines.push(line),
                None => remaining.push(RemainingGaps {
                    file: file.to_owned(),
                    uncovered_lines: vec![line],
                    reason: why,
                }),
            }
        }
        remaining
    }

    /// Takes one gap out of the queue. False when it is not waiting there.
    pub(super) fn take_out(&mut self, gap: GapId) -> bool {
        let taken = self
            .campaign
            .as_mut()
            .is_some_and(|campaign| campaign.take_out(gap));
        self.follow();
        taken
    }

    /// Moves the batch of a gap one place earlier or later.
    pub(super) fn shift(&mut self, gap: GapId, earlier: bool) -> bool {
        self.campaign
            .as_mut()
            .is_some_and(|campaign| campaign.shift(gap, earlier))
    }

    /// A person settled a gap, or takes that back with [`GapState::Open`].
    pub(super) fn settle(&mut self, gap: GapId, state: GapState) {
        if let Some(campaign) = &mut self.campaign
            && campaign.states().any(|(known, _)| known == gap)
        {
            match &state {
                GapState::Dismissed { reason } => campaign.dismiss(gap, reason),
                _ => campaign.reopen(gap),
            }
        }
        self.gaps.set(gap, &state);
        self.known.insert(gap, state);
    }

    /// A new report came; what it says of each file is told by [`Self::report`].
    pub(super) fn report_came(&mut self) {
        self.gaps.report_came();
    }

    /// The gaps that a file has in the newest report. Returns what to take down.
    pub(super) fn report(
        &mut self,
        path: &FilePath,
        gaps: &[Gap],
        since_start: Option<&Delta>,
    ) -> Vec<GapNote> {
        let is_at_work = !self.stage.is_at_rest();
        let changed = self.gaps.report(path, gaps, since_start, is_at_work);
        if let Some(campaign) = &mut self.campaign {
            for gap in &changed {
                let state = self.gaps.find(*gap).map(|own| &own.state);
                match state {
                    Some(GapState::Regressed) => campaign.regressed(*gap),
                    Some(GapState::Closed) => campaign.closed(*gap),
                    _ => {}
                }
            }
        }
        self.notes(&changed)
    }
}
