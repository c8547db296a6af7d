//! The review's half in the world: what runs left, decisions about it, the measurement after them.
//!
//! Wishes are done one after the other, on a thread of their own; only a measurement goes on beside them,
//! and it is ended before the tree changes under it.

mod desk;
mod disk;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use self::desk::Desk;
use super::codex::{self, Located};
use super::examine::{ExamineError, Examiner, Progress, Setup};
use super::live_run::OwnRecord;
use super::reloads::Reloads;
use super::tasks::Tasks;
use super::tests_run::Sandbox;
use crate::app::message::{Message, TestsEvent};
use crate::app::review::{ReviewEvent, ReviewWish};
use crate::coverage::ReportInfo;
use crate::settings::Settings;
use crate::triage::review::{Decision, PieceId};

/// Pieces of output and steps that wait for the loop; what comes faster is not shown.
const WAITING: usize = 256;

/// Carries out what is wished of a review.
#[derive(Clone, Debug)]
pub(super) struct Reviews {
    tasks: Tasks,
    settings: Arc<Settings>,
    desk: Arc<Mutex<Desk>>,
    wishes: Arc<Mutex<VecDeque<ReviewWish>>>,
}

impl Reviews {
    /// `own` is the record that a run of this program writes.
    pub(super) fn new(tasks: Tasks, settings: Arc<Settings>, own: OwnRecord) -> Self {
        let desk = Desk::beside(Arc::clone(&settings), own);
        Self {
            desk: Arc::new(Mutex::new(desk)),
            wishes: Arc::default(),
            tasks,
            settings,
        }
    }

    /// Does a wish, after those before it.
    pub(super) fn carry_out(&self, wish: ReviewWish) {
        lock(&self.wishes).push_back(wish);
        let this = self.clone();
        let sender = self.tasks.sender();
        // To its end: what was told to the record has to reach the tree, also when the program ends.
        self.tasks.spawn_to_its_end("a review", async move {
            let (sender, answers) = (sender.clone(), sender);
            let done = tokio::task::spawn_blocking(move || {
                let mut desk = lock(&this.desk);
                let wish = lock(&this.wishes).pop_front();
                if let Some(wish) = wish {
                    do_wish(&mut desk, wish, &answers);
                }
            });
            if done.await.is_err() {
                let text = "a defect of untaken in the review; please report it".to_owned();
                let said = ReviewEvent::Said { text, bad: true };
                let _ = sender.send(Message::Review(said)).await;
            }
        });
    }

    /// Runs the whole suite and takes down its figures; cancelling `over` ends it, and so it is when it is
    /// over.
    pub(super) fn measure(
        &self,
        run: String,
        sandboxed: bool,
        over: CancellationToken,
        reloads: &Reloads,
    ) {
        let (this, reloads) = (self.clone(), reloads.clone());
        let sender = self.tasks.sender();
        self.tasks
            .spawn_to_its_end("measuring after a review", async move {
                let (progress, told) = mpsc::channel(WAITING);
                let forward = tell_progress(told, sender.clone());
                let reports = reloads.reports();
                let handle = tokio::runtime::Handle::current();
                let (of, stop, answers) = (run.clone(), over.clone(), sender.clone());
                let measuring = this.clone();
                reloads.hold();
                let work = tokio::task::spawn_blocking(move || {
                    measuring.suite(&of, sandboxed, reports, progress, handle, stop, &answers)
                });
                let (outcome, ()) = tokio::join!(work, forward);
                reloads.release();
                // Before the answer, so that the next wish is not refused.
                over.cancel();
                let outcome = outcome.unwrap_or_else(|error| Err(error.to_string()));
                let left = tokio::task::spawn_blocking(move || lock(&this.desk).look_at(&run));
                let left = left.await.ok().flatten().map(Arc::new);
                let _ = sender
                    .send(Message::Review(ReviewEvent::Measured(outcome)))
                    .await;
                if left.is_some() {
                    let _ = sender.send(Message::Review(ReviewEvent::Left(left))).await;
                }
            });
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "all of it belongs to the one thread that calls this"
    )]
    fn suite(
        &self,
        run: &str,
        sandboxed: bool,
        reports: Vec<ReportInfo>,
        progress: mpsc::Sender<Progress>,
        handle: tokio::runtime::Handle,
        stop: CancellationToken,
        answers: &mpsc::Sender<Message>,
    ) -> Result<(), String> {
        let record = lock(&self.desk).record(run)?;
        let sandbox = if sandboxed {
            sandbox(&self.settings)?
        } else {
            Sandbox::None
        };
        let supervisor = std::env::current_exe()
            .map_err(|error| format!("this program does not find itself: {error}"))?;
        let mut examiner = Examiner::new(Setup {
            settings: Arc::clone(&self.settings),
            reports,
            record,
            sandbox,
            supervisor,
            handle,
            progress,
            stop,
        })
        .map_err(|error| error.to_string())?;
        let tests = |event| {
            let _ = answers.blocking_send(Message::Tests(event));
        };
        tests(TestsEvent::Started {
            command: examiner.test_command().to_owned(),
        });
        let begun = Instant::now();
        let measured = examiner.measure_anew().map(|_| ());
        let ended = |code| TestsEvent::Ended {
            code,
            took: begun.elapsed(),
        };
        match measured {
            Ok(()) => {
                tests(ended(Some(0)));
                Ok(())
            }
            Err(ExamineError::SuiteFails { summary, .. }) => {
                tests(ended(Some(1)));
                Err(format!("the tests fail: {summary}"))
            }
            Err(ExamineError::Stopped) => {
                tests(ended(None));
                Err("the tests were stopped".to_owned())
            }
            Err(error) => {
                tests(TestsEvent::Failed(error.to_string()));
                Err(error.to_string())
            }
        }
    }
}

/// The sandbox for tests that nobody has looked at.
pub(super) fn sandbox(settings: &Settings) -> Result<Sandbox, String> {
    if !settings.tests.sandbox {
        return Ok(Sandbox::None);
    }
    match codex::locate(&settings.agent.command, &settings.root) {
        Located::At(program) => Ok(Sandbox::Codex {
            program,
            writable: Vec::new(),
        }),
        Located::Nowhere { looked } => Err(format!(
            "tests that were not reviewed run only in codex's sandbox, and codex was not found {looked}; review them first, or set sandbox = false under [tests]"
        )),
    }
}

fn do_wish(desk: &mut Desk, wish: ReviewWish, answers: &mpsc::Sender<Message>) {
    let say = |text: String, bad| {
        let said = ReviewEvent::Said { text, bad };
        let _ = answers.blocking_send(Message::Review(said));
    };
    let left = match wish {
        ReviewWish::Look => desk.look(),
        ReviewWish::Decide {
            run,
            pieces,
            wants_it,
        } => {
            match desk.decide(&run, &pieces, wants_it) {
                Ok((done, refused)) => match refused.as_slice() {
                    [] => say(told(&pieces, &done), false),
                    [why] => say(why.clone(), true),
                    [why, rest @ ..] => say(format!("{why} · and {} more", rest.len()), true),
                },
                Err(why) => say(why, true),
            }
            desk.look_at(&run)
        }
        ReviewWish::Undo { run, piece } => {
            match desk.undo(&run, &piece) {
                Ok(decision) => say(
                    format!("{}: no longer {}", piece.path, decision.name()),
                    false,
                ),
                Err(why) => say(why, true),
            }
            desk.look_at(&run)
        }
        ReviewWish::Commit {
            run,
            paths,
            message,
        } => {
            match desk.commit(&run, &paths, &message) {
                Ok(id) => say(format!("committed as {id}; nothing was pushed"), false),
                Err(why) => say(why, true),
            }
            desk.look_at(&run)
        }
        // It needs the reports, and goes on beside the others.
        ReviewWish::Measure { .. } => return,
    };
    let _ = answers.blocking_send(Message::Review(ReviewEvent::Left(left.map(Arc::new))));
}

/// What was done, in a few words.
fn told(pieces: &[PieceId], done: &[Decision]) -> String {
    match (pieces, done) {
        ([piece], [one]) => format!("{}: {}", piece.path, one.name()),
        (_, all) => format!(
            "{} files {}",
            all.len(),
            all.first().map_or("decided", |one| one.name())
        ),
    }
}

async fn tell_progress(mut told: mpsc::Receiver<Progress>, sender: mpsc::Sender<Message>) {
    while let Some(progress) = told.recv().await {
        let message = match progress {
            Progress::Step(words) => Message::Review(ReviewEvent::Measuring(words)),
            Progress::Output(text) => Message::Tests(TestsEvent::Output(text)),
        };
        if sender.send(message).await.is_err() {
            return;
        }
    }
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}
