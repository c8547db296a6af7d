//! The signs the screen is made of, and what stands for them where only ASCII can be shown.

use crate::triage::GapState;

/// Signs of one cell each.
#[derive(Clone, Copy, Debug)]
pub struct Glyphs {
    pub ascii: bool,
    pub taken: &'static str,
    pub untaken: &'static str,
    pub picked: &'static str,
    pub half: &'static str,
    pub closed: &'static str,
    pub folder_open: &'static str,
    pub folder_closed: &'static str,
    pub bar: &'static str,
    pub bar_rest: &'static str,
    pub divider: &'static str,
    pub rule: &'static str,
    pub gutter: &'static str,
    pub elbow: &'static str,
    pub dash: &'static str,
    pub dot: &'static str,
    pub cut: &'static str,
    pub cursor: &'static str,
    pub mark: &'static str,
    pub then: &'static str,
    /// Before a percentage below the target.
    pub below: &'static str,
    /// The bar beside a line that ran wholly, partly, never, and one without code.
    pub ran: [&'static str; 4],
    /// The part of the minimap that is in the window.
    pub in_view: &'static str,
    pub working: &'static str,
    pub never_testable: &'static str,
    pub caret: &'static str,
    /// From low to high.
    pub spark: [&'static str; 8],
}

impl Glyphs {
    /// The sign of what became of a gap.
    #[must_use]
    pub fn of_state(&self, state: &GapState) -> &'static str {
        match state {
            GapState::Closed => self.closed,
            GapState::Working => self.working,
            GapState::Queued => self.dot,
            GapState::Untestable { .. } | GapState::Dismissed { .. } => self.never_testable,
            GapState::Open | GapState::StillOpen { .. } | GapState::Regressed => self.untaken,
        }
    }
}

/// For terminals that can show Unicode.
pub const UNICODE: Glyphs = Glyphs {
    ascii: false,
    taken: "●",
    untaken: "○",
    picked: "◉",
    half: "◐",
    closed: "✓",
    folder_open: "▾",
    folder_closed: "▸",
    bar: "━",
    bar_rest: "─",
    divider: "│",
    rule: "─",
    gutter: "▎",
    elbow: "╰",
    dash: "─",
    dot: "·",
    cut: "…",
    cursor: "▌",
    mark: "▐",
    then: "›",
    below: "↓",
    ran: ["▏", "▎", "▍", " "],
    in_view: "┃",
    working: "◐",
    never_testable: "∅",
    caret: "▏",
    spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

/// For the rest.
pub const ASCII: Glyphs = Glyphs {
    ascii: true,
    taken: "+",
    untaken: "o",
    picked: "*",
    half: "~",
    closed: "v",
    folder_open: "v",
    folder_closed: ">",
    bar: "=",
    bar_rest: "-",
    divider: "|",
    rule: "-",
    gutter: "|",
    elbow: "`",
    dash: "-",
    dot: ".",
    cut: "~",
    cursor: ">",
    mark: "#",
    then: ">",
    below: "!",
    ran: [".", "~", "!", " "],
    in_view: "|",
    working: "~",
    never_testable: "x",
    caret: "_",
    spark: ["_", "_", ".", ".", "-", "-", "=", "="],
};
