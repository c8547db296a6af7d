//! The last row: the keys that count here, from the one table.

use crate::app::keymap::{Action, TABLE};
use crate::app::layout::Area;
use crate::app::run::Stage;
use crate::app::text::width;
use crate::app::{App, Question};

use super::Canvas;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let (count, pressed) = app.pending();
    let mut area = area;
    // What was typed so far of a longer sequence stands at the right, as in an editor.
    if count.is_some() || !pressed.is_empty() {
        let typed =
            count.map_or_else(String::new, |n| n.to_string()) + &crate::app::keymap::spell(pressed);
        let (rest, right) = area.split_right(u16::try_from(width(&typed)).unwrap_or(8));
        canvas.pen(right).put(&typed, theme.accent);
        area = rest;
    }
    let mut pen_area = area;
    let question = app.question().map(|question| match question {
        Question::Quit if app.run().stage().measuring().is_some() => {
            "the tests are being measured. quit and end that?"
        }
        Question::Quit => "codex is working. quit and end it?",
        Question::Unsandboxed => {
            "no sandbox is to be had. run agent-written tests without one, for this run?"
        }
    });
    if let Some(text) = question {
        let (left, rest) = area.split_left(u16::try_from(text.len() + 3).unwrap_or(area.width));
        canvas.pen(left).put(text, theme.warn);
        pen_area = rest;
    }
    let mut hints = hints(app);
    // Help and the way out are always there; what does not fit before them is left out.
    let fits = |hints: &[(String, &str)], air: usize| {
        hints
            .iter()
            .map(|(key, hint)| width(key) + 1 + hint.len())
            .sum::<usize>()
            + hints.len().saturating_sub(1) * air
            <= usize::from(pen_area.width)
    };
    let mut air = 3;
    while !fits(&hints, air) {
        if air > 2 {
            air -= 1;
        } else if hints.len() > 2 {
            hints.remove(hints.len() - 3);
        } else {
            break;
        }
    }
    let mut pen = canvas.pen(pen_area);
    for (key, hint) in &hints {
        pen.put(key, theme.accent)
            .skip(1)
            .put(hint, theme.dim)
            .skip(air);
    }
}

/// Keys and what they do, in the order of the table.
fn hints(app: &App) -> Vec<(String, &'static str)> {
    let places = app.places();
    let mut hints = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for place in places {
        for entry in TABLE.iter().filter(|entry| entry.places.contains(place)) {
            let keys = app.keys().keys(entry.action);
            // A key that a nearer place has taken means something else here.
            let Some(key) = keys.into_iter().find(|key| !seen.contains(key)) else {
                continue;
            };
            seen.push(key.clone());
            if entry.hint.is_empty() || !is_offered(app, entry.action) {
                continue;
            }
            let key = match entry.action {
                Action::Down => match app.keys().keys(Action::Up).into_iter().next() {
                    Some(up) => format!("{key} {up}"),
                    None => key,
                },
                _ => key,
            };
            hints.push((rank(entry.action), key, entry.hint));
        }
    }
    hints.sort_by_key(|(rank, ..)| *rank);
    hints
        .into_iter()
        .map(|(_, key, hint)| (key, hint))
        .collect()
}

/// Where a key stands in the footer: as in the table, help and the way out last.
fn rank(action: Action) -> usize {
    let at = TABLE.iter().position(|entry| entry.action == action);
    match action {
        Action::Help => usize::MAX - 1,
        Action::Quit => usize::MAX,
        _ => at.unwrap_or(0),
    }
}

/// Whether a key would do anything now.
fn is_offered(app: &App, action: Action) -> bool {
    match action {
        Action::InterruptTurn => app.phase().is_busy(),
        Action::ShowReview => !app.focus().is_review() && app.review().n_open() > 0,
        Action::AcceptFile | Action::RejectFile => app.review().current().is_some(),
        Action::UndoDecision => app
            .review()
            .current()
            .is_some_and(|(piece, _)| !piece.decisions.is_empty() && piece.commit.is_none()),
        Action::AcceptAll => app.review().n_open() > 1,
        Action::Commit => app
            .review()
            .left()
            .is_some_and(|left| left.accepted().next().is_some()),
        Action::Unqueue => !app.run().is_empty(),
        Action::GoOn => matches!(app.run().stage(), Stage::Held { .. }),
        Action::Back => {
            app.overlay().is_some()
                || app.prompt().is_open()
                || app.is_filtering()
                || app.focus().is_session()
                || app.focus().is_review()
        }
        Action::NextPane => {
            let one_pane = app
                .layout()
                .is_some_and(|layout| matches!(layout.panes, crate::app::layout::Panes::One(_)));
            app.overlay().is_none() && (one_pane || app.has_session() || app.focus().is_review())
        }
        Action::Help | Action::Quit => app.overlay().is_none(),
        Action::Down => app.overlay().is_some() || !app.prompt().is_open(),
        _ => true,
    }
}
