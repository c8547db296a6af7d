//! A session with the real Codex and a scripted model: the state machine, the transport and the program together.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

#[path = "support/codex_home.rs"]
mod codex_home;
#[path = "support/model_server.rs"]
mod model_server;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use untaken::agent::{
    Answer, Ask, Decision, EditKind, EntryBody, EntryStatus, FailureKind, News, Outgoing, Phase,
    Sandbox, Session, SessionSettings, Step, TurnStatus, join,
};
use untaken::app::message::Message;
use untaken::gaps::GapId;
use untaken::runtime::codex::Codex;

use codex_home::CodexHome;
use model_server::{ModelServer, codex_config};

/// Long enough for a busy machine; nothing here takes a tenth of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A session with everything around it that a screen would be.
struct Driver {
    session: Session,
    codex: Codex,
    messages: mpsc::Receiver<Message>,
    start: Instant,
    news: Vec<News>,
}

impl Driver {
    fn new(settings: SessionSettings) -> Self {
        let (sender, messages) = mpsc::channel(64);
        Self {
            session: Session::new(settings),
            codex: Codex::new(sender),
            messages,
            start: Instant::now(),
            news: Vec::new(),
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn act(&mut self, step: Step) {
        for outgoing in step.outgoing {
            self.codex.carry_out(outgoing);
        }
        self.news.extend(step.news);
    }

    fn send(&mut self, prompt: &str) {
        let now = self.now();
        let step = self.session.send(prompt.to_owned(), vec![GapId(7)], now);
        self.act(step);
    }

    fn interrupt(&mut self) {
        let now = self.now();
        let step = self.session.interrupt(now);
        self.act(step);
    }

    /// Take in what comes until the session is as wanted.
    async fn until(&mut self, what: &str, mut wanted: impl FnMut(&Session) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wanted(&self.session) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(Some(message)) = timeout(left, self.messages.recv()).await else {
                panic!(
                    "waited in vain for {what}: {:?}\n{:#?}",
                    self.session.phase(),
                    self.session.transcript().entries()
                );
            };
            let mut batch = vec![message];
            while let Ok(message) = self.messages.try_recv() {
                batch.push(message);
            }
            let incoming = batch
                .into_iter()
                .map(|message| match message {
                    Message::Agent(incoming) => incoming,
                    other => panic!("{other:?}"),
                })
                .collect();
            for incoming in join(incoming) {
                let now = self.now();
                let step = self.session.handle(incoming, now);
                self.act(step);
            }
        }
    }

    async fn until_idle(&mut self) {
        self.until("an idle session", |session| {
            session.phase() == Phase::Idle && session.queue().is_empty()
        })
        .await;
    }

    async fn until_failed(&mut self) -> untaken::agent::Failure {
        self.until("a failure", |session| {
            matches!(session.phase(), Phase::Failed(_))
        })
        .await;
        match self.session.phase() {
            Phase::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    /// Codex (0.169) does not stream what a command says in its first moments.
    async fn until_command_says(&mut self, words: &str) {
        let words = words.to_owned();
        self.until("output of a command", move |session| {
            session.transcript().entries().iter().any(|entry| {
                matches!(&entry.body, EntryBody::Command { output, .. } if output.as_str().contains(&words))
            })
        })
        .await;
    }

    /// What lies in the project's folder, beside what the test put there.
    fn in_project(&self) -> Vec<String> {
        fs::read_dir(&self.session.settings().root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// As `q` does it.
    async fn quit(&mut self) {
        let now = self.now();
        let step = self.session.stop(now);
        self.act(step);
        self.codex.end().await;
    }

    fn bodies(&self) -> Vec<&EntryBody> {
        self.session
            .transcript()
            .entries()
            .iter()
            .map(|entry| &entry.body)
            .collect()
    }

    fn command(&self) -> &EntryBody {
        self.bodies()
            .into_iter()
            .rev()
            .find(|body| matches!(body, EntryBody::Command { .. }))
            .expect("a command")
    }
}

/// A server with a script, a home that knows only it, and a session of them.
fn set_up(model: &str, script: Value) -> (ModelServer, CodexHome, Driver) {
    let server = ModelServer::start(script);
    let home = CodexHome::new(&codex_config(&server.base_url(), model));
    let driver = Driver::new(settings(&home));
    (server, home, driver)
}

fn settings(home: &CodexHome) -> SessionSettings {
    let mut settings = SessionSettings::new(home.project().display().to_string());
    settings.command = home.command().display().to_string();
    settings
}

async fn a_turn_writes_a_test_and_runs_a_command(model: &str) {
    let (server, home, mut driver) = set_up(
        model,
        json!({
            "tokens": {"input": 1200, "cached": 1024, "output": 80, "reasoning": 16},
            "replies": [
                {"output": [
                    {"think": "**Planning**\n\nThe false arm is open."},
                    {"say": "I add a test.", "phase": "commentary"},
                    {"write": "tests/test_tax.py", "text": "def test_tax():\n    assert True\n"},
                ]},
                {"output": [{"run": "echo path=$PATH; echo home=$CODEX_HOME; cat tests/test_tax.py"}]},
                {"output": [{"say": "Done.", "phase": "final_answer"}]},
                {"output": [{"say": "And again."}]},
            ],
        }),
    );
    let config_before = fs::read_to_string(home.config()).unwrap();
    assert_eq!(driver.session.phase(), Phase::Off);
    driver.send("close the gap");
    driver.until_idle().await;

    assert_eq!(
        fs::read_to_string(home.project().join("tests/test_tax.py")).unwrap(),
        "def test_tax():\n    assert True\n"
    );
    let edit = driver
        .bodies()
        .into_iter()
        .find_map(|body| match body {
            EntryBody::FileChange { edits, status } => Some((edits[0].clone(), *status)),
            _ => None,
        })
        .expect("a file change");
    assert_eq!(edit.0.path, "tests/test_tax.py");
    assert_eq!(edit.0.kind, EditKind::Added);
    assert_eq!(edit.0.diff.as_str(), "+def test_tax():\n+    assert True\n");
    assert_eq!((edit.0.added, edit.0.removed), (2, 0));
    assert_eq!(edit.1, EntryStatus::Completed);
    match driver.command() {
        EntryBody::Command {
            command,
            cwd,
            output,
            exit_code,
            status,
            ..
        } => {
            assert_eq!(
                command,
                "echo path=$PATH; echo home=$CODEX_HOME; cat tests/test_tax.py"
            );
            assert_eq!(cwd, ".");
            assert!(output.as_str().contains("assert True"), "{output:?}");
            // No login shell: a profile would have reset it, and a virtual environment would be lost.
            let path = std::env::var("PATH").unwrap();
            assert!(output.as_str().contains(&path), "{output:?}\n{path}");
            assert_eq!(*exit_code, Some(0));
            assert_eq!(*status, EntryStatus::Completed);
        }
        other => panic!("{other:?}"),
    }
    assert!(driver.bodies().iter().any(|body| matches!(
        body,
        EntryBody::Reasoning { text, done: true } if text.as_str().contains("The false arm is open.")
    )));
    assert_eq!(
        driver.news,
        vec![
            News::TurnStarted {
                about: vec![GapId(7)]
            },
            News::TurnEnded {
                about: vec![GapId(7)],
                status: TurnStatus::Completed,
                answer: Some("Done.".to_owned()),
            },
        ]
    );
    let usage = driver.session.usage();
    assert_eq!(usage.turn.input, 3600);
    assert_eq!(usage.turn.cached, 3072);
    assert_eq!(usage.turn.output, 240);
    assert_eq!(usage.thread, usage.turn);
    assert_eq!(driver.session.model(), Some(model));
    assert!(driver.session.version().unwrap().starts_with("0."));

    // Another batch goes to the same thread.
    let thread = driver.session.thread().unwrap().to_owned();
    driver.send("and the next");
    driver.until_idle().await;
    assert_eq!(driver.session.thread(), Some(thread.as_str()));
    let threads: Vec<String> = server
        .received()
        .into_iter()
        .map(|request| request.thread)
        .collect();
    assert_eq!(threads, vec![thread; 4]);
    let usage = driver.session.usage();
    assert_eq!(usage.turn.input, 1200);
    assert_eq!(usage.thread.input, 4800);
    assert_eq!(driver.session.transcript().turn(), 2);

    driver.quit().await;
    home.assert_nothing_left();
    // Least of all that the folder is trusted from now on.
    assert_eq!(fs::read_to_string(home.config()).unwrap(), config_before);
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn a_model_with_tools_writes_a_test_and_runs_a_command() {
    a_turn_writes_a_test_and_runs_a_command("gpt-5.5").await;
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn a_model_in_code_mode_writes_a_test_and_runs_a_command() {
    a_turn_writes_a_test_and_runs_a_command("gpt-6.1-sol").await;
}

/// A turn that asks to write outside the sandbox by a command.
async fn asked_for_a_command(decision: Decision) -> (CodexHome, Driver) {
    let server_script = |outside: &str| {
        json!({
            "replies": [
                {"output": [{
                    "run": format!("touch {outside}/by_command"),
                    "args": {
                        "sandbox_permissions": "require_escalated",
                        "justification": "the test needs a file there",
                    },
                }]},
                {"output": [{"say": "Went on."}]},
            ],
        })
    };
    // The script names a folder of the home, which has to be there first.
    let home = CodexHome::new("");
    let server = ModelServer::start(server_script(&home.outside().display().to_string()));
    fs::write(home.config(), codex_config(&server.base_url(), "gpt-5.5")).unwrap();
    let mut driver = Driver::new(settings(&home));
    driver.send("go");
    driver
        .until("a question", |session| !session.approvals().is_empty())
        .await;
    assert!(matches!(
        driver.session.phase(),
        Phase::WaitingForApproval { .. }
    ));
    let approval = driver.session.approvals()[0].clone();
    assert_eq!(
        approval.ask,
        Ask::Command {
            outside: true,
            command: format!("touch {}/by_command", home.outside().display()),
            cwd: Some(".".to_owned()),
            reason: Some("the test needs a file there".to_owned()),
        }
    );
    assert!(!home.outside().join("by_command").exists());
    let step = driver.session.answer(approval.id, decision);
    driver.act(step);
    driver
        .until("the end of the turn", |session| !session.phase().is_busy())
        .await;
    assert!(driver.bodies().iter().any(|body| matches!(
        body,
        EntryBody::Ask { answer: Answer::Given(given), .. } if *given == decision
    )));
    driver.quit().await;
    home.assert_nothing_left();
    (home, driver)
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn an_accepted_command_runs_outside_the_sandbox() {
    let (home, driver) = asked_for_a_command(Decision::Accept).await;
    assert!(home.outside().join("by_command").exists());
    assert!(matches!(
        driver.command(),
        EntryBody::Command {
            status: EntryStatus::Completed,
            ..
        }
    ));
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn a_declined_command_does_not_run_and_the_turn_goes_on() {
    let (home, driver) = asked_for_a_command(Decision::Decline).await;
    assert!(!home.outside().join("by_command").exists());
    assert!(matches!(
        driver.command(),
        EntryBody::Command {
            status: EntryStatus::Declined,
            ..
        }
    ));
    assert!(matches!(
        driver.news.last(),
        Some(News::TurnEnded { status: TurnStatus::Completed, answer: Some(answer), .. }) if answer == "Went on."
    ));
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn a_cancelled_command_ends_the_turn() {
    let (home, driver) = asked_for_a_command(Decision::Cancel).await;
    assert!(!home.outside().join("by_command").exists());
    assert!(driver.news.iter().any(|news| matches!(
        news,
        News::TurnEnded {
            status: TurnStatus::Interrupted,
            ..
        }
    )));
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn a_patch_outside_is_asked_for_with_its_diff() {
    let home = CodexHome::new("");
    // Not below /tmp, which the sandbox lets be written, wherever this project lies itself.
    let outside = tempfile::tempdir_in("/var/tmp").unwrap();
    let path = outside.path().join("by_patch.txt");
    let server = ModelServer::start(json!({
        "replies": [
            {"output": [{"write": path, "text": "hello\n"}]},
            {"output": [{"say": "Went on."}]},
        ],
    }));
    fs::write(home.config(), codex_config(&server.base_url(), "gpt-5.5")).unwrap();
    let mut driver = Driver::new(settings(&home));
    driver.send("go");
    driver
        .until("a question", |session| !session.approvals().is_empty())
        .await;
    let approval = driver.session.approvals()[0].clone();
    match &approval.ask {
        Ask::FileChange { edits, .. } => {
            assert_eq!(edits[0].path, path.display().to_string());
            assert_eq!(edits[0].diff.as_str(), "+hello\n");
        }
        other => panic!("{other:?}"),
    }
    let step = driver.session.answer(approval.id, Decision::Decline);
    driver.act(step);
    driver.until_idle().await;
    assert!(!path.exists());
    driver.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn an_interrupt_ends_the_running_command_and_the_thread_goes_on() {
    let (_server, home, mut driver) = set_up(
        "gpt-5.5",
        json!({
            "replies": [
                {"output": [{"run": "sleep 1; echo begun; sleep 300 & sleep 301; echo over"}]},
                {"output": [{"say": "The next turn."}]},
            ],
        }),
    );
    driver.send("go");
    driver.until_command_says("begun").await;
    let sleeping = || {
        home.processes()
            .iter()
            .filter(|(_, command)| command.starts_with("sleep 30"))
            .count()
    };
    let start = Instant::now();
    while sleeping() < 2 {
        assert!(start.elapsed() < PATIENCE, "it never slept");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    driver.interrupt();
    assert!(matches!(driver.session.phase(), Phase::Interrupting { .. }));
    driver
        .until("idle", |session| session.phase() == Phase::Idle)
        .await;
    let start = Instant::now();
    while sleeping() > 0 {
        assert!(start.elapsed() < Duration::from_secs(2), "it still sleeps");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    match driver.command() {
        EntryBody::Command { status, .. } => assert_eq!(*status, EntryStatus::Cut),
        other => panic!("{other:?}"),
    }
    driver.send("another");
    driver.until_idle().await;
    assert!(matches!(
        driver.news.last(),
        Some(News::TurnEnded { status: TurnStatus::Completed, answer: Some(answer), .. }) if answer == "The next turn."
    ));
    driver.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn quitting_in_the_middle_of_a_command_leaves_nothing_behind() {
    for sandbox in [Sandbox::WorkspaceWrite, Sandbox::DangerFullAccess] {
        let (_server, home, mut driver) = set_up(
            "gpt-5.5",
            json!({"replies": [{"output": [{"run": "sleep 1; echo begun; sleep 300 & sleep 301"}]}]}),
        );
        let mut settings = settings(&home);
        settings.sandbox = sandbox;
        driver.session = Session::new(settings);
        driver.send("go");
        driver.until_command_says("begun").await;
        let start = Instant::now();
        driver.quit().await;
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
        home.assert_nothing_left();
        assert_eq!(driver.in_project(), Vec::<String>::new());
    }
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn a_message_reaches_the_running_turn() {
    let (server, home, mut driver) = set_up(
        "gpt-5.5",
        json!({
            "replies": [
                {"output": [{"run": "sleep 1; echo begun; sleep 1"}]},
                {"output": [{"say": "Heard."}]},
            ],
        }),
    );
    driver.send("go");
    driver.until_command_says("begun").await;
    let now = driver.now();
    let step = driver.session.steer("also line 3".to_owned(), now);
    driver.act(step);
    driver.until_idle().await;
    let last = server.received().pop().unwrap().body.to_string();
    assert!(last.contains("also line 3"));
    assert_eq!(driver.session.transcript().turn(), 1);
    driver.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn what_the_service_refuses_is_said_with_what_to_do() {
    let refuse = |status: u16, code: &str| {
        json!({
            "replies": vec![
                json!({"status": status, "body": {"error": {"message": "no", "type": code, "code": code}}});
                20
            ],
        })
    };
    for (status, code, says, do_this) in [
        (401, "invalid_api_key", "refused the login", "codex login"),
        (
            429,
            "insufficient_quota",
            "usage limit",
            "wait until it is reset",
        ),
        (
            404,
            "model_not_found",
            "model is not available",
            "set another `model`",
        ),
    ] {
        let (_server, home, mut driver) = set_up("gpt-5.5", refuse(status, code));
        driver.send("go");
        let failure = driver.until_failed().await;
        assert_eq!(failure.kind, FailureKind::Model);
        assert!(failure.says.contains(says), "{status}: {failure:?}");
        assert!(
            failure.what_to_do.contains(do_this),
            "{status}: {failure:?}"
        );
        assert!(matches!(
            driver.bodies().last(),
            Some(EntryBody::TurnEnd {
                status: TurnStatus::Failed,
                error: Some(_),
                ..
            })
        ));
        driver.quit().await;
        home.assert_nothing_left();
    }
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn without_a_network_it_waits_and_can_be_interrupted() {
    // A port where nobody listens.
    let server = ModelServer::start(json!({}));
    let gone = server.base_url();
    drop(server);
    let home = CodexHome::new(&codex_config(&gone, "gpt-5.5"));
    let mut driver = Driver::new(settings(&home));
    driver.send("go");
    driver
        .until("a waiting session", |session| {
            matches!(session.phase(), Phase::WaitingForNetwork { .. })
        })
        .await;
    driver.interrupt();
    driver
        .until("idle", |session| session.phase() == Phase::Idle)
        .await;
    assert!(matches!(
        driver.news.last(),
        Some(News::TurnEnded {
            status: TurnStatus::Interrupted,
            ..
        })
    ));
    driver.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn what_runs_without_a_sandbox_ends_with_a_killed_codex() {
    let (_server, home, mut driver) = set_up(
        "gpt-5.5",
        json!({"replies": [{"output": [{"run": "sleep 1; echo begun; setsid sleep 300 & sleep 301"}]}]}),
    );
    let mut settings = settings(&home);
    settings.sandbox = Sandbox::DangerFullAccess;
    driver.session = Session::new(settings);
    driver.send("go");
    driver.until_command_says("begun").await;
    kill_codex(&home);
    driver.until_failed().await;
    home.assert_nothing_left();
    driver.quit().await;
}

fn kill_codex(home: &CodexHome) {
    let (pid, _) = home
        .processes()
        .into_iter()
        .find(|(_, command)| command.contains("app-server"))
        .expect("codex runs");
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn killed_codex_is_told_of_and_the_next_prompt_goes_on_in_the_same_thread() {
    let (server, home, mut driver) = set_up(
        "gpt-5.5",
        json!({
            "replies": [
                {"output": [{"run": "sleep 1; echo begun; sleep 300 & sleep 301"}]},
                {"output": [{"say": "Back again."}]},
            ],
        }),
    );
    let config_before = fs::read_to_string(home.config()).unwrap();
    driver.send("go");
    driver.until_command_says("begun").await;
    kill_codex(&home);
    let failure = driver.until_failed().await;
    assert_eq!(failure.kind, FailureKind::Ended);
    assert!(failure.says.contains("signal 9"), "{failure:?}");
    home.assert_nothing_left();
    assert_eq!(driver.in_project(), Vec::<String>::new());
    match driver.command() {
        EntryBody::Command { status, .. } => assert_eq!(*status, EntryStatus::Cut),
        other => panic!("{other:?}"),
    }
    let thread = driver.session.thread().unwrap().to_owned();

    driver.send("go on");
    driver.until_idle().await;
    assert_eq!(driver.session.thread(), Some(thread.as_str()));
    assert_eq!(server.received().pop().unwrap().thread, thread);
    assert!(matches!(
        driver.news.last(),
        Some(News::TurnEnded { answer: Some(answer), .. }) if answer == "Back again."
    ));
    driver.quit().await;
    home.assert_nothing_left();
    assert_eq!(fs::read_to_string(home.config()).unwrap(), config_before);
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn nobody_logged_in_is_said_before_anything_is_sent() {
    let home = CodexHome::new("");
    let mut driver = Driver::new(settings(&home));
    driver.send("go");
    let failure = driver.until_failed().await;
    assert_eq!(failure.kind, FailureKind::NotLoggedIn);
    assert!(failure.what_to_do.contains("codex login"));
    // The prompt is not lost.
    assert_eq!(driver.session.queue().len(), 1);
    driver.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn a_program_that_is_no_codex_is_told_of() {
    let home = CodexHome::new("");
    for (command, kind, says) in [
        ("/nowhere/codex", FailureKind::NotFound, "at /nowhere/codex"),
        ("no-such-codex", FailureKind::NotFound, "on PATH"),
        ("/bin/false", FailureKind::NotUsable, "exit status 1"),
    ] {
        let mut settings = settings(&home);
        settings.command = command.to_owned();
        settings.sandbox = Sandbox::DangerFullAccess;
        let mut driver = Driver::new(settings);
        driver.send("go");
        let failure = driver.until_failed().await;
        assert_eq!(failure.kind, kind, "{failure:?}");
        assert!(failure.says.contains(says), "{failure:?}");
        driver.quit().await;
    }
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn sub_agents_are_one_line_each() {
    let (_server, home, mut driver) = set_up(
        "gpt-6.1-sol",
        json!({
            "when": [{"says": "CHILD", "replies": [
                {"output": [{"run": "echo working"}]},
                {"output": [{"say": "The gap is closed.", "phase": "final_answer"}]},
            ]}],
            "replies": [
                {"output": [{"call": "spawn_agent", "arguments": {
                    "task_name": "gap_one", "message": "CHILD: line 5", "fork_turns": "none",
                }}]},
                {"output": [{"call": "wait_agent", "arguments": {"timeout_ms": 10000}}]},
                {"output": [{"say": "All done.", "phase": "final_answer"}]},
            ],
        }),
    );
    driver.send("use sub-agents");
    driver.until_idle().await;
    let agents: Vec<_> = driver
        .bodies()
        .into_iter()
        .filter_map(|body| match body {
            EntryBody::SubAgent {
                name,
                doing,
                status,
            } => Some((name.as_str(), doing.as_str(), *status)),
            _ => None,
        })
        .collect();
    assert_eq!(
        agents,
        vec![("gap_one", "completed", EntryStatus::Completed)]
    );
    assert!(
        !driver
            .bodies()
            .iter()
            .any(|body| matches!(body, EntryBody::Command { .. })),
        "its commands are its own"
    );
    // The tokens of both.
    assert_eq!(driver.session.usage().turn.input, 5000);
    driver.quit().await;
    home.assert_nothing_left();
}

/// What the process does that is killed in the test below.
async fn wait_to_be_killed(project: &str) {
    let mut settings = SessionSettings::new(project);
    settings.command = std::env::var("UNTAKEN_TEST_CODEX").unwrap();
    let mut driver = Driver::new(settings);
    driver.send("go");
    driver.until_command_says("begun").await;
    fs::write(format!("{project}/ready"), "").unwrap();
    driver.until("being killed", |_| false).await;
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn nothing_is_left_when_we_are_killed_ourselves() {
    // This very test again, as the process to be killed.
    if let Ok(project) = std::env::var("UNTAKEN_TEST_PROJECT") {
        wait_to_be_killed(&project).await;
        return;
    }
    let (_server, home, _) = set_up(
        "gpt-5.5",
        json!({"replies": [{"output": [{"run": "sleep 1; echo begun; sleep 300 & sleep 301"}]}]}),
    );
    let mut helper = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "nothing_is_left_when_we_are_killed_ourselves",
            "--ignored",
        ])
        .env("UNTAKEN_TEST_PROJECT", home.project())
        .env("UNTAKEN_TEST_CODEX", home.command())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !home.project().join("ready").exists() {
        assert!(start.elapsed() < PATIENCE, "the helper did not get ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(home.processes().len() >= 3);
    helper.kill().unwrap();
    helper.wait().unwrap();
    home.assert_nothing_left();
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn what_waits_is_sent_when_the_turn_is_over() {
    let (server, home, mut driver) = set_up(
        "gpt-5.5",
        json!({
            "replies": [
                {"hold": "first", "output": [{"say": "One."}]},
                {"output": [{"say": "Two."}]},
            ],
        }),
    );
    driver.send("first");
    driver.send("second");
    assert_eq!(driver.session.queue().len(), 2);
    driver
        .until("a working session", |session| {
            matches!(session.phase(), Phase::Working { .. })
        })
        .await;
    assert_eq!(driver.session.queue().len(), 1);
    server.open("first");
    driver.until_idle().await;
    let answers: Vec<_> = driver
        .news
        .iter()
        .filter_map(|news| match news {
            News::TurnEnded { answer, .. } => answer.as_deref(),
            _ => None,
        })
        .collect();
    assert_eq!(answers, vec!["One.", "Two."]);
    driver.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
#[ignore = "needs the Codex CLI"]
async fn a_stopped_process_starts_again_with_the_next_prompt() {
    let (_server, home, mut driver) = set_up(
        "gpt-5.5",
        json!({"replies": [{"output": [{"say": "One."}]}, {"output": [{"say": "Two."}]}]}),
    );
    driver.send("first");
    driver.until_idle().await;
    let thread = driver.session.thread().unwrap().to_owned();
    let now = driver.now();
    let step = driver.session.stop(now);
    assert_eq!(step.outgoing, vec![Outgoing::Stop]);
    driver.act(step);
    driver
        .until("off", |session| session.phase() == Phase::Off)
        .await;
    home.assert_nothing_left();
    driver.send("second");
    driver.until_idle().await;
    assert_eq!(driver.session.thread(), Some(thread.as_str()));
    // Of the second turn alone: what the thread had cost before is not counted again.
    assert_eq!(driver.session.usage().turn.input, 1000);
    driver.quit().await;
    home.assert_nothing_left();
}
