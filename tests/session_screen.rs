//! The way from the picks to closed arms, as a person goes it: the prompt, the session, the reports.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
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
use untaken::app::work::{Remembered, RunNews, RunWish, Trouble, TroubleKind};
use untaken::app::{Focus, Question};
use untaken::coverage::{
    Construct, FileCoverage, FilePath, Hits, Line, Outcome, Position, Ratio, Span, Totals,
};
use untaken::evidence::{Examined, FindingCode, Rung, RungResult, TestFile, Verdict};
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
    assert_eq!(states(&driver), ["working", "working"]);
    assert!(matches!(
        driver.effects.first(),
        Some(Effect::Agent(Outgoing::Start(_)))
    ));
    fake_codex::answer(&mut driver);
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
    assert_eq!(states(&driver), ["queued", "queued"]);
    let screen = driver.screen();
    assert!(screen.contains("turn interrupted"), "{screen}");
    assert!(screen.contains("put back: tests/test_half.py"), "{screen}");
    assert!(screen.contains("the run waits"), "{screen}");
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

/// The turn is over and was examined; these of the two gaps are closed.
fn examined(driver: &mut Driver, taken: [bool; 2]) {
    fake_codex::tell(driver, fake_codex::end(TurnStatus::Completed));
    let wished = driver.asked().into_iter().find_map(|effect| match effect {
        Effect::Run(RunWish::Examine(turn)) => Some(*turn),
        _ => None,
    });
    let turn = wished.expect("the turn is to be examined");
    let gaps: Vec<_> = driver
        .app
        .run()
        .gaps()
        .iter()
        .map(|own| own.gap.clone())
        .collect();
    let path = FilePath::new("tests/test_berths.py");
    let mut test = TestFile::new(path.clone(), true, String::new());
    let mut found = Examined::default();
    for (gap, _) in gaps.iter().zip(taken).filter(|(_, taken)| *taken) {
        found.gaps_closed.push(gap.id);
        found.closed.push((
            ArmRef {
                gap: gap.id,
                file: FilePath::new("src/berths.py"),
                line: gap.line,
                arm: "true".to_owned(),
            },
            path.clone(),
        ));
    }
    let closes = !found.closed.is_empty();
    for rung in Rung::ALL {
        let ok = rung != Rung::Gains || closes;
        test.rungs.push(RungResult {
            rung,
            ok,
            evidence: format!("proof of {}", rung.name()),
        });
    }
    test.closed = found.closed.iter().map(|(arm, _)| arm.clone()).collect();
    if closes {
        test.verdict = Verdict::Kept;
    } else {
        found.find(FindingCode::NothingClosed, &path, "no open arm is taken");
    }
    found.tests.push(test);
    driver.tell(RunNews::Examined {
        turn: turn.number,
        found: Arc::new(found),
    });
}

#[test]
fn a_gap_is_closed_when_a_measurement_of_ours_says_so_and_never_before() {
    let mut driver = working();
    fake_codex::says(&mut driver, "m1", "All gaps are closed now.");
    assert_eq!(
        states(&driver),
        ["working", "working"],
        "the agent's word counts for nothing"
    );
    report(&mut driver, [true, false]);
    assert_eq!(
        states(&driver),
        ["working", "working"],
        "nor does a report that a run of the agent wrote"
    );
    let screen = driver.screen();
    assert!(screen.contains("taken, to be measured"), "{screen}");
    assert!(screen.contains("1 arm taken"), "{screen}");
    assert!(screen.contains("75.0 %"), "{screen}");
    assert!(screen.contains("+25.0"), "{screen}");
    examined(&mut driver, [true, false]);
    assert_eq!(states(&driver), ["closed", "working"], "round 2 has begun");
    let screen = driver.screen();
    for words in [
        "round 2 of 3",
        "tests/test_berths.py is kept",
        "proof of suite",
        "1 kept",
    ] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
}

#[test]
fn a_second_round_is_sent_what_is_open_and_the_end_is_said_in_words() {
    let mut driver = working();
    examined(&mut driver, [true, false]);
    let sent = &driver.app.run().turn().unwrap().batch;
    assert_eq!(sent.picks.len(), 1);
    let learnt = &driver.app.run().turn().unwrap().learnt;
    assert_eq!(learnt[0].tests[0].0, "tests/test_berths.py");
    fake_codex::answer(&mut driver);
    examined(&mut driver, [false, false]);
    fake_codex::answer(&mut driver);
    driver.asked();
    fake_codex::tell(&mut driver, fake_codex::end(TurnStatus::Completed));
    let turn = driver.app.run().turn().unwrap().number;
    assert_eq!(turn, 3);
    driver.tell(RunNews::Examined {
        turn,
        found: Arc::default(),
    });
    assert_eq!(states(&driver), ["closed", "still open"]);
    let asked = driver.asked();
    let ended = asked.iter().find_map(|effect| match effect {
        Effect::Run(RunWish::End { reason, rounds, .. }) => Some((reason.clone(), *rounds)),
        _ => None,
    });
    assert_eq!(
        ended,
        Some((
            "nothing moved in the rounds that were allowed".to_owned(),
            3
        ))
    );
    let screen = driver.screen();
    assert!(
        screen.contains("the run is done: nothing moved"),
        "{screen}"
    );
    assert!(screen.contains("still open, round 3"), "{screen}");
    assert!(screen.contains("nothing-closed"), "{screen}");
    // Now a report is a person's own again.
    report(&mut driver, [false, true]);
    assert_eq!(states(&driver), ["regressed", "closed"]);
}

#[test]
fn all_that_was_found_can_be_read_with_its_evidence() {
    let mut driver = working();
    examined(&mut driver, [true, true]);
    assert_eq!(states(&driver), ["closed", "closed"]);
    driver.keys("d");
    let screen = driver.screen();
    for words in [
        "tests/test_berths.py  kept",
        "static    proof of static",
        "gains     proof of gains",
        "src/berths.py:2",
    ] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
}

#[test]
fn an_agent_that_died_is_said_and_one_key_lets_the_run_go_on() {
    let mut driver = working();
    driver.send(Message::Agent(Incoming::Exited {
        status: "killed by signal 9".to_owned(),
        stderr_tail: String::new(),
    }));
    let asked = driver.asked();
    assert!(
        !asked
            .iter()
            .any(|effect| matches!(effect, Effect::Run(RunWish::Examine(_)))),
        "nothing of a turn that did not end is believed"
    );
    assert_eq!(states(&driver), ["queued", "queued"]);
    let screen = driver.screen();
    assert!(
        screen.contains("the run waits: C lets it go on"),
        "{screen}"
    );
    assert!(screen.contains("codex ended unexpectedly"), "{screen}");
    driver.keys("C");
    assert_eq!(states(&driver), ["working", "working"]);
    assert!(
        driver
            .asked()
            .iter()
            .any(|effect| matches!(effect, Effect::Agent(Outgoing::Start(_)))),
        "the process is started again"
    );
}

#[test]
fn without_a_sandbox_a_person_is_asked_before_agent_written_tests_run() {
    for (key, goes_on) in [("y", true), ("n", false)] {
        let mut driver = harbour();
        driver.measures = false;
        driver.keys(" s<enter>");
        assert!(
            driver
                .asked()
                .contains(&Effect::Run(RunWish::Begin { unsandboxed: false }))
        );
        driver.tell(RunNews::Trouble(Trouble {
            kind: TroubleKind::NoSandbox,
            says: "the sandbox is not available: bwrap: no".to_owned(),
            output: String::new(),
        }));
        assert_eq!(driver.app.question(), Some(Question::Unsandboxed));
        assert!(driver.screen().contains("no sandbox is to be had"));
        driver.keys(key);
        let began = driver
            .asked()
            .contains(&Effect::Run(RunWish::Begin { unsandboxed: true }));
        assert_eq!(began, goes_on, "{key}");
    }
}

#[test]
fn a_suite_that_fails_before_any_work_says_how_it_failed() {
    let mut driver = harbour();
    driver.measures = false;
    driver.keys(" s<enter>");
    driver.tell(RunNews::Trouble(Trouble {
        kind: TroubleKind::SuiteFails,
        says: "the tests already fail before any work: 1 failed".to_owned(),
        output: "collected 3 items\n\nE   ModuleNotFoundError: No module named 'harbour'\n"
            .to_owned(),
    }));
    let screen = driver.screen();
    assert!(screen.contains("the run waits"), "{screen}");
    assert!(screen.contains("No module named 'harbour'"), "{screen}");
    assert_eq!(states(&driver), ["queued", "queued"]);
}

#[test]
fn what_is_measured_shows_among_the_tests_and_can_be_stopped() {
    let mut driver = harbour();
    driver.measures = false;
    driver.keys(" s<enter>");
    driver.asked();
    driver.tell(RunNews::Step("running the tests as they are".to_owned()));
    driver.tell(RunNews::Output("12 passed\n".to_owned()));
    driver.keys("t");
    let screen = driver.screen();
    assert!(screen.contains("untaken measures"), "{screen}");
    assert!(
        screen.contains("── running the tests as they are"),
        "{screen}"
    );
    assert!(screen.contains("12 passed"), "{screen}");
    driver.keys("r");
    assert!(!driver.asked().contains(&Effect::RunTests));
    driver.keys("<ctrl-c>");
    assert_eq!(driver.asked(), [Effect::Run(RunWish::Stop)]);
    driver.tell(RunNews::Trouble(Trouble {
        kind: TroubleKind::Stopped,
        says: "interrupted".to_owned(),
        output: String::new(),
    }));
    assert!(driver.screen().contains("the run waits"));
    assert_eq!(states(&driver), ["queued", "queued"]);
}

#[test]
fn a_gap_is_dismissed_with_a_reason_and_that_can_be_taken_back() {
    let mut driver = harbour();
    driver.keys("<enter>x");
    assert!(driver.screen().contains("line 2 needs no test because:"));
    driver.keys("<enter>");
    assert!(driver.kept.is_empty(), "without a reason it stays open");
    driver.keys("xonly in the harbour<enter>");
    let note = driver.kept.pop().unwrap().settled.pop().unwrap();
    assert_eq!(note.state.name(), "dismissed");
    assert!(driver.screen().contains("dismissed"));
    // A whole file is sent without what was dismissed in it.
    driver.keys("<esc> s");
    assert_eq!(driver.app.prompt().about().len(), 1);
    driver.keys("<esc><enter>gg");
    driver.keys("nx");
    let note = driver.kept.pop().unwrap().settled.pop().unwrap();
    assert_eq!(note.state.name(), "open");
}

#[test]
fn picks_and_states_of_an_earlier_day_are_there_again() {
    let mut driver = harbour();
    let gaps = driver.app.gaps_of(&FilePath::new("src/berths.py")).unwrap();
    let (first, second) = (gaps[0].id, gaps[1].id);
    driver.tell(RunNews::Remembered(Remembered {
        picks: vec![
            (FilePath::new("src/berths.py"), vec![second]),
            (FilePath::new("src/gone.py"), Vec::new()),
        ],
        states: vec![(
            first,
            GapState::Dismissed {
                reason: "only in the harbour".to_owned(),
            },
        )],
    }));
    assert_eq!(driver.app.n_picked().gaps, 1);
    assert_eq!(driver.app.n_picked().files, 1);
    assert!(driver.app.run().is_dismissed(first));
    assert!(
        driver.kept.is_empty(),
        "nothing changed, nothing is written"
    );
    driver.keys("<enter> ");
    assert_eq!(driver.kept.len(), 1);
}

#[test]
fn enter_before_the_prompt_is_written_sends_it_when_it_is() {
    let mut driver = harbour();
    driver.keys(" ");
    driver.answers = false;
    driver.keys("s<enter>");
    let asked = driver.asked();
    let Some(Effect::BuildPrompt { request, .. }) = asked.first() else {
        panic!("{asked:?}");
    };
    driver.answers = true;
    driver.send(Message::Prompt {
        request: *request,
        text: "# Close these gaps".to_owned(),
    });
    assert!(!driver.app.prompt().is_open());
    assert_eq!(states(&driver), ["working", "working"]);
}

#[test]
fn the_closing_answer_is_shown_as_the_claim_that_it_is() {
    let mut driver = working();
    fake_codex::says(
        &mut driver,
        "m1",
        "Done.\n```json\n{\"files_processed\": 1, \"tests_generated\": 2, \"coverage_before\": null, \"coverage_after\": 100.0, \"remaining_gaps\": []}\n```",
    );
    let screen = driver.screen();
    assert!(
        screen.contains("claims: 2 tests, coverage 100.0 %"),
        "{screen}"
    );
    assert!(!screen.contains("files_processed"), "{screen}");
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
fn what_is_sent_meanwhile_waits_in_the_queue_and_one_gap_can_be_taken_out() {
    let mut driver = harbour();
    driver.keys("<enter> s<enter>");
    fake_codex::answer(&mut driver);
    assert_eq!(states(&driver), ["working", "open"][..1]);
    driver.keys("<tab><enter>n s<enter>");
    assert_eq!(states(&driver), ["working", "queued"]);
    let screen = driver.screen();
    assert!(screen.contains("1 queued"), "{screen}");
    driver.keys("hjx");
    assert_eq!(states(&driver), ["working", "open"]);
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
    assert!(screen.contains("npm install -g @openai/codex"), "{screen}");
    driver.keys("<tab>j");
    assert!(driver.screen().contains("C lets it go on"));
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
    examined(&mut driver, [true, true]);
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
