//! The output of the project's own tests.

use std::collections::VecDeque;
use std::time::Duration;

use super::message::TestsEvent;

/// A run of the tests, and what it said.
#[derive(Clone, Debug, Default)]
pub struct TestsPane {
    command: String,
    state: TestsState,
    lines: VecDeque<String>,
    /// How many lines at the beginning were not kept.
    dropped: usize,
    /// The last line is not complete.
    open_line: bool,
    /// The first row in the window; `None` follows the end.
    scroll: Option<usize>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TestsState {
    /// They were not run yet.
    #[default]
    Never,
    Running {
        since: Duration,
    },
    Ended {
        code: Option<i32>,
        took: Duration,
    },
    Failed(String),
    /// untaken runs them itself, to measure what an agent left.
    Measuring {
        since: Duration,
    },
    /// It has, and whether that came to its end.
    Measured {
        good: bool,
        took: Duration,
    },
}

/// Lines that are kept.
const MOST_LINES: usize = 5000;
/// Bytes of a line that are kept.
const LONGEST: usize = 4 << 10;

impl TestsPane {
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    #[must_use]
    pub fn state(&self) -> &TestsState {
        &self.state
    }

    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.state, TestsState::Running { .. })
    }

    /// The lines that are kept, oldest first.
    #[must_use]
    pub fn lines(&self) -> &VecDeque<String> {
        &self.lines
    }

    /// How many lines at the beginning are not kept any more.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// The first row of a window of `height` rows.
    #[must_use]
    pub fn top(&self, height: usize) -> usize {
        let last = self.lines.len().saturating_sub(height);
        self.scroll.unwrap_or(last).min(last)
    }

    /// Moves the window; at the end it follows what comes.
    pub fn scroll_to(&mut self, row: usize, height: usize) {
        let last = self.lines.len().saturating_sub(height);
        self.scroll = (row < last).then_some(row);
    }

    /// They were asked for.
    pub fn begin(&mut self, now: Duration) {
        *self = Self {
            state: TestsState::Running { since: now },
            ..Self::default()
        };
    }

    /// A measuring of ours begins. What the one before it said stays above.
    pub fn measure(&mut self, now: Duration) {
        if let TestsState::Never = self.state {
            self.lines.clear();
        }
        self.command.clear();
        self.state = TestsState::Measuring { since: now };
    }

    /// A step of it begins.
    pub fn step(&mut self, words: &str, now: Duration) {
        if !self.is_measuring() {
            self.measure(now);
        }
        let before = if self.open_line || !self.lines.is_empty() {
            "\n"
        } else {
            ""
        };
        self.add(&format!("{before}── {words}\n"));
    }

    /// What the tests print meanwhile.
    pub fn output(&mut self, text: &str) {
        self.add(text);
    }

    /// It is over.
    pub fn measured(&mut self, good: bool, now: Duration) {
        if let TestsState::Measuring { since } = self.state {
            self.state = TestsState::Measured {
                good,
                took: now.saturating_sub(since),
            };
        }
    }

    #[must_use]
    pub fn is_measuring(&self) -> bool {
        matches!(self.state, TestsState::Measuring { .. })
    }

    pub fn take(&mut self, event: TestsEvent, now: Duration) {
        match event {
            TestsEvent::Started { command } => {
                if !self.is_running() {
                    self.begin(now);
                }
                self.command = command;
            }
            TestsEvent::Output(text) => self.add(&text),
            TestsEvent::Ended { code, took } => self.state = TestsState::Ended { code, took },
            TestsEvent::Failed(why) => self.state = TestsState::Failed(why),
        }
    }

    fn add(&mut self, text: &str) {
        for (at, piece) in text.split('\n').enumerate() {
            // A carriage return starts the line anew, as progress bars do.
            let piece = piece.strip_suffix('\r').unwrap_or(piece);
            let (restarts, piece) = match piece.rsplit_once('\r') {
                Some((_, last)) => (true, last),
                None => (false, piece),
            };
            if at == 0 && self.open_line {
                if let Some(line) = self.lines.back_mut() {
                    if restarts {
                        line.clear();
                    }
                    push_cut(line, piece);
                }
            } else {
                let mut line = String::new();
                push_cut(&mut line, piece);
                self.lines.push_back(line);
            }
            self.open_line = true;
        }
        // A text that ends in a line end leaves an empty last line open: it is none yet.
        if text.ends_with('\n') {
            self.lines.pop_back();
            self.open_line = false;
        }
        while self.lines.len() > MOST_LINES {
            self.lines.pop_front();
            self.dropped += 1;
            self.scroll = self.scroll.map(|row| row.saturating_sub(1));
        }
    }
}

/// Appends without colour sequences, and only as much as a line may hold.
fn push_cut(line: &mut String, piece: &str) {
    let mut letters = piece.chars();
    while let Some(letter) = letters.next() {
        if line.len() >= LONGEST {
            return;
        }
        if letter == '\u{1b}' {
            // Test runners colour their output: a CSI sequence is dropped whole, so that text is left.
            let mut rest = letters.clone();
            if rest.next() == Some('[')
                && let Some(n) = rest
                    .clone()
                    .take(64)
                    .position(|end| ('\u{40}'..='\u{7e}').contains(&end))
            {
                letters = rest;
                letters.nth(n);
                continue;
            }
        }
        line.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pane(texts: &[&str]) -> Vec<String> {
        let mut pane = TestsPane::default();
        for text in texts {
            pane.take(TestsEvent::Output((*text).to_owned()), Duration::ZERO);
        }
        pane.lines().iter().cloned().collect()
    }

    #[test]
    fn output_comes_in_any_pieces() {
        assert_eq!(pane(&["one\ntw", "o\nthree"]), ["one", "two", "three"]);
        assert_eq!(pane(&["one\n", "\n", "two\n"]), ["one", "", "two"]);
        assert_eq!(pane(&["one\r\ntwo\r\n"]), ["one", "two"]);
    }

    #[test]
    fn a_carriage_return_starts_the_line_anew() {
        assert_eq!(pane(&["10 %\r20 %", "\r100 %\ndone"]), ["100 %", "done"]);
    }

    #[test]
    fn colours_are_dropped_and_what_else_is_escaped_stays_for_the_screen_to_show() {
        assert_eq!(pane(&["\u{1b}[1;31mFAILED\u{1b}[0m x\n"]), ["FAILED x"]);
        assert_eq!(pane(&["\u{1b}]0;title\u{7}"]), ["\u{1b}]0;title\u{7}"]);
    }

    #[test]
    fn the_output_is_bounded() {
        let mut pane = TestsPane::default();
        for n in 0..6000 {
            pane.take(TestsEvent::Output(format!("{n}\n")), Duration::ZERO);
        }
        assert_eq!(pane.lines().len(), MOST_LINES);
        assert_eq!(pane.dropped(), 1000);
        pane.take(TestsEvent::Output("x".repeat(1 << 20)), Duration::ZERO);
        assert_eq!(pane.lines().back().map(String::len), Some(LONGEST));
    }

    #[test]
    fn the_window_follows_the_end_until_it_is_moved() {
        let mut pane = TestsPane::default();
        pane.take(TestsEvent::Output("x\n".repeat(50)), Duration::ZERO);
        assert_eq!(pane.top(10), 40);
        pane.scroll_to(5, 10);
        pane.take(TestsEvent::Output("x\n".repeat(50)), Duration::ZERO);
        assert_eq!(pane.top(10), 5);
        pane.scroll_to(95, 10);
        assert_eq!(pane.top(10), 90);
    }
}
