//! The way from the picks to closed arms, as a person goes it: the prompt, the session, the reports.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

#[path = "support/driver.rs"]
mod driver;
#[path = "support/fake_codex.rs"]
mod fake_codex;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use driver::{Driver, coverage_of, settings};
use untaken::agent::{Incoming, Outgoing, Phase, TurnStatus};
use untaken::app::effect::Effect;
use untaken::app::message::{Message, TestsEvent};
use untaken::app::prompt::PromptState;
use untaken::app::{Focus, Question};
use untaken::coverage::{
    Construct, FileCoverage, FilePath, Hits, Line, Outcome, Position, Ratio, Span, Totals,
};
use untaken::gaps::{ArmRef, Delta};
use untaken::triage::GapState;

const SOURCE: &str = "def berth(ship):\n    if ship is None:\n        return 0\n    if ship.long:\n        return 2\n    return 1\n";

/// `taken` tells for each of the two decisions whether its untaken arm is taken by now.
fn berths(taken: [bool; 2]) -> FileCoverage {
    let line = |n| Line::new(n).unwrap();
    let mut file = FileCoverage::builder("src/berths.py");
    for n in [1, 2, 4, 6] {
        file.line(line(n), Hits::TAKEN);
    }
    file.line(line(3), Hits::seen(taken[0]));
    file.line(line(5), Hits::seen(taken[1]));
    for (at, (decision, then, otherwise)) in [(2, 3, 4), (4, 5, 6)].into_iter().enumerate() {
        file.branch(Span::line(line(decision)), Construct::Unknown)
            .arm(Outcome::ToLine(line(then)), Hits::seen(taken[at]))
            .arm(Outcome::ToLine(line(otherwise)), Hits::TAKEN);
    }
    let covered = 2 + taken.iter().filter(|taken| **taken).count() as u64;
    file.totals(Totals {
        branches: Some(Ratio::new(covered, 4)),
        lines: Some(Ratio::new(covered + 2, 6)),
        ..Totals::default()
    });
    let _ = Position::line(line(1));
    file.finish()
}

fn harbour() -> Driver {
    let sources = BTreeMap::from([(
        "src/berths.py".to_owned(),
        SOURCE.lines().map(str::to_owned).collect(),
    )]);
    Driver::new(
        settings(140, 42),
        coverage_of(vec![("src/berths.py", berths([false, false]))]),
        sources,
    )
}

/// A new report in which these decisions are wholly taken.
fn report(driver: &mut Driver, taken: [bool; 2]) {
    let path = FilePath::new("src/berths.py");
    let before = coverage_of(vec![("src/berths.py", berths([false, false]))]);
    driver.coverage = Arc::new(coverage_of(vec![("src/berths.py", berths(taken))]));
    let source = untaken::gaps::Source::new(&path, SOURCE.lines().map(str::to_owned).collect());
    let gaps = untaken::gaps::find(&path, &before.files[0].coverage, Some(&source));
    driver.since_start = Some(Delta {
        taken: gaps
            .iter()
            .zip(taken)
            .filter(|(_, taken)| *taken)
            .map(|(gap, _)| ArmRef {
                gap: gap.id,
                file: path.clone(),
                line: gap.line,
                arm: "true".to_owned(),
            })
            .collect(),
        lost: Vec::new(),
        vanished: Vec::new(),
        before: before.totals,
        after: driver.coverage.totals,
    });
    driver.now += Duration::from_secs(20);
    "09:41:32".clone_into(&mut driver.clock);
    driver.reload();
}

fn states(driver: &Driver) -> Vec<&'static str> {
    driver
        .app
        .run()
        .gaps()
        .iter()
        .map(|own| own.state.name())
        .collect()
}

/// Everything of the file was picked and sent, and a turn runs.
fn working() -> Driver {
    let mut driver = harbour();
    driver.keys(" s<enter>");
    fake_codex::answer(&mut driver);
    assert!(
        matches!(driver.app.phase(), Phase::Working { .. }),
        "{:?}",
        driver.app.phase()
    );
    driver
}

#[test]
fn s_without_picks_says_how_to_pick() {
    let mut driver = harbour();
    driver.keys("s");
    assert!(!driver.app.prompt().is_open());
    assert!(driver.app.notice().unwrap().text.contains("space"));
}

#[test]
fn the_prompt_can_be_read_edited_left_and_found_again() {
    let mut driver = harbour();
    driver.keys(" s");
    assert!(driver.app.prompt().is_open());
    assert_eq!(driver.app.prompt().state(), PromptState::Ready);
    assert_eq!(driver.app.prompt().about().len(), 2);
    assert!(driver.screen().contains("Close these gaps"));
    driver.keys("q<alt-enter>x<ctrl-j>y<esc>");
    assert!(!driver.app.prompt().is_open());
    driver.keys("s");
    let text = driver.app.prompt().input().text();
    assert!(text.starts_with("q\nx\ny# Close these gaps"), "{text}");
    assert!(driver.app.prompt().is_edited());
    driver.keys("<ctrl-r>");
    assert!(!driver.app.prompt().is_edited());
    assert!(driver.asked().is_empty(), "nothing was sent");
}

#[test]
fn an_edited_prompt_is_not_thrown_away_by_other_picks() {
    let mut driver = harbour();
    driver.keys(" sx<esc><enter> s");
    assert!(driver.app.prompt().is_edited());
    assert!(driver.app.notice().unwrap().text.contains("ctrl-r"));
    driver.keys("<ctrl-r>");
    assert_eq!(driver.app.prompt().about().len(), 1);
    // And without an edit it is simply written for the picks as they are.
    driver.keys("<esc> ns");
    driver.keys("<esc>");
    assert!(driver.app.prompt().about().len() <= 2);
}

#[test]
fn what_is_pasted_into_the_prompt_stays_text() {
    let mut driver = harbour();
    driver.keys(" s");
    driver.send(Message::Paste("one\r\ntwo\u{1b}[2J".to_owned()));
    assert!(
        driver
            .app
            .prompt()
            .input()
            .text()
            .starts_with("one\ntwo[2J# Close")
    );
}

#[test]
fn enter_sends_the_prompt_as_it_stands() {
    let mut driver = harbour();
    driver.keys(" sHELLO <enter>");
    assert!(!driver.app.prompt().is_open());
    assert_eq!(driver.app.focus(), Focus::Session);
    assert!(driver.app.picks().is_empty());
    assert_eq!(states(&driver), ["queued", "queued"]);
    assert!(matches!(
        driver.effects.first(),
        Some(Effect::Agent(Outgoing::Start(_)))
    ));
    fake_codex::answer(&mut driver);
    assert_eq!(states(&driver), ["working", "working"]);
    let screen = driver.screen();
    assert!(screen.contains("HELLO # Close these gaps"), "{screen}");
    assert!(screen.contains("prompt for 2 gaps"), "{screen}");
    assert!(screen.contains("gpt-6.1-sol"), "{screen}");
}

#[test]
fn what_the_agent_does_streams_into_the_pane_while_the_explorer_stays_usable() {
    let mut driver = working();
    fake_codex::says(&mut driver, "m1", "I read berths.py and the nearest test.");
    fake_codex::edits(
        &mut driver,
        "f1",
        "tests/test_berths.py",
        "+def test_long(port):\n+    assert port",
    );
    fake_codex::runs(
        &mut driver,
        "c1",
        "pytest -q",
        "....\n4 passed in 0.31s\n",
        0,
    );
    let screen = driver.screen();
    for words in [
        "I read berths.py",
        "tests/test_berths.py",
        "def test_long(port):",
        "pytest -q",
        "4 passed",
        "exit 0 · 0.9 s",
    ] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
    driver.keys("<tab>");
    assert_eq!(driver.app.focus(), Focus::Tree);
    assert!(driver.screen().contains("FILES"));
    driver.keys("<enter>n");
    assert_eq!(driver.app.focus(), Focus::Source);
    assert!(
        driver.screen().contains("working"),
        "the strip tells what the agent does"
    );
}

#[test]
fn an_approval_is_shown_with_what_it_asks_and_answered_by_a_key() {
    for (key, word) in [
        ("y", "accept"),
        ("a", "acceptForSession"),
        ("n", "decline"),
        ("c", "cancel"),
    ] {
        let mut driver = working();
        fake_codex::asks(
            &mut driver,
            7,
            "pip install pytest-asyncio",
            "the test needs an event loop",
        );
        assert!(matches!(
            driver.app.phase(),
            Phase::WaitingForApproval { .. }
        ));
        let screen = driver.screen();
        assert!(screen.contains("pip install pytest-asyncio"), "{screen}");
        assert!(screen.contains("the test needs an event loop"), "{screen}");
        driver.keys(key);
        let asked = driver.asked();
        let written = asked.iter().find_map(|effect| match effect {
            Effect::Agent(Outgoing::Write(line)) => Some(line.clone()),
            _ => None,
        });
        let line = written.unwrap_or_default();
        assert!(line.contains(&format!("\"{word}\"")), "{key}: {line}");
        assert!(line.contains("\"id\":7"), "{line}");
    }
}

#[test]
fn a_question_of_the_agent_takes_no_key_from_another_pane() {
    let mut driver = working();
    driver.keys("<tab>");
    fake_codex::asks(&mut driver, 7, "rm -rf build", "clean");
    driver.keys("yn");
    let written = driver
        .asked()
        .into_iter()
        .any(|effect| matches!(effect, Effect::Agent(_)));
    assert!(!written, "y copies and n goes on in the explorer");
    assert!(driver.screen().contains("waiting for you"));
}

#[test]
fn a_turn_is_interrupted_by_i_and_by_ctrl_c_which_else_quits() {
    for key in ["i", "<ctrl-c>"] {
        let mut driver = working();
        driver.keys(key);
        let asked = driver.asked();
        assert!(asked.iter().any(|effect| matches!(effect, Effect::Agent(Outgoing::Write(line)) if line.contains("turn/interrupt"))), "{asked:?}");
        assert!(
            !asked
                .iter()
                .any(|effect| matches!(effect, Effect::Quit { .. }))
        );
    }
    let mut driver = working();
    driver.keys("i");
    fake_codex::answer(&mut driver);
    assert_eq!(states(&driver), ["open", "open"]);
    assert!(driver.screen().contains("turn interrupted"));
    driver.keys("<ctrl-c>");
    assert!(
        driver
            .asked()
            .iter()
            .any(|effect| matches!(effect, Effect::Quit { status: 0 }))
    );
}

#[test]
fn quitting_while_the_agent_works_is_asked_once() {
    let mut driver = working();
    driver.keys("q");
    assert_eq!(driver.app.question(), Some(Question::Quit));
    assert!(driver.screen().contains("quit and end it?"));
    driver.keys("n");
    assert_eq!(driver.app.question(), None);
    driver.keys("qx");
    assert_eq!(
        driver.app.question(),
        Some(Question::Quit),
        "another key is no answer"
    );
    driver.keys("y");
    let asked = driver.asked();
    assert!(asked.contains(&Effect::Agent(Outgoing::Stop)), "{asked:?}");
    assert_eq!(asked.last(), Some(&Effect::Quit { status: 0 }));
}

#[test]
fn a_message_steers_the_running_turn() {
    let mut driver = working();
    driver.keys("muse the fixture<ctrl-j>please<enter>");
    let asked = driver.asked();
    assert!(
        asked.iter().any(
            |effect| matches!(effect, Effect::Agent(Outgoing::Write(line))
            if line.contains("turn/steer") && line.contains("use the fixture\\nplease"))
        ),
        "{asked:?}"
    );
    assert!(driver.app.session().saying.is_none());
    driver.keys("mnever<esc>");
    assert!(driver.asked().is_empty());
    assert_eq!(driver.app.focus(), Focus::Session);
}

#[test]
fn a_gap_is_closed_when_a_report_says_so_and_never_before() {
    let mut driver = working();
    fake_codex::says(&mut driver, "m1", "All gaps are closed now.");
    assert_eq!(
        states(&driver),
        ["working", "working"],
        "the agent's word counts for nothing"
    );
    report(&mut driver, [true, false]);
    assert_eq!(states(&driver), ["closed", "working"]);
    let screen = driver.screen();
    assert!(screen.contains("1 arm taken"), "{screen}");
    assert!(screen.contains("75.0 %"), "{screen}");
    assert!(screen.contains("+25.0"), "{screen}");
    fake_codex::tell(&mut driver, fake_codex::end(TurnStatus::Completed));
    assert_eq!(states(&driver), ["closed", "still open"]);
    report(&mut driver, [false, true]);
    assert_eq!(states(&driver), ["regressed", "closed"]);
}

#[test]
fn a_turn_without_a_report_leaves_its_gaps_to_the_next_one() {
    let mut driver = working();
    fake_codex::tell(&mut driver, fake_codex::end(TurnStatus::Completed));
    assert_eq!(states(&driver), ["open", "open"]);
    assert!(driver.screen().contains("no report since"));
    // Looking at the source again is no report.
    driver.keys("<tab><enter><esc>");
    assert_eq!(states(&driver), ["open", "open"]);
    report(&mut driver, [false, true]);
    assert_eq!(states(&driver), ["still open", "closed"]);
}

#[test]
fn what_vanished_is_not_closed() {
    let mut driver = working();
    let path = FilePath::new("src/berths.py");
    let gone = driver.app.run().gaps()[0].gap.clone();
    report(&mut driver, [true, false]);
    let mut delta = driver.since_start.clone().unwrap();
    delta.taken.clear();
    delta.vanished = vec![(
        ArmRef {
            gap: gone.id,
            file: path,
            line: gone.line,
            arm: "true".to_owned(),
        },
        "excluded by a comment".to_owned(),
    )];
    driver.since_start = Some(delta);
    driver.reload();
    assert_ne!(states(&driver)[0], GapState::Closed.name());
    assert!(driver.screen().contains("excluded by a comment"));
}

#[test]
fn another_batch_waits_for_its_turn_and_can_be_taken_out() {
    let mut driver = working();
    driver.keys("<tab><enter>");
    driver.keys(" s<enter>");
    assert_eq!(driver.app.session().session.queue().len(), 1);
    assert!(driver.screen().contains("1 queued"));
    driver.keys("hx");
    assert_eq!(driver.app.session().session.queue().len(), 0);
}

#[test]
fn failures_say_what_to_do_and_the_explorer_goes_on() {
    let mut driver = harbour();
    driver.keys(" s<enter>");
    driver.asked();
    driver.send(Message::Agent(Incoming::NotFound {
        command: "codex".to_owned(),
        looked: "on PATH".to_owned(),
    }));
    let screen = driver.screen();
    assert!(screen.contains("codex was not found"), "{screen}");
    driver.keys("<tab>j");
    assert!(driver.screen().contains("npm install -g @openai/codex"));
    assert_eq!(driver.app.focus(), Focus::Tree);
}

#[test]
fn the_transcript_scrolls_unfolds_and_follows_its_end() {
    let mut driver = working();
    driver.resize(100, 24);
    for n in 0..60 {
        fake_codex::says(
            &mut driver,
            &format!("m{n}"),
            &format!("message number {n}"),
        );
    }
    assert!(driver.screen().contains("message number 59"));
    driver.keys("gg");
    assert!(driver.screen().contains("prompt for 2 gaps"));
    fake_codex::says(&mut driver, "m60", "message number 60");
    assert!(
        !driver.screen().contains("message number 60"),
        "the window stays where it was put"
    );
    driver.keys("<ctrl-f><ctrl-b>jk");
    driver.keys("G");
    assert!(driver.screen().contains("message number 60"));
    let output: String = (0..40).fold(String::new(), |all, n| all + &format!("line {n}\n"));
    fake_codex::runs(&mut driver, "c1", "seq 40", &output, 0);
    assert!(driver.screen().contains("34 lines above"));
    driver.keys("<enter>gg");
    let mut seen = String::new();
    for _ in 0..20 {
        seen.push_str(&driver.screen());
        driver.keys("<ctrl-f>");
    }
    assert!(
        seen.contains("line 3\n") || seen.contains("line 3 "),
        "unfolded"
    );
}

#[test]
fn a_person_who_looks_elsewhere_is_rung_for_and_one_who_looks_is_not() {
    let mut driver = working();
    fake_codex::asks(&mut driver, 1, "ls", "look");
    assert!(
        !driver
            .asked()
            .iter()
            .any(|effect| matches!(effect, Effect::Notify(_)))
    );
    driver.send(Message::Focus(false));
    fake_codex::asks(&mut driver, 2, "ls", "look");
    assert!(
        driver
            .asked()
            .iter()
            .any(|effect| matches!(effect, Effect::Notify(_)))
    );
}

#[test]
fn r_runs_the_tests_and_t_shows_what_they_said() {
    let mut driver = harbour();
    driver.keys("r");
    assert!(driver.asked().contains(&Effect::RunTests));
    driver.send(Message::Tests(TestsEvent::Started {
        command: "pytest --cov".to_owned(),
    }));
    driver.send(Message::Tests(TestsEvent::Output("1 failed\n".to_owned())));
    assert!(driver.screen().contains("tests running"));
    driver.keys("r");
    assert!(driver.asked().contains(&Effect::StopTests));
    driver.send(Message::Tests(TestsEvent::Ended {
        code: Some(1),
        took: Duration::from_millis(1500),
    }));
    assert!(driver.screen().contains("failed, exit 1"));
    driver.keys("t");
    assert_eq!(driver.app.focus(), Focus::Tests);
    let screen = driver.screen();
    assert!(
        screen.contains("1 failed") && screen.contains("pytest --cov"),
        "{screen}"
    );
    driver.keys("t");
    assert!(driver.screen().contains("src/berths.py"));
}

#[test]
fn the_clock_ticks_only_while_something_runs() {
    let mut driver = harbour();
    driver.keys("j");
    assert!(
        !driver
            .asked()
            .iter()
            .any(|effect| matches!(effect, Effect::After { .. }))
    );
    let mut driver = working();
    assert_eq!(
        driver
            .asked()
            .iter()
            .filter(|effect| matches!(effect, Effect::After { .. }))
            .count(),
        0,
        "the fake was asked for one, and no second is under way"
    );
    driver.send(Message::Timer {
        timer: untaken::app::effect::Timer(1),
    });
    assert!(
        driver
            .asked()
            .iter()
            .any(|effect| matches!(effect, Effect::After { .. }))
    );
    fake_codex::tell(&mut driver, fake_codex::end(TurnStatus::Completed));
    driver.send(Message::Timer {
        timer: untaken::app::effect::Timer(1),
    });
    assert!(
        !driver
            .asked()
            .iter()
            .any(|effect| matches!(effect, Effect::After { .. }))
    );
}
