//! `untaken close`: the whole loop without a screen.
//!
//! Measure, choose, and then turn after turn: send, snapshot, examine, decide. The same campaign and the
//! same evidence as on the screen; progress goes to stderr, the result to a file or to stdout.

mod choose;
mod plan;

use std::fs;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::choose::Chosen;
use super::{Answer, Failure as CommandFailure, choice, complain, json, total_percent, warn};
use crate::agent::ApprovalPolicy;
use crate::cli::CloseArgs;
use crate::coverage::{Coverage, Percent, Totals};
use crate::evidence::{Examined, Verdict};
use crate::harmless;
use crate::runtime::commit::commit;
use crate::runtime::examine::{ExamineError, Examiner, Progress, Setup, Turn};
use crate::runtime::prompts;
use crate::runtime::reports::{Reader, Sources};
use crate::runtime::store::{RunRecord, Store, now_ms};
use crate::runtime::tests_run::Sandbox;
use crate::runtime::turns::{EndedTurn, TurnEnd, Turns};
use crate::runtime::{codex, project};
use crate::settings::Settings;
use crate::triage::commit::message;
use crate::triage::record::{Event, RemainingGaps, RunResult, TokenRecord};
use crate::triage::review::{Fate, Review};
use crate::triage::{
    Answer as Said, Batch, Campaign, GapState, Learnt, Limits, Next, Standing, StopReason,
    TurnResult,
};

/// The target was not reached, or a blocking finding stands.
const NOT_REACHED: u8 = 1;
/// The agent could not run.
const NO_AGENT: u8 = 3;
/// Interrupted.
const INTERRUPTED: u8 = 130;
/// A turn that takes longer is not going to end well.
const LONGEST_TURN: Duration = Duration::from_secs(45 * 60);

pub(super) fn run(args: &CloseArgs, settings: &Settings) -> Result<Answer, CommandFailure> {
    let settings = Arc::new(settings.clone());
    if let Some(output) = &args.output {
        // A result of an earlier run must never be taken for this one's.
        match fs::remove_file(output) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                complain(&format!(
                    "{}: cannot be replaced: {error}",
                    output.display()
                ));
                return Ok(Answer {
                    stdout: String::new(),
                    status: super::WRONG_USE,
                });
            }
            _ => {}
        }
    }
    let mut coverage = Reader::new(&settings).load(Sources::Compared)?;
    warn(&coverage);
    let chosen = choose::choose(args, &settings, &coverage)?;
    if args.plan {
        return Ok(Answer {
            stdout: plan::text(args, &settings, &coverage, &chosen),
            status: super::DONE,
        });
    }
    let target = args.target.or(settings.target);
    if let Some(note) = target_note(&coverage.totals).filter(|_| target.is_some()) {
        say(&note);
    }
    if chosen.picks.is_empty() || reached(target, &coverage) {
        let why = if chosen.picks.is_empty() {
            "there is nothing to close"
        } else {
            "the target is reached already"
        };
        say(why);
        let result = nothing_done(&coverage, &chosen);
        let status = if reached(target, &coverage) || target.is_none() {
            super::DONE
        } else {
            NOT_REACHED
        };
        return Ok(finish(args, &result, status));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return Ok(Answer {
                stdout: String::new(),
                status: NO_AGENT,
            });
        }
    };
    let stop = CancellationToken::new();
    let asked_to_stop = stop.clone();
    runtime.spawn(async move {
        wait_for_a_signal().await;
        asked_to_stop.cancel();
    });
    coverage.warnings.clear();
    let mut closing = match Closing::begin(
        args,
        settings,
        &coverage,
        chosen,
        runtime.handle().clone(),
        stop,
    ) {
        Ok(closing) => closing,
        Err(stopped) => return Ok(stopped.answer()),
    };
    let outcome = closing.work();
    runtime.block_on(closing.turns.end());
    let ended = closing.end(outcome);
    match ended {
        Ok((result, status)) => Ok(finish(args, &result, status)),
        Err(stopped) => Ok(stopped.answer()),
    }
}

async fn wait_for_a_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

/// Why it ended before there was a result.
#[derive(Debug)]
struct Stopped {
    says: String,
    status: u8,
}

impl Stopped {
    fn new(says: impl Into<String>, status: u8) -> Self {
        Self {
            says: says.into(),
            status,
        }
    }

    fn answer(self) -> Answer {
        complain(&self.says);
        Answer {
            stdout: String::new(),
            status: self.status,
        }
    }
}

impl From<ExamineError> for Stopped {
    fn from(error: ExamineError) -> Self {
        let status = match error {
            ExamineError::Stopped => INTERRUPTED,
            ExamineError::Run(crate::runtime::tests_run::TestRunError::NoSandbox { .. }) => {
                NO_AGENT
            }
            _ => super::WRONG_USE,
        };
        if let ExamineError::SuiteFails { tail, .. } = &error {
            for line in tail
                .lines()
                .rev()
                .take(30)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
            {
                say(line);
            }
        }
        Self::new(error.to_string(), status)
    }
}

/// How the work came to its end.
enum Outcome {
    Stopped(StopReason),
    /// The agent cannot go on.
    Agent(String),
    Interrupted,
}

struct Closing<'a> {
    args: &'a CloseArgs,
    settings: Arc<Settings>,
    tests: project::Tests,
    coverage: Coverage,
    chosen: Chosen,
    campaign: Campaign,
    examiner: Examiner,
    record: Arc<Mutex<RunRecord>>,
    turns: Turns,
    handle: tokio::runtime::Handle,
    stop: CancellationToken,
    begun: Instant,
    spent: TokenRecord,
    n_turns: u32,
    /// Files whose last turn ended with a blocking finding.
    blocked: Vec<String>,
    target: Option<Percent>,
    kept: Vec<String>,
}

impl<'a> Closing<'a> {
    fn begin(
        args: &'a CloseArgs,
        settings: Arc<Settings>,
        coverage: &Coverage,
        chosen: Chosen,
        handle: tokio::runtime::Handle,
        stop: CancellationToken,
    ) -> Result<Self, Stopped> {
        let tests = project::Tests::of(&settings, &coverage.reports);
        let program = match codex::locate(&settings.agent.command, &settings.root) {
            codex::Located::At(program) => program,
            codex::Located::Nowhere { looked } => {
                let says = format!(
                    "codex was not found {looked}; install it with `npm install -g @openai/codex`, or set command under [agent]"
                );
                return Err(Stopped::new(says, NO_AGENT));
            }
        };
        let supervisor = std::env::current_exe().map_err(|error| {
            Stopped::new(
                format!("this program does not find itself: {error}"),
                super::WRONG_USE,
            )
        })?;
        let store = Store::open(&settings.root).map_err(|error| record_trouble(&error))?;
        store
            .put_back_reports()
            .map_err(|error| record_trouble(&error))?;
        store.clear_leftovers();
        let record = store.start().map_err(|error| record_trouble(&error))?;
        say(&format!(
            "recorded as {}; `untaken runs show {}` tells all of it later",
            record.id(),
            record.id()
        ));
        let record = Arc::new(Mutex::new(record));
        let sandbox = if settings.tests.sandbox {
            Sandbox::Codex {
                program,
                writable: Vec::new(),
            }
        } else {
            Sandbox::None
        };
        let (progress, told) = mpsc::channel(256);
        handle.spawn(tell_progress(told));
        let mut examiner = Examiner::new(Setup {
            settings: Arc::clone(&settings),
            reports: coverage.reports.clone(),
            record: Arc::clone(&record),
            sandbox,
            supervisor,
            handle: handle.clone(),
            progress,
            stop: stop.clone(),
        })?;
        let mut session = prompts::session_settings(&settings);
        // Nobody is here to ask.
        session.approval = ApprovalPolicy::Never;
        append(&record, &examiner.started("close", &coverage.totals))?;
        examiner.measure_baseline()?;
        let target = args.target.or(settings.target);
        let limits = Limits {
            rounds: args.rounds.unwrap_or(settings.agent.rounds),
            target,
            max_tokens: Some(args.max_tokens.unwrap_or(settings.agent.max_tokens)),
            max_time: args
                .max_minutes
                .map(|minutes| Duration::from_secs(minutes * 60)),
        };
        let campaign = Campaign::new(limits, &chosen.picks)
            .with_second_look(prompts::wants_second_look(&settings));
        let turns = {
            let _inside = handle.enter();
            Turns::new(session)
        };
        Ok(Self {
            args,
            settings,
            tests,
            coverage: coverage.clone(),
            chosen,
            campaign,
            examiner,
            record,
            turns,
            handle,
            stop,
            begun: Instant::now(),
            spent: TokenRecord::default(),
            n_turns: 0,
            blocked: Vec::new(),
            target,
            kept: Vec::new(),
        })
    }

    fn work(&mut self) -> Result<Outcome, Stopped> {
        loop {
            if self.stop.is_cancelled() {
                return Ok(Outcome::Interrupted);
            }
            let standing = Standing {
                percent: self.percent(),
                elapsed: self.begun.elapsed(),
                tokens: self.spent.spent(),
            };
            match self.campaign.next(standing) {
                Next::Stop(reason) => return Ok(Outcome::Stopped(reason)),
                Next::Turn {
                    batch,
                    round,
                    learnt,
                } => {
                    if let Some(outcome) = self.one_turn(&batch, round, &learnt)? {
                        return Ok(outcome);
                    }
                }
            }
        }
    }

    fn one_turn(
        &mut self,
        batch: &Batch,
        round: u32,
        learnt: &[Learnt],
    ) -> Result<Option<Outcome>, Stopped> {
        self.n_turns += 1;
        let prompt = self.prompt(batch, learnt);
        say(&format!(
            "turn {} · round {round} · {} · {} gaps, about {} tokens",
            self.n_turns,
            batch.file.as_str(),
            batch.picks.len(),
            self.campaign.forecast(batch.picks.len())
        ));
        let work = self.campaign.work();
        if let Some((model, effort)) = prompts::by_work(&self.settings, work) {
            say(&format!(
                "{} · model {} · effort {}",
                work.name(),
                model.as_deref().unwrap_or("as configured"),
                effort.as_deref().unwrap_or("as configured")
            ));
            self.turns.work_with(model, effort);
        }
        self.examiner
            .tell_turn(self.n_turns, round, batch, &prompt)?;
        let before = self.examiner.before_turn()?;
        let ended = self.send(prompt, batch);
        let tokens = TokenRecord::from(ended.tokens);
        self.spent = self.spent.plus(tokens);
        say(&format!(
            "tokens: {} in ({} of them cached), {} out; {} so far",
            tokens.input,
            tokens.cached,
            tokens.output,
            self.spent.spent()
        ));
        if let Some(id) = &ended.thread {
            self.tell(&Event::Thread {
                at: now_ms(),
                id: id.clone(),
            })?;
        }
        let status = match &ended.end {
            TurnEnd::Completed => "completed",
            TurnEnd::Failed(_) => "failed",
            TurnEnd::TimedOut => "timed out",
            TurnEnd::Stopped => "interrupted",
        };
        self.tell(&Event::TurnEnded {
            at: now_ms(),
            turn: self.n_turns,
            status: status.to_owned(),
            answer: ended.answer.clone(),
            tokens,
        })?;
        match &ended.end {
            TurnEnd::Completed => {}
            TurnEnd::TimedOut => {
                say("the turn took too long and was ended; what it left is examined");
            }
            TurnEnd::Stopped => {
                self.undo(&before)?;
                self.campaign.turn_lost();
                return Ok(Some(Outcome::Interrupted));
            }
            TurnEnd::Failed(failure) => {
                self.undo(&before)?;
                self.campaign.turn_lost();
                return Ok(Some(Outcome::Agent(format!(
                    "{}; {}",
                    failure.says, failure.what_to_do
                ))));
            }
        }
        let said = Said::read(&ended.answer);
        let turn = Turn {
            number: self.n_turns,
            before: &before,
            batch,
            answer: &said,
        };
        let found = self.examiner.examine(&turn)?;
        self.settle(batch, round, &said, &found, tokens)?;
        Ok(None)
    }

    /// Nothing of a turn that did not end is believed, so nothing of it stays; the record has it.
    fn undo(&mut self, before: &crate::runtime::snapshot::TreeId) -> Result<(), Stopped> {
        let paths = self.examiner.put_all_back(before)?;
        for path in paths {
            say(&format!("put back: {}", path.as_str()));
        }
        Ok(())
    }

    fn send(&mut self, prompt: String, batch: &Batch) -> EndedTurn {
        let left = self.args.max_minutes.map_or(LONGEST_TURN, |minutes| {
            Duration::from_secs(minutes * 60)
                .saturating_sub(self.begun.elapsed())
                .min(LONGEST_TURN)
        });
        let about = batch.picks.iter().map(|pick| pick.gap).collect();
        let mut narrate = |line: String| say(&line);
        self.handle.block_on(
            self.turns
                .turn(prompt, about, left, &self.stop, &mut narrate),
        )
    }

    fn prompt(&self, batch: &Batch, learnt: &[Learnt]) -> String {
        let measured = self.examiner.file(&batch.file).or_else(|| {
            self.coverage
                .file(&batch.file)
                .map(|file| Arc::clone(&file.coverage))
        });
        prompts::of_batch_in_shard(
            &self.settings,
            &self.tests,
            batch,
            measured.as_deref(),
            learnt,
            self.args.shard,
        )
    }

    fn settle(
        &mut self,
        batch: &Batch,
        round: u32,
        said: &Said,
        found: &Examined,
        tokens: TokenRecord,
    ) -> Result<(), Stopped> {
        for test in &found.tests {
            let last = test.failed_rung().or(test.rungs.last());
            let why = last.map_or(String::new(), |rung| {
                format!("{}: {}", rung.rung.name(), rung.evidence)
            });
            say(&format!(
                "{} · {} · {why}",
                test.verdict.name(),
                test.path.as_str()
            ));
            if test.verdict == Verdict::Kept {
                self.kept.push(test.path.as_str().to_owned());
            }
        }
        for finding in found.all_findings() {
            say(&format!(
                "finding · {} · {} · {}",
                finding.code,
                finding.path.as_str(),
                finding.evidence
            ));
        }
        say(&format!(
            "{} arms closed, {} lost, {} vanished",
            found.closed.len(),
            found.lost.len(),
            found.vanished.len()
        ));
        let file = batch.file.as_str().to_owned();
        self.blocked.retain(|blocked| *blocked != file);
        if found.is_blocked() {
            self.blocked.push(file);
        }
        let result = TurnResult::of(batch, round, said, found, tokens.spent());
        self.campaign.turn_ended(result);
        for pick in &batch.picks {
            let state = self.campaign.state(pick.gap);
            let reason = match &state {
                GapState::Untestable { reason } | GapState::Dismissed { reason } => reason.clone(),
                _ => String::new(),
            };
            self.tell(&Event::Gap {
                at: now_ms(),
                id: pick.gap.to_string(),
                file: pick.file.as_str().to_owned(),
                line: pick.line.get(),
                says: String::new(),
                state: state.name().to_owned(),
                reason,
            })?;
        }
        Ok(())
    }

    fn percent(&self) -> Option<Percent> {
        let totals = self
            .examiner
            .baseline()
            .map_or(&self.coverage.totals, |baseline| &baseline.totals);
        total_percent(totals)
    }

    /// Writes the end of the record, and makes the result of it.
    fn end(self, outcome: Result<Outcome, Stopped>) -> Result<(RunResult, u8), Stopped> {
        let (reason, mut status) = match outcome {
            Ok(Outcome::Stopped(reason)) => (reason.says().to_owned(), super::DONE),
            Ok(Outcome::Agent(why)) => (why, NO_AGENT),
            Ok(Outcome::Interrupted) => ("interrupted".to_owned(), INTERRUPTED),
            Err(stopped) => {
                let _ = self.tell(&Event::Ended {
                    at: now_ms(),
                    reason: stopped.says.clone(),
                    rounds: self.campaign.rounds(),
                    files: 0,
                });
                return Err(stopped);
            }
        };
        let is_reached = self
            .target
            .is_none_or(|target| self.percent().is_some_and(|percent| percent >= target));
        if status == super::DONE && (!is_reached || !self.blocked.is_empty()) {
            status = NOT_REACHED;
        }
        for remaining in self.remaining(&reason) {
            self.tell(&Event::Remaining {
                at: now_ms(),
                gaps: remaining,
            })?;
        }
        if self.args.commit && status != INTERRUPTED && !self.kept.is_empty() {
            let events = self.events();
            let review = Review::of(&events);
            // What kept tests use is committed with them, or they would not run anywhere else.
            let paths: Vec<String> = review
                .pieces
                .iter()
                .filter(|piece| matches!(piece.fate, Fate::Kept | Fate::Alongside))
                .map(|piece| piece.id.path.clone())
                .collect();
            let message = message(&RunResult::of(&events), &review.measure, &paths);
            match commit(&self.settings.root, &paths, &message) {
                Ok(id) => {
                    say(&format!("committed as {id}"));
                    self.tell(&Event::Committed {
                        at: now_ms(),
                        commit: id,
                        paths,
                    })?;
                }
                Err(why) => {
                    complain(&format!(
                        "the tests are kept but could not be committed: {why}"
                    ));
                    status = status.max(NOT_REACHED);
                }
            }
        }
        self.tell(&Event::Ended {
            at: now_ms(),
            reason: reason.clone(),
            rounds: self.campaign.rounds(),
            files: 0,
        })?;
        say(&reason);
        if status == NO_AGENT {
            complain(&reason);
        }
        Ok((RunResult::of(&self.events()), status))
    }

    fn events(&self) -> Vec<Event> {
        let record = lock(&self.record);
        Store::open(&self.settings.root)
            .ok()
            .and_then(|store| store.find(record.id()))
            .map(|run| run.events)
            .unwrap_or_default()
    }

    /// What is left open, file by file, and why.
    fn remaining(&self, reason: &str) -> Vec<RemainingGaps> {
        let mut remaining = self.chosen.left_out.clone();
        for pick in &self.chosen.picks {
            let why = match self.campaign.state(pick.gap) {
                GapState::Closed => continue,
                GapState::Untestable { reason } => format!("untestable: {reason}"),
                GapState::Dismissed { reason } => format!("dismissed: {reason}"),
                GapState::StillOpen { rounds } => format!("still open after {rounds} rounds"),
                GapState::Open | GapState::Queued | GapState::Working | GapState::Regressed => {
                    format!("not attempted: {reason}")
                }
            };
            let file = pick.file.as_str();
            match remaining
                .iter_mut()
                .find(|gaps| gaps.file == file && gaps.reason == why)
            {
                Some(gaps) => gaps.uncovered_lines.push(pick.line.get()),
                None => remaining.push(RemainingGaps {
                    file: file.to_owned(),
                    uncovered_lines: vec![pick.line.get()],
                    reason: why,
                }),
            }
        }
        for gaps in &mut remaining {
            gaps.uncovered_lines.sort_unstable();
            gaps.uncovered_lines.dedup();
        }
        remaining
    }

    fn tell(&self, event: &Event) -> Result<(), Stopped> {
        append(&self.record, event)
    }
}

fn reached(target: Option<Percent>, coverage: &Coverage) -> bool {
    target.is_some_and(|target| {
        total_percent(&coverage.totals).is_some_and(|percent| percent >= target)
    })
}

/// What a person must know about a target for a report without branches.
fn target_note(totals: &Totals) -> Option<String> {
    let (name, _) = totals.leading().filter(|(name, _)| *name != "branches")?;
    Some(choice::instead_of_branches(name))
}

/// The result of a run in which no turn was needed.
fn nothing_done(coverage: &Coverage, chosen: &Chosen) -> RunResult {
    let mut result = RunResult::of(&[]);
    result.coverage_before = total_percent(&coverage.totals).map(Percent::as_f64);
    result.coverage_after = result.coverage_before;
    result.remaining_gaps.clone_from(&chosen.left_out);
    result
}

fn finish(args: &CloseArgs, result: &RunResult, status: u8) -> Answer {
    let text = json::encode(result);
    let Some(path) = &args.output else {
        return Answer {
            stdout: text,
            status,
        };
    };
    if let Err(error) = crate::runtime::store::write_whole(path, text.as_bytes()) {
        complain(&format!(
            "{}: the result cannot be written: {error}",
            path.display()
        ));
        return Answer {
            stdout: text,
            status: status.max(NOT_REACHED),
        };
    }
    Answer {
        stdout: String::new(),
        status,
    }
}

/// A line of progress on stderr, made harmless.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", harmless::line(line));
}

async fn tell_progress(mut told: mpsc::Receiver<Progress>) {
    while let Some(progress) = told.recv().await {
        match progress {
            Progress::Step(words) => say(&words),
            // What tests print belongs to the record's findings; in a log of CI it only hides the steps.
            Progress::Output(_) => {}
        }
    }
}

fn record_trouble(error: &std::io::Error) -> Stopped {
    Stopped::new(
        format!("the record of the run cannot be written: {error}"),
        super::WRONG_USE,
    )
}

fn append(record: &Mutex<RunRecord>, event: &Event) -> Result<(), Stopped> {
    lock(record)
        .append(event)
        .map_err(|error| record_trouble(&error))
}

fn lock(record: &Mutex<RunRecord>) -> std::sync::MutexGuard<'_, RunRecord> {
    record
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
