//! Frames to SVG: a window with a screen in it, still or moving. Texts are held to the grid by their
//! lengths, so that they stand right in every font; box and block characters are drawn as shapes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;
use std::time::Duration;

use super::frame::{Frame, Palette, Row, Run, is_shape};

/// A cell's size, and the size of the letters in it.
const WIDE: f64 = 8.4;
const HIGH: f64 = 18.0;
const LETTERS: f64 = 14.0;
/// From the top of a cell to the line that letters stand on.
const STAND: f64 = 13.4;
/// Around the screen.
const PAD: f64 = 14.0;
const BAR: f64 = 32.0;

/// One frame and how long it is shown.
pub(crate) struct Shown {
    pub(crate) frame: Frame,
    pub(crate) lasts: Duration,
}

/// A still picture.
pub(crate) fn still(frame: &Frame, title: &str, palette: &Palette) -> String {
    let mut svg = Svg::open(frame, title, palette, "");
    for (at, row) in frame.rows.iter().enumerate() {
        svg.row(row, PAD, top_of(at));
    }
    svg.close()
}

/// A moving picture that begins again at its end.
pub(crate) fn moving(shown: &[Shown], title: &str, palette: &Palette) -> String {
    let Some(first) = shown.first() else {
        panic!("a moving picture without a frame");
    };
    let total: f64 = shown.iter().map(|it| it.lasts.as_secs_f64()).sum();
    let wide = width(&first.frame);
    // All frames stand side by side on a strip, which jumps from one to the next.
    let mut steps = String::new();
    let mut at = 0.0;
    for (nth, it) in shown.iter().enumerate() {
        let _ = write!(
            steps,
            "{}%{{transform:translateX({}px)}}",
            short(at / total * 100.0),
            short(-wide * nth as f64)
        );
        at += it.lasts.as_secs_f64();
    }
    let style = format!(
        "@keyframes play{{{steps}}}#strip{{animation:play {}s step-end infinite}}",
        short(total)
    );
    let mut svg = Svg::open(&first.frame, title, palette, &style);
    // Most of a screen stays as it is from frame to frame: each part of a row is written once and used often.
    let mut known: HashMap<Row, usize> = HashMap::new();
    svg.text.push_str("<defs>");
    let rows = || shown.iter().flat_map(|it| &it.frame.rows);
    for part in rows().flat_map(parts) {
        let name = known.len();
        if let Entry::Vacant(vacant) = known.entry(part) {
            let _ = write!(svg.text, "<g id=\"r{name}\">");
            svg.row(vacant.key(), PAD, 0.0);
            svg.text.push_str("</g>");
            vacant.insert(name);
        }
    }
    let _ = write!(
        svg.text,
        "<clipPath id=\"c\"><rect x=\"0\" y=\"{BAR}\" width=\"{}\" height=\"{}\"/></clipPath></defs>\
         <g clip-path=\"url(#c)\"><g id=\"strip\">",
        short(wide),
        short(height(&first.frame) - BAR)
    );
    for (nth, it) in shown.iter().enumerate() {
        let _ = writeln!(
            svg.text,
            "<g transform=\"translate({})\">",
            short(wide * nth as f64)
        );
        for (at, row) in it.frame.rows.iter().enumerate() {
            for name in parts(row).iter().filter_map(|part| known.get(part)) {
                let _ = write!(
                    svg.text,
                    "<use href=\"#r{name}\" y=\"{}\"/>",
                    short(top_of(at))
                );
            }
        }
        svg.text.push_str("</g>");
    }
    svg.text.push_str("</g></g>");
    svg.close()
}

/// A row on both sides of the line between two panes, since often only one of them changes.
fn parts(row: &Row) -> Vec<Row> {
    let divider = row.iter().position(|run| run.text == "│");
    let (left, right) = row.split_at(divider.unwrap_or(0));
    [left, right]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(<[Run]>::to_vec)
        .collect()
}

fn width(frame: &Frame) -> f64 {
    frame.columns as f64 * WIDE + 2.0 * PAD
}

fn height(frame: &Frame) -> f64 {
    frame.rows.len() as f64 * HIGH + 2.0 * PAD + BAR - 4.0
}

fn top_of(row: usize) -> f64 {
    BAR + PAD - 4.0 + row as f64 * HIGH
}

struct Svg<'a> {
    text: String,
    palette: &'a Palette,
    /// The colours of letters: each has a class, named by its place.
    inks: Vec<String>,
}

/// In the place of the classes, which are known at the end.
const INKS: &str = "/*inks*/";

impl<'a> Svg<'a> {
    /// The window, empty.
    fn open(frame: &Frame, title: &str, palette: &'a Palette, style: &str) -> Self {
        let (wide, high) = (width(frame), height(frame));
        let mut text = String::new();
        let _ = write!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\">\
             <title>{title}</title>\
             <style>text{{font:{LETTERS}px ui-monospace,'SFMono-Regular','JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre;fill:{fg}}}{INKS}{style}</style>\
             <rect width=\"{w}\" height=\"{h}\" rx=\"10\" fill=\"{bg}\"/>\
             <path d=\"M0 {BAR}V10a10 10 0 0 1 10-10H{right}a10 10 0 0 1 10 10V{BAR}z\" fill=\"{bar}\"/>\
             <rect x=\".5\" y=\".5\" width=\"{iw}\" height=\"{ih}\" rx=\"9.5\" fill=\"none\" stroke=\"{fg}\" stroke-opacity=\".14\"/>",
            w = short(wide),
            h = short(high),
            title = escaped(title),
            fg = palette.fg,
            bg = palette.bg,
            bar = palette.bar,
            right = short(wide - 10.0),
            iw = short(wide - 1.0),
            ih = short(high - 1.0),
        );
        for (nth, colour) in ["#ec6a5e", "#f4bf4f", "#61c554"].into_iter().enumerate() {
            let _ = write!(
                text,
                "<circle cx=\"{}\" cy=\"16\" r=\"5.5\" fill=\"{colour}\"/>",
                20 + 19 * nth
            );
        }
        let _ = writeln!(
            text,
            "<text x=\"{}\" y=\"20.5\" text-anchor=\"middle\" fill-opacity=\".62\" style=\"font-size:13px\">{}</text>",
            short(wide / 2.0),
            escaped(title)
        );
        Self {
            text,
            palette,
            inks: Vec::new(),
        }
    }

    fn close(mut self) -> String {
        self.text.push_str("</svg>\n");
        let mut classes = String::new();
        for (nth, ink) in self.inks.iter().enumerate() {
            let _ = write!(classes, ".i{nth}{{fill:{ink}}}");
        }
        self.text.replacen(INKS, &classes, 1)
    }

    /// The class of a colour.
    fn class(&mut self, ink: &str) -> usize {
        if let Some(at) = self.inks.iter().position(|known| known == ink) {
            return at;
        }
        self.inks.push(ink.to_owned());
        self.inks.len() - 1
    }

    fn row(&mut self, row: &Row, left: f64, top: f64) {
        for run in row {
            if let Some(bg) = &run.look.bg {
                let _ = write!(
                    self.text,
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{bg}\" shape-rendering=\"crispEdges\"/>",
                    short(left + run.column as f64 * WIDE),
                    short(top),
                    short(run.width as f64 * WIDE),
                    short(HIGH)
                );
            }
        }
        for run in row {
            if is_shape(&run.text) {
                self.shapes(run, left, top);
            } else {
                self.letters(run, left, top);
            }
        }
        self.text.push('\n');
    }

    fn letters(&mut self, run: &Run, left: f64, top: f64) {
        let mut attributes = String::new();
        if let Some(fg) = &run.look.fg {
            let _ = write!(attributes, " class=\"i{}\"", self.class(fg));
        }
        if run.look.bold {
            attributes.push_str(" font-weight=\"bold\"");
        }
        if run.look.italic {
            attributes.push_str(" font-style=\"italic\"");
        }
        attributes.push_str(faint(run));
        // Words apart, so that a font whose space is of another width moves none of them.
        let mut column = run.column;
        let mut rest = run.text.as_str();
        while !rest.is_empty() {
            let blank = rest.len() - rest.trim_start_matches(' ').len();
            column += blank;
            rest = &rest[blank..];
            let word = &rest[..rest.find("  ").unwrap_or(rest.len())];
            let word = word.trim_end_matches(' ');
            if word.is_empty() {
                break;
            }
            let cells = unicode_width::UnicodeWidthStr::width(word);
            let _ = write!(
                self.text,
                "<text x=\"{}\" y=\"{}\" textLength=\"{}\"{}>{}</text>",
                short(left + column as f64 * WIDE),
                short(top + STAND),
                short(cells as f64 * WIDE),
                attributes,
                escaped(word)
            );
            column += cells;
            rest = &rest[word.len()..];
        }
        if run.look.underline {
            let y = short(top + STAND + 2.5);
            let x = left + run.column as f64 * WIDE;
            let _ = write!(
                self.text,
                "<path d=\"M{} {y}H{}\" stroke=\"{}\"{}/>",
                short(x),
                short(x + run.width as f64 * WIDE),
                self.ink(run),
                faint(run)
            );
        }
    }

    fn ink(&self, run: &Run) -> String {
        run.look
            .fg
            .clone()
            .unwrap_or_else(|| self.palette.fg.to_owned())
    }

    fn shapes(&mut self, run: &Run, left: f64, top: f64) {
        let ink = self.ink(run);
        let mut filled = String::new();
        let mut lines = String::new();
        let mut thick = String::new();
        for (nth, shape) in run.text.chars().enumerate() {
            let x = left + (run.column + nth) as f64 * WIDE;
            match shape {
                '\u{2580}'..='\u{259f}' => block(shape, x, top, &mut filled),
                '━' | '┃' | '╸' | '╺' | '╹' | '╻' => stroke(shape, x, top, &mut thick),
                _ => stroke(shape, x, top, &mut lines),
            }
        }
        let faint = faint(run);
        if !filled.is_empty() {
            let _ = write!(self.text, "<path d=\"{filled}\" fill=\"{ink}\"{faint}/>");
        }
        for (path, width) in [(lines, 1.2), (thick, 3.2)] {
            if !path.is_empty() {
                let _ = write!(
                    self.text,
                    "<path d=\"{path}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"{width}\"{faint}/>"
                );
            }
        }
    }
}

fn faint(run: &Run) -> &'static str {
    if run.look.dim { " opacity=\".6\"" } else { "" }
}

/// A block character: eighths from the bottom or the left, halves, shades as their share of the cell.
fn block(shape: char, x: f64, y: f64, path: &mut String) {
    let mut part = |left: f64, top: f64, right: f64, bottom: f64| {
        let _ = write!(
            path,
            "M{} {}H{}V{}H{}z",
            short(x + left * WIDE),
            short(y + top * HIGH),
            short(x + right * WIDE),
            short(y + bottom * HIGH),
            short(x + left * WIDE)
        );
    };
    let code = u32::from(shape);
    match shape {
        '▀' => part(0.0, 0.0, 1.0, 0.5),
        '\u{2581}'..='\u{2588}' => part(0.0, 1.0 - f64::from(code - 0x2580) / 8.0, 1.0, 1.0),
        '\u{2589}'..='\u{258f}' => part(0.0, 0.0, f64::from(0x2590 - code) / 8.0, 1.0),
        '▐' => part(0.5, 0.0, 1.0, 1.0),
        '░' => part(0.0, 0.375, 1.0, 0.625),
        '▒' => part(0.0, 0.25, 1.0, 0.75),
        '▓' => part(0.0, 0.125, 1.0, 0.875),
        '▔' => part(0.0, 0.0, 1.0, 0.125),
        '▕' => part(0.875, 0.0, 1.0, 1.0),
        _ => {
            // Quadrants: upper left, upper right, lower left, lower right.
            let quarters = match shape {
                '▖' => 0b0010,
                '▗' => 0b0001,
                '▘' => 0b1000,
                '▙' => 0b1011,
                '▚' => 0b1001,
                '▛' => 0b1110,
                '▜' => 0b1101,
                '▝' => 0b0100,
                '▞' => 0b0110,
                _ => 0b0111,
            };
            for (bit, left, top) in [(8, 0.0, 0.0), (4, 0.5, 0.0), (2, 0.0, 0.5), (1, 0.5, 0.5)] {
                if quarters & bit != 0 {
                    part(left, top, left + 0.5, top + 0.5);
                }
            }
        }
    }
}

/// A line character as the arms that it reaches out.
fn stroke(shape: char, x: f64, y: f64, path: &mut String) {
    let (cx, cy) = (x + WIDE / 2.0, y + HIGH / 2.0);
    let curve = match shape {
        '╭' => Some(((cx, y + HIGH), (x + WIDE, cy))),
        '╮' => Some(((cx, y + HIGH), (x, cy))),
        '╯' => Some(((cx, y), (x, cy))),
        '╰' => Some(((cx, y), (x + WIDE, cy))),
        _ => None,
    };
    if let Some(((ax, ay), (bx, by))) = curve {
        let _ = write!(
            path,
            "M{} {}Q{} {} {} {}",
            short(ax),
            short(ay),
            short(cx),
            short(cy),
            short(bx),
            short(by)
        );
        return;
    }
    // Up, right, down, left.
    let arms = match shape {
        '─' | '━' | '╌' | '┄' | '┈' | '═' => [false, true, false, true],
        '│' | '┃' | '╎' | '┆' | '┊' | '║' => [true, false, true, false],
        '┌' | '┏' => [false, true, true, false],
        '┐' | '┓' => [false, false, true, true],
        '└' | '┗' => [true, true, false, false],
        '┘' | '┛' => [true, false, false, true],
        '├' | '┣' => [true, true, true, false],
        '┤' | '┫' => [true, false, true, true],
        '┬' | '┳' => [false, true, true, true],
        '┴' | '┻' => [true, true, false, true],
        '╴' | '╸' => [false, false, false, true],
        '╶' | '╺' => [false, true, false, false],
        '╵' | '╹' => [true, false, false, false],
        '╷' | '╻' => [false, false, true, false],
        _ => [true, true, true, true],
    };
    let ends = [(cx, y), (x + WIDE, cy), (cx, y + HIGH), (x, cy)];
    for (_, (ex, ey)) in arms.into_iter().zip(ends).filter(|(reaches, _)| *reaches) {
        let _ = write!(
            path,
            "M{} {}L{} {}",
            short(cx),
            short(cy),
            short(ex),
            short(ey)
        );
    }
}

/// A number with at most two decimals.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "" | "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
