//! Names with a meaning to styles. The only place that knows colours.
//!
//! Colour is never the only sign: whatever it tells is told by a glyph, a figure or a word as well.

use ratatui::style::{Color, Modifier, Style};

use crate::app::settings::{Colours, Look, ThemeName};
use crate::highlight::SyntaxClass;

/// Every look that something on the screen can have.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub text: Style,
    /// Text that matters less.
    pub dim: Style,
    /// Lines and empty parts.
    pub faint: Style,
    /// Titles, keys, whatever is ours.
    pub accent: Style,
    /// Going on now.
    pub live: Style,
    /// The name of the program.
    pub badge: Style,
    pub strong: Style,
    pub folder: Style,
    /// Taken, covered, closed.
    pub good: Style,
    /// Partly, picked, waiting for something.
    pub warn: Style,
    /// Untaken, failed.
    pub bad: Style,
    /// Commands the agent runs.
    pub violet: Style,
    /// The row of the cursor in the pane that has the keys, and in another one.
    pub row: Style,
    pub row_away: Style,
    /// The untaken arm itself.
    pub underline: Style,
    /// Figures that only support: hit counts.
    pub faint_text: Style,
    /// Keys that answer a question, as if they were caps.
    pub key_good: Style,
    pub key_bad: Style,
    pub key_dim: Style,
    syntax: Syntax,
}

#[derive(Clone, Copy, Debug)]
struct Syntax {
    comment: Style,
    keyword: Style,
    operator: Style,
    string: Style,
    number: Style,
    function: Style,
    kind: Style,
    punctuation: Style,
}

struct Palette {
    text: Option<Color>,
    dim: Color,
    faint: Color,
    accent: Color,
    on_accent: Color,
    good: Color,
    warn: Color,
    bad: Color,
    violet: Color,
    blue: Color,
    orange: Color,
    comment: Color,
    row: Option<Color>,
    row_away: Option<Color>,
}

const DARK: Palette = Palette {
    text: Some(Color::Rgb(0xd8, 0xdb, 0xe4)),
    dim: Color::Rgb(0x7c, 0x84, 0x96),
    faint: Color::Rgb(0x3c, 0x42, 0x52),
    accent: Color::Rgb(0x74, 0xc7, 0xec),
    on_accent: Color::Rgb(0x11, 0x14, 0x1c),
    good: Color::Rgb(0x9b, 0xcf, 0x70),
    warn: Color::Rgb(0xe6, 0xb4, 0x62),
    bad: Color::Rgb(0xf3, 0x76, 0x85),
    violet: Color::Rgb(0xb9, 0x9c, 0xf2),
    blue: Color::Rgb(0x82, 0xaa, 0xf7),
    orange: Color::Rgb(0xf0, 0x9d, 0x6a),
    comment: Color::Rgb(0x64, 0x6e, 0x8c),
    row: Some(Color::Rgb(0x2a, 0x31, 0x45)),
    row_away: Some(Color::Rgb(0x21, 0x25, 0x32)),
};

const LIGHT: Palette = Palette {
    text: Some(Color::Rgb(0x2a, 0x2e, 0x38)),
    dim: Color::Rgb(0x6a, 0x70, 0x7f),
    faint: Color::Rgb(0xc6, 0xca, 0xd3),
    accent: Color::Rgb(0x0a, 0x6c, 0xa3),
    on_accent: Color::Rgb(0xff, 0xff, 0xff),
    good: Color::Rgb(0x3c, 0x7d, 0x1f),
    warn: Color::Rgb(0x99, 0x62, 0x00),
    bad: Color::Rgb(0xc2, 0x2f, 0x49),
    violet: Color::Rgb(0x70, 0x44, 0xc2),
    blue: Color::Rgb(0x2d, 0x5b, 0xc8),
    orange: Color::Rgb(0xa8, 0x4a, 0x12),
    comment: Color::Rgb(0x80, 0x86, 0x96),
    row: Some(Color::Rgb(0xdc, 0xe6, 0xf6)),
    row_away: Some(Color::Rgb(0xec, 0xee, 0xf3)),
};

/// The terminal's own colours, whatever they are: no row colour could be trusted to be readable.
const ANSI: Palette = Palette {
    text: None,
    dim: Color::DarkGray,
    faint: Color::DarkGray,
    accent: Color::Cyan,
    on_accent: Color::Black,
    good: Color::Green,
    warn: Color::Yellow,
    bad: Color::Red,
    violet: Color::Magenta,
    // Its own dark blue is hard to read on black in most terminals.
    blue: Color::LightBlue,
    orange: Color::Yellow,
    comment: Color::DarkGray,
    row: None,
    row_away: None,
};

/// Blue for taken, orange for untaken: told apart with any kind of colour vision.
const COLOUR_BLIND: Palette = Palette {
    good: Color::Rgb(0x56, 0xb4, 0xe9),
    warn: Color::Rgb(0xf0, 0xe4, 0x42),
    bad: Color::Rgb(0xe6, 0x8a, 0x1e),
    accent: Color::Rgb(0xd8, 0xdb, 0xe4),
    ..DARK
};

const COLOUR_BLIND_LIGHT: Palette = Palette {
    good: Color::Rgb(0x00, 0x5f, 0x9e),
    warn: Color::Rgb(0x7a, 0x6a, 0x00),
    bad: Color::Rgb(0xb3, 0x4a, 0x00),
    accent: Color::Rgb(0x2a, 0x2e, 0x38),
    ..LIGHT
};

impl Theme {
    /// The theme for a terminal that shows so many colours.
    #[must_use]
    pub fn of(look: Look) -> Self {
        let palette = match (look.colours, look.theme) {
            (Colours::None, _) => return Self::without_colours(),
            (Colours::Sixteen, _) | (_, ThemeName::Ansi) => &ANSI,
            (_, ThemeName::Dark) => &DARK,
            (_, ThemeName::Light) => &LIGHT,
            (_, ThemeName::ColourBlind) => &COLOUR_BLIND,
            (_, ThemeName::ColourBlindLight) => &COLOUR_BLIND_LIGHT,
        };
        Self::paint(palette, look.colours)
    }

    fn paint(palette: &Palette, colours: Colours) -> Self {
        let fit = |colour: Color| match colours {
            Colours::Palette => nearest(colour),
            Colours::None | Colours::Sixteen | Colours::Full => colour,
        };
        let plain = Style::new();
        let ink = |colour: Color| plain.fg(fit(colour));
        let text = palette.text.map_or(plain, ink);
        let cap = |colour: Color| {
            ink(palette.on_accent)
                .bg(fit(colour))
                .add_modifier(Modifier::BOLD)
        };
        let row = |colour: Option<Color>| match colour {
            Some(colour) => plain.bg(fit(colour)),
            None => plain.add_modifier(Modifier::BOLD),
        };
        Self {
            text,
            dim: ink(palette.dim),
            faint: ink(palette.faint),
            accent: ink(palette.accent).add_modifier(Modifier::BOLD),
            live: ink(palette.accent),
            badge: ink(palette.on_accent)
                .bg(fit(palette.accent))
                .add_modifier(Modifier::BOLD),
            strong: text.add_modifier(Modifier::BOLD),
            folder: ink(palette.blue),
            good: ink(palette.good),
            warn: ink(palette.warn),
            bad: ink(palette.bad),
            violet: ink(palette.violet),
            row: row(palette.row),
            row_away: row(palette.row_away),
            underline: plain
                .add_modifier(Modifier::UNDERLINED)
                .underline_color(fit(palette.bad)),
            faint_text: ink(palette.comment),
            key_good: cap(palette.good),
            key_bad: cap(palette.bad),
            key_dim: cap(palette.dim),
            syntax: Syntax {
                comment: ink(palette.comment).add_modifier(Modifier::ITALIC),
                keyword: ink(palette.violet),
                operator: ink(palette.dim),
                string: ink(palette.good),
                number: ink(palette.orange),
                function: ink(palette.blue),
                kind: ink(palette.accent),
                punctuation: ink(palette.dim),
            },
        }
    }

    /// `NO_COLOR`: weight, underline and reverse only.
    fn without_colours() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        Self {
            text: plain,
            dim,
            faint: dim,
            accent: bold,
            live: bold,
            badge: plain.add_modifier(Modifier::REVERSED),
            strong: bold,
            folder: plain,
            good: plain,
            warn: plain,
            bad: bold,
            violet: plain,
            row: plain.add_modifier(Modifier::REVERSED),
            row_away: bold,
            underline: plain.add_modifier(Modifier::UNDERLINED),
            faint_text: dim,
            key_good: plain.add_modifier(Modifier::REVERSED),
            key_bad: plain.add_modifier(Modifier::REVERSED),
            key_dim: plain.add_modifier(Modifier::REVERSED),
            syntax: Syntax {
                comment: dim,
                keyword: bold,
                operator: plain,
                string: plain,
                number: plain,
                function: plain,
                kind: plain,
                punctuation: plain,
            },
        }
    }

    /// The look of a piece of source.
    #[must_use]
    pub fn syntax(&self, class: SyntaxClass) -> Style {
        match class {
            SyntaxClass::Plain | SyntaxClass::Variable | SyntaxClass::Invalid => self.text,
            SyntaxClass::Comment => self.syntax.comment,
            SyntaxClass::Keyword => self.syntax.keyword,
            SyntaxClass::Operator => self.syntax.operator,
            SyntaxClass::String => self.syntax.string,
            SyntaxClass::Number | SyntaxClass::Constant => self.syntax.number,
            SyntaxClass::Function => self.syntax.function,
            SyntaxClass::Type => self.syntax.kind,
            SyntaxClass::Punctuation => self.syntax.punctuation,
        }
    }
}

/// The values of the palette's colour cube.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest colour of the 256-colour palette: its cube, or its greys.
fn nearest(colour: Color) -> Color {
    let Color::Rgb(r, g, b) = colour else {
        return colour;
    };
    let step = |value: u8| {
        (0u8..)
            .zip(STEPS)
            .min_by_key(|&(_, step)| step.abs_diff(value))
            .unwrap_or((0, 0))
    };
    let away = |x: (u8, u8, u8)| {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(x.0, r) + square(x.1, g) + square(x.2, b)
    };
    let ((ri, rv), (gi, gv), (bi, bv)) = (step(r), step(g), step(b));
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let grey = u8::try_from(mean.saturating_sub(3) / 10)
        .unwrap_or(23)
        .min(23);
    let grey_value = 8 + 10 * grey;
    if away((grey_value, grey_value, grey_value)) < away((rv, gv, bv)) {
        Color::Indexed(232 + grey)
    } else {
        Color::Indexed(16 + 36 * ri + 6 * gi + bi)
    }
}
