//! The strip above the keys: what is picked, what the agent does, and what there is to say.

use ratatui::style::Style;

use crate::agent::{Phase, Sandbox};
use crate::app::App;
use crate::app::doc::{count, duration};
use crate::app::keymap::Action;
use crate::app::layout::Area;
use crate::app::message::WatchState;
use crate::app::picks::Picked;
use crate::app::run::Stage;
use crate::app::tests_pane::TestsState;
use crate::app::text::width;

use super::Canvas;

type Pieces = Vec<(String, Style)>;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let (first, second) = area.split_top(1);
    let agent = agent(app, canvas);
    let news = news(app, canvas);
    if second.is_empty() {
        // One row: what there is to say, else the picks; the agent in short.
        let short: Pieces = agent.into_iter().take(2).collect();
        let left = match news {
            Some(news) if !app.picks().is_empty() || app.notice().is_some() || is_urgent(app) => {
                if app.notice().is_some() || is_urgent(app) {
                    news
                } else {
                    picks(app, canvas)
                }
            }
            Some(news) => news,
            None => picks(app, canvas),
        };
        line(canvas, first, left, short);
        return;
    }
    let left = picks(app, canvas);
    line(canvas, first, left, agent);
    let tests = tests(app, canvas);
    let left = news.unwrap_or_else(|| hint(app, canvas));
    line(canvas, second, left, tests);
}

/// Pieces at the left, cut where they would run into those at the right.
fn line(canvas: &mut Canvas<'_>, area: Area, left: Pieces, mut right: Pieces) {
    let cells = |pieces: &Pieces| pieces.iter().map(|(text, _)| width(text)).sum::<usize>();
    let needed = cells(&left).min(usize::from(area.width) * 2 / 3);
    while !right.is_empty() && cells(&right) + 3 + needed > usize::from(area.width) {
        right.pop();
    }
    let right_cells = u16::try_from(cells(&right)).unwrap_or(area.width);
    let (rest, place) = area.split_right(right_cells);
    let mut pen = canvas.pen(place);
    for (text, style) in &right {
        pen.put(text, *style);
    }
    let mut pen = canvas.pen(rest);
    if right_cells > 0 {
        pen.keep_free(2);
    }
    for (text, style) in left {
        let room = pen.room();
        pen.put_cut(&text, room, style);
    }
}

fn picks(app: &App, canvas: &Canvas<'_>) -> Pieces {
    let theme = &canvas.theme;
    let glyphs = &canvas.glyphs;
    let picked = app.n_picked();
    let mut pieces = vec![("PICKED".to_owned(), theme.accent)];
    if picked.files == 0 {
        pieces.push(("  nothing yet".to_owned(), theme.dim));
        return pieces;
    }
    let gaps = match (picked.gaps, picked.unknown) {
        (0, _) => "…".to_owned(),
        (n, 0) => count(n, "gap"),
        (n, _) => format!("{n}+ gaps"),
    };
    pieces.push((format!("  {} {gaps}", glyphs.picked), theme.warn));
    pieces.push((format!("  in {}", count(picked.files, "file")), theme.dim));
    let mut names = String::new();
    for (at, (path, of_file)) in app.picks().files().enumerate().take(6) {
        let n = match of_file {
            Picked::Gaps(gaps) => Some(gaps.len()),
            Picked::Whole => app.gaps_of(path).map(<[_]>::len),
        };
        let n = n.map_or_else(String::new, |n| format!(" {n}"));
        let before = if at == 0 { ": " } else { ", " };
        names.push_str(before);
        names.push_str(path.name());
        names.push_str(&n);
    }
    if picked.files > 6 {
        names.push_str(" …");
    }
    pieces.push((names, theme.dim));
    pieces
}

fn agent(app: &App, canvas: &Canvas<'_>) -> Pieces {
    let theme = &canvas.theme;
    let session = &app.session().session;
    let phase = app.phase();
    let (sign, style) = match &phase {
        Phase::Off | Phase::Idle | Phase::Stopping => ("", theme.dim),
        Phase::Starting { .. } | Phase::Working { .. } => (canvas.glyphs.taken, theme.good),
        Phase::WaitingForApproval { .. } => (canvas.glyphs.taken, theme.warn),
        Phase::WaitingForNetwork { .. } | Phase::Interrupting { .. } => {
            (canvas.glyphs.untaken, theme.warn)
        }
        Phase::Failed(_) => (canvas.glyphs.untaken, theme.bad),
    };
    let since = match &phase {
        Phase::Starting { since }
        | Phase::Working { since }
        | Phase::WaitingForApproval { since }
        | Phase::WaitingForNetwork { since, .. }
        | Phase::Interrupting { since } => Some(app.now().saturating_sub(*since)),
        Phase::Off | Phase::Idle | Phase::Stopping | Phase::Failed(_) => None,
    };
    let says = match phase {
        Phase::Off => "not started",
        _ => phase.says(),
    };
    if let Some(measured) = measured(app, canvas) {
        return measured;
    }
    let mut pieces = vec![("codex ".to_owned(), theme.dim)];
    let sign = if sign.is_empty() {
        String::new()
    } else {
        format!("{sign} ")
    };
    pieces.push((format!("{sign}{says}"), style));
    if let Some(since) = since {
        pieces.push((format!(" {}", whole_seconds(since)), theme.dim));
    }
    let mut about: Vec<String> = Vec::new();
    about.extend(session.model().map(str::to_owned));
    about.extend(session.effort().map(str::to_owned));
    about.push(
        match session.settings().sandbox {
            Sandbox::ReadOnly => "read-only",
            Sandbox::WorkspaceWrite => "workspace-write, no network",
            Sandbox::DangerFullAccess => "no sandbox",
        }
        .to_owned(),
    );
    let dot = format!(" {} ", canvas.glyphs.dot);
    pieces.push((format!("   {}", about.join(&dot)), theme.dim));
    pieces
}

/// What untaken itself does for the run, while the agent rests.
fn measured(app: &App, canvas: &Canvas<'_>) -> Option<Pieces> {
    let theme = &canvas.theme;
    let since = app.run().stage().measuring()?;
    let says = match app.run().stage() {
        Stage::Beginning { .. } => "measuring the tests as they are",
        Stage::PuttingBack { .. } => "putting back",
        _ => "measuring",
    };
    let mut pieces = vec![
        ("untaken ".to_owned(), theme.dim),
        (format!("{} {says}", canvas.glyphs.taken), theme.good),
        (
            format!(" {}", whole_seconds(app.now().saturating_sub(since))),
            theme.dim,
        ),
    ];
    if !app.run().step().is_empty() {
        pieces.push((format!("   {}", app.run().step()), theme.dim));
    }
    Some(pieces)
}

fn whole_seconds(time: std::time::Duration) -> String {
    if time.as_secs() < 10 {
        format!("{} s", time.as_secs())
    } else {
        duration(time)
    }
}

/// Whether something goes on with the report files that a person must know.
fn is_urgent(app: &App) -> bool {
    app.dismissing().is_some()
        || matches!(app.run().stage(), Stage::Held { .. })
        || *app.watch() != WatchState::Current
        || (app.failure().is_some() && app.loaded().is_some())
}

/// What there is to say, the most important thing only.
fn news(app: &App, canvas: &Canvas<'_>) -> Option<Pieces> {
    let theme = &canvas.theme;
    if let Some(dismissing) = app.dismissing() {
        return Some(vec![
            (
                format!("line {} needs no test because: ", dismissing.gap.line),
                theme.warn,
            ),
            (dismissing.reason.text(), theme.text),
            ("\u{2588}".to_owned(), theme.accent),
        ]);
    }
    if let Some(notice) = app.notice() {
        let style = if notice.bad { theme.bad } else { theme.warn };
        return Some(vec![(notice.text.clone(), style)]);
    }
    if let Stage::Held { why } = app.run().stage() {
        let key = app
            .keys()
            .keys(Action::GoOn)
            .into_iter()
            .next()
            .unwrap_or_default();
        return Some(vec![
            ("the run waits: ".to_owned(), theme.warn),
            (key, theme.accent),
            (" lets it go on".to_owned(), theme.dim),
            (format!(" \u{b7} {why}"), theme.bad),
        ]);
    }
    if let Phase::Failed(failure) = app.phase() {
        return Some(vec![
            (failure.says, theme.bad),
            (format!(" · {}", failure.what_to_do), theme.dim),
        ]);
    }
    match app.watch() {
        WatchState::Current => {}
        WatchState::Rewriting { path, why } => {
            return Some(vec![
                (format!("{} is being written", path.as_str()), theme.warn),
                (format!(" ({why}): the last good report stays"), theme.dim),
            ]);
        }
        WatchState::MayGrow { path } => {
            return Some(vec![
                (format!("{} may still grow", path.as_str()), theme.warn),
                (
                    ": its format does not tell where it ends".to_owned(),
                    theme.dim,
                ),
            ]);
        }
        WatchState::Blind { why } => {
            return Some(vec![
                ("not watching".to_owned(), theme.warn),
                (format!(": {why}"), theme.dim),
            ]);
        }
    }
    if let (Some(failure), Some(_)) = (app.failure(), app.loaded()) {
        return Some(vec![
            (
                format!("{}: {}", failure.path.as_str(), failure.message),
                theme.bad,
            ),
            (" · the last good report stays".to_owned(), theme.dim),
        ]);
    }
    offer(app, canvas).or_else(|| changes(app, canvas))
}

/// What a run left that nobody has decided about.
fn offer(app: &App, canvas: &Canvas<'_>) -> Option<Pieces> {
    let theme = &canvas.theme;
    let left = app.review().left()?;
    let n = app.review().n_open();
    if n == 0 || app.focus().is_review() || app.is_worked_on() {
        return None;
    }
    let key = app.keys().keys(Action::ShowReview).into_iter().next()?;
    let verb = if n == 1 { "waits" } else { "wait" };
    Some(vec![
        (
            format!("{} of an agent {verb}", count(n, "file")),
            theme.warn,
        ),
        (" for your review   ".to_owned(), theme.dim),
        (key, theme.accent),
        (" opens it".to_owned(), theme.dim),
        (format!("   run of {}", left.clock), theme.dim),
    ])
}

/// What the newest report changed, by name.
fn changes(app: &App, canvas: &Canvas<'_>) -> Option<Pieces> {
    let theme = &canvas.theme;
    let loaded = app.loaded()?;
    let total = loaded.since_start.as_ref()?;
    if total.taken.is_empty() && total.lost.is_empty() && total.vanished.is_empty() {
        return None;
    }
    let mut pieces = vec![
        (format!("report read {}   ", loaded.clock), theme.dim),
        (
            format!("{} taken", count(total.taken.len(), "arm")),
            theme.good,
        ),
        (
            format!("   {} lost", total.lost.len()),
            if total.lost.is_empty() {
                theme.dim
            } else {
                theme.bad
            },
        ),
        (
            format!("   {} vanished", total.vanished.len()),
            if total.vanished.is_empty() {
                theme.dim
            } else {
                theme.warn
            },
        ),
    ];
    let named = total
        .lost
        .iter()
        .map(|arm| ("lost ", arm))
        .chain(total.taken.iter().rev().map(|arm| ("", arm)))
        .next();
    if let Some((what, arm)) = named {
        pieces.push((
            format!("   {what}{}:{} {}", arm.file.name(), arm.line, arm.arm),
            theme.dim,
        ));
    }
    if let Some(key) = app.keys().keys(Action::Changes).into_iter().next() {
        pieces.push(("   ".to_owned(), theme.dim));
        pieces.push((key, theme.accent));
        pieces.push((" names them".to_owned(), theme.dim));
    }
    Some(pieces)
}

fn tests(app: &App, canvas: &Canvas<'_>) -> Pieces {
    let theme = &canvas.theme;
    let (text, style) = match app.tests().state() {
        TestsState::Never => return Vec::new(),
        TestsState::Running { since } => (
            format!(
                "running {}",
                whole_seconds(app.now().saturating_sub(*since))
            ),
            theme.good,
        ),
        TestsState::Ended {
            code: Some(0),
            took,
        } => (format!("passed in {}", duration(*took)), theme.good),
        TestsState::Ended {
            code: Some(code), ..
        } => (format!("failed, exit {code}"), theme.bad),
        TestsState::Ended { code: None, .. } => ("ended by a signal".to_owned(), theme.warn),
        TestsState::Failed(_) => ("could not run".to_owned(), theme.bad),
        TestsState::Measuring { since } => (
            format!(
                "measuring {}",
                whole_seconds(app.now().saturating_sub(*since))
            ),
            theme.good,
        ),
        TestsState::Measured { good: true, took } => {
            (format!("measured in {}", duration(*took)), theme.good)
        }
        TestsState::Measured { good: false, .. } => ("not measured".to_owned(), theme.bad),
    };
    let key = app
        .keys()
        .keys(Action::ShowTests)
        .into_iter()
        .next()
        .unwrap_or_default();
    vec![
        ("tests ".to_owned(), theme.dim),
        (text, style),
        ("   ".to_owned(), theme.dim),
        (key, theme.accent),
        (" output".to_owned(), theme.dim),
    ]
}

/// What to do next.
fn hint(app: &App, canvas: &Canvas<'_>) -> Pieces {
    let theme = &canvas.theme;
    let key = |action| {
        app.keys()
            .keys(action)
            .into_iter()
            .next()
            .unwrap_or_default()
    };
    let mut pieces = vec![("next: ".to_owned(), theme.dim)];
    let mut push = |key: String, text: &str| {
        pieces.push((key, theme.accent));
        pieces.push((text.to_owned(), theme.dim));
    };
    if app.prompt().is_open() {
        push(
            String::new(),
            "what stands here is what is sent, to the letter",
        );
        return pieces.into_iter().skip(1).collect();
    }
    if app.focus().is_review() {
        if app.review().n_open() > 0 {
            push(key(Action::AcceptFile), " accepts, ");
            push(key(Action::RejectFile), " rejects, ");
            push(key(Action::UndoDecision), " takes it back");
        } else if app
            .review()
            .left()
            .is_some_and(|left| left.accepted().next().is_some())
        {
            push(key(Action::Commit), " commits what was accepted");
        } else {
            push(key(Action::ShowReview), " goes back");
        }
        return pieces;
    }
    let warnings = app
        .loaded()
        .map_or(0, |loaded| loaded.coverage.warnings.len());
    if app.loaded().is_none() {
        push(key(Action::RunTests), " runs the tests");
    } else if app.picks().is_empty() {
        push(key(Action::NextGap), " goes to the next gap, ");
        push(key(Action::Pick), " picks it, or a whole file or folder");
        if warnings > 0 {
            push(
                "   ".to_owned() + &key(Action::Warnings),
                &format!(" {} about the reports", count(warnings, "warning")),
            );
        }
    } else {
        push(
            key(Action::Send),
            " reads the prompt over before it is sent",
        );
    }
    pieces
}
