//! The campaign: which batch is sent next, when one is sent again, and when to stop.
//!
//! A plain state machine without a clock: time and tokens are told to it. One turn runs at a time,
//! because a second request during a turn would steer the first instead of waiting for it.

use std::collections::VecDeque;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::GapState;
use super::answer::Answer;
use super::batch::{Batch, Pick, batches};
use crate::coverage::Percent;
use crate::evidence::{Examined, Finding, RungResult, Verdict};
use crate::gaps::GapId;

/// What bounds a campaign. `None` means no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Turns that may be spent on one batch.
    pub rounds: u32,
    /// The report's total branch percentage at which the work is done.
    pub target: Option<Percent>,
    pub max_tokens: Option<u64>,
    pub max_time: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rounds: 3,
            target: None,
            max_tokens: Some(2_000_000),
            max_time: None,
        }
    }
}

/// The world as it stands when the next step is decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The total that a target is about; `None` when the report has no such figure.
    pub percent: Option<Percent>,
    /// Since the campaign started.
    pub elapsed: Duration,
    /// Input and output tokens of the campaign so far, cached input included.
    pub tokens: u64,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Send this batch: its still open gaps, the round it is (1-based), and what earlier rounds taught.
    Turn {
        batch: Batch,
        round: u32,
        learnt: Vec<Learnt>,
    },
    Stop(StopReason),
}

/// What kind of work a turn is, for people who want another model for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// The first round on a simple batch.
    Authoring,
    /// A complex batch, or what a first round did not close.
    AuthoringComplex,
    /// A second look at gaps of which an agent said that no test can take them.
    Verification,
}

impl Work {
    /// As in `[agent.models]`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Authoring => "authoring",
            Self::AuthoringComplex => "authoring_complex",
            Self::Verification => "verification",
        }
    }
}

/// Why a campaign ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// No gap is left to be sent.
    NothingLeft,
    TargetReached,
    /// Every batch that is left had its rounds, or two rounds without effect.
    NothingMoved,
    TokensSpent,
    TimeSpent,
}

impl StopReason {
    /// For people, lower case.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::NothingLeft => "every gap that was sent is closed or settled",
            Self::TargetReached => "the target is reached",
            Self::NothingMoved => "nothing moved in the rounds that were allowed",
            Self::TokensSpent => "the token budget is spent",
            Self::TimeSpent => "the time budget is spent",
        }
    }
}

/// What one turn taught, for the next one on the same batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learnt {
    pub round: u32,
    /// Test files of the turn: path, verdict, and the rung that decided it.
    pub tests: Vec<(String, Verdict, Option<RungResult>)>,
    pub findings: Vec<Finding>,
    /// The end of the output of the run that failed, if one did; without control characters.
    pub output_tail: String,
    /// The turn itself went wrong (interrupted, failed), in words.
    pub trouble: Option<String>,
}

/// What a turn brought, measured after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TurnResult {
    /// Gaps of the batch that the new report counts as closed.
    pub closed: Vec<GapId>,
    /// Gaps of the batch of which some, not all, open arms were closed.
    pub narrowed: Vec<GapId>,
    /// What the agent says cannot be tested, with its reason.
    pub untestable: Vec<(GapId, String)>,
    pub learnt: Learnt,
    /// Tokens of this turn.
    pub tokens: u64,
}

impl Learnt {
    /// What an examined turn taught.
    #[must_use]
    pub fn of(round: u32, found: &Examined) -> Self {
        Self {
            round,
            tests: found
                .tests
                .iter()
                .map(|test| {
                    (
                        test.path.as_str().to_owned(),
                        test.verdict,
                        test.failed_rung().cloned(),
                    )
                })
                .collect(),
            findings: found.all_findings().cloned().collect(),
            output_tail: found.failed_output.clone(),
            trouble: None,
        }
    }
}

impl TurnResult {
    /// What an examined turn brought; `said` is asked for reasons alone.
    #[must_use]
    pub fn of(batch: &Batch, round: u32, said: &Answer, found: &Examined, tokens: u64) -> Self {
        Self {
            closed: found.gaps_closed.clone(),
            narrowed: found.gaps_narrowed.clone(),
            untestable: said.untestable(&batch.picks),
            learnt: Learnt::of(round, found),
            tokens,
        }
    }
}

#[derive(Clone, Debug)]
struct Queued {
    batch: Batch,
    /// Turns already spent.
    rounds: u32,
    /// Turns in a row that moved nothing.
    idle_rounds: u32,
    learnt: Vec<Learnt>,
    /// An agent said that no test can take these.
    is_second_look: bool,
}

/// A queue of batches and what became of every gap in them.
#[derive(Clone, Debug)]
pub struct Campaign {
    limits: Limits,
    queue: VecDeque<Queued>,
    working: Option<Queued>,
    states: FxHashMap<GapId, GapState>,
    /// Tokens of each finished turn, to foresee the next.
    turn_tokens: Vec<(u32, u64)>,
    gave_up: bool,
    highest_round: u32,
    second_look: bool,
}

impl Campaign {
    #[must_use]
    pub fn new(limits: Limits, picks: &[Pick]) -> Self {
        let mut campaign = Self {
            limits,
            queue: VecDeque::new(),
            working: None,
            states: FxHashMap::default(),
            turn_tokens: Vec::new(),
            gave_up: false,
            highest_round: 0,
            second_look: false,
        };
        campaign.add(picks);
        campaign
    }

    /// Has what an agent calls untestable looked at once more, in a turn of its own, before it is given up.
    #[must_use]
    pub fn with_second_look(mut self, wanted: bool) -> Self {
        self.second_look = wanted;
        self
    }

    /// What kind of work the batch is that is being worked on, or would be next.
    #[must_use]
    pub fn work(&self) -> Work {
        match self.working.as_ref().or(self.queue.front()) {
            Some(queued) if queued.is_second_look => Work::Verification,
            Some(queued) if queued.rounds > 1 || queued.batch.is_complex() => {
                Work::AuthoringComplex
            }
            Some(_) | None => Work::Authoring,
        }
    }

    /// Puts more gaps at the end of the queue. Those already queued or being worked on stay as they are.
    pub fn add(&mut self, picks: &[Pick]) {
        let fresh: Vec<Pick> = picks
            .iter()
            .filter(|pick| self.states.get(&pick.gap).is_none_or(GapState::is_sendable))
            .cloned()
            .collect();
        for batch in batches(&fresh) {
            for pick in &batch.picks {
                self.states.insert(pick.gap, GapState::Queued);
            }
            self.queue.push_back(Queued {
                batch,
                rounds: 0,
                idle_rounds: 0,
                learnt: Vec::new(),
                is_second_look: false,
            });
        }
    }

    /// The state of a gap; `Open` for one that this campaign never saw.
    #[must_use]
    pub fn state(&self, gap: GapId) -> GapState {
        self.states.get(&gap).cloned().unwrap_or_default()
    }

    /// Every gap of the campaign with its state, in no order.
    pub fn states(&self) -> impl Iterator<Item = (GapId, &GapState)> {
        self.states.iter().map(|(gap, state)| (*gap, state))
    }

    /// The batches that wait, first to be sent first.
    pub fn queue(&self) -> impl ExactSizeIterator<Item = &Batch> {
        self.queue.iter().map(|queued| &queued.batch)
    }

    /// The batch being worked on.
    #[must_use]
    pub fn working(&self) -> Option<&Batch> {
        self.working.as_ref().map(|queued| &queued.batch)
    }

    /// The highest number of turns that any batch came to.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.highest_round
    }

    /// Tokens that a turn on `n_gaps` gaps will probably cost: from this campaign's own turns once there
    /// are any, else from a prompt's size (measured prompts: about 700 tokens a gap with its excerpt) and
    /// the handful of model calls a small turn takes, each of which sends the whole thread again.
    #[must_use]
    pub fn forecast(&self, n_gaps: usize) -> u64 {
        let n_gaps = n_gaps.max(1) as u64;
        let (gaps, tokens) = self
            .turn_tokens
            .iter()
            .fold((0_u64, 0_u64), |(g, t), (n, tokens)| {
                (g + u64::from(*n), t + tokens)
            });
        (tokens * n_gaps)
            .checked_div(gaps)
            .unwrap_or_else(|| forecast_tokens(n_gaps))
    }

    /// Decides the next step, and takes the batch out of the queue when it is to be sent.
    pub fn next(&mut self, standing: Standing) -> Next {
        if let (Some(target), Some(percent)) = (self.limits.target, standing.percent)
            && percent >= target
        {
            return Next::Stop(StopReason::TargetReached);
        }
        if self
            .limits
            .max_time
            .is_some_and(|most| standing.elapsed >= most)
        {
            return Next::Stop(StopReason::TimeSpent);
        }
        let Some(front) = self.queue.front() else {
            let reason = if self.gave_up {
                StopReason::NothingMoved
            } else {
                StopReason::NothingLeft
            };
            return Next::Stop(reason);
        };
        let foreseen = self.forecast(front.batch.picks.len());
        if self
            .limits
            .max_tokens
            .is_some_and(|most| standing.tokens.saturating_add(foreseen) > most)
        {
            return Next::Stop(StopReason::TokensSpent);
        }
        let Some(mut queued) = self.queue.pop_front() else {
            return Next::Stop(StopReason::NothingLeft);
        };
        queued.rounds += 1;
        self.highest_round = self.highest_round.max(queued.rounds);
        for pick in &queued.batch.picks {
            self.states.insert(pick.gap, GapState::Working);
        }
        let next = Next::Turn {
            batch: queued.batch.clone(),
            round: queued.rounds,
            learnt: queued.learnt.clone(),
        };
        self.working = Some(queued);
        next
    }

    /// Takes in what the turn brought: closes gaps, and sends what is left again or gives it up.
    pub fn turn_ended(&mut self, result: TurnResult) {
        let Some(mut queued) = self.working.take() else {
            return;
        };
        let n_gaps = u32::try_from(queued.batch.picks.len()).unwrap_or(u32::MAX);
        self.turn_tokens.push((n_gaps, result.tokens));
        let moved = !result.closed.is_empty() || !result.narrowed.is_empty();
        queued.idle_rounds = if moved { 0 } else { queued.idle_rounds + 1 };
        for gap in result.closed {
            self.states.insert(gap, GapState::Closed);
        }
        let looks_again = self.second_look && !queued.is_second_look;
        let mut claims = Vec::new();
        for (gap, reason) in result.untestable {
            if self.states.get(&gap) != Some(&GapState::Working) {
                continue;
            }
            if looks_again {
                self.states.insert(gap, GapState::Queued);
                claims.push((gap, reason));
            } else {
                self.states.insert(gap, GapState::Untestable { reason });
            }
        }
        self.look_again(&queued, &claims);
        queued
            .batch
            .picks
            .retain(|pick| self.states.get(&pick.gap) == Some(&GapState::Working));
        let again =
            !queued.is_second_look && queued.rounds < self.limits.rounds && queued.idle_rounds < 2;
        for pick in &queued.batch.picks {
            let state = if again {
                GapState::Queued
            } else {
                GapState::StillOpen {
                    rounds: queued.rounds,
                }
            };
            self.states.insert(pick.gap, state);
        }
        if queued.batch.picks.is_empty() {
            return;
        }
        if again {
            queued.learnt.push(result.learnt);
            self.queue.push_back(queued);
        } else {
            self.gave_up = true;
        }
    }

    /// Queues what was called untestable for a turn of its own, with the reasons.
    fn look_again(&mut self, from: &Queued, claims: &[(GapId, String)]) {
        let picks: Vec<Pick> = from
            .batch
            .picks
            .iter()
            .filter(|pick| claims.iter().any(|(gap, _)| *gap == pick.gap))
            .cloned()
            .collect();
        if picks.is_empty() {
            return;
        }
        let said: Vec<String> = picks
            .iter()
            .filter_map(|pick| {
                let (_, reason) = claims.iter().find(|(gap, _)| *gap == pick.gap)?;
                Some(format!("line {}: {reason}", pick.line))
            })
            .collect();
        let trouble = format!(
            "an earlier turn said that no test can take these gaps ({}); look again for yourself: write a test where \
             there is one, and repeat the reason only where there is none",
            said.join("; ")
        );
        self.queue.push_back(Queued {
            batch: Batch {
                file: from.batch.file.clone(),
                picks,
            },
            rounds: 0,
            idle_rounds: 0,
            learnt: vec![Learnt {
                round: from.rounds,
                trouble: Some(trouble),
                ..Learnt::default()
            }],
            is_second_look: true,
        });
    }

    /// The turn could not be finished (the agent died, a person stopped it): its gaps go back to the
    /// front of the queue, and the turn does not count as a round.
    pub fn turn_lost(&mut self) {
        let Some(mut queued) = self.working.take() else {
            return;
        };
        queued.rounds = queued.rounds.saturating_sub(1);
        for pick in &queued.batch.picks {
            self.states.insert(pick.gap, GapState::Queued);
        }
        self.queue.push_front(queued);
    }

    /// A later report has a closed gap open again.
    pub fn regressed(&mut self, gap: GapId) {
        if self.states.get(&gap) == Some(&GapState::Closed) {
            self.states.insert(gap, GapState::Regressed);
        }
    }

    /// Takes one gap out of the queue. False when it is not waiting there.
    pub fn take_out(&mut self, gap: GapId) -> bool {
        let mut found = false;
        for queued in &mut self.queue {
            let before = queued.batch.picks.len();
            queued.batch.picks.retain(|pick| pick.gap != gap);
            found |= queued.batch.picks.len() != before;
        }
        self.queue.retain(|queued| !queued.batch.picks.is_empty());
        if found {
            self.states.insert(gap, GapState::Open);
        }
        found
    }

    /// Moves the batch that holds a gap one place earlier or later in the queue.
    pub fn shift(&mut self, gap: GapId, earlier: bool) -> bool {
        let at = self
            .queue
            .iter()
            .position(|q| q.batch.picks.iter().any(|pick| pick.gap == gap));
        let other = match (at, earlier) {
            (Some(at), true) => at.checked_sub(1),
            (Some(at), false) => Some(at + 1).filter(|to| *to < self.queue.len()),
            (None, _) => None,
        };
        if let (Some(at), Some(to)) = (at, other) {
            self.queue.swap(at, to);
            return true;
        }
        false
    }

    /// A report that nobody worked for has a gap closed; it is not sent any more.
    pub fn closed(&mut self, gap: GapId) {
        self.take_out(gap);
        if self.states.contains_key(&gap) {
            self.states.insert(gap, GapState::Closed);
        }
    }

    /// A person takes back that a gap is settled: it may be sent again.
    pub fn reopen(&mut self, gap: GapId) {
        if let Some(state) = self.states.get_mut(&gap)
            && matches!(
                state,
                GapState::Untestable { .. } | GapState::Dismissed { .. } | GapState::Closed
            )
        {
            *state = GapState::Open;
        }
    }

    /// A person settled a gap: it needs no test, for this reason.
    pub fn dismiss(&mut self, gap: GapId, reason: &str) {
        self.take_out(gap);
        self.states.insert(
            gap,
            GapState::Dismissed {
                reason: reason.to_owned(),
            },
        );
    }
}

/// Tokens for a first turn on so many gaps, before anything was measured.
#[must_use]
pub fn forecast_tokens(n_gaps: u64) -> u64 {
    // Four model calls in a small turn; each sends the instructions and what was said so far.
    4 * (4_500 + 700 * n_gaps)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Campaign, Limits, Next, Standing, StopReason, TurnResult, Work};
    use crate::coverage::Percent;
    use crate::gaps::GapId;
    use crate::triage::GapState;
    use crate::triage::batch::tests::pick;

    fn campaign(limits: Limits) -> Campaign {
        Campaign::new(
            limits,
            &[
                pick("a.py", 1, "f", 1),
                pick("a.py", 2, "f", 1),
                pick("b.py", 7, "g", 2),
            ],
        )
    }

    fn turn(campaign: &mut Campaign) -> (String, u32, usize) {
        match campaign.next(Standing::default()) {
            Next::Turn {
                batch,
                round,
                learnt,
            } => (batch.file.as_str().to_owned(), round, learnt.len()),
            Next::Stop(reason) => panic!("stopped: {reason:?}"),
        }
    }

    fn closed(gaps: &[u64]) -> TurnResult {
        TurnResult {
            closed: gaps.iter().map(|gap| GapId(*gap)).collect(),
            tokens: 1000,
            ..TurnResult::default()
        }
    }

    #[test]
    fn honest_work_ends_when_every_gap_is_closed() {
        let mut c = campaign(Limits::default());
        assert_eq!(turn(&mut c), ("a.py".into(), 1, 0));
        assert_eq!(c.state(GapId(1)), GapState::Working);
        assert_eq!(c.state(GapId(7)), GapState::Queued);
        c.turn_ended(closed(&[1, 2]));
        assert_eq!(c.state(GapId(1)), GapState::Closed);
        assert_eq!(turn(&mut c), ("b.py".into(), 1, 0));
        c.turn_ended(closed(&[7]));
        assert_eq!(
            c.next(Standing::default()),
            Next::Stop(StopReason::NothingLeft)
        );
        assert_eq!(c.rounds(), 1);
    }

    #[test]
    fn a_round_without_effect_is_followed_by_one_that_knows_and_two_are_enough() {
        let mut c = Campaign::new(
            Limits {
                rounds: 9,
                ..Limits::default()
            },
            &[pick("a.py", 1, "f", 1)],
        );
        assert_eq!(turn(&mut c), ("a.py".into(), 1, 0));
        c.turn_ended(closed(&[]));
        assert_eq!(c.state(GapId(1)), GapState::Queued);
        assert_eq!(turn(&mut c), ("a.py".into(), 2, 1));
        c.turn_ended(closed(&[]));
        assert_eq!(
            c.next(Standing::default()),
            Next::Stop(StopReason::NothingMoved)
        );
        assert_eq!(c.state(GapId(1)), GapState::StillOpen { rounds: 2 });
    }

    #[test]
    fn what_a_first_round_left_and_what_has_many_arms_is_the_harder_work() {
        let mut c = Campaign::new(
            Limits::default(),
            &[pick("a.py", 1, "f", 1), pick("b.py", 7, "g", 5)],
        );
        assert_eq!(turn(&mut c).0, "a.py");
        assert_eq!(c.work(), Work::Authoring);
        c.turn_ended(closed(&[]));
        assert_eq!(turn(&mut c).0, "b.py");
        assert_eq!(
            c.work(),
            Work::AuthoringComplex,
            "five arms in one decision"
        );
        c.turn_ended(closed(&[7]));
        assert_eq!(turn(&mut c), ("a.py".into(), 2, 1));
        assert_eq!(c.work(), Work::AuthoringComplex, "the second round");
    }

    #[test]
    fn what_is_called_untestable_is_looked_at_once_more_where_that_is_wanted() {
        let untestable = |gap: u64| TurnResult {
            untestable: vec![(GapId(gap), "only on Windows".into())],
            tokens: 10,
            ..TurnResult::default()
        };
        let picks = [pick("a.py", 1, "f", 1)];
        let given_up = GapState::Untestable {
            reason: "only on Windows".into(),
        };
        let mut trusting = Campaign::new(Limits::default(), &picks);
        turn(&mut trusting);
        trusting.turn_ended(untestable(1));
        assert_eq!(trusting.state(GapId(1)), given_up);

        let doubting = || {
            let mut c = Campaign::new(Limits::default(), &picks).with_second_look(true);
            turn(&mut c);
            c.turn_ended(untestable(1));
            assert_eq!(c.state(GapId(1)), GapState::Queued);
            let Next::Turn { learnt, .. } = c.next(Standing::default()) else {
                panic!("it is looked at once more");
            };
            let told = learnt[0].trouble.as_ref().unwrap();
            assert!(told.contains("line 1: only on Windows"), "{told}");
            assert_eq!(c.work(), Work::Verification);
            c
        };
        let mut agreed = doubting();
        agreed.turn_ended(untestable(1));
        assert_eq!(agreed.state(GapId(1)), given_up);
        let mut closed_after_all = doubting();
        closed_after_all.turn_ended(closed(&[1]));
        assert_eq!(closed_after_all.state(GapId(1)), GapState::Closed);
        let mut neither = doubting();
        neither.turn_ended(closed(&[]));
        assert_eq!(neither.state(GapId(1)), GapState::StillOpen { rounds: 1 });
        for c in [&mut agreed, &mut closed_after_all, &mut neither] {
            assert!(matches!(c.next(Standing::default()), Next::Stop(_)));
        }
    }

    #[test]
    fn other_batches_have_their_first_turn_before_one_has_its_second() {
        let mut c = campaign(Limits::default());
        assert_eq!(turn(&mut c).0, "a.py");
        c.turn_ended(closed(&[1]));
        assert_eq!(turn(&mut c), ("b.py".into(), 1, 0));
        c.turn_ended(closed(&[7]));
        assert_eq!(turn(&mut c), ("a.py".into(), 2, 1));
        assert_eq!(c.state(GapId(1)), GapState::Closed);
        assert_eq!(c.state(GapId(2)), GapState::Working);
    }

    #[test]
    fn the_rounds_are_bounded_even_when_something_moves_each_time() {
        let picks: Vec<_> = (1..=5).map(|n| pick("a.py", n, "f", 1)).collect();
        let mut c = Campaign::new(
            Limits {
                rounds: 2,
                ..Limits::default()
            },
            &picks,
        );
        for n in 1..=2 {
            turn(&mut c);
            c.turn_ended(closed(&[n]));
        }
        assert_eq!(
            c.next(Standing::default()),
            Next::Stop(StopReason::NothingMoved)
        );
        assert_eq!(c.state(GapId(5)), GapState::StillOpen { rounds: 2 });
    }

    #[test]
    fn target_time_and_tokens_each_stop_it_between_turns() {
        let target = Some(Percent::from_hundredths(8_000));
        let mut c = campaign(Limits {
            target,
            ..Limits::default()
        });
        let reached = Standing {
            percent: target,
            ..Standing::default()
        };
        assert_eq!(c.next(reached), Next::Stop(StopReason::TargetReached));

        let mut c = campaign(Limits {
            max_time: Some(Duration::from_secs(60)),
            ..Limits::default()
        });
        let late = Standing {
            elapsed: Duration::from_secs(60),
            ..Standing::default()
        };
        assert_eq!(c.next(late), Next::Stop(StopReason::TimeSpent));

        let mut c = campaign(Limits {
            max_tokens: Some(100_000),
            ..Limits::default()
        });
        turn(&mut c);
        c.turn_ended(TurnResult {
            tokens: 60_000,
            closed: vec![GapId(1), GapId(2)],
            ..TurnResult::default()
        });
        // 60,000 for two gaps: one more gap would cost 30,000, and that still fits below 100,000 …
        let spent = Standing {
            tokens: 60_000,
            ..Standing::default()
        };
        assert!(matches!(c.clone().next(spent), Next::Turn { .. }));
        // … but not on top of 80,000.
        let spent = Standing {
            tokens: 80_000,
            ..Standing::default()
        };
        assert_eq!(c.next(spent), Next::Stop(StopReason::TokensSpent));
        assert_eq!(c.state(GapId(7)), GapState::Queued);
    }

    #[test]
    fn untestable_is_kept_with_its_reason_but_never_overrides_the_report() {
        let mut c = campaign(Limits::default());
        turn(&mut c);
        let untestable = vec![
            (GapId(1), "only on Windows".to_owned()),
            (GapId(2), "cannot happen".to_owned()),
        ];
        c.turn_ended(TurnResult {
            closed: vec![GapId(2)],
            untestable,
            ..TurnResult::default()
        });
        assert_eq!(
            c.state(GapId(1)),
            GapState::Untestable {
                reason: "only on Windows".into()
            }
        );
        assert_eq!(c.state(GapId(2)), GapState::Closed);
    }

    #[test]
    fn a_lost_turn_is_no_round_and_comes_first_again() {
        let mut c = campaign(Limits::default());
        turn(&mut c);
        c.turn_lost();
        assert_eq!(c.state(GapId(1)), GapState::Queued);
        assert_eq!(turn(&mut c), ("a.py".into(), 1, 0));
    }

    #[test]
    fn the_queue_can_be_reordered_and_one_gap_taken_out() {
        let mut c = campaign(Limits::default());
        assert!(c.shift(GapId(7), true));
        assert!(!c.shift(GapId(7), true));
        assert!(c.take_out(GapId(1)));
        assert!(!c.take_out(GapId(1)));
        assert_eq!(turn(&mut c).0, "b.py");
        c.turn_ended(closed(&[7]));
        match c.next(Standing::default()) {
            Next::Turn { batch, .. } => assert_eq!(batch.picks.len(), 1),
            Next::Stop(reason) => panic!("{reason:?}"),
        }
        assert_eq!(c.state(GapId(1)), GapState::Open);
    }

    #[test]
    fn gaps_added_while_a_turn_runs_wait_and_are_not_sent_twice() {
        let mut c = campaign(Limits::default());
        turn(&mut c);
        c.add(&[pick("a.py", 1, "f", 1), pick("c.py", 3, "h", 1)]);
        assert_eq!(
            c.queue()
                .map(|b| b.file.as_str().to_owned())
                .collect::<Vec<_>>(),
            ["b.py", "c.py"]
        );
    }

    #[test]
    fn what_was_settled_can_be_sent_again_by_a_person() {
        let mut c = campaign(Limits::default());
        c.dismiss(GapId(7), "only on Windows");
        c.add(&[pick("b.py", 7, "g", 2)]);
        assert_eq!(c.queue().len(), 1, "a dismissed gap is not sent");
        c.reopen(GapId(7));
        c.add(&[pick("b.py", 7, "g", 2)]);
        assert_eq!(c.queue().len(), 2);
        assert_eq!(c.state(GapId(7)), GapState::Queued);
        // What is being worked on stays as it is.
        turn(&mut c);
        c.reopen(GapId(1));
        assert_eq!(c.state(GapId(1)), GapState::Working);
    }

    #[test]
    fn only_a_closed_gap_can_regress() {
        let mut c = campaign(Limits::default());
        turn(&mut c);
        c.turn_ended(closed(&[1]));
        c.regressed(GapId(1));
        c.regressed(GapId(2));
        assert_eq!(c.state(GapId(1)), GapState::Regressed);
        assert_eq!(c.state(GapId(2)), GapState::Queued);
    }
}
