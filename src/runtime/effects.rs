//! From a wish to the job that carries it out: one match, a file for each kind of job.
//!
//! Nothing here waits. A job answers with a message; what only the owner of the terminal can do goes
//! back to the loop.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::mpsc;

use super::clipboard::Multiplexer;
use super::codex::Codex;
use super::colours::Colours;
use super::editor::{self, EditorCommand};
use super::ledger;
use super::live_run::LiveRun;
use super::reloads::Reloads;
use super::review::Reviews;
use super::store::Store;
use super::surroundings::Surroundings;
use super::tasks::Tasks;
use super::test_runs::TestRuns;
use crate::app::effect::Effect;
use crate::app::message::Message;
use crate::app::review::{ReviewEvent, ReviewWish};
use crate::app::work::RunNews;
use crate::settings::Settings;

/// What only the owner of the terminal can do.
#[derive(Debug)]
pub(super) enum ForScreen {
    /// Put a text on the clipboard.
    Copy(String),
    /// Ring, if the person looks elsewhere.
    Ring(String),
    /// Open an editor: give it the terminal, unless it has a window of its own.
    Editor(EditorCommand),
    Suspend,
    Quit {
        status: i32,
    },
}

/// Carries out the wishes of one run of the program.
#[derive(Debug)]
pub(super) struct Jobs {
    tasks: Tasks,
    around: Surroundings,
    settings: Arc<Settings>,
    reloads: Reloads,
    colours: Colours,
    codex: Codex,
    test_runs: TestRuns,
    live: LiveRun,
    reviews: Reviews,
}

impl Jobs {
    /// Answers go to `sender`. To be called within a tokio runtime.
    #[must_use]
    pub(super) fn new(
        settings: Arc<Settings>,
        around: Surroundings,
        sender: mpsc::Sender<Message>,
    ) -> Self {
        let tasks = Tasks::new(sender);
        let reloads = Reloads::new(&tasks, &settings);
        let live = LiveRun::new(tasks.clone(), Arc::clone(&settings), reloads.clone());
        Self {
            reloads,
            test_runs: TestRuns::new(tasks.clone(), Arc::clone(&settings)),
            reviews: Reviews::new(tasks.clone(), Arc::clone(&settings), live.own_record()),
            live,
            codex: Codex::new(tasks.sender()),
            colours: Colours::new(&tasks),
            tasks,
            settings,
            around,
        }
    }

    /// Starts what an effect asks for; what the loop has to do itself comes back.
    pub(super) fn carry_out(&mut self, effect: Effect) -> Option<ForScreen> {
        match effect {
            Effect::LoadReports { request } => self.reloads.load_reports(request),
            Effect::LoadSource { request, path } => {
                self.reloads.load_source(request, path, &self.colours);
            }
            Effect::FindGaps { request, paths } => self.reloads.find_gaps(request, paths),
            Effect::FindMine { request } => self.reloads.find_mine(request),
            Effect::FindFiles { request, query } => self.reloads.find_files(request, query),
            Effect::Highlight {
                request,
                path,
                first,
                count,
            } => self.colours.highlight(request, path, first, count),
            Effect::BuildPrompt { request, picks } => self.reloads.build_prompt(request, picks),
            Effect::Agent(outgoing) => self.codex.carry_out(outgoing),
            Effect::Run(wish) => self.live.carry_out(wish),
            Effect::RunTests => self.test_runs.start(&self.reloads, self.live.is_in_turn()),
            Effect::Review(ReviewWish::Measure { run, sandboxed }) => {
                match self.test_runs.claim() {
                    Some(over) => self.reviews.measure(run, sandboxed, over, &self.reloads),
                    None => self.tasks.say(Message::Review(ReviewEvent::Measured(Err(
                        "another run of the tests goes on".to_owned(),
                    )))),
                }
            }
            Effect::Review(wish) => self.reviews.carry_out(wish),
            Effect::StopTests => self.test_runs.stop(),
            Effect::OpenEditor { path, line } => {
                let command = self.reloads.source_on_disk(&path).and_then(|file| {
                    let (visual, editor) = (&self.around.visual, &self.around.editor);
                    editor::command(visual.as_deref(), editor.as_deref(), &file, line)
                });
                match command {
                    Ok(command) => return Some(ForScreen::Editor(command)),
                    Err(why) => self.tasks.say(Message::Failed(why)),
                }
            }
            Effect::Copy(text) => return Some(ForScreen::Copy(text)),
            Effect::Notify(note) => return Some(ForScreen::Ring(note)),
            Effect::After { timer, delay } => {
                let sender = self.tasks.sender();
                self.tasks.spawn("a timer", async move {
                    tokio::time::sleep(delay).await;
                    let _ = sender.send(Message::Timer { timer }).await;
                });
            }
            Effect::Suspend => return Some(ForScreen::Suspend),
            Effect::Quit { status } => return Some(ForScreen::Quit { status }),
        }
        None
    }

    /// Puts back what a run that was killed had put aside, before anything is read, and tells what is
    /// remembered of earlier runs.
    pub(super) fn remember(&self) {
        if let Some(store) = Store::known(&self.settings)
            && let Err(error) = store.put_back_reports()
        {
            self.tasks.say(Message::Failed(format!(
                "a report that an earlier run had put aside cannot be put back: {error}"
            )));
        }
        let settings = Arc::clone(&self.settings);
        self.tasks.work(
            "remembering earlier runs",
            move |answers| {
                let remembered = ledger::remember(&settings);
                let _ = answers.blocking_send(Message::Run(RunNews::Remembered(remembered)));
            },
            Message::Failed,
        );
    }

    /// Whether the terminal has to be asked for its background before the theme is known.
    #[must_use]
    pub(super) fn must_ask_for_background(&self) -> bool {
        self.around.must_ask_for_background(self.settings.ui.theme)
    }

    /// What stands between us and the terminal.
    #[must_use]
    pub(super) fn multiplexer(&self) -> Multiplexer {
        self.around.multiplexer()
    }

    /// Sends the loop a message of its own.
    pub(super) fn say(&self, message: Message) {
        self.tasks.say(message);
    }

    /// Runs an editor that was given the terminal, and says when it came back.
    pub(super) fn edit(&self, command: &EditorCommand) {
        let (sender, stop) = (self.tasks.sender(), self.tasks.stop());
        let program = command.program.to_string_lossy().into_owned();
        // In our own process group: ctrl-z in the editor stops us as well, as the shell expects.
        let child = Command::new(&command.program)
            .args(&command.args)
            .kill_on_drop(true)
            .spawn();
        self.tasks.spawn_to_its_end("the editor", async move {
            let outcome = match child {
                Err(error) => Err(format!(
                    "the editor {program} cannot be started: {error}; set VISUAL or EDITOR to one that is installed"
                )),
                Ok(mut child) => tokio::select! {
                    status = child.wait() => match status {
                        Ok(status) if status.success() => Ok(()),
                        Ok(status) => Err(format!("the editor {program} ended with {status}")),
                        Err(error) => Err(format!("the editor {program} was lost: {error}")),
                    },
                    () = stop.cancelled() => {
                        // It may have a text to save.
                        if let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()) {
                            let _ = nix::sys::signal::kill(
                                nix::unistd::Pid::from_raw(id),
                                nix::sys::signal::Signal::SIGTERM,
                            );
                        }
                        if tokio::time::timeout(Duration::from_secs(2), child.wait()).await.is_err() {
                            let _ = child.kill().await;
                        }
                        return;
                    }
                },
            };
            let _ = sender.send(Message::EditorClosed(outcome)).await;
        });
    }

    /// Starts an editor that has a window of its own. It is the person's from then on: it is not waited
    /// for, and it outlives us, so it gets neither our terminal nor our process group.
    pub(super) fn open_window(&self, command: &EditorCommand) {
        let program = command.program.to_string_lossy().into_owned();
        let started = Command::new(&command.program)
            .args(&command.args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        match started {
            Ok(mut child) => self.tasks.spawn("an editor's window", async move {
                // Most of them only hand the file to a running one, and must not stay as zombies.
                let _ = child.wait().await;
            }),
            Err(error) => self.tasks.say(Message::Failed(format!(
                "the editor {program} cannot be started: {error}; set VISUAL or EDITOR to one that is installed"
            ))),
        }
    }

    /// Ends every job and every child, and waits for them.
    pub(super) async fn end(&mut self) {
        // What is being measured ends at once; what a turn left can be looked at only when nobody writes it
        // any more.
        self.tasks.stop().cancel();
        self.codex.end().await;
        self.live.end();
        self.tasks.end(Duration::from_secs(8)).await;
    }
}
