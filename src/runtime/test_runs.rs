//! Runs of the project's tests on the person's wish: one at a time, streamed to the screen, ended whole.
//!
//! How a command is run is `tests_run`'s; which command it is, the settings' or the project's.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::live_run::sandbox;
use super::project::Tests;
use super::reloads::Reloads;
use super::review::Desk;
use super::tasks::Tasks;
use super::tests_run::{RunEnd, Sandbox, TestCommand};
use crate::app::message::{Message, TestsEvent};
use crate::coverage::ReportInfo;
use crate::settings::Settings;

/// Pieces of output that wait for the loop; what comes faster is not shown.
const WAITING: usize = 256;

/// The runs of one run of the program.
#[derive(Debug)]
pub(super) struct TestRuns {
    tasks: Tasks,
    settings: Arc<Settings>,
    /// Of the run that goes on.
    running: Option<CancellationToken>,
}

impl TestRuns {
    pub(super) fn new(tasks: Tasks, settings: Arc<Settings>) -> Self {
        Self {
            tasks,
            settings,
            running: None,
        }
    }

    /// Starts a run, unless one goes on. A command that is found out writes the reports that are shown. As
    /// the user would, while the tree holds no work of an agent that nobody looked at; else in the sandbox.
    pub(super) fn start(&mut self, reloads: &Reloads, is_in_turn: bool) {
        let Some(over) = self.claim() else { return };
        let settings = Arc::clone(&self.settings);
        let (sender, reloads) = (self.tasks.sender(), reloads.clone());
        self.tasks
            .spawn_to_its_end("a run of the tests", async move {
                let reports = reloads.reports();
                let found = tokio::task::spawn_blocking(move || {
                    let sandboxed =
                        settings.tests.sandbox && (is_in_turn || is_unreviewed(&settings));
                    command(&settings, &reports, sandboxed)
                })
                .await;
                let event = match found {
                    Ok(Ok(command)) => {
                        reloads.hold();
                        let event = run(&command, &sender, over.clone()).await;
                        reloads.release();
                        event
                    }
                    Ok(Err(why)) => TestsEvent::Failed(why),
                    Err(error) => TestsEvent::Failed(error.to_string()),
                };
                // Before the answer, so that the next wish is not refused.
                over.cancel();
                let _ = sender.send(Message::Tests(event)).await;
            });
    }

    /// Claims the tests for a run of somebody else's; `None` while one goes on. It is over once the token is
    /// cancelled, by whoever of the two.
    pub(super) fn claim(&mut self) -> Option<CancellationToken> {
        if self
            .running
            .as_ref()
            .is_some_and(|running| !running.is_cancelled())
        {
            return None;
        }
        let over = self.tasks.stop().child_token();
        self.running = Some(over.clone());
        Some(over)
    }

    /// Ends the run that goes on, the whole process tree.
    pub(super) fn stop(&self) {
        if let Some(running) = &self.running {
            running.cancel();
        }
    }
}

/// The command that the settings name, or that the project's own files tell.
fn command(
    settings: &Settings,
    reports: &[ReportInfo],
    sandboxed: bool,
) -> Result<TestCommand, String> {
    let shell = Tests::of(settings, reports).command.ok_or(
        "it is not known how the tests run here; set command under [tests] in untaken.toml",
    )?;
    let supervisor = std::env::current_exe().map_err(|error| {
        format!("this program does not find itself to supervise the tests: {error}")
    })?;
    Ok(TestCommand {
        shell,
        folder: settings.root.clone(),
        environment: Vec::new(),
        sandbox: if sandboxed {
            sandbox(settings).map_err(|trouble| trouble.says)?
        } else {
            Sandbox::None
        },
        timeout: settings.tests.timeout,
        supervisor,
    })
}

/// Whether the tree holds work of an agent that no person decided about. The records tell, also those of
/// other programs and of earlier days.
fn is_unreviewed(settings: &Settings) -> bool {
    Desk::new(Arc::new(settings.clone()))
        .look()
        .is_some_and(|left| left.open().next().is_some())
}

/// Runs a command and returns its last event.
async fn run(
    command: &TestCommand,
    sender: &mpsc::Sender<Message>,
    stop: CancellationToken,
) -> TestsEvent {
    let _ = sender
        .send(Message::Tests(TestsEvent::Started {
            command: command.shell.clone(),
        }))
        .await;
    let (output, mut printed) = mpsc::channel::<String>(WAITING);
    let shown = async {
        while let Some(mut text) = printed.recv().await {
            // One message for all that is there: a chatty runner must not flood the loop.
            while let Ok(more) = printed.try_recv() {
                text.push_str(&more);
            }
            if sender
                .send(Message::Tests(TestsEvent::Output(text)))
                .await
                .is_err()
            {
                return;
            }
        }
    };
    let (ended, ()) = tokio::join!(command.run(Some(output), stop), shown);
    match ended {
        Ok(run) => match run.end {
            RunEnd::ByItself | RunEnd::Stopped => TestsEvent::Ended {
                code: run.outcome.exit_code,
                took: run.took,
            },
            RunEnd::TimedOut => TestsEvent::Failed(format!(
                "the tests were stopped after {} seconds; set timeout under [tests] if they need longer",
                command.timeout.as_secs()
            )),
        },
        Err(error) => TestsEvent::Failed(error.to_string()),
    }
}
