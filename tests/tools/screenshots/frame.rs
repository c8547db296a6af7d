//! A terminal's screen as a value: cells with what they look like, so that two screens can be compared.

/// A colour as it is written in SVG.
pub(crate) type Colour = String;

/// What a run of cells looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Look {
    pub(crate) fg: Option<Colour>,
    pub(crate) bg: Option<Colour>,
    pub(crate) bold: bool,
    pub(crate) dim: bool,
    pub(crate) italic: bool,
    pub(crate) underline: bool,
}

/// A text of one look, somewhere in a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    /// 0-based.
    pub(crate) column: usize,
    /// Cells that it takes.
    pub(crate) width: usize,
    pub(crate) text: String,
    pub(crate) look: Look,
}

/// One row of the screen.
pub(crate) type Row = Vec<Run>;

/// A whole screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) columns: usize,
    pub(crate) rows: Vec<Row>,
}

/// The colours of the terminal that the pictures show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub(crate) fg: &'static str,
    pub(crate) bg: &'static str,
    /// The bar above the screen.
    pub(crate) bar: &'static str,
    pub(crate) sixteen: [&'static str; 16],
}

pub(crate) const DARK: Palette = Palette {
    fg: "#d7dae0",
    bg: "#16181d",
    bar: "#1e2128",
    sixteen: [
        "#2a2e37", "#f27086", "#98cf6f", "#e6b35c", "#6ea3f2", "#b694f2", "#5fc7d9", "#c8ccd4",
        "#5c6370", "#ff8fa1", "#b3e38c", "#f5cb83", "#8fbaff", "#ccb0ff", "#86dcea", "#ffffff",
    ],
};

pub(crate) const LIGHT: Palette = Palette {
    fg: "#24292f",
    bg: "#fbfbf9",
    bar: "#eceae5",
    sixteen: [
        "#24292f", "#b4233c", "#2f7d32", "#96640a", "#1f5fbf", "#7440b8", "#0f7285", "#6e7781",
        "#57606a", "#cf3a52", "#3f9142", "#b07a17", "#2f74d9", "#8a55d1", "#178a9f", "#8c959f",
    ],
};

impl Frame {
    pub(crate) fn of(screen: &vt100::Screen, palette: &Palette) -> Self {
        let (rows, columns) = screen.size();
        Self {
            columns: usize::from(columns.get()),
            rows: (0..rows.get())
                .map(|row| row_of(screen, row, columns.get(), palette))
                .collect(),
        }
    }
}

fn row_of(screen: &vt100::Screen, row: u16, columns: u16, palette: &Palette) -> Row {
    let mut runs: Row = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else {
            continue;
        };
        if cell.is_wide_continuation() {
            continue;
        }
        let width = if cell.is_wide() { 2 } else { 1 };
        let text = match cell.contents() {
            "" => " ",
            text => text,
        };
        let look = look_of(cell, palette);
        let column = usize::from(column);
        match runs.last_mut() {
            // Shapes are drawn cell by cell, so that they meet whatever the font.
            Some(run)
                if run.look == look
                    && run.column + run.width == column
                    && is_shape(&run.text) == is_shape(text) =>
            {
                run.text.push_str(text);
                run.width += width;
            }
            _ => runs.push(Run {
                column,
                width,
                text: text.to_owned(),
                look,
            }),
        }
    }
    for run in &mut runs {
        run.text = with_fixed_clock(&run.text);
    }
    // Blank ends are the background.
    runs.retain_mut(|run| {
        if run.look.bg.is_none() && !run.look.underline {
            let kept = run.text.trim_end_matches(' ');
            run.width -= run.text.len() - kept.len();
            run.text.truncate(kept.len());
        }
        run.width > 0
    });
    runs
}

/// Times of the day are those of no particular day, so that a picture changes only when the program does.
fn with_fixed_clock(text: &str) -> String {
    const CLOCK: &str = "09:41:12";
    let is_clock = |at: usize| {
        text.as_bytes()
            .get(at..at + CLOCK.len())
            .is_some_and(|here| {
                here.iter().zip(CLOCK.bytes()).all(|(is, like)| {
                    is.is_ascii_digit() == like.is_ascii_digit() && (like != b':' || *is == b':')
                })
            })
    };
    match (0..text.len()).find(|at| is_clock(*at)) {
        Some(at) => format!("{}{CLOCK}{}", &text[..at], &text[at + CLOCK.len()..]),
        None => text.to_owned(),
    }
}

fn look_of(cell: &vt100::Cell, palette: &Palette) -> Look {
    let fg = colour(cell.fgcolor(), palette);
    let bg = colour(cell.bgcolor(), palette);
    let (fg, bg) = if cell.inverse() {
        (
            Some(bg.unwrap_or_else(|| palette.bg.to_owned())),
            Some(fg.unwrap_or_else(|| palette.fg.to_owned())),
        )
    } else {
        (fg, bg.filter(|bg| bg != palette.bg))
    };
    Look {
        fg,
        bg,
        bold: cell.bold(),
        dim: cell.dim(),
        italic: cell.italic(),
        underline: cell.underline(),
    }
}

/// `None` is the terminal's own.
fn colour(colour: vt100::Color, palette: &Palette) -> Option<Colour> {
    match colour {
        vt100::Color::Default => None,
        vt100::Color::Idx(idx @ 0..16) => Some(palette.sixteen[usize::from(idx)].to_owned()),
        vt100::Color::Idx(idx @ 16..232) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let idx = idx - 16;
            let (r, g, b) = (level(idx / 36), level(idx / 6 % 6), level(idx % 6));
            Some(format!("#{r:02x}{g:02x}{b:02x}"))
        }
        vt100::Color::Idx(idx) => {
            let grey = 8 + 10 * (idx - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        vt100::Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
    }
}

/// Whether a text is of box-drawing and block characters, which are drawn as shapes.
pub(crate) fn is_shape(text: &str) -> bool {
    text.starts_with(|first| matches!(first, '\u{2500}'..='\u{259f}'))
}
