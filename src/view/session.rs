//! The session pane: what was said and done, what is asked, what is being written.

use crate::agent::Phase;
use crate::app::doc::{DocLine, duration, question};
use crate::app::keymap::Action;
use crate::app::layout::Area;
use crate::app::run::Stage;
use crate::app::session_pane::LABEL;
use crate::app::text::width;
use crate::app::{App, Focus};

use super::{Canvas, prompt, row_of};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let parts = app.session_parts(area);
    draw_title(app, canvas, parts.title);
    draw_transcript(app, canvas, parts.transcript);
    draw_question(app, canvas, parts.question);
    if let Some(saying) = &app.session().saying {
        let theme = canvas.theme;
        let (head, body) = parts.saying.split_top(1);
        let steered = matches!(
            app.phase(),
            Phase::Working { .. } | Phase::WaitingForApproval { .. }
        );
        canvas
            .pen(head)
            .skip(1)
            .put("SAY", theme.accent)
            .skip(2)
            .put(
                if steered {
                    "to the running turn"
                } else {
                    "as a turn of its own"
                },
                theme.dim,
            );
        let (_, body) = body.split_left(LABEL);
        prompt::draw_input(canvas, body, saying);
    }
}

fn draw_title(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let session = &app.session().session;
    let phase = app.phase();
    let mut right: Vec<(String, ratatui::style::Style)> = Vec::new();
    let (style, sign) = match &phase {
        Phase::Working { .. } | Phase::Starting { .. } => (theme.good, canvas.glyphs.taken),
        Phase::WaitingForApproval { .. }
        | Phase::WaitingForNetwork { .. }
        | Phase::Interrupting { .. } => (theme.warn, canvas.glyphs.taken),
        Phase::Failed(_) => (theme.bad, canvas.glyphs.untaken),
        Phase::Off | Phase::Idle | Phase::Stopping => (theme.dim, canvas.glyphs.dot),
    };
    let (words, style) = match app.run().stage() {
        Stage::Beginning { .. } | Stage::Preparing { .. } | Stage::Examining { .. } => {
            (format!("{} measuring", canvas.glyphs.taken), theme.good)
        }
        Stage::PuttingBack { .. } => (format!("{} putting back", canvas.glyphs.taken), theme.warn),
        Stage::Held { .. } => (
            format!("{} waits for you", canvas.glyphs.untaken),
            theme.warn,
        ),
        Stage::Done { .. } if !phase.is_busy() => {
            (format!("{} done", canvas.glyphs.closed), theme.good)
        }
        Stage::Off | Stage::Turn | Stage::Losing { .. } | Stage::Done { .. } => {
            (format!("{sign} {}", phase.says()), style)
        }
    };
    right.push((words, style));
    let cells: usize = right.iter().map(|(text, _)| width(text)).sum();
    let (left, place) = area.split_right(u16::try_from(cells + 1).unwrap_or(area.width));
    let mut pen = canvas.pen(place);
    for (text, style) in &right {
        pen.put(text, *style);
    }
    let heading = if app.focus() == Focus::Session {
        theme.accent
    } else {
        theme.strong
    };
    let dot = format!(" {} ", canvas.glyphs.dot);
    let mut pen = canvas.pen(left);
    pen.skip(1).put("SESSION", heading).skip(2);
    let turn = session.transcript().turn();
    let mut about = Vec::new();
    if turn > 0 {
        about.push(format!("turn {turn}"));
    }
    if let Some(plan) = app.run().turn()
        && !plan.batch.picks.is_empty()
    {
        about.push(format!("round {} of {}", plan.round, app.settings().rounds));
    }
    let queued = app.run().queue().len();
    if queued > 0 {
        about.push(format!("{queued} queued"));
    }
    if let Some(started) = app.run().started() {
        about.push(duration(app.now().saturating_sub(started)));
    }
    let room = pen.room();
    pen.put_cut(&about.join(&dot), room, theme.dim);
}

fn draw_transcript(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let pane = app.session();
    if pane.is_empty() {
        if let Some(line) = row_of(area, 1) {
            canvas
                .pen(line)
                .skip(usize::from(LABEL))
                .put("nothing was sent yet", theme.dim);
        }
        return;
    }
    let width = usize::from(area.width.saturating_sub(LABEL + 2));
    let has_focus = app.focus() == Focus::Session;
    let rows = pane.visible(width, usize::from(area.height));
    for (row, (at, line)) in rows.iter().enumerate() {
        let Some(place) = row_of(area, row) else {
            break;
        };
        if pane.cursor() == Some(*at) {
            let style = canvas.row_style(has_focus);
            canvas.wash(place, style);
        }
        draw_doc(canvas, place, line);
    }
    // While the window stands still, say that something goes on below it.
    let text = format!(" {} goes on ", canvas.glyphs.folder_open);
    if pane.cursor().is_some()
        && app.phase().is_busy()
        && let Some(last) = row_of(area, usize::from(area.height.saturating_sub(1)))
    {
        let cells = u16::try_from(crate::app::text::width(&text)).unwrap_or(12);
        let (_, place) = last.split_right(cells);
        canvas.pen(place).put(&text, theme.dim);
    }
}

/// One line of the transcript: who, and what.
pub(super) fn draw_doc(canvas: &mut Canvas<'_>, area: Area, line: &DocLine) {
    let (label, text) = area.split_left(LABEL);
    if let Some((name, tone)) = line.label {
        let style = canvas.tone(tone);
        let mut pen = canvas.pen(label);
        pen.skip(2).put(name, style);
    }
    let pieces: Vec<_> = line
        .parts
        .iter()
        .map(|(text, tone)| (text.as_str(), canvas.tone(*tone)))
        .collect();
    let ascii = canvas.glyphs.ascii;
    let mut pen = canvas.pen(text);
    pen.keep_free(1);
    for (text, style) in pieces {
        if ascii && !text.is_ascii() {
            let text = text
                .replace('…', "~")
                .replace('·', "-")
                .replace('✓', "v")
                .replace('◐', "~");
            let room = pen.room();
            pen.put_cut(&text, room, style);
        } else {
            let room = pen.room();
            pen.put_cut(text, room, style);
        }
    }
}

/// What the agent asks, pinned to the end of the pane, and the keys that answer.
fn draw_question(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let Some(approval) = app.session().session.approvals().first() else {
        return;
    };
    if area.is_empty() {
        return;
    }
    let theme = canvas.theme;
    let width = usize::from(area.width.saturating_sub(LABEL + 2));
    let lines = question(&approval.ask, approval.sub_agent.as_deref(), width);
    let (body, keys) = area.split_bottom(1);
    let (rule, body) = body.split_top(u16::from(usize::from(body.height) > lines.len()));
    let (sign, faint) = (canvas.glyphs.rule, canvas.theme.faint);
    canvas
        .pen(rule)
        .skip(1)
        .repeat(sign, usize::from(rule.width.saturating_sub(2)), faint);
    let height = usize::from(body.height);
    let hidden = lines.len().saturating_sub(height);
    for (row, line) in lines.iter().enumerate() {
        let Some(place) = row_of(body, row) else {
            break;
        };
        if hidden > 0 && row + 1 == height {
            // Nobody should say yes to what could not be read.
            let warn = canvas.theme.warn;
            canvas.pen(place).skip(usize::from(LABEL)).put(
                &format!("{} more rows above: enter unfolds", hidden + 1),
                warn,
            );
        } else {
            draw_doc(canvas, place, line);
        }
    }
    let key = |action| {
        app.keys()
            .keys(action)
            .into_iter()
            .next()
            .unwrap_or_default()
    };
    let mut pen = canvas.pen(keys);
    let long = usize::from(keys.width) >= 64 + usize::from(LABEL);
    let narrow = keys.width < 52;
    pen.skip(if narrow { 1 } else { usize::from(LABEL) });
    if app.focus() != Focus::Session {
        pen.put("waits for you", theme.warn)
            .put(", ", theme.dim)
            .put(&key(Action::NextPane), theme.accent)
            .put(" goes there", theme.dim);
        return;
    }
    for (action, text, style) in [
        (Action::Accept, "once", theme.key_good),
        (
            Action::AcceptForSession,
            if long { "for the session" } else { "session" },
            theme.key_good,
        ),
        (Action::Decline, "no", theme.key_bad),
        (
            Action::Cancel,
            if long {
                "no, and stop the turn"
            } else {
                "stop"
            },
            theme.key_dim,
        ),
    ] {
        pen.put(&format!(" {} ", key(action)), style)
            .skip(1)
            .put(text, theme.dim)
            .skip(if narrow { 1 } else { 2 });
    }
}
