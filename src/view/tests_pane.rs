//! The output of the project's tests, in the place of the source.

use crate::app::doc::duration;
use crate::app::layout::Area;
use crate::app::tests_pane::TestsState;
use crate::app::{App, Focus};

use super::{Canvas, row_of};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let tests = app.tests();
    let (title, body) = area.split_top(1);
    let heading = if app.focus() == Focus::Tests {
        theme.accent
    } else {
        theme.strong
    };
    let mut pen = canvas.pen(title);
    pen.put("TESTS", heading).skip(2);
    let (text, style) = match tests.state() {
        TestsState::Never => ("were not run yet".to_owned(), theme.dim),
        TestsState::Running { since } => (
            format!("running {}", duration(app.now().saturating_sub(*since))),
            theme.good,
        ),
        TestsState::Ended {
            code: Some(0),
            took,
        } => (format!("passed in {}", duration(*took)), theme.good),
        TestsState::Ended {
            code: Some(code),
            took,
        } => (
            format!("failed with exit {code} after {}", duration(*took)),
            theme.bad,
        ),
        TestsState::Ended { code: None, took } => (
            format!("ended by a signal after {}", duration(*took)),
            theme.warn,
        ),
        TestsState::Failed(why) => (why.clone(), theme.bad),
        TestsState::Measuring { since } => (
            format!(
                "untaken measures {}",
                duration(app.now().saturating_sub(*since))
            ),
            theme.good,
        ),
        TestsState::Measured { good: true, took } => {
            (format!("measured in {}", duration(*took)), theme.good)
        }
        TestsState::Measured { good: false, took } => (
            format!("the measuring ended after {}", duration(*took)),
            theme.bad,
        ),
    };
    let room = pen.room().saturating_sub(1);
    pen.put_cut(&text, room, style).skip(2);
    let room = pen.room().saturating_sub(1);
    pen.put_cut(tests.command(), room, theme.dim);
    let top = tests.top(usize::from(body.height));
    for (row, line) in tests.lines().iter().skip(top).enumerate() {
        let Some(place) = row_of(body, row) else {
            break;
        };
        let mut pen = canvas.pen(place);
        pen.skip(1);
        let room = pen.room().saturating_sub(1);
        pen.put_cut(line, room, theme.text);
    }
    if tests.lines().is_empty()
        && let Some(place) = row_of(body, 1)
    {
        let text = match tests.state() {
            TestsState::Never => "r runs the project's tests",
            _ => "no output yet",
        };
        canvas.pen(place).skip(1).put(text, theme.dim);
    }
}
