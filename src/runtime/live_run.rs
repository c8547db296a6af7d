//! The run of a campaign on the screen: its examiner and its record, on a thread of their own.
//!
//! `app` decides what happens next and asks for it; here it is done, one wish after the other, and told.
//! The same examination as `untaken close` makes. While something is measured the watcher keeps still,
//! so that no report of a partial run is ever shown.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::codex;
use super::examine::{ExamineError, Examiner, Progress, Setup, Turn};
use super::ledger;
use super::project::Tests;
use super::prompts;
use super::reloads::Reloads;
use super::snapshot::TreeId;
use super::store::{RunRecord, Store, now_ms};
use super::tasks::Tasks;
use super::tests_run::{Sandbox, TestRunError};
use crate::app::message::Message;
use crate::app::work::{EndedTurn, Kept, RunNews, RunWish, Trouble, TroubleKind, TurnPlan};
use crate::settings::Settings;
use crate::triage::Answer;
use crate::triage::record::{Event, TokenRecord};

/// Pieces of output that wait for the loop; what comes faster is not shown.
const WAITING: usize = 256;

/// The way to the run's thread, which is started by the first wish.
#[derive(Debug)]
pub(super) struct LiveRun {
    tasks: Tasks,
    settings: Arc<Settings>,
    reloads: Reloads,
    wishes: Option<mpsc::UnboundedSender<RunWish>>,
    /// The way to who writes down picks and dismissals: they must not wait for tests that run.
    keeper: Option<mpsc::UnboundedSender<Kept>>,
    shared: Shared,
}

/// The record of this program's run, while there is one: what a person decides meanwhile goes into it too.
pub(super) type OwnRecord = Arc<Mutex<Weak<Mutex<RunRecord>>>>;

/// What others may ask while the thread works.
#[derive(Clone, Debug, Default)]
struct Shared {
    /// Ends what is being measured.
    stop: Arc<Mutex<CancellationToken>>,
    /// A turn was sent and not examined yet.
    in_turn: Arc<AtomicBool>,
    record: OwnRecord,
}

impl LiveRun {
    pub(super) fn new(tasks: Tasks, settings: Arc<Settings>, reloads: Reloads) -> Self {
        Self {
            tasks,
            settings,
            reloads,
            wishes: None,
            keeper: None,
            shared: Shared::default(),
        }
    }

    /// Never waits: what is asked is done on the run's thread.
    pub(super) fn carry_out(&mut self, wish: RunWish) {
        if wish == RunWish::Stop {
            lock(&self.shared.stop).cancel();
            return;
        }
        if let RunWish::Keep(kept) = wish {
            if self.keeper.is_none() {
                self.keeper = Some(self.start_keeper());
            }
            if let Some(keeper) = &self.keeper {
                let _ = keeper.send(*kept);
            }
            return;
        }
        let unsent = match &self.wishes {
            Some(wishes) => wishes.send(wish).err().map(|error| error.0),
            None => Some(wish),
        };
        if let Some(wish) = unsent {
            let wishes = self.start();
            // A thread that ended at once has told why.
            let _ = wishes.send(wish);
            self.wishes = Some(wishes);
        }
    }

    /// Whether the tree may hold what an agent left and nobody examined.
    pub(super) fn is_in_turn(&self) -> bool {
        self.shared.in_turn.load(Ordering::SeqCst)
    }

    /// Where the record of the run is to be had.
    pub(super) fn own_record(&self) -> OwnRecord {
        Arc::clone(&self.shared.record)
    }

    /// No further wishes: the thread ends with what it has begun. To be called when the agent is gone.
    pub(super) fn end(&mut self) {
        self.wishes = None;
        self.keeper = None;
    }

    fn start_keeper(&self) -> mpsc::UnboundedSender<Kept> {
        let (keeper, mut inbox) = mpsc::unbounded_channel::<Kept>();
        let (settings, sender) = (Arc::clone(&self.settings), self.tasks.sender());
        self.tasks
            .spawn_to_its_end("keeping the picks", async move {
                while let Some(mut kept) = inbox.recv().await {
                    // Only the newest picks matter, and every dismissal.
                    while let Ok(next) = inbox.try_recv() {
                        let mut settled = std::mem::take(&mut kept.settled);
                        settled.extend(next.settled);
                        kept = Kept {
                            picks: next.picks,
                            settled,
                        };
                    }
                    let settings = Arc::clone(&settings);
                    let done =
                        tokio::task::spawn_blocking(move || ledger::keep(&settings, &kept)).await;
                    if let Ok(Err(error)) = done {
                        let why = format!(
                            "picks and dismissals cannot be kept for the next start: {error}"
                        );
                        let _ = sender.send(Message::Failed(why)).await;
                    }
                }
            });
        keeper
    }

    fn start(&self) -> mpsc::UnboundedSender<RunWish> {
        let (wishes, mut inbox) = mpsc::unbounded_channel();
        let tasks = self.tasks.clone();
        let mut work = Work {
            settings: Arc::clone(&self.settings),
            reloads: self.reloads.clone(),
            sender: tasks.sender(),
            handle: tokio::runtime::Handle::current(),
            ended: tasks.stop(),
            shared: self.shared.clone(),
            record: None,
            examiner: None,
            known_tree: None,
            before: None,
            turn: None,
        };
        self.tasks.spawn_to_its_end("the run", async move {
            let done = tokio::task::spawn_blocking(move || {
                while let Some(wish) = inbox.blocking_recv() {
                    work.carry_out(wish);
                }
                work.leave();
            })
            .await;
            if let Err(error) = done {
                tasks.say(Message::Run(RunNews::Trouble(Trouble {
                    kind: TroubleKind::Other,
                    says: format!("a defect of untaken in the run: {error}; please report it"),
                    output: String::new(),
                })));
            }
        });
        wishes
    }
}

/// The thread's own.
struct Work {
    settings: Arc<Settings>,
    reloads: Reloads,
    sender: mpsc::Sender<Message>,
    handle: tokio::runtime::Handle,
    /// Cancelled when the program ends.
    ended: CancellationToken,
    shared: Shared,
    record: Option<Arc<Mutex<RunRecord>>>,
    examiner: Option<Examiner>,
    /// The tree that was measured last.
    known_tree: Option<TreeId>,
    /// The tree before the turn that is under way.
    before: Option<TreeId>,
    turn: Option<TurnPlan>,
}

impl Work {
    fn carry_out(&mut self, wish: RunWish) {
        let stop = self.ended.child_token();
        *lock(&self.shared.stop) = stop.clone();
        if let Some(examiner) = &mut self.examiner {
            examiner.stop_with(stop.clone());
        }
        let done = match wish {
            RunWish::Begin { unsandboxed } => {
                self.quietly(|work| work.begin(unsandboxed, stop)).map(Some)
            }
            RunWish::Prepare(plan) => self.quietly(|work| work.prepare(*plan)).map(Some),
            RunWish::Examine(turn) => self.quietly(|work| work.examine(&turn)).map(Some),
            RunWish::PutBack(turn) => self.quietly(|work| work.put_back(&turn)).map(Some),
            RunWish::Measure => self.quietly(Self::measure).map(Some),
            RunWish::Note(notes) => self.tell(notes.iter().map(ledger::event)),
            RunWish::End {
                reason,
                rounds,
                remaining,
            } => {
                let remaining = remaining
                    .into_iter()
                    .map(|gaps| Event::Remaining { at: now_ms(), gaps });
                let end = Event::Ended {
                    at: now_ms(),
                    reason,
                    rounds,
                    files: 0,
                };
                self.tell(remaining.chain([end]))
            }
            RunWish::Keep(kept) => {
                ledger::keep(&self.settings, &kept)
                    .map(|()| None)
                    .map_err(|error| Trouble {
                        kind: TroubleKind::Other,
                        says: format!(
                            "picks and dismissals cannot be kept for the next start: {error}"
                        ),
                        output: String::new(),
                    })
            }
            RunWish::Stop => Ok(None),
        };
        match done {
            Ok(Some(news)) => self.say(news),
            Ok(None) => {}
            Err(trouble) => self.say(RunNews::Trouble(trouble)),
        }
    }

    fn say(&self, news: RunNews) {
        // An error means that the program is ending, and nobody wants to know.
        let _ = self.sender.blocking_send(Message::Run(news));
    }

    /// What is written meanwhile is read at the end, once.
    fn quietly<T>(&mut self, job: impl FnOnce(&mut Self) -> T) -> T {
        self.reloads.hold();
        let done = job(self);
        self.reloads.release();
        done
    }

    fn begin(&mut self, unsandboxed: bool, stop: CancellationToken) -> Result<RunNews, Trouble> {
        if self.examiner.is_none() || unsandboxed {
            self.known_tree = None;
            self.examiner = Some(self.examiner(unsandboxed, stop)?);
        }
        let examiner = self.examiner.as_mut().ok_or_else(not_begun)?;
        // What was measured and is still the same needs no measuring.
        let tree = examiner.snapshot()?;
        if self.known_tree.as_ref() != Some(&tree) {
            examiner.measure_baseline()?;
            self.known_tree = Some(tree);
        }
        let totals = examiner.baseline().map(|baseline| baseline.totals);
        let record = self.record.as_ref().ok_or_else(not_begun)?;
        let id = lock(record).id().to_owned();
        Ok(RunNews::Begun {
            id,
            totals: totals.unwrap_or_default(),
        })
    }

    fn examiner(
        &mut self,
        unsandboxed: bool,
        stop: CancellationToken,
    ) -> Result<Examiner, Trouble> {
        let supervisor = std::env::current_exe().map_err(|error| {
            other(format!(
                "this program does not find itself to supervise the tests: {error}"
            ))
        })?;
        let reports = self.reloads.reports();
        if reports.is_empty() {
            return Err(other(
                "no report was read yet, so that nothing can be measured",
            ));
        }
        let sandbox = if unsandboxed || !self.settings.tests.sandbox {
            Sandbox::None
        } else {
            sandbox(&self.settings)?
        };
        let is_new = self.record.is_none();
        let record = if let Some(record) = &self.record {
            Arc::clone(record)
        } else {
            let store = Store::of(&self.settings)?;
            store.put_back_reports()?;
            let record = Arc::new(Mutex::new(store.start()?));
            *lock(&self.shared.record) = Arc::downgrade(&record);
            Arc::clone(self.record.insert(record))
        };
        let (progress, told) = mpsc::channel(WAITING);
        self.handle.spawn(forward(told, self.sender.clone()));
        let examiner = Examiner::new(Setup {
            settings: Arc::clone(&self.settings),
            reports,
            record: Arc::clone(&record),
            sandbox,
            supervisor,
            handle: self.handle.clone(),
            progress,
            stop,
        })?;
        if is_new {
            let started = examiner.started("explorer", &self.reloads.totals());
            lock(&record).append(&started)?;
        }
        Ok(examiner)
    }

    fn prepare(&mut self, plan: TurnPlan) -> Result<RunNews, Trouble> {
        let examiner = self.examiner.as_mut().ok_or_else(not_begun)?;
        let tree = examiner.snapshot()?;
        if self.known_tree.as_ref() != Some(&tree) {
            // A person changed something since: what that did is not the agent's.
            examiner.measure_anew()?;
            self.known_tree = Some(examiner.snapshot()?);
        }
        let prompt = if let Some(prompt) = &plan.prompt {
            prompt.clone()
        } else {
            let measured = examiner.file(&plan.batch.file);
            let tests = Tests::of(&self.settings, &self.reloads.reports());
            prompts::of_batch(
                &self.settings,
                &tests,
                &plan.batch,
                measured.as_deref(),
                &plan.learnt,
            )
        };
        examiner.tell_turn(plan.number, plan.round, &plan.batch, &prompt)?;
        self.before = Some(examiner.before_turn()?);
        self.shared.in_turn.store(true, Ordering::SeqCst);
        let turn = plan.number;
        self.turn = Some(plan);
        Ok(RunNews::Prepared { turn, prompt })
    }

    fn tell_end(&self, turn: &EndedTurn) -> Result<(), Trouble> {
        let thread = turn.thread.iter().map(|id| Event::Thread {
            at: now_ms(),
            id: id.clone(),
        });
        let ended = Event::TurnEnded {
            at: now_ms(),
            turn: turn.number,
            status: turn.status.to_owned(),
            answer: turn.answer.clone(),
            tokens: TokenRecord::from(turn.tokens),
        };
        self.tell(thread.chain([ended])).map(drop)
    }

    fn examine(&mut self, turn: &EndedTurn) -> Result<RunNews, Trouble> {
        self.tell_end(turn)?;
        let examiner = self.examiner.as_mut().ok_or_else(not_begun)?;
        let before = self.before.take().ok_or_else(not_begun)?;
        self.turn = None;
        let answer = Answer::read(&turn.answer);
        let found = examiner.examine(&Turn {
            number: turn.number,
            before: &before,
            batch: &turn.batch,
            answer: &answer,
        });
        self.shared.in_turn.store(false, Ordering::SeqCst);
        let found = found?;
        self.known_tree = Some(examiner.snapshot()?);
        Ok(RunNews::Examined {
            turn: turn.number,
            found: Arc::new(found),
        })
    }

    fn put_back(&mut self, turn: &EndedTurn) -> Result<RunNews, Trouble> {
        self.tell_end(turn)?;
        let examiner = self.examiner.as_mut().ok_or_else(not_begun)?;
        let before = self.before.take().ok_or_else(not_begun)?;
        self.turn = None;
        let paths = examiner.put_all_back(&before)?;
        self.shared.in_turn.store(false, Ordering::SeqCst);
        Ok(RunNews::PutBack {
            turn: turn.number,
            paths,
        })
    }

    fn measure(&mut self) -> Result<RunNews, Trouble> {
        let examiner = self.examiner.as_mut().ok_or_else(not_begun)?;
        let tree = examiner.snapshot()?;
        let totals = examiner.measure_anew()?.totals;
        self.known_tree = Some(tree);
        Ok(RunNews::Measured { totals })
    }

    /// Appends to the record, where there is one.
    fn tell(&self, events: impl IntoIterator<Item = Event>) -> Result<Option<RunNews>, Trouble> {
        if let Some(record) = &self.record {
            let mut record = lock(record);
            for event in events {
                record.append(&event)?;
            }
        }
        Ok(None)
    }

    /// The program ends while a turn is under way: tests stay where they are until somebody rejects them,
    /// the rest is put back, and the record says both.
    fn leave(&mut self) {
        let (Some(plan), Some(examiner)) = (self.turn.take(), &mut self.examiner) else {
            return;
        };
        let Some(before) = self.before.take() else {
            return;
        };
        // Cancelled already: no test is run any more.
        examiner.stop_with(self.ended.clone());
        let answer = Answer::default();
        let ended = examiner.examine(&Turn {
            number: plan.number,
            before: &before,
            batch: &plan.batch,
            answer: &answer,
        });
        if let Err(error) = ended {
            tracing::info!(%error, "the last turn was not examined");
        }
        let _ = self.tell([Event::Ended {
            at: now_ms(),
            reason: "the program was left during a turn".to_owned(),
            rounds: plan.round,
            files: 0,
        }]);
    }
}

/// The sandbox that the agent's own commands run in.
pub(super) fn sandbox(settings: &Settings) -> Result<Sandbox, Trouble> {
    match codex::locate(&settings.agent.command, &settings.root) {
        codex::Located::At(program) => Ok(Sandbox::Codex {
            program,
            writable: Vec::new(),
        }),
        codex::Located::Nowhere { looked } => Err(other(format!(
            "codex was not found {looked}; install it with `npm install -g @openai/codex`, or set command under [agent]"
        ))),
    }
}

/// What the examiner tells, on its way to the screen. Ends with the examiner.
async fn forward(mut told: mpsc::Receiver<Progress>, sender: mpsc::Sender<Message>) {
    let mut next = told.recv().await;
    while let Some(progress) = next.take() {
        let news = match progress {
            Progress::Step(words) => RunNews::Step(words),
            Progress::Output(mut text) => {
                // One message for all that is there: a chatty runner must not flood the loop.
                loop {
                    match told.try_recv() {
                        Ok(Progress::Output(more)) => text.push_str(&more),
                        Ok(step) => {
                            next = Some(step);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                RunNews::Output(text)
            }
        };
        if sender.send(Message::Run(news)).await.is_err() {
            return;
        }
        if next.is_none() {
            next = told.recv().await;
        }
    }
}

fn not_begun() -> Trouble {
    other("the run was not begun")
}

fn other(says: impl Into<String>) -> Trouble {
    Trouble {
        kind: TroubleKind::Other,
        says: says.into(),
        output: String::new(),
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        other(format!("the record of the run cannot be written: {error}"))
    }
}

impl From<ExamineError> for Trouble {
    fn from(error: ExamineError) -> Self {
        let kind = match &error {
            ExamineError::Stopped => TroubleKind::Stopped,
            ExamineError::Run(TestRunError::NoSandbox { .. }) => TroubleKind::NoSandbox,
            ExamineError::SuiteFails { .. } => TroubleKind::SuiteFails,
            _ => TroubleKind::Other,
        };
        let says = error.to_string();
        let output = match error {
            ExamineError::SuiteFails { tail, .. } => tail,
            _ => String::new(),
        };
        Self { kind, says, output }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
