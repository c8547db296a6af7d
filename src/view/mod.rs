//! The program as a picture: reads [`App`], writes cells. It changes nothing and decides nothing.
//!
//! Outside text goes through [`text`], looks come from [`theme`], places from `app::layout`.

mod aside;
mod chart;
mod footer;
pub mod glyphs;
mod header;
mod list;
mod overlay;
mod prompt;
mod review;
mod run;
mod session;
mod source;
mod strip;
mod tests_pane;
pub mod text;
pub mod theme;
mod tree;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::style::Style;

use crate::app::doc::Tone;
use crate::app::filter::Show;
use crate::app::keymap::Action;
use crate::app::layout::{Area, LEAST, Panes};
use crate::app::{App, Focus};
use crate::coverage::{Percent, Ratio};

use glyphs::Glyphs;
use text::{Pen, rect};
use theme::Theme;

/// Draws the whole screen.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let look = app.settings().look;
    let mut canvas = Canvas {
        theme: Theme::of(look),
        glyphs: if look.ascii {
            glyphs::ASCII
        } else {
            glyphs::UNICODE
        },
        buf: frame.buffer_mut(),
    };
    screen(app, &mut canvas);
}

/// What everything is drawn with.
struct Canvas<'b> {
    theme: Theme,
    glyphs: Glyphs,
    buf: &'b mut Buffer,
}

impl Canvas<'_> {
    fn pen(&mut self, area: Area) -> Pen<'_> {
        Pen::new(self.buf, area, self.glyphs.ascii)
    }

    /// Puts a look on a whole area without writing into it.
    fn wash(&mut self, area: Area, style: Style) {
        let area = rect(area).intersection(self.buf.area);
        self.buf.set_style(area, style);
    }

    /// The look of the row of a cursor.
    fn row_style(&self, has_focus: bool) -> Style {
        if has_focus {
            self.theme.row
        } else {
            self.theme.row_away
        }
    }

    fn tone(&self, tone: Tone) -> Style {
        match tone {
            Tone::Text => self.theme.text,
            Tone::Dim => self.theme.dim,
            Tone::Strong => self.theme.strong,
            Tone::Accent => self.theme.accent,
            Tone::Live => self.theme.live,
            Tone::Good => self.theme.good,
            Tone::Warn => self.theme.warn,
            Tone::Bad => self.theme.bad,
            Tone::Violet => self.theme.violet,
        }
    }

    /// The look of a percentage: good from the target on.
    fn percent_style(&self, percent: Percent, target: Option<Percent>) -> Style {
        let target = target.map_or(8000, Percent::hundredths);
        if percent.hundredths() >= target {
            self.theme.good
        } else if percent.hundredths().saturating_add(3000) >= target {
            self.theme.warn
        } else {
            self.theme.bad
        }
    }
}

/// `83.4`, and its look; `None` where there is no such figure.
fn figure(canvas: &Canvas<'_>, app: &App, ratio: Option<Ratio>) -> Option<(String, Style)> {
    let percent = ratio?.percent()?;
    let style = canvas.percent_style(percent, app.settings().target);
    Some((percent.one_decimal(), style))
}

fn screen(app: &App, canvas: &mut Canvas<'_>) {
    let Some(layout) = app.layout() else {
        let size = app.size();
        let line = format!(
            "untaken needs {}x{} cells, here are {}x{} - q quits",
            LEAST.columns, LEAST.rows, size.columns, size.rows
        );
        let text = canvas.theme.text;
        canvas.pen(Area::new(0, 0, size.columns, 1)).put_cut(
            &line,
            usize::from(size.columns),
            text,
        );
        return;
    };
    header::draw(app, canvas, layout.header);
    if app.overlay().is_some() {
        overlay::draw(app, canvas, layout.panes.whole());
    } else if app.prompt().is_open() {
        prompt::draw(app, canvas, layout.panes.whole());
    } else {
        panes(app, canvas, layout.panes);
        if !layout.aside.is_empty() && app.loaded().is_some() {
            divider(canvas, layout.aside.split_left(1).0);
            aside::draw(app, canvas, layout.aside.split_left(1).1);
        }
    }
    let (faint, sign) = (canvas.theme.faint, canvas.glyphs.rule);
    canvas
        .pen(layout.rule)
        .repeat(sign, usize::from(layout.rule.width), faint);
    strip::draw(app, canvas, layout.strip);
    footer::draw(app, canvas, layout.footer);
}

fn panes(app: &App, canvas: &mut Canvas<'_>, panes: Panes) {
    let focus = app.focus();
    if app.loaded().is_none() && matches!(focus, Focus::Tree | Focus::Source) {
        tree::draw_nothing(app, canvas, panes.whole());
        return;
    }
    match panes {
        Panes::Two {
            left,
            divider,
            right,
        } => {
            self::divider(canvas, divider);
            if focus.is_review() {
                review::draw(app, canvas, left);
                review::draw_page(app, canvas, right);
            } else if focus.is_session() {
                run::draw(app, canvas, left);
                session::draw(app, canvas, right);
            } else {
                files(app, canvas, left);
                if app.tests_shown() {
                    tests_pane::draw(app, canvas, right);
                } else {
                    source::draw(app, canvas, right);
                }
            }
        }
        Panes::One(area) => match focus {
            Focus::Tree => files(app, canvas, area),
            Focus::Source => source::draw(app, canvas, area),
            Focus::Tests => tests_pane::draw(app, canvas, area),
            Focus::Session => session::draw(app, canvas, area),
            Focus::Run => run::draw(app, canvas, area),
            Focus::Review => review::draw(app, canvas, area),
            Focus::ReviewPage => review::draw_page(app, canvas, area),
        },
    }
}

/// The line between two panes.
fn divider(canvas: &mut Canvas<'_>, area: Area) {
    let (faint, sign) = (canvas.theme.faint, canvas.glyphs.divider);
    for row in 0..area.height {
        canvas
            .pen(Area::new(area.x, area.y + row, 1, 1))
            .put(sign, faint);
    }
}

/// The left pane of the explorer.
fn files(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    if app.view().is_list() {
        list::draw(app, canvas, area);
    } else {
        tree::draw(app, canvas, area);
    }
}

/// That not everything is shown, and what.
fn put_shown(app: &App, pen: &mut Pen<'_>, style: Style) {
    let Some(shown) = app.show().title() else {
        return;
    };
    pen.put(shown, style).skip(2);
    if let Some(mine) = app.mine().filter(|_| app.show() == Show::Mine) {
        pen.put("since ", style).put(&mine.base, style).skip(2);
    }
}

/// Why a list is empty, and which key shows more.
fn nothing_fits(app: &App) -> [String; 2] {
    let key = |action| {
        let keys = app.keys().keys(action);
        keys.into_iter().next().unwrap_or_default()
    };
    if !app.filter().query().is_empty() {
        return [
            "nothing fits what was typed".to_owned(),
            format!("{} shows everything again", key(Action::Back)),
        ];
    }
    let what = match app.show() {
        Show::All => "nothing is here",
        Show::Open => "nothing is untaken",
        Show::Picked => "nothing is picked",
        Show::Mine => "nothing of what you changed is in the report",
    };
    let more = match app.show() {
        Show::Mine => Action::ShowMine,
        Show::All | Show::Open | Show::Picked => Action::Show,
    };
    [what.to_owned(), format!("{} shows more again", key(more))]
}

/// One row of a taller area, `None` below its end.
fn row_of(area: Area, row: usize) -> Option<Area> {
    let row = u16::try_from(row).ok().filter(|&row| row < area.height)?;
    Some(Area::new(area.x, area.y + row, area.width, 1))
}
